/** /api/traffic: what leaves this host for replicas. */
import type { Operations } from '../service/operations.ts';
import { ok, type ApiInstance } from './routes.ts';
import { TRAFFIC_CHANGE, TRAFFIC_VIEW } from './schemas.ts';

const tags = ['server'];

export function trafficRoutes(app: ApiInstance, operations: Operations): void {
  app.get('/api/traffic', { schema: { operationId: 'trafficShow', tags, summary: 'How much leaves this host for replicas at once, how fast, and what does now', response: ok(TRAFFIC_VIEW) } }, (request) => operations.trafficShow(request.caller));

  app.patch('/api/traffic', { schema: { operationId: 'trafficSet', tags, summary: 'Change the limits; those not named stay, and what is under way follows', body: TRAFFIC_CHANGE, response: ok(TRAFFIC_VIEW) } }, (request) =>
    operations.trafficSet(request.caller, request.body),
  );
}
