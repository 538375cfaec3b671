/** /api/hosts: this host and those that it is paired with. */
import { Type } from '@fastify/type-provider-typebox';
import type { Operations } from '../service/operations.ts';
import { name, path } from './fields.ts';
import { accepted, CLOSED, created, done, ok, type ApiInstance } from './routes.ts';
import { HOST_VIEW, JOB_VIEW } from './schemas.ts';

const BY_HOST = Type.Object({ host: name('Name or id of the host') });
const ADDRESS = name('Address, with a port when it is not 7443');
const STORAGE = path('Directory for the replicas, absolute');
const INVITE_BODY = Type.Object(
  { storage: Type.Optional(STORAGE), address: Type.Optional(ADDRESS), expiresSeconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 604_800, description: 'How long the invitation can be used' })) },
  CLOSED,
);
const INVITATION = Type.Object({ invitation: Type.String({ description: 'Text to paste on the other host; it works once' }), expiresAtMs: Type.Number({ description: 'When it expires, in milliseconds since 1970' }) });
const JOIN_BODY = Type.Object({ invitation: Type.String({ minLength: 1, maxLength: 8_192, description: 'What the other host printed' }), storage: Type.Optional(STORAGE), address: Type.Optional(ADDRESS), bypassProxy: Type.Optional(Type.Boolean({ description: 'Reach that host past the proxy' })) }, CLOSED);
const RENAME_BODY = Type.Object({ name: name('New name') }, CLOSED);
const MOVE_BODY = Type.Object({ address: ADDRESS }, CLOSED);

function pairingRoutes(app: ApiInstance, operations: Operations): void {
  const tags = ['hosts'];
  app.post('/api/hosts/invite', { schema: { operationId: 'hostInvite', tags, summary: 'Make an invitation for another host', body: INVITE_BODY, response: ok(INVITATION) } }, (request) =>
    operations.hostInvite(request.caller, request.body),
  );

  app.post('/api/hosts/join', { schema: { operationId: 'hostJoin', tags, summary: 'Pair with the host that made the invitation', body: JOIN_BODY, response: created(HOST_VIEW) } }, async (request, reply) => {
    const { invitation, ...options } = request.body;
    return reply.code(201).send(await operations.hostJoin(request.caller, invitation, options));
  });

  app.post('/api/hosts/renew-certificate', { schema: { operationId: 'hostRenewCertificate', tags, summary: 'Renew the certificate of this host; pairings stay', response: ok(HOST_VIEW) } }, (request) =>
    operations.hostRenewCertificate(request.caller),
  );
}

function pairedRoutes(app: ApiInstance, operations: Operations): void {
  const tags = ['hosts'];
  app.get('/api/hosts', { schema: { operationId: 'hostList', tags, summary: 'This host and those it is paired with', response: ok(Type.Array(HOST_VIEW)) } }, (request) => operations.hostList(request.caller));

  app.delete('/api/hosts/:host', { schema: { operationId: 'hostRemove', tags, summary: 'End the pairing', params: BY_HOST, response: done } }, async (request, reply) => {
    await operations.hostRemove(request.caller, request.params.host);
    return reply.code(204).send(null);
  });

  app.post('/api/hosts/:host/rename', { schema: { operationId: 'hostRename', tags, summary: 'Give a host another name', params: BY_HOST, body: RENAME_BODY, response: ok(HOST_VIEW) } }, (request) =>
    operations.hostRename(request.caller, request.params.host, request.body.name),
  );

  app.post('/api/hosts/:host/move', { schema: { operationId: 'hostMove', tags, summary: 'Tell the new address of a host that moved', params: BY_HOST, body: MOVE_BODY, response: ok(HOST_VIEW) } }, (request) =>
    operations.hostMove(request.caller, request.params.host, request.body.address),
  );
}

function testRoute(app: ApiInstance, operations: Operations): void {
  const body = Type.Object({ bypassProxy: Type.Optional(Type.Boolean({ description: 'Past this host\'s proxy' })) }, CLOSED);
  const schema = { operationId: 'hostTest', tags: ['hosts'], summary: 'Try each step of the way to a host, and ask whether it takes replicas from this one', params: BY_HOST, body, response: accepted(JOB_VIEW) };
  app.post('/api/hosts/:host/test', { schema }, async (request, reply) => reply.code(202).send(await operations.hostTest(request.caller, request.params.host, request.body)));
}

export function hostRoutes(app: ApiInstance, operations: Operations): void {
  pairingRoutes(app, operations);
  pairedRoutes(app, operations);
  testRoute(app, operations);
}
