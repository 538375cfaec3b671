/**
 * Who calls: local root over the unix socket, or a user by bearer token or session cookie. And /api/sign-in,
 * /api/sign-out, /api/session and /api/users.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { Type } from '@fastify/type-provider-typebox';
import { Fault } from '../errors/fault.ts';
import { say } from '../language/text.ts';
import type { Operations } from '../service/operations.ts';
import type { Caller } from '../service/accessviews.ts';
import { name } from './fields.ts';
import { CLOSED, created, done, ok, type ApiInstance } from './routes.ts';
import { CALLER_VIEW, CERTIFICATE_VIEW, ROLE, USER_VIEW } from './schemas.ts';
import { SignInGate } from './signingate.ts';

const TOKEN = /^[A-Za-z0-9._~+/=-]{16,512}$/;
const SAFE_METHODS: readonly string[] = ['GET', 'HEAD', 'OPTIONS'];
const LOCAL_ROOT: Caller = { name: 'root', role: 'administrator', from: 'local' };

const PASSWORD = Type.String({ minLength: 1, maxLength: 1_024, description: 'Password' });
const SIGN_IN_BODY = Type.Object({ name: name('Name of the user'), password: PASSWORD }, CLOSED);
const SESSION = Type.Object({ token: Type.String({ description: 'For the header "Authorization: Bearer …"' }), user: USER_VIEW, expiresAtMs: Type.Number({ description: 'When it ends, in milliseconds since 1970' }) });
const USER_BODY = Type.Object({ name: name('Name of the user'), role: ROLE, password: PASSWORD }, CLOSED);
const USER_CHANGE = Type.Object({ role: Type.Optional(ROLE), password: Type.Optional(PASSWORD) }, { ...CLOSED, minProperties: 1 });
const PASSWORD_CHANGE = Type.Object({ password: Type.String({ minLength: 1, maxLength: 1_024, description: 'The present password' }), newPassword: Type.String({ minLength: 1, maxLength: 1_024, description: 'The password from now on' }) }, CLOSED);
const BY_USER = Type.Object({ user: name('Name of the user') });
const CERTIFICATE_BODY = Type.Object({ certificate: Type.String({ minLength: 1, maxLength: 65_536, description: 'The certificate in PEM' }) }, CLOSED);
const BY_CERTIFICATE = Type.Object({ user: name('Name of the user'), fingerprint: name('SHA-256 of the certificate, in hexadecimal') });
const SIGN_IN_BODY_BYTES = 8_192;

function bearerOf(headers: IncomingHttpHeaders): string | undefined {
  return /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
}

/** Browsers keep cookies by host and not by port; with the port in the name two daemons on one host do not mix. */
const cookieName = (request: FastifyRequest): string => `understudy_${request.raw.socket.localPort ?? 'local'}`;

function cookieOf(request: FastifyRequest): string | undefined {
  const start = `${cookieName(request)}=`;
  const pair = (request.headers.cookie ?? '').split(';').find((candidate) => candidate.trim().startsWith(start));
  return pair?.trim().slice(start.length);
}

/** Where the request came from; a unix socket has no address. */
const addressOf = (request: FastifyRequest): string => (request.raw.socket.remoteAddress === undefined ? 'local' : request.ip);

/** A page of another origin must not act with the cookie. SameSite says so to the browser; this does not rely on it. */
function checkOrigin(request: FastifyRequest): void {
  if (SAFE_METHODS.includes(request.method)) return;
  const { origin, host } = request.headers;
  const site = request.headers['sec-fetch-site'];
  const foreignOrigin = origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== host);
  if (foreignOrigin || (site !== undefined && site !== 'same-origin' && site !== 'none')) throw new Fault('origin-foreign', say('this request came from a page of another origin'));
}

const tokenOf = (request: FastifyRequest): string | undefined => {
  const token = bearerOf(request.headers) ?? cookieOf(request);
  return token !== undefined && TOKEN.test(token) ? token : undefined;
};

/** The caller of the request. Fault sign-in-failed when nobody is signed in. */
export async function callerOf(request: FastifyRequest, operations: Operations, isLocal: boolean): Promise<Caller> {
  if (isLocal) return LOCAL_ROOT;
  const token = tokenOf(request);
  if (token === undefined) throw new Fault('sign-in-failed', say('nobody is signed in'));
  if (bearerOf(request.headers) === undefined) checkOrigin(request);
  const caller = await operations.callerOfToken(token, addressOf(request));
  if (!caller) throw new Fault('sign-in-failed', say('the session is unknown or has ended'));
  return caller;
}

const cookie = (request: FastifyRequest, token: string, maxAgeSeconds: number): string =>
  `${cookieName(request)}=${token}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Strict${'encrypted' in request.raw.socket ? '; Secure' : ''}`;

export interface SessionOptions {
  readonly operations: Operations;
  /** Ends the session behind a token. */
  readonly endSession: (token: string) => Promise<void> | void;
}

