/** /api/overview: the machines of this host and of those that it is paired with. */
import { Type } from '@fastify/type-provider-typebox';
import type { Operations } from '../service/operations.ts';
import type { RelationshipSummaryView } from '../service/relationshipviews.ts';
import type * as views from '../service/views.ts';
import { instant, nullable, oneOf, text, truth, view, whole, type All, type Same } from './fields.ts';
import { ok, type ApiInstance } from './routes.ts';

const RELATIONSHIP_SUMMARY = view('RelationshipSummary', {
  id: text('Id of the relationship, the same on both hosts'),
  kind: oneOf(['simple', 'extended'], 'The extended one sends a replica on to a third host'),
  side: oneOf(['primary', 'replica'], 'What the host is in the relationship'),
  peer: text('Name of the other host'),
  state: whole('State as CIM numbers it, 0 to 21'),
  stateName: text('State in words'),
  health: oneOf(['ok', 'warning', 'critical', 'none'], 'Health; "none" while nothing replicates'),
  healthReasons: Type.Array(text('One reason'), { description: 'Why the health is not ok' }),
  lagMs: nullable(Type.Number({ description: 'How far the replica was behind when the host told it; null while there is no lag' })),
  intervalMs: Type.Number({ description: 'From the start of one cycle to the start of the next: what the lag is measured against' }),
  lastCycle: nullable(view('CycleSummary', { finishedAtMs: instant('When it ended'), durationMs: Type.Number({ description: 'How long it took' }), bytesShipped: whole('Bytes that travelled') })),
  nextCycleAtMs: nullable(instant('When the next cycle is due')),
  points: whole('Number of recovery points on the host'),
  advice: text('What to do next, in words; empty when nothing needs doing'),
});

const MACHINE_SIDE = view('MachineSide', {
  hostId: text('Id of the host'),
  host: text('Name of the host'),
  isCurrent: truth('False for what a host told earlier that tells nothing now: "asOfMs" of the host says when'),
  role: oneOf(['standalone', 'primary', 'replica', 'test'], '"test" is a test failover\'s copy'),
  power: oneOf(['off', 'running', 'paused', 'stopping'], 'Whether the guest runs there'),
  relationships: Type.Array(RELATIONSHIP_SUMMARY, { description: 'None for a machine that is not replicated, two in the middle of a chain' }),
});

const OVERVIEW_HOST = view('OverviewHost', {
  id: text('Id of the host'),
  name: text('Name of the host'),
  self: truth('Whether this is the host that answers'),
  connected: truth('Whether it is connected now'),
  asOfMs: nullable(instant('When it told what is shown; null before its first answer')),
  isCurrent: truth('Whether what is shown is of now; otherwise it is of "asOfMs"'),
  failure: nullable(text('Why nothing newer is known')),
  version: nullable(text('Version of Understudy there')),
  pageUrl: nullable(text('Address of its page, when that can be reached from elsewhere')),
  omitted: whole('Machines that it left out, because there are too many to tell'),
});

export const OVERVIEW_VIEW = view('Overview', {
  atMs: instant('When'),
  hosts: Type.Array(OVERVIEW_HOST, { description: 'This host first' }),
  machines: Type.Array(
    view('OverviewMachine', {
      id: text('UUID of the virtual machine'),
      name: text('Name of the virtual machine'),
      isProtected: truth('A replica follows it: by what is known, something could be failed over to'),
      sides: Type.Array(MACHINE_SIDE, { description: 'The hosts that have it, where it belongs first' }),
    }),
    { description: 'By name; a machine that several hosts have is there once' },
  ),
});

/** @public The compiler compares the schemas with the views. */
export type OverviewSchemasAreTheViews = All<[Same<typeof OVERVIEW_VIEW, views.OverviewView>, Same<typeof MACHINE_SIDE, views.MachineSideView>, Same<typeof OVERVIEW_HOST, views.OverviewHostView>, Same<typeof RELATIONSHIP_SUMMARY, RelationshipSummaryView>]>;

const summary = 'The machines of this host and of all that it is paired with; of a host that is out of reach, what it told last';

export function overviewRoutes(app: ApiInstance, operations: Operations): void {
  app.get('/api/overview', { schema: { operationId: 'overview', tags: ['status'], summary, response: ok(OVERVIEW_VIEW) } }, (request) => operations.overview(request.caller));
}
