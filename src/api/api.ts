/**
 * The HTTP/JSON API: every use case of `Operations` is a route here and nothing else is. It validates what comes in,
 * finds out who calls, and puts errors into words; roles and rules are the service's.
 */
import fastify, { type FastifyReply, type FastifyRequest } from 'fastify';
import swagger from '@fastify/swagger';
import { Type, TypeBoxValidatorCompiler, type TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { Changes, Operations } from '../service/operations.ts';
import { doctorRoutes } from './doctor.ts';
import { Doors, type Tls } from './doors.ts';
import { answerTo, routeUnknown, UnreadBody, type ErrorAnswer } from './errors.ts';
import { streamRoute } from './eventstream.ts';
import { failoverRoutes } from './failovers.ts';
import { healthRoutes } from './health.ts';
import { historyRoutes } from './history.ts';
import { hostRoutes } from './hosts.ts';
import { initialRoutes } from './initial.ts';
import { jobRoutes } from './jobs.ts';
import { isFromHere } from './locality.ts';
import { machineRoutes } from './machines.ts';
import { networkRoutes } from './network.ts';
import { withNamedSchemas } from './namedschemas.ts';
import { notificationRoutes } from './notifications.ts';
import { overviewRoutes } from './overview.ts';
import { pointRoutes } from './points.ts';
import { relationshipRoutes } from './relationships.ts';
import { resynchronizationRoutes } from './resynchronization.ts';
import { languageOf, ok, type ApiInstance } from './routes.ts';
import { screenRoutes } from './screens.ts';
import { serverRoutes } from './server.ts';
import { trafficRoutes } from './traffic.ts';
import { callerOf, certificateRoutes, sessionRoutes, tokenRoutes, userRoutes } from './sessions.ts';

const BODY_BYTES = 262_144;
const PARAMETER_CHARACTERS = 256;

export interface ApiOptions {
  readonly operations: Operations;
  readonly changes: Changes;
  /** Text of /metrics, in the format that was asked for. */
  readonly metrics: (format: 'text' | 'openmetrics') => Promise<string>;
  /** Called after each answer; the route as it is described, or "unknown". */
  readonly onAnswer?: (answer: { method: string; route: string; status: number }) => void;
  readonly version: string;
  /** Ends the session behind a token, at sign-out. */
  readonly endSession?: (token: string) => Promise<void> | void;
  /** Called once for each bug, with the id that the caller was given. Standard error when absent. */
  readonly onBug?: (bug: { id: string; request: string; error: unknown }) => void;
  readonly heartbeatMs?: number;
  /** Requests that come sooner wait for it. At once when absent. */
  readonly opened?: Promise<unknown>;
  /** What this host is called, besides its addresses and localhost. */
  readonly hostNames?: readonly string[];
}

export interface Api {
  /** For more routes (the page), before a listener is opened. */
  readonly app: ApiInstance;
  listenTcp(address: { host: string; port: number; tls?: Tls }): Promise<{ port: number }>;
  /** Whoever can open the socket is local root: an administrator. */
  listenLocal(socketPath: string): Promise<void>;
  close(): Promise<void>;
}

const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'content-security-policy': "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'",
};

