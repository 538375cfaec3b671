/**
 * CIM-XML over the object manager: one operation in, its answer out. An operation that fails is an answer with an ERROR in
 * it; a request that is no operation is turned away by its status alone. Source: DSP0200.
 */
import { CimError } from '../cim/error.ts';
import type { CimCaller, ObjectManager } from '../cim/manager.ts';
import { pathText } from '../cim/path.ts';
import type { Schema } from '../cim/schema/classes.ts';
import { acceptedLanguage } from '../language/language.ts';
import { callOf, errorElement, responseTo, type CimCall } from '../cimxml/cimxml.ts';
import type { Enumeration, Enumerations } from '../cimxml/enumerations.ts';
import { MessageError } from '../cimxml/messageerror.ts';
import { isWrite, perform, type Performed } from '../cimxml/perform.ts';
import { failureText, Fault } from '../errors/fault.ts';
import { decodeBytes, encodeText } from '../xml/charset.ts';
import { parseXml } from '../xml/parse.ts';
import { document, type Markup } from '../xml/write.ts';
import { XmlError, type XmlElement } from '../xml/xml.ts';
import type { AuditTrail } from './audit.ts';
import { answerHeaders, charsetOf, checkHeaders, checkMatch, extensionPrefixOf, isXml } from './cimxmlheaders.ts';
import { CONTEXT_LIMITS, Contexts } from './contexts.ts';
import type { WbemAnswer, WbemRequest } from './door.ts';
import { say } from '../language/text.ts';

export interface CimXmlOptions {
  readonly manager: ObjectManager;
  readonly schema: Schema;
  readonly audit: AuditTrail;
  /** What this host is called in the object paths of answers. */
  readonly host: string;
  readonly nowMs: () => number;
  readonly newId: () => string;
  readonly onBug: (id: string, error: unknown) => void;
}

const SUBJECT_CHARACTERS = 300;

export class CimXml {
  readonly #options: CimXmlOptions;
  readonly #contexts: Contexts<Enumeration>;
  readonly #enumerations: Enumerations;

  constructor(options: CimXmlOptions) {
    this.#options = options;
    this.#contexts = new Contexts(CONTEXT_LIMITS, options);
    this.#enumerations = enumerationsIn(this.#contexts);
  }

  /** Answers whoever has signed in, at any path. */
  readonly handle = async (request: WbemRequest): Promise<WbemAnswer> => {
    if (request.method !== 'POST' && request.method !== 'M-POST') return turnedAway(405, { Allow: 'POST, M-POST' });
    if (!isXml(request)) return turnedAway(406, { CIMError: 'header-mismatch' });
    try {
      return await this.#answerTo(request);
    } catch (error) {
      if (error instanceof MessageError) return turnedAway(error.httpStatus, { CIMError: error.cimError });
      throw error;
    }
  };

  /** Enumerations that were not used for too long are gone. */
  sweep(): void {
    this.#contexts.sweep();
  }

  async #answerTo(request: WbemRequest): Promise<WbemAnswer> {
    const prefix = extensionPrefixOf(request);
    checkHeaders(request, prefix);
    const call = callOf(rootOf(request));
    checkMatch(request, prefix, call);
    const language = acceptedLanguage(request.headers['accept-language']);
    const body = document(responseTo(call, await this.#contentOf(call, { ...request.caller, language })));
    return { status: 200, headers: { ...answerHeaders(prefix), 'Content-Language': language }, body: encodeText(body, 'utf-8') };
  }

  async #contentOf(call: CimCall, caller: CimCaller): Promise<readonly Markup[]> {
    const { manager, schema, host, audit } = this.#options;
    const work = (): Promise<Performed> => perform(call, { manager, schema, host, enumerations: this.#enumerations, caller });
    const access = call.kind === 'extrinsic' ? 'execute' : isWrite(call.method) ? 'write' : 'read';
    try {
      const audited = { caller, access, operation: `CIM-XML ${call.method}`, subject: subjectOf(call) } as const;
      const { content } = await audit.during(audited, work, ({ returnValue }) => (returnValue === undefined ? 'done' : `returned ${returnValue}`));
      return content;
    } catch (error) {
      return [errorElement(this.#cimErrorOf(error), caller.language)];
    }
  }

  #cimErrorOf(error: unknown): CimError {
    if (error instanceof CimError) return error;
    if (error instanceof Fault) return new CimError(error.row.httpStatus === 403 ? 'accessDenied' : 'failed', say('{failure}. {hint}', { failure: [failureText(error)], hint: [error.hint] }));
    const id = this.#options.newId();
    this.#options.onBug(id, error);
    return new CimError('failed', `this is a bug in Understudy; the log of understudyd has the details under ${id}`);
  }
}

const turnedAway = (status: number, headers: Readonly<Record<string, string>>): WbemAnswer => ({ status, headers, body: new Uint8Array(0) });

const subjectOf = (call: CimCall): string => (call.kind === 'extrinsic' ? pathText(call.path) : call.namespace).slice(0, SUBJECT_CHARACTERS);

const enumerationsIn = (contexts: Contexts<Enumeration>): Enumerations => ({
  open: ({ name }, enumeration, idleSeconds) => contexts.open(name, enumeration, enumeration.size, 1_000 * idleSeconds),
  find: ({ name }, context) => contexts.find(name, context),
  close: ({ name }, context) => contexts.close(name, context),
});

function rootOf(request: WbemRequest): XmlElement {
  try {
    return parseXml(decodeBytes(request.body, charsetOf(request)).text);
  } catch (error) {
    if (error instanceof XmlError) throw new MessageError('request-not-well-formed', error.message);
    throw error;
  }
}
