/**
 * What pieces of a relationship's time come to: sums, the worst, and how long the lag was how large. Slots add up, so that an
 * hour's is made of its pieces, a day's of its hours and a period's of whatever is kept of it.
 */
import { firstLagMs, objectiveMs, type Piece } from './piece.ts';

export interface Slot {
  /** Time with a recovery point on the other host, and time without. What is in neither is not known. */
  readonly coveredMs: number;
  readonly bareMs: number;
  /** Of the time with one: while the lag was within the objective. */
  readonly withinMs: number;
  /** The lag over that time, summed up: ms². */
  readonly lagArea: number;
  readonly maxLagMs: number | null;
  readonly maxLagAtMs: number | null;
  /** How long the lag was in which class. */
  readonly lags: Lags;
  /** How often the lag came to exceed the objective. */
  readonly outages: number;
  readonly cycles: number;
  readonly resynchronizations: number;
  readonly missed: number;
  readonly bytesChanged: number;
  readonly bytesShipped: number;
  /** Of all cycles together, and the longest. */
  readonly tookMs: number;
  readonly maxTookMs: number;
}

/** Milliseconds by class of lag. */
export type Lags = Readonly<Record<number, number>>;

export const NOTHING: Slot = {
  coveredMs: 0, bareMs: 0, withinMs: 0, lagArea: 0, maxLagMs: null, maxLagAtMs: null, lags: {}, outages: 0, cycles: 0, resynchronizations: 0, missed: 0, bytesChanged: 0, bytesShipped: 0, tookMs: 0, maxTookMs: 0,
};

/** Class 0 reaches to this lag; each class after it to a lag that is larger by this ratio. */
const FIRST_CLASS_MS = 100;
const CLASSES_PER_DOUBLING = 8;
export const CLASS_RATIO = 2 ** (1 / CLASSES_PER_DOUBLING);
/** 100 ms times 2^30 is more than three years. */
const LAST_CLASS = 30 * CLASSES_PER_DOUBLING;

const upperMs = (index: number): number => (index >= LAST_CLASS ? Infinity : FIRST_CLASS_MS * CLASS_RATIO ** index);
const lowerMs = (index: number): number => (index === 0 ? 0 : FIRST_CLASS_MS * CLASS_RATIO ** (index - 1));

function classOf(lagMs: number): number {
  if (lagMs <= FIRST_CLASS_MS) return 0;
  return Math.min(LAST_CLASS, Math.max(1, Math.ceil(CLASSES_PER_DOUBLING * Math.log2(lagMs / FIRST_CLASS_MS) - 1e-9)));
}

/** A lag that grows evenly from one value to the other. */
function lagsBetween(firstMs: number, lastMs: number): Lags {
  const lags: Record<number, number> = {};
  for (let index = classOf(firstMs); index <= classOf(lastMs); index++) {
    const ms = Math.min(lastMs, upperMs(index)) - Math.max(firstMs, lowerMs(index));
    if (ms > 0) lags[index] = ms;
  }
  return lags;
}

function united(left: Lags, right: Lags): Lags {
  const lags: Record<number, number> = { ...left };
  for (const [index, ms] of Object.entries(right)) lags[Number(index)] = (lags[Number(index)] ?? 0) + ms;
  return lags;
}

const lagOf = ({ maxLagMs }: Slot): number => maxLagMs ?? -1;

/** Both together. */
export function added(left: Slot, right: Slot): Slot {
  const worse = lagOf(right) > lagOf(left) ? right : left;
  return {
    coveredMs: left.coveredMs + right.coveredMs,
    bareMs: left.bareMs + right.bareMs,
    withinMs: left.withinMs + right.withinMs,
    lagArea: left.lagArea + right.lagArea,
    maxLagMs: worse.maxLagMs,
    maxLagAtMs: worse.maxLagAtMs,
    lags: united(left.lags, right.lags),
    outages: left.outages + right.outages,
    cycles: left.cycles + right.cycles,
    resynchronizations: left.resynchronizations + right.resynchronizations,
    missed: left.missed + right.missed,
    bytesChanged: left.bytesChanged + right.bytesChanged,
    bytesShipped: left.bytesShipped + right.bytesShipped,
    tookMs: left.tookMs + right.tookMs,
    maxTookMs: Math.max(left.maxTookMs, right.maxTookMs),
  };
}

export const sumOf = (slots: readonly Slot[]): Slot => slots.reduce(added, NOTHING);

export function slotOf(piece: Piece): Slot {
  const { fromMs, untilMs, lagMs, missed, cycle } = piece;
  const lengthMs = untilMs - fromMs;
  return {
    ...NOTHING,
    ...(lagMs === null ? { bareMs: lengthMs } : lagFigures(piece, lagMs)),
    missed,
    ...(cycle && {
      cycles: 1, resynchronizations: cycle.kind === 'resync' ? 1 : 0, bytesChanged: cycle.bytesChanged, bytesShipped: cycle.bytesShipped, tookMs: cycle.tookMs, maxTookMs: cycle.tookMs,
    }),
  };
}

/** A lag that began before the piece's own recovery point was known, or a clock that was set, leaves time in which there was none. */
function lagFigures(piece: Piece, lagMs: number): Partial<Slot> {
  const { fromMs, untilMs, intervalMs } = piece;
  const coveredMs = untilMs - fromMs;
  const firstMs = firstLagMs(piece);
  const objective = objectiveMs(intervalMs);
  const growingMs = Math.min(coveredMs, lagMs - firstMs);
  const lags = lagsBetween(firstMs, firstMs + growingMs);
  return {
    coveredMs,
    withinMs: coveredMs - Math.min(growingMs, Math.max(0, lagMs - objective)),
    lagArea: growingMs * (firstMs + growingMs / 2),
    maxLagMs: lagMs,
    maxLagAtMs: untilMs,
    lags: growingMs < coveredMs ? united(lags, { 0: coveredMs - growingMs }) : lags,
    outages: firstMs <= objective && lagMs > objective ? 1 : 0,
  };
}

/**
 * The lag that was not exceeded in that share of the time with a recovery point, right to a class (9 %); null when there was no
 * such time. `share` is above 0, and 1 at most.
 */
export function lagWithin({ lags, maxLagMs }: Slot, share: number): number | null {
  const classes = Object.entries(lags).map(([index, ms]) => ({ index: Number(index), ms })).sort((left, right) => left.index - right.index);
  const total = classes.reduce((sum, { ms }) => sum + ms, 0);
  if (maxLagMs === null || total === 0) return maxLagMs;
  let before = 0;
  for (const { index, ms } of classes) {
    if (before + ms >= share * total) {
      const highest = Math.min(upperMs(index), maxLagMs);
      return Math.min(maxLagMs, lowerMs(index) + ((share * total - before) / ms) * (highest - lowerMs(index)));
    }
    before += ms;
  }
  return maxLagMs;
}

export const meanLagMs = ({ lagArea, coveredMs }: Slot): number | null => (coveredMs === 0 ? null : lagArea / coveredMs);
