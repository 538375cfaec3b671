/** What every file of routes shares: the instance's type, the answers, the caller. */
import type { FastifyBaseLogger, FastifyInstance, FastifyRequest, RawReplyDefaultExpression, RawRequestDefaultExpression, RawServerDefault } from 'fastify';
import { Type, type TSchema, type TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { acceptedLanguage, languageOf as languageNamed, type Language } from '../language/language.ts';
import type { Caller } from '../service/accessviews.ts';
import { name } from './fields.ts';
import { ERROR_VIEW } from './schemas.ts';

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller;
  }
  interface FastifyContextConfig {
    /** 'anyone' needs no sign-in; 'loopback' needs none on this host. */
    access?: 'anyone' | 'loopback';
  }
}

export type ApiInstance = FastifyInstance<RawServerDefault, RawRequestDefaultExpression, RawReplyDefaultExpression, FastifyBaseLogger, TypeBoxTypeProvider>;

const ERRORS = { '4xx': ERROR_VIEW, '5xx': ERROR_VIEW };

export const ok = <T extends TSchema>(schema: T) => ({ 200: schema, ...ERRORS });
export const created = <T extends TSchema>(schema: T) => ({ 201: schema, ...ERRORS });
/** For jobs: the work goes on after the answer. */
export const accepted = <T extends TSchema>(schema: T) => ({ 202: schema, ...ERRORS });
export const done = { 204: Type.Null({ description: 'Done' }), ...ERRORS };

export const CLOSED = { additionalProperties: false } as const;

/** What the caller reads. A browser's event source sends no header of its own, so there the query says it. */
export function languageOf({ headers, query }: FastifyRequest): Language {
  const chosen = (query as { language?: unknown } | undefined)?.language;
  return (typeof chosen === 'string' ? languageNamed(chosen) : undefined) ?? acceptedLanguage(headers['accept-language']);
}

export const BY_MACHINE = Type.Object({ machine: name('Name or id of the virtual machine') });
export const FORCE = Type.Boolean({ description: 'Do it although a check speaks against it', default: false });
export const START = Type.Boolean({ description: 'Whether the guest is booted; true when absent', default: true });
export const TIMEOUT_SECONDS = Type.Integer({ minimum: 1, maximum: 86_400, description: 'How long the guest may take to shut down' });
