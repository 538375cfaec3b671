/** What people and programs see of the past. */

/** One bucket of a chart. */
export interface HistoryBucketView {
  fromMs: number;
  cycles: number;
  missed: number;
  /** The worst moment, and the average over time; null where nothing covered the guest, or nothing is known. */
  maxLagMs: number | null;
  meanLagMs: number | null;
  bytesChanged: number;
  bytesShipped: number;
  /** Of one cycle, on average. */
  durationMs: number | null;
  /** Time in it without a recovery point on the other host. */
  unprotectedMs: number;
}

/** A failover, test failover or failback. */
export interface RecoveryView {
  id: string;
  kind: 'planned' | 'unplanned' | 'failback' | 'test';
  askedAtMs: number;
  pointId: string;
  pointInstantMs: number;
  /** What the guest had written in this time before it was asked for is not in the point; 0 where it was shut down first. */
  lostMs: number;
  /** Until the guest was started on the other host; null when it was not. */
  recoveryMs: number | null;
  startedAtMs: number | null;
}

export interface HistoryView {
  /** Of the relationship. */
  id: string;
  kind: 'simple' | 'extended';
  machineId: string;
  machine: string;
  /** What the buckets cover: at least what was asked for, as finely as it is kept. */
  fromMs: number;
  untilMs: number;
  bucketMs: number;
  intervalMs: number;
  objectiveMs: number;
  buckets: HistoryBucketView[];
  recoveries: RecoveryView[];
}

export interface ReportRowView {
  /** Of the relationship. */
  id: string;
  kind: 'simple' | 'extended';
  machineId: string;
  machine: string;
  side: 'primary' | 'replica';
  peer: string;
  /** When the relationship was removed; null when it is there. */
  endedAtMs: number | null;
  health: 'ok' | 'warning' | 'critical' | 'none';
  healthReasons: string[];
  intervalMs: number;
  /** What the lag is to stay within. */
  objectiveMs: number;
  /** Of the period: of how much this host knows, and of that with and without a recovery point on the other host. */
  knownMs: number;
  protectedMs: number;
  unprotectedMs: number;
  /** Share of the protected time; null when there was none. */
  withinObjectivePercent: number | null;
  /** What a failover would have lost: at half of all moments of the protected time no more than the median, and so on. */
  lag: { medianMs: number | null; p95Ms: number | null; p99Ms: number | null; worstMs: number | null; worstAtMs: number | null };
  /** How often the lag came to exceed the objective. */
  outages: number;
  cycles: number;
  missed: number;
  resynchronizations: number;
  bytesChanged: number;
  bytesShipped: number;
  /** Of one cycle, on average; and of the longest. */
  durationMs: number | null;
  maxDurationMs: number | null;
  tests: { count: number; lastAtMs: number | null; worstRecoveryMs: number | null };
  failovers: RecoveryView[];
}

export interface ReportView {
  host: string;
  madeAtMs: number;
  fromMs: number;
  untilMs: number;
  relationships: ReportRowView[];
}
