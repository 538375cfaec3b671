/** The URIs of WS-Management. Source: DSP0226 annex A, DSP0227, MS-WSMV 2.2.1. */

export const NS = {
  soap: 'http://www.w3.org/2003/05/soap-envelope',
  addressing: 'http://schemas.xmlsoap.org/ws/2004/08/addressing',
  transfer: 'http://schemas.xmlsoap.org/ws/2004/09/transfer',
  enumeration: 'http://schemas.xmlsoap.org/ws/2004/09/enumeration',
  eventing: 'http://schemas.xmlsoap.org/ws/2004/08/eventing',
  wsman: 'http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd',
  microsoft: 'http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd',
  binding: 'http://schemas.dmtf.org/wbem/wsman/1/cimbinding.xsd',
  identity: 'http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd',
  common: 'http://schemas.dmtf.org/wbem/wscim/1/common',
  instance: 'http://www.w3.org/2001/XMLSchema-instance',
  xml: 'http://www.w3.org/XML/1998/namespace',
} as const;

export const ANONYMOUS = `${NS.addressing}/role/anonymous`;

export const ACTION = {
  get: `${NS.transfer}/Get`,
  put: `${NS.transfer}/Put`,
  create: `${NS.transfer}/Create`,
  delete: `${NS.transfer}/Delete`,
  enumerate: `${NS.enumeration}/Enumerate`,
  pull: `${NS.enumeration}/Pull`,
  release: `${NS.enumeration}/Release`,
  subscribe: `${NS.eventing}/Subscribe`,
  unsubscribe: `${NS.eventing}/Unsubscribe`,
  renew: `${NS.eventing}/Renew`,
  subscriptionStatus: `${NS.eventing}/GetStatus`,
  acknowledge: 'http://schemas.dmtf.org/wbem/wsman/1/wsman/Ack',
} as const;

export const EVENT_ACTION = {
  event: 'http://schemas.dmtf.org/wbem/wsman/1/wsman/Event',
  events: 'http://schemas.dmtf.org/wbem/wsman/1/wsman/Events',
  heartbeat: 'http://schemas.dmtf.org/wbem/wsman/1/wsman/Heartbeat',
  droppedEvents: 'http://schemas.dmtf.org/wbem/wsman/1/wsman/DroppedEvents',
} as const;

export const DIALECT = {
  wql: 'http://schemas.microsoft.com/wbem/wsman/1/WQL',
  cql: 'http://schemas.dmtf.org/wbem/cql/1/dsp0202.pdf',
  association: 'http://schemas.dmtf.org/wbem/wsman/1/cimbinding/associationFilter',
  selector: 'http://schemas.dmtf.org/wbem/wsman/1/wsman/SelectorFilter',
} as const;

export const DETAIL = 'http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail/';
