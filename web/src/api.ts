/** The daemon's API, as this page calls it. What goes wrong is an `ApiError`; a session that has ended is told to `session`. */
import type { HostStatus } from '../../src/service/operations.ts';
import type { Caller, EventView, HostView, JobView, MachineView, RelationshipView, UserView } from '../../src/service/views.ts';
import { language, t } from './language.ts';

const ANSWER_WITHIN_MS = 30_000;

interface ErrorBody {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly allowed?: readonly string[];
}

export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly hint: string;
  readonly allowed: readonly string[];

  /** Status 0: the host did not answer. */
  constructor(status: number, { code, message, hint, allowed }: ErrorBody) {
    super(message);
    this.status = status;
    this.code = code;
    this.hint = hint;
    this.allowed = allowed ?? [];
  }

  get isUnreachable(): boolean {
    return this.status === 0;
  }
}

export interface Session {
  readonly user: UserView;
  readonly expiresAtMs: number;
}

type Method = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';

/** Called when a request was refused because nobody is signed in. */
let onSignedOut: () => void = () => undefined;

export function listenToApi(listeners: { signedOut: () => void }): void {
  onSignedOut = listeners.signedOut;
}

async function answerOf(method: Method, path: string, body: unknown, signal: AbortSignal | undefined): Promise<Response> {
  const withinTime = AbortSignal.timeout(ANSWER_WITHIN_MS);
  try {
    return await fetch(path, {
      method,
      headers: { accept: 'application/json', 'accept-language': language(), ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: signal ? AbortSignal.any([signal, withinTime]) : withinTime,
      cache: 'no-store',
    });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new ApiError(0, { code: 'unreachable', message: t('The host does not answer.'), hint: t('Look whether the host is up and understudyd runs on it: systemctl status understudyd.') });
  }
}

async function errorOf(response: Response): Promise<ApiError> {
  const body = (await response.json().catch(() => null)) as { error?: ErrorBody } | null;
  return new ApiError(response.status, body?.error ?? { code: 'unknown', message: t('The host answered with status {status}.', { status: response.status }), hint: t('The log of understudyd has more.') });
}

/** The answer's JSON; null where there is none. Throws `ApiError`. */
export async function call<T>(method: Method, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const response = await answerOf(method, path, body, signal);
  if (response.ok) return (response.status === 204 ? null : await response.json()) as T;
  const error = await errorOf(response);
  if (error.status === 401 && path !== '/api/sign-in') onSignedOut();
  throw error;
}

const at = encodeURIComponent;

export const api = {
  session: (): Promise<Caller> => call('GET', '/api/session'),
  signIn: (name: string, password: string): Promise<Session> => call('POST', '/api/sign-in', { name, password }),
  signOut: (): Promise<null> => call('POST', '/api/sign-out'),
  version: (): Promise<{ name: string; version: string }> => call('GET', '/api/version'),
  status: (signal?: AbortSignal): Promise<HostStatus> => call('GET', '/api/status', undefined, signal),
  hosts: (signal?: AbortSignal): Promise<HostView[]> => call('GET', '/api/hosts', undefined, signal),
  jobs: (signal?: AbortSignal): Promise<JobView[]> => call('GET', '/api/jobs', undefined, signal),
  machine: (machine: string, signal?: AbortSignal): Promise<MachineView & { definition: unknown }> => call('GET', `/api/machines/${at(machine)}`, undefined, signal),
  relationship: (machine: string, signal?: AbortSignal): Promise<RelationshipView> => call('GET', `/api/relationships/${at(machine)}`, undefined, signal),
  events: (limit: number, signal?: AbortSignal): Promise<EventView[]> => call('GET', `/api/events?limit=${limit}`, undefined, signal),
};
