/** What an error looks like over HTTP. A bug shows an id only: the log has the rest under it. */
import { randomUUID } from 'node:crypto';
import { failureText, Fault } from '../errors/fault.ts';
import { Refused } from '../errors/refusal.ts';
import { inLanguage } from '../language/domain.ts';
import type { Language } from '../language/language.ts';
import { inEnglish, phrase, say, type Text } from '../language/text.ts';
import type { ErrorView } from './schemas.ts';
import { SignInLocked } from './signingate.ts';

export interface ErrorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: ErrorView;
}

/** The daemon has as many clients of this kind as it allows. */
export class Busy extends Error {
  readonly said: Text;

  constructor(said: Text) {
    super(inEnglish(said));
    this.said = said;
  }
}

/** A body, or more of it, came to a route that reads none. */
export class UnreadBody extends Error {
  readonly validation: readonly Objection[];
  readonly validationContext = 'body';

  constructor(body: unknown) {
    super('the body is not read here');
    const fields = typeof body === 'object' && body !== null && !Array.isArray(body) ? Object.keys(body) : null;
    this.validation = [fields ? { keyword: 'additionalProperties', instancePath: '', params: { additionalProperties: fields } } : { keyword: 'type', instancePath: '', params: { type: 'object' } }];
  }
}

/** What the validator found. */
interface Objection {
  readonly keyword: string;
  readonly instancePath: string;
  readonly message?: string;
  readonly params: Readonly<Record<string, unknown>>;
}

const REFUSED_HINT = phrase('Do one of the operations that are allowed now first.');
const NOTHING_ALLOWED_HINT = phrase('Look at the state: understudy status.');
const INVALID_HINT = phrase('Correct the request; /api/openapi.json describes every field.');

/** An error before it is in a language. */
interface Complaint extends Omit<ErrorView['error'], 'message' | 'hint'> {
  readonly message: Text;
  readonly hint: Text;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly complaint: Complaint;
}

const answer = (status: number, complaint: Complaint, headers: Record<string, string> = {}): Answer => ({ status, headers, complaint });

function inWords({ status, headers, complaint }: Answer, language: Language): ErrorAnswer {
  return { status, headers, body: { error: { ...complaint, message: inLanguage(complaint.message, language), hint: inLanguage(complaint.hint, language) } } };
}

const refusedAnswer = ({ refusal, said }: Refused): Answer =>
  answer(409, {
    code: 'refused',
    message: said,
    hint: refusal.allowed.length > 0 ? REFUSED_HINT : NOTHING_ALLOWED_HINT,
    allowed: [...refusal.allowed],
  });

function faultAnswer(fault: Fault): Answer {
  const headers: Record<string, string> = {};
  if (fault instanceof SignInLocked) headers['retry-after'] = String(fault.retryAfterSeconds);
  if (fault.row.httpStatus === 401) headers['www-authenticate'] = 'Bearer';
  return answer(fault.row.httpStatus, { code: fault.code, message: failureText(fault), hint: fault.hint }, headers);
}

const names = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);

/** The field that a complaint is about, dotted, as it is written in the request. */
function fieldOf({ instancePath, keyword, params }: Objection): string {
  const [missing] = keyword === 'required' ? names(params['requiredProperties']) : names(params['additionalProperties']);
  return [...instancePath.split('/').filter(Boolean), ...(missing === undefined ? [] : [missing])].join('.');
}

/** What is wrong with a field. */
const FORMULATIONS: Record<string, (field: string, params: Objection['params']) => Text> = {
  required: (field) => say('{field} is missing', { field }),
  additionalProperties: (field) => say('{field} is not known here', { field }),
  enum: (field, params) => say('{field} must be one of {values}', { field, values: { list: names(params['allowedValues']) } }),
  minLength: (field, params) => say('{field} must have at least {limit} characters', { field, limit: Number(params['limit']) }),
  maxLength: (field, params) => say('{field} must have at most {limit} characters', { field, limit: Number(params['limit']) }),
  minProperties: (field) => say('{field} names nothing that is to be changed', { field }),
  type: (field, params) => say('{field} must be of type {type}', { field, type: String(params['type']) }),
};

/** The most telling complaint: an unknown or missing field says more than what follows from it. */
function chosen(complaints: readonly Objection[]): Objection | undefined {
  return complaints.find(({ keyword }) => keyword === 'additionalProperties') ?? complaints.find(({ keyword }) => keyword === 'required') ?? complaints[0];
}

function invalidAnswer(complaints: readonly Objection[], part: string): Answer {
  const complaint = chosen(complaints);
  const field = complaint ? fieldOf(complaint) : '';
  const about = field === '' ? `the ${part}` : field;
  const formulated = complaint && FORMULATIONS[complaint.keyword]?.(about, complaint.params);
  const message = formulated ?? (complaint?.message === undefined ? say('{field} is not valid', { field: about }) : `${about} ${complaint.message}`);
  return answer(400, { code: 'request-invalid', message, hint: INVALID_HINT, field: field === '' ? part : field });
}

/** Fastify's own complaints about the request: not JSON, too large, a content type that is not known. */
function refusedByServer(error: object): Answer | undefined {
  const { statusCode, message } = error as { statusCode?: unknown; message?: unknown };
  if (typeof statusCode !== 'number' || statusCode < 400 || statusCode > 499) return undefined;
  return answer(statusCode, { code: 'request-invalid', message: typeof message === 'string' ? message : phrase('the request is not valid'), hint: INVALID_HINT });
}

/** `onBug` is called, once, for what is neither the request's fault nor the world's. */
export const answerTo = (error: unknown, onBug: (id: string, error: unknown) => void, language: Language): ErrorAnswer => inWords(answerFor(error, onBug), language);

function answerFor(error: unknown, onBug: (id: string, error: unknown) => void): Answer {
  if (error instanceof Refused) return refusedAnswer(error);
  if (error instanceof Fault) return faultAnswer(error);
  if (error instanceof Busy) return answer(503, { code: 'busy', message: error.said, hint: phrase('Try again in a moment.') }, { 'retry-after': '5' });
  if (typeof error === 'object' && error !== null) {
    const { validation, validationContext } = error as { validation?: readonly Objection[]; validationContext?: string };
    if (validation) return invalidAnswer(validation, validationContext ?? 'request');
    const ours = refusedByServer(error);
    if (ours) return ours;
  }
  const id = randomUUID();
  onBug(id, error);
  return answer(500, { code: 'bug', message: phrase('this is a bug in Understudy'), hint: say('The log of understudyd has the details under {id}. Please report them.', { id }), id });
}

export const routeUnknown = (method: string, path: string, language: Language): ErrorAnswer =>
  inWords(answer(404, { code: 'route-unknown', message: say('there is no {method} {path}', { method, path: path.slice(0, 200) }), hint: phrase('The routes are listed in /api/openapi.json.') }), language);
