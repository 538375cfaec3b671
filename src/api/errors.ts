/** What an error looks like over HTTP. A bug shows an id only: the log has the rest under it. */
import { randomUUID } from 'node:crypto';
import { Fault } from '../errors/fault.ts';
import { Refused } from '../errors/refusal.ts';
import type { ErrorView } from './schemas.ts';
import { SignInLocked } from './signingate.ts';

export interface ErrorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: ErrorView;
}

/** The daemon has as many clients of this kind as it allows. */
export class Busy extends Error {}

/** One complaint of the validator. */
interface Complaint {
  readonly keyword: string;
  readonly instancePath: string;
  readonly message?: string;
  readonly params: Readonly<Record<string, unknown>>;
}

const REFUSED_HINT = 'Do one of the operations that are allowed now first.';
const NOTHING_ALLOWED_HINT = 'Look at the state: understudy status.';
const INVALID_HINT = 'Correct the request; /api/openapi.json describes every field.';

const answer = (status: number, error: ErrorView['error'], headers: Record<string, string> = {}): ErrorAnswer => ({ status, headers, body: { error } });

const refusedAnswer = ({ refusal }: Refused): ErrorAnswer =>
  answer(409, {
    code: 'refused',
    message: refusal.reason,
    hint: refusal.allowed.length > 0 ? REFUSED_HINT : NOTHING_ALLOWED_HINT,
    allowed: [...refusal.allowed],
  });

function faultAnswer(fault: Fault): ErrorAnswer {
  const headers: Record<string, string> = {};
  if (fault instanceof SignInLocked) headers['retry-after'] = String(fault.retryAfterSeconds);
  if (fault.row.httpStatus === 401) headers['www-authenticate'] = 'Bearer';
  return answer(fault.row.httpStatus, { code: fault.code, message: fault.message, hint: fault.hint }, headers);
}

const names = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);

/** The field that a complaint is about, dotted, as it is written in the request. */
function fieldOf({ instancePath, keyword, params }: Complaint): string {
  const [missing] = keyword === 'required' ? names(params['requiredProperties']) : names(params['additionalProperties']);
  return [...instancePath.split('/').filter(Boolean), ...(missing === undefined ? [] : [missing])].join('.');
}

const FORMULATIONS: Record<string, (params: Complaint['params']) => string> = {
  required: () => 'is missing',
  additionalProperties: () => 'is not known here',
  enum: (params) => `must be one of ${names(params['allowedValues']).join(', ')}`,
  minLength: (params) => `must have at least ${String(params['limit'])} characters`,
  maxLength: (params) => `must have at most ${String(params['limit'])} characters`,
  type: (params) => `must be of type ${String(params['type'])}`,
};

/** The most telling complaint: an unknown or missing field says more than what follows from it. */
function chosen(complaints: readonly Complaint[]): Complaint | undefined {
  return complaints.find(({ keyword }) => keyword === 'additionalProperties') ?? complaints.find(({ keyword }) => keyword === 'required') ?? complaints[0];
}

function invalidAnswer(complaints: readonly Complaint[], part: string): ErrorAnswer {
  const complaint = chosen(complaints);
  const field = complaint ? fieldOf(complaint) : '';
  const what = complaint ? (FORMULATIONS[complaint.keyword]?.(complaint.params) ?? complaint.message ?? 'is not valid') : 'is not valid';
  return answer(400, { code: 'request-invalid', message: `${field === '' ? `the ${part}` : field} ${what}`, hint: INVALID_HINT, field: field === '' ? part : field });
}

/** Fastify's own complaints about the request: not JSON, too large, a content type that is not known. */
function refusedByServer(error: object): ErrorAnswer | undefined {
  const { statusCode, message } = error as { statusCode?: unknown; message?: unknown };
  if (typeof statusCode !== 'number' || statusCode < 400 || statusCode > 499) return undefined;
  return answer(statusCode, { code: 'request-invalid', message: typeof message === 'string' ? message : 'the request is not valid', hint: INVALID_HINT });
}

/** `onBug` is called, once, for what is neither the request's fault nor the world's. */
export function answerTo(error: unknown, onBug: (id: string, error: unknown) => void): ErrorAnswer {
  if (error instanceof Refused) return refusedAnswer(error);
  if (error instanceof Fault) return faultAnswer(error);
  if (error instanceof Busy) return answer(503, { code: 'busy', message: error.message, hint: 'Try again in a moment.' }, { 'retry-after': '5' });
  if (typeof error === 'object' && error !== null) {
    const { validation, validationContext } = error as { validation?: readonly Complaint[]; validationContext?: string };
    if (validation) return invalidAnswer(validation, validationContext ?? 'request');
    const ours = refusedByServer(error);
    if (ours) return ours;
  }
  const id = randomUUID();
  onBug(id, error);
  return answer(500, { code: 'bug', message: 'this is a bug in Understudy', hint: `The log of understudyd has the details under ${id}. Please report them.`, id });
}

export const routeUnknown = (method: string, path: string): ErrorAnswer =>
  answer(404, { code: 'route-unknown', message: `there is no ${method} ${path.slice(0, 200)}`, hint: 'The routes are listed in /api/openapi.json.' });
