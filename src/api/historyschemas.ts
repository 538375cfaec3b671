/** The JSON of looking back. */
import { Type } from '@fastify/type-provider-typebox';
import type * as views from '../service/historyviews.ts';
import { instant, nullable, oneOf, text, view, whole, type All, type Same } from './fields.ts';

const BUCKET_FIELDS = {
  fromMs: instant('When the bucket begins; it ends before the next one does'),
  cycles: whole('Cycles that became recovery points'),
  missed: whole('Intervals that passed without a cycle of their own'),
  maxLagMs: nullable(whole('How far the replica was behind at the worst moment; null where nothing covered the guest, or nothing is known')),
  meanLagMs: nullable(whole('The same on average over time')),
  bytesChanged: whole('Bytes that the guest had changed'),
  bytesShipped: whole('Bytes that travelled for them'),
  durationMs: nullable(whole('How long a cycle took on average; null without one')),
  unprotectedMs: whole('Time in it without a recovery point on the other host, in milliseconds'),
};

export const RECOVERY_VIEW = view('Recovery', {
  id: text('Id of the failover'),
  kind: oneOf(['planned', 'unplanned', 'failback', 'test'], 'Of failover'),
  askedAtMs: instant('When it was asked for'),
  pointId: text('Id of the recovery point that was booted'),
  pointInstantMs: instant('The point in time of that recovery point'),
  lostMs: whole('What the guest had written in this time before it was asked for is not in the point; 0 where it was shut down first'),
  recoveryMs: nullable(whole('Until the guest was started on the other host; null when it was not')),
  startedAtMs: nullable(instant('When it was')),
});

const WHOSE = {
  id: text('Id of the relationship'),
  kind: oneOf(['simple', 'extended'], 'The extended one sends a replica on to a third host'),
  machineId: text('UUID of the virtual machine'),
  machine: text('Name of the virtual machine'),
};

const OBJECTIVE = {
  intervalMs: whole('Interval of the settings'),
  objectiveMs: whole('What the lag is to stay within: twice the interval'),
};

export const HISTORY_VIEW = view('History', {
  ...WHOSE,
  fromMs: instant('When the first bucket begins: at or before what was asked for'),
  untilMs: instant('When the last bucket ends: at or after what was asked for'),
  bucketMs: whole('Length of a bucket'),
  ...OBJECTIVE,
  buckets: Type.Array(view('HistoryBucket', BUCKET_FIELDS), { description: 'Without gaps, oldest first' }),
  recoveries: Type.Array(RECOVERY_VIEW, { description: 'Failovers, test failovers and failbacks that this host knows of, oldest first' }),
});

const LAG_FIELDS = {
  medianMs: nullable(whole('Half of the time a failover would have lost no more')),
  p95Ms: nullable(whole('95 % of the time')),
  p99Ms: nullable(whole('99 % of the time')),
  worstMs: nullable(whole('At the worst moment')),
  worstAtMs: nullable(instant('That moment')),
};

const TEST_FIELDS = { count: whole('How many'), lastAtMs: nullable(instant('The last one')), worstRecoveryMs: nullable(whole('The longest that one took until its guest was started')) };

const REPORT_ROW_VIEW = view('ReportRow', {
  ...WHOSE,
  side: oneOf(['primary', 'replica'], 'What this host is, or was, in the relationship'),
  peer: text('The other host'),
  endedAtMs: nullable(instant('When the relationship was removed; null when it is there')),
  health: oneOf(['ok', 'warning', 'critical', 'none'], 'Now'),
  healthReasons: Type.Array(Type.String(), { description: 'Why it is not ok' }),
  ...OBJECTIVE,
  knownMs: whole('Of how much of the period this host knows, in milliseconds'),
  protectedMs: whole('Of that: with a recovery point on the other host'),
  unprotectedMs: whole('Of that: without one'),
  withinObjectivePercent: nullable(Type.Number({ description: 'Share of the protected time with a lag within the objective; null when there was none' })),
  lag: view('AchievedLag', LAG_FIELDS, 'What a failover would have lost, over the protected time: the achieved recovery point objective'),
  outages: whole('How often the lag came to exceed the objective'),
  cycles: whole('Cycles that became recovery points'),
  missed: whole('Intervals that passed without a cycle of their own'),
  resynchronizations: whole('Of the cycles: those that ended a resynchronization'),
  bytesChanged: whole('Bytes that the guest had changed'),
  bytesShipped: whole('Bytes that travelled for them'),
  durationMs: nullable(whole('How long a cycle took on average')),
  maxDurationMs: nullable(whole('How long the longest took')),
  tests: view('AchievedTests', TEST_FIELDS, 'Test failovers in the period'),
  failovers: Type.Array(RECOVERY_VIEW, { description: 'Failovers and failbacks in the period, with what was lost and how long they took' }),
});

export const REPORT_VIEW = view('Report', {
  host: text('The host that reports what it knows'),
  madeAtMs: instant('When the report was made'),
  fromMs: instant('Where the period begins'),
  untilMs: instant('Where it ends'),
  relationships: Type.Array(REPORT_ROW_VIEW, { description: 'By name of the machine; also those that were removed in the period' }),
});

/** @public The compiler compares the schemas with the views. */
export type HistorySchemasAreTheViews = All<[Same<typeof HISTORY_VIEW, views.HistoryView>, Same<typeof RECOVERY_VIEW, views.RecoveryView>, Same<typeof REPORT_VIEW, views.ReportView>]>;
