/** /api/health and a relationship's health: how well replication keeps up, and how that is judged. */
import { Type } from '@fastify/type-provider-typebox';
import { HEALTH_LIMITS, LIMIT_NAMES, type HealthLimit } from '../health/limits.ts';
import type { Operations } from '../service/operations.ts';
import { HEALTH_LIMITS_VIEW, HEALTH_VIEW } from './healthschemas.ts';
import { BY_MACHINE, CLOSED, ok, type ApiInstance } from './routes.ts';

const tags = ['health'];
const REFRESH = Type.Object({ refresh: Type.Optional(Type.Boolean({ description: 'Ask the guest now how much is yet to be replicated, instead of what was last known', default: false })) }, CLOSED);

/** Bounds are the service's to check: it names what is allowed. */
const LIMITS = Type.Unsafe<Partial<Record<HealthLimit, number>>>(
  Type.Object(Object.fromEntries(LIMIT_NAMES.map((name) => [name, Type.Optional(Type.Integer({ description: `${HEALTH_LIMITS[name].meaning}; ${HEALTH_LIMITS[name].default} by default` }))])), { ...CLOSED, title: 'HealthLimitsChange' }),
);
export function healthRoutes(app: ApiInstance, operations: Operations): void {
  app.get('/api/health', { schema: { operationId: 'healthList', tags, summary: 'Health and statistics of every relationship, as last known', response: ok(Type.Array(HEALTH_VIEW)) } }, (request) =>
    operations.healthList(request.caller),
  );

  app.get(
    '/api/relationships/:machine/health',
    { schema: { operationId: 'healthShow', tags, summary: 'Health and statistics of one machine\'s relationship', params: BY_MACHINE, querystring: REFRESH, response: ok(HEALTH_VIEW) } },
    (request) => operations.healthShow(request.caller, request.params.machine, { refresh: request.query.refresh === true }),
  );

  app.post(
    '/api/relationships/:machine/statistics/reset',
    { schema: { operationId: 'statisticsReset', tags, summary: 'Begin to count anew; a warning that no longer holds is gone', params: BY_MACHINE, response: ok(HEALTH_VIEW) } },
    (request) => operations.statisticsReset(request.caller, request.params.machine),
  );

  app.get('/api/health/limits', { schema: { operationId: 'healthLimits', tags, summary: 'From where on the health is a warning, or critical', response: ok(HEALTH_LIMITS_VIEW) } }, (request) =>
    operations.healthLimits(request.caller),
  );

  app.patch('/api/health/limits', { schema: { operationId: 'healthLimitsChange', tags, summary: 'Change such limits', body: LIMITS, response: ok(HEALTH_LIMITS_VIEW) } }, (request) =>
    operations.healthLimitsChange(request.caller, request.body),
  );
}
