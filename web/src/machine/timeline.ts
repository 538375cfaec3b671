/** Where recovery points are on an axis of time: beside each other, or above each other where they would overlap. Pure. */
import type { PointView } from '../../../src/service/views.ts';
import { t } from '../language.ts';
import { instant, length, size } from '../moments.ts';
import { isDamaged, kindText } from '../operations/failover.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../src/language/lengths.ts';

/** What a pointer can hit; the shape inside it is smaller. */
export const SPOT_PX = 26;
const SMALLEST_PX = 11;
const LARGEST_PX = 22;
const TICK_PX = 110;
/** A tick nearer to the end has no room for its label. */
const LABEL_PX = 76;
const STEPS_MS = [10_000, 30_000, MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS, HOUR_MS, 3 * HOUR_MS, 6 * HOUR_MS, 12 * HOUR_MS, DAY_MS, 2 * DAY_MS, 7 * DAY_MS, 30 * DAY_MS];

export type Shape = 'circle' | 'square' | 'triangle' | 'diamond';
const SHAPES: Readonly<Record<PointView['kind'], Shape>> = { standard: 'circle', 'application-consistent': 'square', planned: 'triangle', divergence: 'diamond' };
export const shapeOf = ({ kind }: Pick<PointView, 'kind'>): Shape => SHAPES[kind];

export interface Spot {
  readonly point: PointView;
  readonly xPx: number;
  /** 0 is next to the axis. */
  readonly lane: number;
  readonly shapePx: number;
}

export interface Timeline {
  readonly spots: readonly Spot[];
  readonly lanes: number;
  readonly ticks: readonly { readonly xPx: number; readonly atMs: number }[];
  /** How finely the ticks are to be told. */
  readonly detail: 'seconds' | 'minutes' | 'days';
}

/** Larger points are drawn larger, by the order of magnitude: the smallest and the largest are of these points. */
function shapeSize(sizeBytes: number, points: readonly PointView[]): number {
  const orders = points.map((point) => Math.log2(1 + point.sizeBytes));
  const [least, most] = [Math.min(...orders), Math.max(...orders)];
  return most === least ? (SMALLEST_PX + LARGEST_PX) / 2 : SMALLEST_PX + ((Math.log2(1 + sizeBytes) - least) / (most - least)) * (LARGEST_PX - SMALLEST_PX);
}

/** Oldest first, from left to right; now is at the right end. */
export function timelineOf(points: readonly PointView[], nowMs: number, widthPx: number): Timeline {
  const sorted = points.toSorted((left, right) => left.instantMs - right.instantMs || left.sequence - right.sequence);
  const fromMs = Math.min(sorted[0]?.instantMs ?? nowMs, nowMs - MINUTE_MS);
  const spanMs = nowMs - fromMs;
  const inner = Math.max(SPOT_PX, widthPx - SPOT_PX);
  const placeOf = (atMs: number): number => SPOT_PX / 2 + (Math.min(1, Math.max(0, (atMs - fromMs) / spanMs))) * inner;
  const ends: number[] = [];
  const spots = sorted.map((point): Spot => {
    const xPx = placeOf(point.instantMs);
    const free = ends.findIndex((end) => end <= xPx - SPOT_PX / 2);
    const lane = free === -1 ? ends.length : free;
    ends[lane] = xPx + SPOT_PX / 2;
    return { point, xPx, lane, shapePx: shapeSize(point.sizeBytes, sorted) };
  });
  const most = Math.max(1, Math.floor(widthPx / TICK_PX));
  const stepMs = STEPS_MS.find((step) => spanMs / step <= most) ?? STEPS_MS.at(-1)!;
  const ticks: { xPx: number; atMs: number }[] = [];
  for (let atMs = Math.ceil(fromMs / stepMs) * stepMs; atMs <= nowMs; atMs += stepMs) ticks.push({ xPx: placeOf(atMs), atMs });
  return { spots, lanes: Math.max(1, ends.length), ticks: ticks.filter(({ xPx }) => xPx <= widthPx - LABEL_PX), detail: spanMs > DAY_MS ? 'days' : stepMs < MINUTE_MS ? 'seconds' : 'minutes' };
}

/** All of one point in a sentence, for those who do not see its shape. */
export function spotText(point: PointView, nowMs: number): string {
  const parts = [
    t('{moment}, {length} ago', { moment: instant(point.instantMs), length: length(Math.max(0, nowMs - point.instantMs)) }),
    kindText(point),
    size(point.sizeBytes),
    ...(point.newest ? [t('the newest')] : []),
    ...(point.name === null ? [] : [t('named {name}', { name: point.name })]),
    ...(isDamaged(point) ? [t('damaged')] : point.verification ? [t('verified')] : []),
  ];
  return parts.join(', ');
}
