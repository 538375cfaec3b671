/** /api/relationships/:machine/resynchronize: comparing the disks and shipping what differs, now or later. */
import { Type } from '@fastify/type-provider-typebox';
import type { Operations } from '../service/operations.ts';
import { RELATIONSHIP_VIEW } from './relationshipschemas.ts';
import { accepted, BY_MACHINE, CLOSED, ok, type ApiInstance } from './routes.ts';
import { JOB_VIEW } from './schemas.ts';

const tags = ['relationships'];

export const START_AT_BODY = Type.Object({ startsAtMs: Type.Number({ description: 'When it begins by itself, in milliseconds since 1970: within the next seven days' }) }, CLOSED);

export function resynchronizationRoutes(app: ApiInstance, operations: Operations): void {
  app.post(
    '/api/relationships/:machine/resynchronize',
    { schema: { operationId: 'resynchronize', tags, summary: 'Compare the disks and ship what differs; one that was suspended goes on', params: BY_MACHINE, response: accepted(JOB_VIEW) } },
    async (request, reply) => reply.code(202).send(await operations.resynchronize(request.caller, request.params.machine)),
  );

  app.post(
    '/api/relationships/:machine/resynchronize/at',
    { schema: { operationId: 'resynchronizeAt', tags, summary: 'Begin the resynchronization at a moment in the next seven days', params: BY_MACHINE, body: START_AT_BODY, response: ok(RELATIONSHIP_VIEW) } },
    (request) => operations.resynchronizeAt(request.caller, request.params.machine, request.body.startsAtMs),
  );

  app.post(
    '/api/relationships/:machine/resynchronize/cancel',
    { schema: { operationId: 'resynchronizeCancel', tags, summary: 'Give up a resynchronization that is under way, suspended or scheduled', params: BY_MACHINE, response: ok(RELATIONSHIP_VIEW) } },
    (request) => operations.resynchronizeCancel(request.caller, request.params.machine),
  );
}
