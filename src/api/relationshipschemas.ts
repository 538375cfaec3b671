/** The JSON of a relationship: its settings, how it stands, and what enabling it would come to. */
import { Type } from '@fastify/type-provider-typebox';
import type * as views from '../service/relationshipviews.ts';
import type { EnablePlan } from '../service/operations.ts';
import { instant, nullable, oneOf, text, truth, view, whole, type All, type Same } from './fields.ts';

const DISKS = Type.Array(Type.String({ minLength: 1, maxLength: 10 }), { maxItems: 64, description: 'Names of the disks that are replicated' });

export const BANDWIDTH = Type.Array(
  Type.Object(
    { from: Type.Optional(Type.String({ maxLength: 5, description: 'Time of day, "08:00"; without it and "until" all day' })), until: Type.Optional(Type.String({ maxLength: 5, description: 'Time of day; before "from": across midnight' })), mbitPerSecond: Type.Number({ description: 'Mbit/s' }) },
    { title: 'BandwidthRule', additionalProperties: false },
  ),
  { maxItems: 24, description: 'Limits of what may leave, by time of day; of those that are open the lowest counts' },
);

const ADDITIONAL = Type.Object(
  {
    cycleIntervalMs: Type.Optional(whole('Cycle interval below 30 s, for tests and demanding machines; takes the place of intervalSeconds')),
    pointIntervalSeconds: Type.Optional(whole('Spacing of the recovery points that are kept; 3,600 when absent')),
    compressionLevel: Type.Optional(whole('zstd level')),
    fleecingBudgetMiB: Type.Optional(whole('Old data that may be kept aside for one cycle, over all disks')),
    commitAfterSeconds: Type.Optional(whole('A failover that nobody has committed by then commits itself: 60 to 2,592,000; never for 0, or when absent')),
    demotion: Type.Optional(oneOf(['pause', 'stop'], 'What happens to a guest that runs without the right to')),
    bandwidth: Type.Optional(BANDWIDTH),
    resynchronization: Type.Optional(oneOf(['automatic', 'manual'], 'Whether a resynchronization that is required begins by itself, or only when somebody asks; "automatic" when absent')),
  },
  { title: 'AdditionalSettings', additionalProperties: false, description: 'Settings that CIM has no property for' },
);

const RESYNCHRONIZATION_WINDOW = Type.Object(
  { fromSeconds: whole('Seconds after the host\'s midnight: 0 to 86,399'), untilSeconds: whole('The same; before "fromSeconds": across midnight') },
  { title: 'DailyWindow', additionalProperties: false, description: 'When a resynchronization that is required begins by itself; null: as soon as it is required' },
);

const SETTINGS_FIELDS = {
  intervalSeconds: whole('Seconds from cycle to cycle: 30, 300 or 900'),
  compression: truth('Whether what travels is compressed when that pays'),
  disks: DISKS,
  recoveryHistory: whole('Recovery points kept besides the newest: 0 to 24'),
  applicationConsistentHours: whole('Hours between application-consistent points: 1 to 12, 0 for none; only with a recovery history'),
  replicateHostItems: truth('Whether the guest is told which host it runs on'),
  bypassProxy: truth('Whether the two hosts reach each other past their proxies'),
  resynchronizationWindow: nullable(RESYNCHRONIZATION_WINDOW),
  additional: ADDITIONAL,
};
export const SETTINGS_VIEW = view('Settings', SETTINGS_FIELDS, 'How it is replicated');
export const SETTINGS_CHANGE = Type.Partial(Type.Object(SETTINGS_FIELDS), { title: 'SettingsChange', additionalProperties: false });

const LAST_CYCLE = view('Cycle', {
  pointId: text('The recovery point that it made'),
  finishedAtMs: instant('When the other host acknowledged it'),
  durationMs: Type.Number({ description: 'How long it took' }),
  bytesChanged: whole('Bytes of the clusters that had changed'),
  bytesShipped: whole('Bytes that travelled'),
}, 'The newest cycle that was acknowledged');