export function sessionRoutes(app: ApiInstance, { operations, endSession }: SessionOptions): void {
  const tags = ['users'];
  const gate = new SignInGate();

  app.post(
    '/api/sign-in',
    { config: { access: 'anyone' }, bodyLimit: SIGN_IN_BODY_BYTES, schema: { operationId: 'signIn', tags, summary: 'A session of 12 hours, as token and as cookie', security: [], body: SIGN_IN_BODY, response: ok(SESSION) } },
    async (request, reply) => {
      checkOrigin(request);
      const { name: user, password } = request.body;
      const session = await gate.pass(addressOf(request), user, () => operations.signIn({ name: user, password, from: addressOf(request) }));
      const seconds = Math.max(0, Math.floor((session.expiresAtMs - Date.now()) / 1_000));
      return reply.header('set-cookie', cookie(request, session.token, seconds)).send(session);
    },
  );

  app.post('/api/sign-out', { schema: { operationId: 'signOut', tags, summary: 'End the session', response: done } }, async (request, reply) => {
    const token = tokenOf(request);
    if (token !== undefined) await endSession(token);
    return reply.header('set-cookie', cookie(request, '', 0)).code(204).send(null);
  });

  app.get('/api/session', { schema: { operationId: 'session', tags, summary: 'Who is signed in', response: ok(CALLER_VIEW) } }, ({ caller: { name, role, from } }) => ({ name, role, from }));
  passwordRoute(app, operations, gate);
}

/** Guesses at the present password count as sign-ins that failed: a session that was left open is not worth more than a name. */
function passwordRoute(app: ApiInstance, operations: Operations, gate: SignInGate): void {
  app.put(
    '/api/session/password',
    { bodyLimit: SIGN_IN_BODY_BYTES, schema: { operationId: 'passwordChange', tags: ['users'], summary: 'Another password for oneself; one\'s other sessions and tokens end', body: PASSWORD_CHANGE, response: done } },
    async (request, reply) => {
      const { caller, body } = request;
      const token = tokenOf(request);
      await gate.pass(addressOf(request), caller.name, () => operations.passwordChange(caller, { ...body, ...(token !== undefined && { token }) }));
      return reply.code(204).send(null);
    },
  );
}

export function userRoutes(app: ApiInstance, operations: Operations): void {
  const tags = ['users'];
  app.get('/api/users', { schema: { operationId: 'userList', tags, summary: 'All users', response: ok(Type.Array(USER_VIEW)) } }, (request) => operations.userList(request.caller));

  app.post('/api/users', { schema: { operationId: 'userAdd', tags, summary: 'Add a user', body: USER_BODY, response: created(USER_VIEW) } }, async (request, reply) =>
    reply.code(201).send(await operations.userAdd(request.caller, request.body)),
  );

  app.patch('/api/users/:user', { schema: { operationId: 'userSet', tags, summary: 'Another role, another password, or both; with another password their sessions and tokens end', params: BY_USER, body: USER_CHANGE, response: ok(USER_VIEW) } }, (request) =>
    operations.userSet(request.caller, request.params.user, request.body),
  );

  app.delete('/api/users/:user', { schema: { operationId: 'userRemove', tags, summary: 'Remove a user; their sessions end', params: BY_USER, response: done } }, async (request, reply) => {
    await operations.userRemove(request.caller, request.params.user);
    return reply.code(204).send(null);
  });
}

const TOKEN_BODY = Type.Object({ days: Type.Integer({ minimum: 1, maximum: 3_650, description: 'How long it is valid' }) }, CLOSED);
const TOKEN_VIEW = Type.Object({ token: Type.String({ description: 'For the header "Authorization: Bearer …"; it is shown this once' }), expiresAtMs: Type.Number({ description: 'When it ends, in milliseconds since 1970' }) });

export function tokenRoutes(app: ApiInstance, operations: Operations): void {
  app.post('/api/users/:user/tokens', { schema: { operationId: 'userToken', tags: ['users'], summary: 'A token for a program, such as a Prometheus elsewhere; it ends with the user, or with another password of theirs', params: BY_USER, body: TOKEN_BODY, response: created(TOKEN_VIEW) } }, async (request, reply) =>
    reply.code(201).send(await operations.userToken(request.caller, request.params.user, request.body)),
  );
}

export function certificateRoutes(app: ApiInstance, operations: Operations): void {
  const tags = ['users'];
  app.get('/api/users/:user/certificates', { schema: { operationId: 'userCertificates', tags, summary: 'The client certificates of a user', params: BY_USER, response: ok(Type.Array(CERTIFICATE_VIEW)) } }, (request) =>
    operations.userCertificates(request.caller, request.params.user),
  );

  app.post('/api/users/:user/certificates', { schema: { operationId: 'userCertificateAdd', tags, summary: 'Let a client certificate stand for a user', params: BY_USER, body: CERTIFICATE_BODY, response: created(CERTIFICATE_VIEW) } }, async (request, reply) =>
    reply.code(201).send(await operations.userCertificateAdd(request.caller, request.params.user, request.body.certificate)),
  );

  app.delete('/api/users/:user/certificates/:fingerprint', { schema: { operationId: 'userCertificateRemove', tags, summary: 'A certificate stands for nobody', params: BY_CERTIFICATE, response: done } }, async (request, reply) => {
    await operations.userCertificateRemove(request.caller, request.params.user, request.params.fingerprint);
    return reply.code(204).send(null);
  });
}
