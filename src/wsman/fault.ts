/**
 * WS-Management faults: a code, a subcode and a detail that programs branch on, and words for people.
 * Source: DSP0226 §14 "Fault handling"; MS-WSMV 2.2.4.43 (MSFT_WmiError).
 */
import { CIM_STATUS, CIM_TITLES, type CimError, type CimStatusName } from '../cim/error.ts';
import { inLanguage } from '../language/domain.ts';
import type { Language } from '../language/language.ts';
import { element, join, text, type Markup } from '../xml/write.ts';
import { DETAIL, NS } from './namespaces.ts';
import { inEnglish, type Text } from '../language/text.ts';

/** Prefix of the subcode → the fault's action and namespace. */
const FAMILIES = {
  a: { uri: NS.addressing, action: `${NS.addressing}/fault` },
  w: { uri: NS.wsman, action: 'http://schemas.dmtf.org/wbem/wsman/1/wsman/fault' },
  n: { uri: NS.enumeration, action: `${NS.enumeration}/fault` },
  e: { uri: NS.eventing, action: `${NS.eventing}/fault` },
  t: { uri: NS.transfer, action: `${NS.transfer}/fault` },
} as const;
type Family = keyof typeof FAMILIES;

type Subcode = `${Family}:${string}`;

interface FaultRow {
  readonly code: 's:Sender' | 's:Receiver' | 's:MustUnderstand' | 's:VersionMismatch';
  readonly subcode: Subcode | null;
}

/** Every fault that is sent, by the name of its subcode. */
export const WSMAN_FAULTS = {
  AccessDenied: { code: 's:Sender', subcode: 'w:AccessDenied' },
  ActionNotSupported: { code: 's:Sender', subcode: 'a:ActionNotSupported' },
  AlreadyExists: { code: 's:Sender', subcode: 'w:AlreadyExists' },
  CannotProcessFilter: { code: 's:Sender', subcode: 'n:CannotProcessFilter' },
  DeliveryModeRequestedUnavailable: { code: 's:Sender', subcode: 'e:DeliveryModeRequestedUnavailable' },
  DeliveryRefused: { code: 's:Sender', subcode: 'w:DeliveryRefused' },
  DestinationUnreachable: { code: 's:Sender', subcode: 'a:DestinationUnreachable' },
  EncodingLimit: { code: 's:Sender', subcode: 'w:EncodingLimit' },
  EventingInvalidMessage: { code: 's:Sender', subcode: 'e:InvalidMessage' },
  FilterDialectRequestedUnavailable: { code: 's:Sender', subcode: 'n:FilterDialectRequestedUnavailable' },
  FilteringNotSupported: { code: 's:Sender', subcode: 'n:FilteringNotSupported' },
  FilteringRequestedUnavailable: { code: 's:Sender', subcode: 'e:FilteringRequestedUnavailable' },
  InternalError: { code: 's:Receiver', subcode: 'w:InternalError' },
  InvalidEnumerationContext: { code: 's:Sender', subcode: 'n:InvalidEnumerationContext' },
  InvalidExpirationTime: { code: 's:Sender', subcode: 'e:InvalidExpirationTime' },
  InvalidMessageInformationHeader: { code: 's:Sender', subcode: 'a:InvalidMessageInformationHeader' },
  InvalidOptions: { code: 's:Sender', subcode: 'w:InvalidOptions' },
  InvalidParameter: { code: 's:Sender', subcode: 'w:InvalidParameter' },
  InvalidSelectors: { code: 's:Sender', subcode: 'w:InvalidSelectors' },
  MessageInformationHeaderRequired: { code: 's:Sender', subcode: 'a:MessageInformationHeaderRequired' },
  MustUnderstand: { code: 's:MustUnderstand', subcode: null },
  QuotaLimit: { code: 's:Sender', subcode: 'w:QuotaLimit' },
  SchemaValidationError: { code: 's:Sender', subcode: 'w:SchemaValidationError' },
  TimedOut: { code: 's:Receiver', subcode: 'w:TimedOut' },
  UnsupportedFeature: { code: 's:Sender', subcode: 'w:UnsupportedFeature' },
  VersionMismatch: { code: 's:VersionMismatch', subcode: null },
} as const satisfies Record<string, FaultRow>;
export type WsmanFaultName = keyof typeof WSMAN_FAULTS;

