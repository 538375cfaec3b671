/** What a chart of the past draws: values over time, by the names of the page's colours. Pure. */
import { length, size } from '../moments.ts';
import type { Bucket, History } from './history.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../src/language/lengths.ts';

export type Colour = '--accent' | '--ok-fill' | '--critical-fill' | '--critical-ground' | '--ink-soft' | '--edge' | '--line' | '--accent-ground' | '--warning-fill';

export interface Curve {
  /** One a bucket. */
  readonly values: readonly (number | null)[];
  readonly shape: 'step' | 'bars' | 'thinbars';
  readonly colour: Colour;
  /** Under a step. */
  readonly fill?: Colour;
}

export interface Figure {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly bucketMs: number;
  readonly curves: readonly Curve[];
  readonly text: (value: number) => string;
  /** Between two lines of the raster: the first that leaves room is taken. */
  readonly steps: readonly number[];
  /** A line across, that values are to stay below. */
  readonly limit: number | null;
  /** Buckets that are marked at the bottom, and those that lie on another ground. */
  readonly marked: readonly boolean[];
  readonly shaded: readonly boolean[];
  /** Lines from top to bottom. */
  readonly momentsMs: readonly number[];
}

const LENGTH_STEPS = [
  ...[1, 2, 5, 10, 15, 30].map((count) => count * SECOND_MS), ...[1, 2, 5, 10, 15, 30].map((count) => count * MINUTE_MS), ...[1, 2, 4, 6, 12].map((count) => count * HOUR_MS), ...[1, 2, 5, 10, 20, 50, 100, 200].map((count) => count * DAY_MS),
];
const SIZE_STEPS = Array.from({ length: 51 }, (_, power) => 2 ** power);

const over = ({ fromMs, untilMs, bucketMs }: History) => ({ fromMs, untilMs, bucketMs });
const all = <T>({ buckets }: History, of: (bucket: Bucket) => T): T[] => buckets.map(of);

export const lagFigure = (history: History): Figure => ({
  ...over(history),
  curves: [
    { values: all(history, ({ maxLagMs }) => maxLagMs), shape: 'step', colour: '--accent', fill: '--accent-ground' },
    { values: all(history, ({ meanLagMs }) => meanLagMs), shape: 'step', colour: '--ok-fill' },
  ],
  text: length,
  steps: LENGTH_STEPS,
  limit: history.objectiveMs,
  marked: all(history, ({ missed }) => missed > 0),
  shaded: all(history, ({ unprotectedMs }) => unprotectedMs > 0),
  momentsMs: history.recoveries.map(({ askedAtMs }) => askedAtMs),
});

export const sizeFigure = (history: History): Figure => ({
  ...over(history),
  curves: [
    { values: all(history, ({ bytesChanged }) => bytesChanged), shape: 'bars', colour: '--edge' },
    { values: all(history, ({ bytesShipped }) => bytesShipped), shape: 'thinbars', colour: '--accent' },
  ],
  text: size,
  steps: SIZE_STEPS,
  limit: null,
  marked: [],
  shaded: [],
  momentsMs: [],
});