function printBug({ id, request, error }: { id: string; request: string; error: unknown }): void {
  process.stderr.write(`bug ${id} at ${request}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
}

function sendError(reply: FastifyReply, { status, headers, body }: ErrorAnswer): FastifyReply {
  return reply.code(status).headers(headers).type('application/json; charset=utf-8').send(body);
}

/** Nothing that somebody could take for heard. */
const isEmpty = (body: unknown): boolean => body === undefined || body === null || (typeof body === 'object' && Object.keys(body).length === 0);

/** Validation by TypeBox (bodies strictly, query strings converted), plain JSON out, errors as /api describes them. */
function setUp(app: ApiInstance, onBug: NonNullable<ApiOptions['onBug']>): void {
  app.decorateRequest('caller');
  app.setValidatorCompiler(TypeBoxValidatorCompiler);
  app.setSerializerCompiler(() => (value) => JSON.stringify(value));
  app.addHook('onRequest', async (request, reply) => void reply.headers({ ...SECURITY_HEADERS, ...(request.url.startsWith('/api/') && { 'content-language': languageOf(request), vary: 'accept-language' }) }));
  app.addHook('preValidation', async (request) => {
    if (request.routeOptions.schema?.body) request.body ??= {};
    else if (!isEmpty(request.body)) throw new UnreadBody(request.body);
  });
  app.setErrorHandler((error, request, reply) =>
    sendError(reply, answerTo(error, (id, bug) => onBug({ id, request: `${request.method} ${request.routeOptions.url ?? ''}`, error: bug }), languageOf(request))),
  );
  app.setNotFoundHandler((request, reply) => sendError(reply, routeUnknown(request.method, request.url.split('?')[0] ?? '', languageOf(request))));
}

async function describe(app: ApiInstance, version: string): Promise<void> {
  await app.register(swagger, {
    transformObject: (document) => ('openapiObject' in document ? withNamedSchemas(document.openapiObject) : document.swaggerObject),
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Understudy', description: 'Replicas of virtual machines: what the command line and the page use.', version, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
      components: {
        securitySchemes: { bearer: { type: 'http', scheme: 'bearer' }, cookie: { type: 'apiKey', in: 'cookie', name: 'understudy_7480', description: 'Set by /api/sign-in; its name ends with the port of the daemon' } },
      },
      security: [{ bearer: [] }, { cookie: [] }],
    },
  });
}

/** Source: Prometheus, "Exposition formats". */
const METRICS_TYPES = { text: 'text/plain; version=0.0.4; charset=utf-8', openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8' } as const;

const VERSION_VIEW = Type.Object({ name: Type.String(), version: Type.String() });

function openRoutes(app: ApiInstance, { metrics, version }: ApiOptions): void {
  const anyone = { access: 'anyone' } as const;
  app.get('/api/version', { config: anyone, schema: { operationId: 'version', tags: ['status'], summary: 'The version of understudyd', security: [], response: ok(VERSION_VIEW) } }, () => ({ name: 'understudy', version }));
  app.get('/api/openapi.json', { config: anyone, schema: { hide: true } }, (_request, reply) => reply.type('application/json; charset=utf-8').send(JSON.stringify(app.swagger())));
  app.get('/metrics', { config: { access: 'loopback' }, schema: { hide: true } }, async (request, reply) => {
    const format = /application\/openmetrics-text/i.test(request.headers.accept ?? '') ? 'openmetrics' : 'text';
    return reply.type(METRICS_TYPES[format]).header('vary', 'accept').send(await metrics(format));
  });
}

/** The API with all its routes; nothing listens yet. */
export async function createApi(options: ApiOptions): Promise<Api> {
  const { operations, changes, endSession = () => undefined, onBug = printBug, opened } = options;
  const app: ApiInstance = fastify({
    bodyLimit: BODY_BYTES,
    routerOptions: { maxParamLength: PARAMETER_CHARACTERS },
    frameworkErrors: (error, request, reply) => void sendError(reply.headers(SECURITY_HEADERS), answerTo(error, () => undefined, languageOf(request))),
  }).withTypeProvider<TypeBoxTypeProvider>();
  const doors = new Doors((request, response) => app.routing(request, response));
  const callerAgain = async (request: FastifyRequest) => ({ ...(await callerOf(request, operations, doors.isLocal(request.raw.socket))), language: languageOf(request) });

  app.addHook('onRequest', async () => void (await opened));
  setUp(app, onBug);
  app.addHook('onResponse', async (request, reply) => options.onAnswer?.({ method: request.method, route: request.routeOptions.url ?? 'unknown', status: reply.statusCode }));
  await describe(app, options.version);
  await app.register(async (guarded: ApiInstance) => {
    guarded.addHook('onRequest', async (request) => {
      const { access } = request.routeOptions.config;
      if (access === 'anyone' || (access === 'loopback' && isFromHere(request, options.hostNames ?? []))) return;
      request.caller = await callerAgain(request);
    });
    openRoutes(guarded, options);
    sessionRoutes(guarded, { operations, endSession });
    userRoutes(guarded, operations);
    tokenRoutes(guarded, operations);
    certificateRoutes(guarded, operations);
    overviewRoutes(guarded, operations);
    machineRoutes(guarded, operations);
    hostRoutes(guarded, operations);
    serverRoutes(guarded, operations);
    trafficRoutes(guarded, operations);
    relationshipRoutes(guarded, operations);
    initialRoutes(guarded, operations);
    healthRoutes(guarded, operations);
    historyRoutes(guarded, operations);
    doctorRoutes(guarded, operations);
    resynchronizationRoutes(guarded, operations);
    pointRoutes(guarded, operations);
    failoverRoutes(guarded, operations);
    screenRoutes(guarded, operations);
    networkRoutes(guarded, operations);
    notificationRoutes(guarded, operations);
    jobRoutes(guarded, operations);
    streamRoute(guarded, { operations, changes, callerAgain, ...(options.heartbeatMs === undefined ? {} : { heartbeatMs: options.heartbeatMs }) });
  });

  return {
    app,
    listenTcp: async (address) => {
      await app.ready();
      return doors.openTcp(address);
    },
    listenLocal: async (socketPath) => {
      await app.ready();
      await doors.openLocal(socketPath);
    },
    close: async () => {
      await Promise.all([app.close(), doors.close()]);
    },
  };
}
