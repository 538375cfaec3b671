/** The headers of CIM-XML: what must be there, and agree with the message. Source: DSP0200, "Encapsulation of CIM operations within HTTP". */
import type { CimCall } from '../cimxml/cimxml.ts';
import { isSameObject } from '../cimxml/cimobject.ts';
import { MessageError } from '../cimxml/messageerror.ts';
import { isSameName } from '../cim/name.ts';
import type { WbemRequest } from './door.ts';

const MAPPING = 'http://www.dmtf.org/cim/mapping/http/v1.0';
const CONTENT_TYPE = 'application/xml; charset="utf-8"';
const XML_TYPES = new Set(['application/xml', 'text/xml']);

type Headed = Pick<WbemRequest, 'method' | 'headers'>;

const header = ({ headers }: Headed, name: string): string | undefined => headers[name.toLowerCase()];

const contentTypeOf = (request: Headed): string => header(request, 'content-type') ?? '';

export const isXml = (request: Headed): boolean => XML_TYPES.has(contentTypeOf(request).split(';', 1)[0]!.trim().toLowerCase());

export const charsetOf = (request: Headed): string | undefined => /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(contentTypeOf(request))?.[1];

/**
 * What stands before CIM's headers: the HTTP extension framework lets a client choose it; empty otherwise.
 * MessageError when another extension is mandatory. Source: RFC 2774.
 */
export function extensionPrefixOf(request: Headed): string {
  const man = header(request, 'man');
  const declared = /^\s*"?([^";\s]+)"?\s*;\s*ns\s*=\s*(\d{2})\s*$/.exec(man ?? '');
  if (declared?.[1] === MAPPING) return `${declared[2]}-`;
  if (man !== undefined || request.method === 'M-POST') throw new MessageError('header-mismatch', 'Man must declare the CIM mapping');
  return '';
}

/** What can be told without the message. MessageError. */
export function checkHeaders(request: Headed, prefix: string): void {
  if (header(request, `${prefix}CIMBatch`) !== undefined) throw new MessageError('multiple-requests-unsupported', 'one operation per request');
  const operation = header(request, `${prefix}CIMOperation`)?.trim();
  if (operation === undefined) throw new MessageError('header-mismatch', 'there is no CIMOperation');
  if (!isSameName(operation, 'MethodCall')) throw new MessageError('unsupported-operation', 'CIMOperation must be MethodCall');
  const version = header(request, `${prefix}CIMProtocolVersion`)?.trim();
  if (version !== undefined && !/^1\.\d+$/.test(version)) throw new MessageError('unsupported-protocol-version', 'CIMProtocolVersion must be 1.x');
}

/** Values may be percent-encoded; a client that does not encode may use a percent sign as itself. */
function spellingsOf(value: string | undefined): readonly string[] {
  const sent = value?.trim() ?? '';
  try {
    return [sent, decodeURIComponent(sent)];
  } catch {
    return [sent];
  }
}

/** MessageError when method or object of the headers are not those of the message. */
export function checkMatch(request: Headed, prefix: string, call: CimCall): void {
  const methods = spellingsOf(header(request, `${prefix}CIMMethod`));
  if (!methods.some((each) => isSameName(each, call.method))) throw new MessageError('header-mismatch', 'CIMMethod is not the method of the message');
  const objects = spellingsOf(header(request, `${prefix}CIMObject`));
  if (!objects.some((each) => isSameObject(each, call))) throw new MessageError('header-mismatch', 'CIMObject is not the object of the message');
}

/** Of an answer that holds an operation's response. */
export function answerHeaders(prefix: string): Readonly<Record<string, string>> {
  const headers = { 'Content-Type': CONTENT_TYPE, [`${prefix}CIMOperation`]: 'MethodResponse' };
  return prefix === '' ? headers : { ...headers, Ext: '', 'Cache-Control': 'no-cache', Man: `${MAPPING}; ns=${prefix.slice(0, 2)}` };
}
