/** The worst lag of each bucket of a history over time, as SVG with its text. */
import type { View } from '../client/operation.ts';
import { phrase } from '../language/text.ts';
import { t, translated } from './language.ts';
import { filled, html, type Markup } from './markup.ts';
import { duration } from './words.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../language/lengths.ts';

type History = View<'History'>;

const WIDTH = 800;
const HEIGHT = 200;
const LEFT = 62;
const TOP = 8;
const BOTTOM = 22;

/** A scale of powers, so that an outage of hours and the seconds of every day are both seen. */
const TICKS: readonly (readonly [ms: number, label: string])[] = [
  [100, '0.1 s'], [SECOND_MS, '1 s'], [10 * SECOND_MS, '10 s'], [MINUTE_MS, '1 min'], [10 * MINUTE_MS, '10 min'], [HOUR_MS, '1 h'], [10 * HOUR_MS, '10 h'], [4 * DAY_MS, '4 d'], [40 * DAY_MS, '40 d'], [400 * DAY_MS, '400 d'],
];

/** The marks of the scale, from the last at or below the least lag to the first at or above the largest. */
function ticksFor(lagsMs: readonly number[]): typeof TICKS {
  const first = TICKS.findLastIndex(([ms]) => ms <= Math.min(...lagsMs));
  const last = TICKS.findIndex(([ms]) => ms >= Math.max(...lagsMs));
  const from = Math.max(0, first);
  return TICKS.slice(from, Math.max(from + 2, last === -1 ? TICKS.length : last + 1));
}

const rounded = (value: number): string => value.toFixed(1);

function heights(ticks: typeof TICKS): (ms: number) => number {
  const [low, high] = [Math.log(ticks[0]![0]), Math.log(ticks.at(-1)![0])];
  return (ms) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - Math.min(1, Math.max(0, (Math.log(Math.max(1, ms)) - low) / (high - low))));
}

/** A level for each bucket; a gap where there is no lag. */
function path(buckets: History['buckets'], x: (index: number) => number, y: (ms: number) => number): string {
  return buckets.map(({ maxLagMs }, index) => {
    if (maxLagMs === null) return '';
    const begins = (buckets[index - 1]?.maxLagMs ?? null) === null ? 'M' : 'L';
    return `${begins}${rounded(x(index))} ${rounded(y(maxLagMs))}H${rounded(x(index + 1))}`;
  }).join('');
}

/** What the picture shows, in words. */
function inWords({ buckets, bucketMs, objectiveMs }: History): string {
  const lags = buckets.flatMap(({ maxLagMs }) => maxLagMs ?? []);
  const above = lags.filter((ms) => ms > objectiveMs).length;
  const bare = buckets.filter(({ unprotectedMs }) => unprotectedMs > 0).length;
  const span = t('The period in {count} parts of {length} each.', { count: String(buckets.length), length: duration(bucketMs) });
  if (lags.length === 0) return `${span} ${t('Of none of them is a lag known; in {bare} there was time without a recovery point.', { bare: String(bare) })}`;
  return `${span} ${t('The worst lag of a part was between {least} and {most}; in {above} of them it exceeded the objective of {objective}; in {bare} there was time without a recovery point; of {unknown} no lag is known.', { least: duration(Math.min(...lags)), most: duration(Math.max(...lags)), above: String(above), objective: duration(objectiveMs), bare: String(bare), unknown: String(buckets.length - lags.length) })}`;
}

/** `id` is unique in the document. */
export function lagChart(history: History, id: string, moment: (ms: number) => Markup): Markup {
  const { buckets, objectiveMs, fromMs, untilMs } = history;
  const ticks = ticksFor([objectiveMs, ...buckets.flatMap(({ maxLagMs }) => maxLagMs ?? [])]);
  const y = heights(ticks);
  const x = (index: number): number => LEFT + ((WIDTH - LEFT) * index) / buckets.length;
  const bars = buckets.map(({ unprotectedMs }, index) => (unprotectedMs > 0 ? html`<rect class="bare" x="${rounded(x(index))}" y="${TOP}" width="${rounded(x(index + 1) - x(index))}" height="${HEIGHT - TOP - BOTTOM}"/>` : ''));
  const grid = ticks.map(([ms, label]) => html`<line class="grid" x1="${LEFT}" x2="${WIDTH}" y1="${rounded(y(ms))}" y2="${rounded(y(ms))}"/><text x="${LEFT - 6}" y="${rounded(y(ms) + 4)}" text-anchor="end">${label}</text>`);
  const day = (ms: number): string => new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
  return html`<figure>
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="${id}-chart" aria-describedby="${id}-words">
<title id="${id}-chart">${t('Lag over time')}</title>
${bars}
${grid}
<line class="objective" x1="${LEFT}" x2="${WIDTH}" y1="${rounded(y(objectiveMs))}" y2="${rounded(y(objectiveMs))}"/>
<path class="lag" d="${path(buckets, x, y)}"/>
<text class="at-objective" x="${WIDTH - 4}" y="${rounded(y(objectiveMs) - 4)}" text-anchor="end">${t('objective')}</text>
<text x="${LEFT}" y="${HEIGHT - 6}">${day(fromMs)}</text><text x="${WIDTH}" y="${HEIGHT - 6}" text-anchor="end">${day(untilMs)}</text>
</svg>
<figcaption id="${id}-words">${filled(translated(phrase('Worst lag in each part of the time from {from} to {until}, on a scale of powers; coloured where there was time without a recovery point.')), { from: moment(fromMs), until: moment(untilMs) })} ${inWords(history)}</figcaption>
</figure>`;
}
