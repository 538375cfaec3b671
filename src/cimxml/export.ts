/** An indication as the message that a listener gets. Source: DSP0200, "Indication operations"; DSP0201, "EXPMETHODCALL". */
import { document, element, type Markup } from '../xml/write.ts';

/** The request's headers. */
export const EXPORT_HEADERS = {
  'Content-Type': 'application/xml; charset="utf-8"',
  CIMProtocolVersion: '1.0',
  CIMExport: 'MethodRequest',
  CIMExportMethod: 'ExportIndication',
} as const;

/** `indication` is its INSTANCE. */
export function exportMessage(messageId: string, indication: Markup): string {
  const call = element('EXPMETHODCALL', { NAME: 'ExportIndication' }, element('EXPPARAMVALUE', { NAME: 'NewIndication' }, indication));
  const message = element('MESSAGE', { ID: messageId, PROTOCOLVERSION: '1.0' }, element('SIMPLEEXPREQ', {}, call));
  return document(element('CIM', { CIMVERSION: '2.0', DTDVERSION: '2.0' }, message));
}
