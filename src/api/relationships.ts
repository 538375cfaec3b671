/** /api/relationships: replication of one machine, named by the machine. */
import { Type } from '@fastify/type-provider-typebox';
import { say } from '../language/text.ts';
import { MEMORY_MIB } from '../machine/parse.ts';
import { Fault } from '../errors/fault.ts';
import type { Operations } from '../service/operations.ts';
import type { Caller } from '../service/accessviews.ts';
import type { RelationshipView } from '../service/relationshipviews.ts';
import { name, path } from './fields.ts';
import { ENABLE_PLAN, RELATIONSHIP_VIEW, SETTINGS_CHANGE } from './relationshipschemas.ts';
import { accepted, BY_MACHINE, CLOSED, created, done, FORCE, ok, type ApiInstance } from './routes.ts';
import { JOB_VIEW } from './schemas.ts';

const tags = ['relationships'];

const OVERRIDES = Type.Object(
  {
    memoryMiB: Type.Optional(Type.Integer({ minimum: MEMORY_MIB.min, maximum: MEMORY_MIB.max, description: 'Memory of the replica' })),
    bridges: Type.Optional(Type.Record(Type.String({ maxLength: 15 }), Type.String({ minLength: 1, maxLength: 15 }), { maxProperties: 64, description: 'Bridge here → bridge there' })),
    storage: Type.Optional(path('Directory on the other host')),
  },
  { ...CLOSED, description: 'What differs in the replica\'s definition' },
);

const ENABLE_BODY = Type.Object(
  { machine: name('Name or id of the virtual machine'), host: name('The host that gets the replica'), settings: Type.Optional(SETTINGS_CHANGE), overrides: Type.Optional(OVERRIDES), force: Type.Optional(FORCE), useExisting: Type.Optional(Type.Boolean({ description: 'Begin with what the other host kept of it as a former replica' })) },
  { ...CLOSED, title: 'EnableRequest' },
);

type OnRelationship = 'suspend' | 'resume';
type OnRelationshipAsJob = 'cycleNow' | 'consistentCycleNow' | 'testFailoverEnd' | 'commit' | 'revert' | 'reverse' | 'changeMode' | 'becomeReplica';

/** POST …/<verb> without a body: at once, answered with the relationship. */
const AT_ONCE: readonly [verb: string, operation: OnRelationship, summary: string][] = [
  ['suspend', 'suspend', 'No cycles until resume; changes are still tracked'],
  ['resume', 'resume', 'Go on with everything that changed meanwhile'],
];

/** POST …/<verb> without a body: a job. */
const AS_JOB: readonly [verb: string, operation: OnRelationshipAsJob, summary: string][] = [
  ['cycle', 'cycleNow', 'Run a cycle now'],
  ['cycle/application-consistent', 'consistentCycleNow', 'Run a cycle now, with the guest\'s file systems held still by its agent'],
  ['failover/test-end', 'testFailoverEnd', 'Remove the test failover\'s copy'],
  ['commit', 'commit', 'Keep the point that was failed over to'],
  ['revert', 'revert', 'Undo the failover on this host, to choose another point'],
  ['reverse', 'reverse', 'Protect the guest in the other direction; commits first when needed'],
  ['change-mode', 'changeMode', 'After a committed failover in the middle of a chain: this host is primary, the third host its replica'],
  ['become-replica', 'becomeReplica', 'After a split brain: yield to the other host'],
];

export async function relationshipOf(operations: Operations, caller: Caller, machine: string): Promise<RelationshipView> {
  const { relationships } = await operations.status(caller);
  const isNamed = (it: RelationshipView) => it.id === machine || it.machineId === machine || it.machine === machine;
  const isOwn = (it: RelationshipView) => it.kind === 'simple' || it.side === 'replica';
  const found = relationships.find((it) => it.id === machine) ?? relationships.find((it) => isNamed(it) && isOwn(it));
  if (!found) throw new Fault('machine-unknown', say('there is no relationship for a machine {machine} on this host', { machine }));
  return found;
}

function readingRoutes(app: ApiInstance, operations: Operations): void {
  app.get('/api/relationships', { schema: { operationId: 'relationshipList', tags, summary: 'All relationships', response: ok(Type.Array(RELATIONSHIP_VIEW)) } }, async (request) => {
    const { relationships } = await operations.status(request.caller);
    return relationships;
  });

  app.get('/api/relationships/:machine', { schema: { operationId: 'relationshipShow', tags, summary: 'One relationship', params: BY_MACHINE, response: ok(RELATIONSHIP_VIEW) } }, (request) =>
    relationshipOf(operations, request.caller, request.params.machine),
  );
}

function settingRoutes(app: ApiInstance, operations: Operations): void {
  app.post(
    '/api/relationships/plan',
    { schema: { operationId: 'enablePlan', tags, summary: 'What enabling would do, and what the other host lacks; changes nothing', body: ENABLE_BODY, response: ok(ENABLE_PLAN) } },
    (request) => operations.enablePlan(request.caller, request.body),
  );

  app.post('/api/relationships', { schema: { operationId: 'enable', tags, summary: 'Enable replication of a machine', body: ENABLE_BODY, response: created(RELATIONSHIP_VIEW) } }, async (request, reply) =>
    reply.code(201).send(await operations.enable(request.caller, request.body)),
  );

  app.patch(
    '/api/relationships/:machine',
    { schema: { operationId: 'settingsChange', tags, summary: 'Change settings; those not named stay', params: BY_MACHINE, body: SETTINGS_CHANGE, response: ok(RELATIONSHIP_VIEW) } },
    (request) => operations.settingsChange(request.caller, request.params.machine, request.body),
  );

  app.delete('/api/relationships/:machine', { schema: { operationId: 'disable', tags, summary: 'End replication of the machine', params: BY_MACHINE, response: done } }, async (request, reply) => {
    await operations.disable(request.caller, request.params.machine);
    return reply.code(204).send(null);
  });
}

function verbRoutes(app: ApiInstance, operations: Operations): void {
  for (const [verb, operation, summary] of AT_ONCE) {
    app.post(`/api/relationships/:machine/${verb}`, { schema: { operationId: operation, tags, summary, params: BY_MACHINE, response: ok(RELATIONSHIP_VIEW) } }, (request) =>
      operations[operation](request.caller, request.params.machine),
    );
  }
  for (const [verb, operation, summary] of AS_JOB) {
    app.post(`/api/relationships/:machine/${verb}`, { schema: { operationId: operation, tags, summary, params: BY_MACHINE, response: accepted(JOB_VIEW) } }, async (request, reply) =>
      reply.code(202).send(await operations[operation](request.caller, request.params.machine)),
    );
  }
}

export function relationshipRoutes(app: ApiInstance, operations: Operations): void {
  readingRoutes(app, operations);
  settingRoutes(app, operations);
  verbRoutes(app, operations);
}
