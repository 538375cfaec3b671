/** /api/status, /api/jobs, /api/events and /api/audit: what the host is, does, and did. */
import { Type } from '@fastify/type-provider-typebox';
import type { Operations } from '../service/operations.ts';
import { name, oneOf } from './fields.ts';
import { ok, type ApiInstance } from './routes.ts';
import { AUDIT_VIEW, EVENT_VIEW, HOST_STATUS, JOB_VIEW } from './schemas.ts';

const BY_JOB = Type.Object({ job: name('Id of the job') });
const limit = (most: number) => Type.Optional(Type.Integer({ minimum: 1, maximum: most, description: 'How many at most' }));
const AFTER = Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: 'Only events after this one' }));
const OF_MACHINE = Type.Optional(name('Only events of this machine, named by name or id'));
const AS_BAD_AS = Type.Optional(oneOf(['information', 'warning', 'error'], 'Only events that are as bad as this at least'));
const EVENTS_QUERY = Type.Object({ afterId: AFTER, limit: limit(1_000), machine: OF_MACHINE, severity: AS_BAD_AS }, { additionalProperties: false });
const AUDIT_QUERY = Type.Object({ limit: limit(10_000) }, { additionalProperties: false });

export function jobRoutes(app: ApiInstance, operations: Operations): void {
  app.get('/api/status', { schema: { operationId: 'status', tags: ['status'], summary: 'The host, its machines, relationships and jobs', response: ok(HOST_STATUS) } }, (request) => operations.status(request.caller));

  app.get('/api/jobs', { schema: { operationId: 'jobList', tags: ['jobs'], summary: 'Running jobs, and those that ended lately', response: ok(Type.Array(JOB_VIEW)) } }, (request) => operations.jobList(request.caller));

  app.get('/api/jobs/:job', { schema: { operationId: 'jobShow', tags: ['jobs'], summary: 'One job', params: BY_JOB, response: ok(JOB_VIEW) } }, (request) => operations.jobShow(request.caller, request.params.job));

  app.post('/api/jobs/:job/cancel', { schema: { operationId: 'jobCancel', tags: ['jobs'], summary: 'Cancel a job', params: BY_JOB, response: ok(JOB_VIEW) } }, (request) =>
    operations.jobCancel(request.caller, request.params.job),
  );

  app.get('/api/events', { schema: { operationId: 'events', tags: ['events'], summary: 'The event log', querystring: EVENTS_QUERY, response: ok(Type.Array(EVENT_VIEW)) } }, (request) =>
    operations.events(request.caller, request.query),
  );

  app.get('/api/audit', { schema: { operationId: 'auditTrail', tags: ['users'], summary: 'Who did what, newest first', querystring: AUDIT_QUERY, response: ok(Type.Array(AUDIT_VIEW)) } }, (request) =>
    operations.auditTrail(request.caller, request.query),
  );
}
