/** /api/relationships/:machine/points: the recovery points of a machine on this host. */
import { Type } from '@fastify/type-provider-typebox';
import type { Operations } from '../service/operations.ts';
import { name } from './fields.ts';
import { accepted, BY_MACHINE, done, ok, type ApiInstance } from './routes.ts';
import { JOB_VIEW, POINT_VIEW } from './schemas.ts';

const tags = ['points'];
const BY_POINT = Type.Object({ ...BY_MACHINE.properties, point: name('Id of the recovery point, or last-application-consistent') });

export function pointRoutes(app: ApiInstance, operations: Operations): void {
  app.get('/api/relationships/:machine/points', { schema: { operationId: 'points', tags, summary: 'The recovery points, newest first', params: BY_MACHINE, response: ok(Type.Array(POINT_VIEW)) } }, (request) =>
    operations.points(request.caller, request.params.machine),
  );

  app.get('/api/relationships/:machine/points/:point', { schema: { operationId: 'pointShow', tags, summary: 'One recovery point', params: BY_POINT, response: ok(POINT_VIEW) } }, (request) =>
    operations.pointShow(request.caller, request.params.machine, request.params.point),
  );

  app.delete(
    '/api/relationships/:machine/points/:point',
    { schema: { operationId: 'pointDelete', tags, summary: 'Remove one recovery point; every other one stays as it is', params: BY_POINT, response: done } },
    async (request, reply) => {
      await operations.pointDelete(request.caller, request.params.machine, request.params.point);
      return reply.code(204).send(null);
    },
  );

  app.post(
    '/api/relationships/:machine/points/:point/verify',
    { schema: { operationId: 'pointVerify', tags, summary: 'Read a recovery point in whole and compare it with what was recorded when it arrived', params: BY_POINT, response: accepted(JOB_VIEW) } },
    async (request, reply) => reply.code(202).send(await operations.pointVerify(request.caller, request.params.machine, request.params.point)),
  );
}