export interface FaultMore {
  /** Last part of a wsman/faultDetail URI. */
  readonly detail?: string | undefined;
  /** Of the CIM error behind the fault; MSFT_WmiError then says so in the detail. */
  readonly status?: CimStatusName | undefined;
  /** Qualified names of headers that were not understood. */
  readonly notUnderstood?: readonly { readonly uri: string; readonly local: string }[] | undefined;
  /** The message was no envelope at all. */
  readonly isMalformed?: boolean;
}

export class WsmanFault extends Error {
  readonly fault: WsmanFaultName;
  readonly more: FaultMore;
  readonly said: Text;

  constructor(fault: WsmanFaultName, message: Text, more: FaultMore = {}) {
    super(inEnglish(message));
    this.name = 'WsmanFault';
    this.fault = fault;
    this.said = message;
    this.more = more;
  }

  get action(): string {
    const { subcode } = WSMAN_FAULTS[this.fault];
    return FAMILIES[subcode === null ? 'a' : familyOf(subcode)].action;
  }

  /** Windows answers 400 to what is no envelope and 500 to the rest; clients read the body of both. */
  get httpStatus(): number {
    return this.more.isMalformed ? 400 : 500;
  }
}

const familyOf = (subcode: Subcode): Family => subcode.slice(0, 1) as Family;

/** How a CIM error is worded: fault, detail, and the HRESULT in MSFT_WmiError. Source: MS-WSMV 3.1.4.1; WBEM status codes. */
const BY_STATUS: Record<CimStatusName, { readonly fault: WsmanFaultName; readonly detail?: string; readonly hresult: number }> = {
  failed: { fault: 'InternalError', hresult: 0x80041001 },
  accessDenied: { fault: 'AccessDenied', hresult: 0x80041003 },
  invalidNamespace: { fault: 'InternalError', hresult: 0x8033801a },
  invalidParameter: { fault: 'SchemaValidationError', hresult: 0x80041008 },
  invalidClass: { fault: 'DestinationUnreachable', detail: 'ResourceNotFound', hresult: 0x80041010 },
  notFound: { fault: 'DestinationUnreachable', detail: 'ResourceNotFound', hresult: 0x80041002 },
  notSupported: { fault: 'ActionNotSupported', hresult: 0x8004100c },
  alreadyExists: { fault: 'AlreadyExists', hresult: 0x80041019 },
  noSuchProperty: { fault: 'SchemaValidationError', hresult: 0x80041031 },
  typeMismatch: { fault: 'SchemaValidationError', hresult: 0x80041005 },
  queryLanguageNotSupported: { fault: 'FilterDialectRequestedUnavailable', hresult: 0x80041018 },
  invalidQuery: { fault: 'CannotProcessFilter', hresult: 0x80041017 },
  methodNotAvailable: { fault: 'ActionNotSupported', hresult: 0x80041055 },
  methodNotFound: { fault: 'ActionNotSupported', hresult: 0x80041055 },
  invalidEnumerationContext: { fault: 'InvalidEnumerationContext', hresult: 0x80041008 },
  invalidOperationTimeout: { fault: 'InvalidParameter', hresult: 0x80041008 },
  filteredEnumerationNotSupported: { fault: 'FilteringNotSupported', hresult: 0x8004100c },
  continuationOnErrorNotSupported: { fault: 'UnsupportedFeature', hresult: 0x8004100c },
  serverLimitsExceeded: { fault: 'QuotaLimit', hresult: 0x8004106c },
};

export function faultOfCim(error: CimError): WsmanFault {
  const { fault, detail } = BY_STATUS[error.status];
  return new WsmanFault(fault, error.said, { detail, status: error.status });
}

/** What each means, for people. */
export const WSMAN_TITLES: Readonly<Record<WsmanFaultName, string>> = {
  AccessDenied: 'Access is denied',
  ActionNotSupported: 'The action is not supported',
  AlreadyExists: 'The object exists already',
  CannotProcessFilter: 'The filter cannot be used',
  DeliveryModeRequestedUnavailable: 'The way of delivery is not supported',
  DeliveryRefused: 'Events are not delivered there',
  DestinationUnreachable: 'There is no such object',
  EncodingLimit: 'The message does not fit',
  EventingInvalidMessage: 'The subscription is not valid',
  FilterDialectRequestedUnavailable: 'The query language is not supported',
  FilteringNotSupported: 'Enumerations cannot be filtered',
  FilteringRequestedUnavailable: 'Events cannot be filtered like this',
  InternalError: 'The operation failed',
  InvalidEnumerationContext: 'The enumeration is not known here',
  InvalidExpirationTime: 'The expiration time is not valid',
  InvalidMessageInformationHeader: 'A header of the message is not valid',
  InvalidOptions: 'An option is not valid',
  InvalidParameter: 'A parameter is not valid',
  InvalidSelectors: 'The selectors are not valid',
  MessageInformationHeaderRequired: 'A header of the message is missing',
  MustUnderstand: 'A header of the message is not understood',
  QuotaLimit: 'A limit of this server is reached',
  SchemaValidationError: 'The message is not valid',
  TimedOut: 'The operation took too long',
  UnsupportedFeature: 'This is not supported',
  VersionMismatch: 'This version of SOAP is not supported',
};

