/**
 * CIM-XML over HTTP: what the headers and the body of a request must say for it to be one operation, and the answer's
 * headers. Source: DSP0200, "Encapsulation of CIM operations within HTTP".
 */
import type { CimCaller, ObjectManager } from '../cim/manager.ts';
import { callOf, type CimCall } from '../cimxml/cimxml.ts';
import { isSameObject } from '../cimxml/cimobject.ts';
import type { Enumeration, Enumerations } from '../cimxml/enumerations.ts';
import { execute } from '../cimxml/execute.ts';
import { MessageError } from '../cimxml/messageerror.ts';
import { decodeBytes, encodeText } from '../xml/charset.ts';
import { parseXml } from '../xml/parse.ts';
import { XmlError, type XmlElement } from '../xml/xml.ts';
import { CONTEXT_LIMITS, Contexts } from './contexts.ts';
import type { WbemAnswer, WbemHandler, WbemRequest } from './door.ts';

const MAPPING = 'http://www.dmtf.org/cim/mapping/http/v1.0';
const CONTENT_TYPE = 'application/xml; charset="utf-8"';
const XML_TYPES = new Set(['application/xml', 'text/xml']);
const NO_BODY = new Uint8Array(0);

export interface CimXmlOptions {
  /** What this host is called in the object paths of answers. */
  readonly host: string;
  readonly nowMs: () => number;
  readonly newId: () => string;
}

/** Answers CIM operations. An operation that fails is an answer with status 200 and an ERROR in it. */
export function cimXmlHandler(manager: ObjectManager, options: CimXmlOptions): WbemHandler {
  const enumerations = enumerationsIn(new Contexts<Enumeration>(CONTEXT_LIMITS, options));
  return async (request) => {
    try {
      return await answerTo(request, { manager, enumerations, caller: request.caller, host: options.host });
    } catch (error) {
      if (error instanceof MessageError) return { status: error.httpStatus, headers: { CIMError: error.cimError }, body: NO_BODY };
      throw error;
    }
  };
}

const enumerationsIn = (contexts: Contexts<Enumeration>): Enumerations => ({
  open: ({ name }, enumeration, idleSeconds) => contexts.open(name, enumeration, enumeration.size, 1_000 * idleSeconds),
  find: ({ name }, context) => contexts.find(name, context),
  close: ({ name }, context) => contexts.close(name, context),
});

interface Execution {
  readonly manager: ObjectManager;
  readonly enumerations: Enumerations;
  readonly caller: CimCaller;
  readonly host: string;
}

async function answerTo(request: WbemRequest, execution: Execution): Promise<WbemAnswer> {
  if (request.method !== 'POST' && request.method !== 'M-POST') return { status: 405, headers: { Allow: 'POST, M-POST' }, body: NO_BODY };
  if (!XML_TYPES.has(mediaTypeOf(request))) return { status: 406, headers: { CIMError: 'header-mismatch' }, body: NO_BODY };
  const prefix = extensionPrefixOf(request);
  checkHeaders(request, prefix);
  const call = callOf(rootOf(request));
  checkMatch(request, prefix, call);
  const body = encodeText(await execute(call, execution), 'utf-8');
  return { status: 200, headers: { 'Content-Type': CONTENT_TYPE, ...operationHeaders(prefix) }, body };
}

const header = ({ headers }: WbemRequest, name: string): string | undefined => headers[name.toLowerCase()];

const mediaTypeOf = (request: WbemRequest): string => (header(request, 'content-type') ?? '').split(';', 1)[0]!.trim().toLowerCase();

const charsetOf = (request: WbemRequest): string | undefined => /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(header(request, 'content-type') ?? '')?.[1];

/** The HTTP extension framework puts a prefix of the client's choice before CIM's headers. Source: RFC 2774. */
function extensionPrefixOf(request: WbemRequest): string {
  const man = header(request, 'man') ?? header(request, 'opt');
  const declared = /^\s*"?([^";\s]+)"?\s*;\s*ns\s*=\s*(\d{2})\s*$/.exec(man ?? '');
  if (declared?.[1] === MAPPING) return `${declared[2]}-`;
  if (man !== undefined || request.method === 'M-POST') throw new MessageError('header-mismatch', 'Man must declare the CIM mapping');
  return '';
}

function checkHeaders(request: WbemRequest, prefix: string): void {
  if (header(request, `${prefix}CIMBatch`) !== undefined) throw new MessageError('multiple-requests-unsupported', 'one operation per request');
  const operation = header(request, `${prefix}CIMOperation`);
  if (operation === undefined) throw new MessageError('header-mismatch', 'there is no CIMOperation');
  if (operation.trim().toLowerCase() !== 'methodcall') throw new MessageError('unsupported-operation', 'CIMOperation must be MethodCall');
  const version = header(request, `${prefix}CIMProtocolVersion`)?.trim();
  if (version !== undefined && !/^1\.\d+$/.test(version)) throw new MessageError('unsupported-protocol-version', 'CIMProtocolVersion must be 1.x');
}

function rootOf(request: WbemRequest): XmlElement {
  try {
    return parseXml(decodeBytes(request.body, charsetOf(request)).text);
  } catch (error) {
    if (error instanceof XmlError) throw new MessageError('request-not-well-formed', error.message);
    throw error;
  }
}

/** Header values may be percent-encoded; a client that does not encode may use a percent sign as itself. */
function spellingsOf(value: string): readonly string[] {
  try {
    return [value, decodeURIComponent(value)];
  } catch {
    return [value];
  }
}

function checkMatch(request: WbemRequest, prefix: string, call: CimCall): void {
  const methods = spellingsOf(header(request, `${prefix}CIMMethod`)?.trim() ?? '');
  if (!methods.some((each) => each.toLowerCase() === call.method.toLowerCase())) throw new MessageError('header-mismatch', 'CIMMethod is not the method of the message');
  const objects = spellingsOf(header(request, `${prefix}CIMObject`)?.trim() ?? '');
  if (!objects.some((each) => isSameObject(each, call))) throw new MessageError('header-mismatch', 'CIMObject is not the object of the message');
}

function operationHeaders(prefix: string): Readonly<Record<string, string>> {
  const operation = { [`${prefix}CIMOperation`]: 'MethodResponse' };
  return prefix === '' ? operation : { ...operation, Ext: '', 'Cache-Control': 'no-cache', Man: `${MAPPING}; ns=${prefix.slice(0, 2)}` };
}
