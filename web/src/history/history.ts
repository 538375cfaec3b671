/** A relationship's past in words and figures: periods to choose, what to draw, what to read. Pure. */
import type { View } from '../../../src/client/operation.ts';
import { counted, t } from '../language.ts';
import { instant, length, number, size } from '../moments.ts';
import { DAY_MS, HOUR_MS } from '../../../src/language/lengths.ts';

export type History = View<'History'>;
export type Bucket = View<'HistoryBucket'>;
export type Recovery = View<'Recovery'>;

export interface Period {
  readonly id: string;
  readonly lengthMs: number;
  readonly buckets: number;
  readonly text: () => string;
}

/**
 * Their buckets are a minute, a quarter of an hour, two hours, six hours and four days long. One more where they begin on
 * the hour or the day, which is before what was asked for.
 */
export const PERIODS: readonly Period[] = [
  { id: 'hour', lengthMs: HOUR_MS, buckets: 60, text: () => t('1 hour') },
  { id: 'day', lengthMs: DAY_MS, buckets: 96, text: () => t('24 hours') },
  { id: 'week', lengthMs: 7 * DAY_MS, buckets: 85, text: () => t('7 days') },
  { id: 'month', lengthMs: 30 * DAY_MS, buckets: 121, text: () => t('30 days') },
  { id: 'year', lengthMs: 400 * DAY_MS, buckets: 101, text: () => t('13 months') },
];
const FIRST = 'day';

export const periodOf = (id: string | null): Period => PERIODS.find((each) => each.id === id) ?? PERIODS.find((each) => each.id === FIRST)!;

/** The period that ends now. */
export function queryOf({ lengthMs, buckets }: Period, nowMs: number): { fromMs: number; untilMs: number; buckets: number } {
  const untilMs = Math.ceil(nowMs);
  return { fromMs: untilMs - lengthMs, untilMs, buckets };
}

const isKnown = ({ maxLagMs, unprotectedMs, cycles, missed }: Bucket): boolean => maxLagMs !== null || unprotectedMs > 0 || cycles > 0 || missed > 0;
/** Those of which the host knows something. */
export const known = ({ buckets }: History): readonly Bucket[] => buckets.filter(isKnown);
export const isLate = ({ maxLagMs }: Bucket, objectiveMs: number): boolean => maxLagMs !== null && maxLagMs > objectiveMs;

const sum = (buckets: readonly Bucket[], of: (bucket: Bucket) => number): number => buckets.reduce((total, bucket) => total + of(bucket), 0);

function withinText({ buckets, objectiveMs, bucketMs }: History): string {
  const covered = buckets.filter(({ maxLagMs }) => maxLagMs !== null);
  const within = covered.filter((bucket) => !isLate(bucket, objectiveMs)).length;
  const share = Math.floor((100 * within) / covered.length);
  return t('It stayed within the objective of {objective} (twice the interval) in {share} % of the steps of {step}.', { objective: length(objectiveMs), share: number(share), step: length(bucketMs) });
}

/** How far behind, in sentences. */
export function lagSentences(history: History): readonly string[] {
  const { buckets } = history;
  const missed = sum(buckets, (bucket) => bucket.missed);
  const unprotectedMs = sum(buckets, (bucket) => bucket.unprotectedMs);
  const covered = buckets.filter(({ maxLagMs }) => maxLagMs !== null);
  const worst = covered.reduce<Bucket | null>((most, bucket) => (most === null || bucket.maxLagMs! > most.maxLagMs! ? bucket : most), null);
  return [
    ...(worst ? [t('The replica was {lag} behind at worst, in the step from {moment}.', { lag: length(worst.maxLagMs!), moment: instant(worst.fromMs) }), withinText(history)] : [t('There was no recovery point to fall behind of.')]),
    ...(missed > 0 ? [counted(missed, 'One interval passed without a cycle.', '{count} intervals passed without a cycle.')] : [t('No cycle was missed.')]),
    ...(unprotectedMs > 0 ? [t('For {length} there was no recovery point on the other host.', { length: length(unprotectedMs) })] : []),
  ];
}

/** How much was changed and shipped, in sentences. */
export function sizeSentences({ buckets }: History): readonly string[] {
  const cycles = sum(buckets, (bucket) => bucket.cycles);
  if (cycles === 0) return [t('No cycle ended in this time.')];
  const changed = size(sum(buckets, ({ bytesChanged }) => bytesChanged));
  const shipped = size(sum(buckets, ({ bytesShipped }) => bytesShipped));
  return [counted(cycles, 'In one cycle the guest changed {changed}; {shipped} travelled for it.', 'In {count} cycles the guest changed {changed}; {shipped} travelled for it.', { changed, shipped })];
}

const KINDS: Readonly<Record<Recovery['kind'], () => string>> = {
  planned: () => t('Planned failover'), unplanned: () => t('Unplanned failover'), failback: () => t('Failback'), test: () => t('Test failover'),
};
export const recoveryKind = ({ kind }: Recovery): string => KINDS[kind]();

/** A failover in one sentence. */
export function recoveryText(recovery: Recovery): string {
  const values = { kind: recoveryKind(recovery), moment: instant(recovery.askedAtMs), lost: length(recovery.lostMs), took: length(recovery.recoveryMs ?? 0) };
  if (recovery.recoveryMs === null) return t('{kind} on {moment}: the guest was not started.', values);
  if (recovery.kind === 'test') return t('{kind} on {moment}: the guest was started after {took}; a failover would have lost {lost}.', values);
  return recovery.lostMs === 0 ? t('{kind} on {moment}: the guest was started after {took}; nothing was lost.', values) : t('{kind} on {moment}: the guest was started after {took}; {lost} were lost.', values);
}