const LAST_RESYNCHRONIZATION = view('LastResynchronization', {
  pointId: text('The recovery point that it made'),
  finishedAtMs: instant('When the other host acknowledged it'),
  durationMs: Type.Number({ description: 'How long it took, waiting included' }),
  bytesCompared: whole('Bytes of the disks'),
  comparingMs: Type.Number({ description: 'How long reading and comparing them took' }),
  bytesChanged: whole('Bytes of the clusters that differed or were written meanwhile'),
  bytesShipped: whole('Bytes that travelled'),
}, 'The last resynchronization that ended in a recovery point');

export const POINT_KINDS = ['standard', 'application-consistent', 'planned', 'divergence'] as const;

export const LAST_FAULT = view('LastFault', {
  code: text('Row of the fault table'),
  message: text('What happened'),
  hint: text('What to do'),
  atMs: instant('When'),
}, 'The last failure that has not been made good since');

export const RELATIONSHIP_VIEW = view('Relationship', {
  id: text('Id of the relationship, the same on both hosts; it can stand in the place of the machine in a path'),
  kind: oneOf(['simple', 'extended'], 'In the middle of a chain a machine has one of each: the simple one, and the one by which it is sent on to a third host'),
  machineId: text('UUID of the virtual machine'),
  machine: text('Name of the virtual machine'),
  side: oneOf(['primary', 'replica'], 'What this host is in the relationship'),
  peer: text('Name of the other host'),
  peerConnected: truth('Whether the other host is connected now'),
  state: whole('State as CIM numbers it (Msvm_ReplicationRelationship.ReplicationState), 0 to 21'),
  stateName: text('State in words'),
  health: oneOf(['ok', 'warning', 'critical', 'none'], 'Health; "none" while nothing replicates'),
  healthReasons: Type.Array(text('One reason'), { description: 'Why the health is not ok' }),
  lagMs: nullable(Type.Number({ description: 'How far the replica is behind, now; null before the first recovery point' })),
  lastCycle: nullable(LAST_CYCLE),
  lastResynchronization: nullable(LAST_RESYNCHRONIZATION),
  lastKind: nullable(oneOf(POINT_KINDS, 'Kind of the newest recovery point')),
  lastConsistentAtMs: nullable(instant('The point in time of the last application-consistent recovery point')),
  nextCycleAtMs: nullable(instant('When the next cycle is due')),
  startsAtMs: nullable(instant('When the initial replication, or the resynchronization, begins by itself, as somebody chose')),
  waitingFor: nullable(text('What its work waits for now, in words: a moment, a window, its turn')),
  points: whole('Number of recovery points'),
  commitsAtMs: nullable(instant('When the failover commits itself; null when it does not')),
  lastTestAtMs: nullable(instant('When a test failover was last made on this host; null before the first')),
  epoch: Type.Object({ number: whole('Grows with every failover'), id: text('Random id') }, { description: 'Who may run the guest' }),
  settings: SETTINGS_VIEW,
  allowed: Type.Array(text('One operation'), { description: 'The operations that are allowed now' }),
  advice: text('What to do next, in words; empty when nothing needs doing'),
  lastFault: nullable(LAST_FAULT),
});

export const FINDING_VIEW = view('Finding', {
  severity: oneOf(['refuse', 'force', 'advice'], '"refuse" stops the operation, "force" needs --force, "advice" stops nothing'),
  subject: text('What was looked at'),
  message: text('What was found'),
  cure: text('What to do about it'),
});

export const ENABLE_PLAN = view('EnablePlan', {
  settings: SETTINGS_VIEW,
  findings: Type.Array(FINDING_VIEW),
  advice: Type.Array(Type.String()),
});

export type RelationshipSchemasAreTheViews = All<
  [
    Same<typeof SETTINGS_VIEW, views.SettingsView>,
    Same<typeof RELATIONSHIP_VIEW, views.RelationshipView>,
    Same<typeof FINDING_VIEW, views.FindingView>,
    Same<typeof ENABLE_PLAN, EnablePlan>,
  ]
>;
