/** /api/doctor: what is not as good practice has it, on this host and where it replicates with others. */
import type { Operations } from '../service/operations.ts';
import { DIAGNOSIS_VIEW } from './healthschemas.ts';
import { ok, type ApiInstance } from './routes.ts';

export function doctorRoutes(app: ApiInstance, operations: Operations): void {
  app.get('/api/doctor', { schema: { operationId: 'doctor', tags: ['health'], summary: 'Every check that fires: what it means and what to do; hosts and guests are asked now', response: ok(DIAGNOSIS_VIEW) } }, (request) =>
    operations.doctor(request.caller),
  );
}