/** English words always; before them those of the reader: what kind of fault it is, and what the host says of it. */
function reasonTexts({ fault, message, said, more: { status } }: WsmanFault, language: Language): Markup[] {
  const english = element('s:Text', { 'xml:lang': 'en-US' }, text(message));
  if (language === 'en') return [english];
  const title = status === undefined ? WSMAN_TITLES[fault] : CIM_TITLES[status];
  const words = inLanguage({ text: '{title}: {detail}', values: { title: { text: title, values: {} }, detail: typeof said === 'string' ? said : [said] } }, language);
  return [element('s:Text', { 'xml:lang': language }, text(words)), english];
}

/** The body of a fault; its prefixes are those of the envelope and its own. */
export function faultBody(fault: WsmanFault, language: Language = 'en'): Markup {
  const { code, subcode } = WSMAN_FAULTS[fault.fault] as FaultRow;
  const family = subcode === null ? undefined : familyOf(subcode);
  const declared = family === undefined || family === 'a' || family === 'w' ? {} : { [`xmlns:${family}`]: FAMILIES[family].uri };
  const value = (name: string): Markup => element('s:Value', {}, text(name));
  return element('s:Fault', declared, [
    element('s:Code', {}, subcode === null ? value(code) : [value(code), element('s:Subcode', {}, value(subcode))]),
    element('s:Reason', {}, reasonTexts(fault, language)),
    detailOf(fault),
  ]);
}

/** One for each header that was not understood. Source: SOAP 1.2 §5.4.8. */
export const faultHeaders = ({ more: { notUnderstood = [] } }: WsmanFault): Markup[] =>
  notUnderstood.map(({ uri, local }) => (uri === '' ? element('s:NotUnderstood', { qname: local }) : element('s:NotUnderstood', { 'xmlns:x': uri, qname: `x:${local}` })));

function detailOf({ message, more: { detail, status } }: WsmanFault): Markup {
  const parts: Markup[] = [];
  if (detail !== undefined) parts.push(element('w:FaultDetail', {}, text(`${DETAIL}${detail}`)));
  if (status !== undefined) parts.push(wmiError(status, message));
  return parts.length === 0 ? join([]) : element('s:Detail', {}, parts);
}

type ErrorFieldType = 'String' | 'UnsignedInt' | 'UnsignedShort';

function wmiError(status: CimStatusName, message: string): Markup {
  const { hresult } = BY_STATUS[status];
  const fields: readonly [string, ErrorFieldType, string | null][] = [
    ['CIMStatusCode', 'UnsignedInt', String(CIM_STATUS[status])],
    ['CIMStatusCodeDescription', 'String', null],
    ['ErrorSource', 'String', null],
    ['ErrorSourceFormat', 'UnsignedShort', '0'],
    ['ErrorType', 'UnsignedShort', '0'],
    ['Message', 'String', message],
    ['MessageID', 'String', `HRESULT 0x${hresult.toString(16)}`],
    ['OtherErrorSourceFormat', 'String', null],
    ['OtherErrorType', 'String', null],
    ['OwningEntity', 'String', null],
    ['PerceivedSeverity', 'UnsignedShort', '0'],
    ['ProbableCause', 'UnsignedShort', '0'],
    ['ProbableCauseDescription', 'String', null],
    ['error_Category', 'UnsignedInt', '0'],
    ['error_Code', 'UnsignedInt', String(hresult)],
    ['error_Type', 'String', 'HRESULT'],
    ['error_WindowsErrorMessage', 'String', message],
  ];
  const attributes = {
    'b:IsCIM_Error': 'true',
    'xmlns:b': NS.binding,
    'xmlns:p': 'http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/MSFT_WmiError',
    'xmlns:cim': NS.common,
    'xmlns:xsi': NS.instance,
    'xsi:type': 'p:MSFT_WmiError_Type',
  };
  const written = fields.map(([name, type, value]) => element(`p:${name}`, { 'xsi:type': `cim:cim${type}`, 'xsi:nil': value === null ? 'true' : undefined }, text(value ?? '')));
  return element('p:MSFT_WmiError', attributes, written);
}
