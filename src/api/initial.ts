/** /api/relationships/:machine/start-replication and what belongs to the first copy. */
import { Type } from '@fastify/type-provider-typebox';
import type { Operations } from '../service/operations.ts';
import { name, oneOf, path } from './fields.ts';
import { RELATIONSHIP_VIEW } from './relationshipschemas.ts';
import { START_AT_BODY } from './resynchronization.ts';
import { accepted, BY_MACHINE, CLOSED, created, ok, type ApiInstance } from './routes.ts';
import { JOB_VIEW } from './schemas.ts';

const tags = ['relationships'];
const TRANSFER = oneOf(['network', 'seed'], '"network" copies everything; "seed" ships only what differs from a copy on the other host. As it was chosen before when absent');
const TRANSFER_QUERY = Type.Object({ transfer: Type.Optional(TRANSFER) }, CLOSED);
const AT_BODY = Type.Object({ ...START_AT_BODY.properties, transfer: Type.Optional(TRANSFER) }, CLOSED);
const DIRECTORY_BODY = Type.Object({ directory: path('Directory of this host, absolute; it may hold the exports of many machines, each in a subdirectory of its own') }, CLOSED);
const OFFER_BODY = Type.Object({ machine: name('Name or id of the virtual machine'), host: Type.Optional(name('The host whose replica it is to be; the only paired one when absent')) }, CLOSED);

export function initialRoutes(app: ApiInstance, operations: Operations): void {
  app.post(
    '/api/relationships/:machine/start-replication',
    { schema: { operationId: 'initialStart', tags, summary: 'Copy the disks while the guest runs', params: BY_MACHINE, querystring: TRANSFER_QUERY, response: accepted(JOB_VIEW) } },
    async (request, reply) => reply.code(202).send(await operations.initialStart(request.caller, request.params.machine, request.query)),
  );

  app.post(
    '/api/relationships/:machine/start-replication/at',
    { schema: { operationId: 'initialStartAt', tags, summary: 'Begin the initial replication at a moment in the next seven days', params: BY_MACHINE, body: AT_BODY, response: ok(RELATIONSHIP_VIEW) } },
    ({ caller, params, body: { startsAtMs, ...options } }) => operations.initialStartAt(caller, params.machine, startsAtMs, options),
  );

  app.post(
    '/api/relationships/:machine/stop-initial',
    { schema: { operationId: 'initialStop', tags, summary: 'Stop the initial replication, or do not begin one that is scheduled', params: BY_MACHINE, response: ok(RELATIONSHIP_VIEW) } },
    (request) => operations.initialStop(request.caller, request.params.machine),
  );

  app.post(
    '/api/relationships/:machine/export',
    { schema: { operationId: 'initialExport', tags, summary: 'Write the first copy onto media, to be carried to the other host; changes flow meanwhile', params: BY_MACHINE, body: DIRECTORY_BODY, response: accepted(JOB_VIEW) } },
    async (request, reply) => reply.code(202).send(await operations.initialExport(request.caller, request.params.machine, request.body.directory)),
  );

  app.post(
    '/api/relationships/:machine/import',
    { schema: { operationId: 'initialImport', tags, summary: 'Take in media with the first copy, on the replica\'s host', params: BY_MACHINE, body: DIRECTORY_BODY, response: accepted(JOB_VIEW) } },
    async (request, reply) => reply.code(202).send(await operations.initialImport(request.caller, request.params.machine, request.body.directory)),
  );

  app.post(
    '/api/relationships/copies',
    { schema: { operationId: 'copyOffer', tags, summary: 'A machine here is a copy of another host\'s, and waits to become its replica', body: OFFER_BODY, response: created(RELATIONSHIP_VIEW) } },
    async (request, reply) => reply.code(201).send(await operations.copyOffer(request.caller, request.body.machine, request.body.host)),
  );
}
