/** The JSON of health: what was counted, the rules that hold, and what the doctor finds. */
import { Type } from '@fastify/type-provider-typebox';
import { HEALTH_LIMITS, LIMIT_NAMES } from '../health/limits.ts';
import type * as views from '../service/healthviews.ts';
import { instant, nullable, oneOf, text, view, whole, type All, type Same } from './fields.ts';
import { LAST_FAULT } from './relationshipschemas.ts';

const ISSUE_VIEW = view('Issue', {
  rule: text('Name of the rule that holds: see docs/generated/health.md'),
  severity: oneOf(['critical', 'warning', 'advice'], 'Advice does not change the health'),
  message: text('What it means'),
  hint: text('What to do'),
});

const INTERVAL_FIELDS = {
  sinceMs: nullable(instant('When counting began')),
  untilMs: instant('Until when it was counted'),
  cycles: whole('Cycles that became recovery points'),
  missedCycles: whole('Intervals that passed without a cycle of their own'),
  bytes: whole('Bytes of all cycles: sent by a primary, kept by a replica'),
  averageBytes: nullable(whole('Per cycle; null before the first')),
  maxBytes: whole('Of the largest cycle'),
  averageLatencyMs: nullable(whole('Per cycle: from its start (primary) or its point in time (replica) to the recovery point')),
  maxLatencyMs: whole('Of the slowest cycle'),
  errors: whole('Attempts that failed'),
  networkFailures: whole('Of those, for the network'),
  otherFailures: whole('Of those, for another cause'),
  consistencyFailures: whole('Application-consistent points that came out crash-consistent'),
};

export const HEALTH_VIEW = view('Health', {
  id: text('Id of the relationship'),
  kind: oneOf(['simple', 'extended'], 'The extended one sends a replica on to a third host'),
  machineId: text('UUID of the virtual machine'),
  machine: text('Name of the virtual machine'),
  side: oneOf(['primary', 'replica'], 'What this host is in the relationship'),
  state: whole('State as CIM numbers it'),
  stateName: text('State in words'),
  health: oneOf(['ok', 'warning', 'critical', 'none'], 'The worst of the issues'),
  issues: Type.Array(ISSUE_VIEW, { description: 'The rules that hold now, the worst first' }),
  primaryHost: text('Name of the primary'),
  replicaHost: text('Name of the replica\'s host'),
  runsOn: text('The host whose guest is the machine now'),
  present: view('StatisticsInterval', INTERVAL_FIELDS, 'Counted in the present monitoring interval, or since the last reset'),
  previous: nullable(view('StatisticsInterval', INTERVAL_FIELDS, 'Counted in the monitoring interval before')),
  nextIntervalMs: instant('When the next monitoring interval begins'),
  lagMs: nullable(Type.Number({ description: 'How far the replica is behind, now' })),
  lastSynchronizedMs: nullable(instant('The point in time of the newest recovery point: what came after it would be lost')),
  pendingBytes: nullable(whole('Bytes that are yet to be replicated, at most; null when nobody can tell')),
  pendingKnownMs: nullable(instant('When that was known')),
  disksBytes: whole('Size of the replicated disks: what an initial replication reads'),
  lastConsistentMs: nullable(instant('The newest application-consistent recovery point on this host')),
  testCopy: nullable(text('Name of the test failover\'s copy, while there is one')),
  lastTestMs: nullable(instant('When a test failover was last made here')),
  lastFault: nullable(LAST_FAULT),
});

export const DIAGNOSIS_VIEW = view('Diagnosis', {
  host: text('The host that ran the checks'),
  atMs: instant('When'),
  findings: Type.Array(
    view('DoctorFinding', {
      check: text('Name of the check: see docs/generated/doctor.md'),
      practice: nullable(whole('Number of the practice that Hyper-V has for it, 37 to 54')),
      severity: oneOf(['critical', 'warning', 'advice'], 'How bad it is'),
      host: text('The host that it is about'),
      machine: nullable(text('The virtual machine that it is about')),
      message: text('What was found'),
      meaning: text('What that means'),
      cure: text('What to do'),
    }),
    { description: 'The worst first' },
  ),
  checks: Type.Array(view('DoctorCheck', { check: text('Name of the check'), practice: nullable(whole('Number of the practice')), title: text('What it looks for'), fired: whole('How often it fired') })),
});

export const HEALTH_LIMITS_VIEW = Type.Unsafe<views.HealthLimitsView>(view('HealthLimits', Object.fromEntries(LIMIT_NAMES.map((limit) => [limit, whole(HEALTH_LIMITS[limit].meaning)]))));

export type HealthSchemasAreTheViews = All<
  [
    Same<typeof HEALTH_VIEW, views.HealthView>,
    Same<typeof DIAGNOSIS_VIEW, views.DiagnosisView>,
    Same<typeof HEALTH_LIMITS_VIEW, views.HealthLimitsView>,
  ]
>;
