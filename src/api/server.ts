/** /api/server and /api/authorizations: this host as a replica server, and who may send replicas to it. */
import { Type } from '@fastify/type-provider-typebox';
import type { Operations } from '../service/operations.ts';
import { name, path } from './fields.ts';
import { BY_MACHINE, CLOSED, created, done, ok, type ApiInstance } from './routes.ts';
import { AUTHORIZATION_VIEW, SERVER_CERTIFICATE_VIEW, SERVER_CHANGE, SERVER_VIEW } from './schemas.ts';

const ENTRY = name('Id of the entry, or the host that it is for');
const ENTRY_FIELDS = {
  storage: Type.Optional(path('Directory for the replicas, absolute; this host\'s own place when absent')),
  trustGroup: Type.Optional(name('Trust group')),
};
const HOST = name('A paired host, *.domain, or * for any paired host');
const NEW_ENTRY = Type.Object({ host: HOST, ...ENTRY_FIELDS }, CLOSED);
const ENTRY_CHANGE = Type.Object({ host: Type.Optional(HOST), ...ENTRY_FIELDS }, CLOSED);
const BY_ENTRY = Type.Object({ authorization: ENTRY });

function settingRoutes(app: ApiInstance, operations: Operations): void {
  const tags = ['server'];
  app.get('/api/server', { schema: { operationId: 'serverShow', tags, summary: 'This host as a replica server', response: ok(SERVER_VIEW) } }, (request) => operations.serverShow(request.caller));

  app.patch('/api/server', { schema: { operationId: 'serverSet', tags, summary: 'Change what is set for it; what is not named stays', body: SERVER_CHANGE, response: ok(SERVER_VIEW) } }, (request) =>
    operations.serverSet(request.caller, request.body),
  );
}

const PEM = (description: string) => Type.String({ minLength: 1, maxLength: 65_536, description });
const CERTIFICATE_BODY = Type.Object({ certificate: PEM('The certificate in PEM, and those between it and the authority'), key: PEM('Its private key in PEM, without a password'), authority: Type.Optional(PEM('The authority\'s certificate in PEM')) }, CLOSED);

function certificateRoutes(app: ApiInstance, operations: Operations): void {
  const tags = ['server'];
  app.get('/api/server/certificates', { schema: { operationId: 'serverCertificates', tags, summary: 'Certificates that other hosts can be shown', response: ok(Type.Array(SERVER_CERTIFICATE_VIEW)) } }, (request) =>
    operations.serverCertificates(request.caller),
  );

  app.post(
    '/api/server/certificates',
    { schema: { operationId: 'serverCertificateAdd', tags, summary: 'Install a certificate of an authority of one\'s own', body: CERTIFICATE_BODY, response: created(SERVER_CERTIFICATE_VIEW) } },
    async (request, reply) => reply.code(201).send(await operations.serverCertificateAdd(request.caller, request.body)),
  );

  app.delete(
    '/api/server/certificates/:thumbprint',
    { schema: { operationId: 'serverCertificateRemove', tags, summary: 'Remove an installed certificate', params: Type.Object({ thumbprint: name('Thumbprint') }), response: done } },
    async (request, reply) => {
      await operations.serverCertificateRemove(request.caller, request.params.thumbprint);
      return reply.code(204).send(null);
    },
  );
}

function entryRoutes(app: ApiInstance, operations: Operations): void {
  const tags = ['authorizations'];
  app.get('/api/authorizations', { schema: { operationId: 'authorizationList', tags, summary: 'Who may replicate to this host, and where to', response: ok(Type.Array(AUTHORIZATION_VIEW)) } }, (request) =>
    operations.authorizationList(request.caller),
  );

  app.post(
    '/api/authorizations',
    { schema: { operationId: 'authorizationAdd', tags, summary: 'Let a host, the hosts of a domain, or any paired host replicate to this one', body: NEW_ENTRY, response: created(AUTHORIZATION_VIEW) } },
    async (request, reply) => reply.code(201).send(await operations.authorizationAdd(request.caller, request.body)),
  );

  app.patch(
    '/api/authorizations/:authorization',
    { schema: { operationId: 'authorizationChange', tags, summary: 'Change an authorization; replicas that exist stay where they are', params: BY_ENTRY, body: ENTRY_CHANGE, response: ok(AUTHORIZATION_VIEW) } },
    (request) => operations.authorizationChange(request.caller, request.params.authorization, request.body),
  );

  app.delete(
    '/api/authorizations/:authorization',
    { schema: { operationId: 'authorizationRemove', tags, summary: 'Take an authorization back', params: BY_ENTRY, response: done } },
    async (request, reply) => {
      await operations.authorizationRemove(request.caller, request.params.authorization);
      return reply.code(204).send(null);
    },
  );

  app.put(
    '/api/relationships/:machine/authorization',
    { schema: { operationId: 'authorizationAssign', tags, summary: 'Give a replica to an authorization', params: BY_MACHINE, body: Type.Object({ authorization: ENTRY }, CLOSED), response: done } },
    async (request, reply) => {
      await operations.authorizationAssign(request.caller, request.params.machine, request.body.authorization);
      return reply.code(204).send(null);
    },
  );
}

export function serverRoutes(app: ApiInstance, operations: Operations): void {
  settingRoutes(app, operations);
  certificateRoutes(app, operations);
  entryRoutes(app, operations);
}
