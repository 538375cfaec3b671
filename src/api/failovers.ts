/** /api/relationships/:machine/failover and failback: the operations that move the guest and take options. */
import { Type } from '@fastify/type-provider-typebox';
import { COMMIT_AFTER_SECONDS } from '../relationship/settings.ts';
import type { Operations } from '../service/operations.ts';
import { name } from './fields.ts';
import { RELATIONSHIP_VIEW } from './relationshipschemas.ts';
import { accepted, BY_MACHINE, CLOSED, FORCE, ok, START, TIMEOUT_SECONDS, type ApiInstance } from './routes.ts';
import { JOB_VIEW } from './schemas.ts';

const tags = ['failover'];
const COMMIT_AFTER = Type.Integer({ minimum: 0, maximum: COMMIT_AFTER_SECONDS.max, description: 'The failover commits itself after so many seconds, 60 at least; never for 0, as the settings say when absent' });
const POINT = name('Id of a recovery point; the newest when absent');
const TEST_BODY = Type.Object(
  {
    point: Type.Optional(POINT),
    start: Type.Optional(START),
    network: Type.Optional(Type.String({ minLength: 1, maxLength: 15, description: 'A bridge of this host for all adapters, instead of each one\'s own test network' })),
    isolated: Type.Optional(Type.Boolean({ description: 'On no network at all, whatever is chosen for the adapters', default: false })),
  },
  CLOSED,
);
const PLANNED_BODY = Type.Object(
  { start: Type.Optional(START), reverse: Type.Optional(Type.Boolean({ description: 'Replicate back at once', default: false })), timeoutSeconds: Type.Optional(TIMEOUT_SECONDS), force: Type.Optional(FORCE), commitAfterSeconds: Type.Optional(COMMIT_AFTER) },
  CLOSED,
);
const UNPLANNED_BODY = Type.Object({ point: Type.Optional(POINT), start: Type.Optional(START), force: Type.Optional(FORCE), commitAfterSeconds: Type.Optional(COMMIT_AFTER) }, CLOSED);
const FAILBACK_START_BODY = Type.Object({ point: Type.Optional(name('Id of a recovery point of the other host; everything when absent')), timeoutSeconds: Type.Optional(TIMEOUT_SECONDS) }, CLOSED);
const FAILBACK_BODY = Type.Object({ start: Type.Optional(START), timeoutSeconds: Type.Optional(TIMEOUT_SECONDS) }, CLOSED);

const COMMIT_AFTER_BODY = Type.Object({ seconds: Type.Integer({ minimum: 0, maximum: COMMIT_AFTER_SECONDS.max, description: 'From now on; never for 0' }) }, CLOSED);
const CANCEL_QUERY = Type.Object({ force: Type.Optional(Type.Boolean({ description: 'Also while the other host cannot be asked', default: false })) }, CLOSED);

function endRoutes(app: ApiInstance, operations: Operations): void {
  app.post(
    '/api/relationships/:machine/failover/cancel',
    { schema: { operationId: 'plannedFailoverCancel', tags, summary: 'Cancel a planned failover that was prepared, or a failback', params: BY_MACHINE, querystring: CANCEL_QUERY, response: ok(RELATIONSHIP_VIEW) } },
    (request) => operations.plannedFailoverCancel(request.caller, request.params.machine, request.query),
  );

  app.put(
    '/api/relationships/:machine/commit-after',
    { schema: { operationId: 'commitAfter', tags, summary: 'When the failover commits itself', params: BY_MACHINE, body: COMMIT_AFTER_BODY, response: ok(RELATIONSHIP_VIEW) } },
    (request) => operations.commitAfter(request.caller, request.params.machine, request.body.seconds),
  );
}

export function failoverRoutes(app: ApiInstance, operations: Operations): void {
  endRoutes(app, operations);
  app.post(
    '/api/relationships/:machine/failover/test',
    { schema: { operationId: 'testFailover', tags, summary: 'Boot a copy of a point, isolated; replication goes on', params: BY_MACHINE, body: TEST_BODY, response: accepted(JOB_VIEW) } },
    async (request, reply) => reply.code(202).send(await operations.testFailover(request.caller, request.params.machine, { start: true, ...request.body })),
  );

  app.post(
    '/api/relationships/:machine/failover/planned',
    { schema: { operationId: 'plannedFailover', tags, summary: 'Shut the guest down, ship the last cycle, boot on the other host: nothing is lost', params: BY_MACHINE, body: PLANNED_BODY, response: accepted(JOB_VIEW) } },
    async (request, reply) => reply.code(202).send(await operations.plannedFailover(request.caller, request.params.machine, { start: true, reverse: false, ...request.body })),
  );

  app.post(
    '/api/relationships/:machine/failover/unplanned',
    { schema: { operationId: 'unplannedFailover', tags, summary: 'Boot a recovery point on this host, because the primary is gone', params: BY_MACHINE, body: UNPLANNED_BODY, response: accepted(JOB_VIEW) } },
    async (request, reply) => reply.code(202).send(await operations.unplannedFailover(request.caller, request.params.machine, { start: true, ...request.body })),
  );

  app.post(
    '/api/relationships/:machine/failback',
    { schema: { operationId: 'failback', tags, summary: 'Bring the guest home', params: BY_MACHINE, body: FAILBACK_BODY, response: accepted(JOB_VIEW) } },
    async (request, reply) => reply.code(202).send(await operations.failback(request.caller, request.params.machine, { start: true, ...request.body })),
  );

  app.post(
    '/api/relationships/:machine/failback/start',
    { schema: { operationId: 'failbackStart', tags, summary: 'Bring the guest home to this host, to be looked at before it is committed', params: BY_MACHINE, body: FAILBACK_START_BODY, response: accepted(JOB_VIEW) } },
    async (request, reply) => reply.code(202).send(await operations.failbackStart(request.caller, request.params.machine, request.body)),
  );
}
