/** Draws a figure on a canvas, by uPlot. In a chunk of its own: it is loaded when a chart is first seen. */
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { dayOfYear, minuteOfDay } from '../moments.ts';
import type { Colour, Curve, Figure } from './figure.ts';

const HEIGHT_PX = 200;
const AXIS_PX = 28;
const MARK_PX = 5;
/** The last label of the axis reaches beyond it. */
const RIGHT_PX = 26;
const LABEL_SPACE_PX = 8;
const DAY_SECONDS = 86_400;
const BAR_SHARE = 0.85;
const THIN_BAR_SHARE = 0.4;
/** Room above what is drawn. */
const HEADROOM = 1.08;

export interface Drawing {
  update(figure: Figure): void;
  end(): void;
}

type ColourOf = (colour: Colour) => string;

/** The colours as they are now: light or dark is decided by the browser. */
function coloursOf(element: HTMLElement): ColourOf {
  const probe = document.createElement('span');
  element.append(probe);
  const found = new Map<Colour, string>();
  return (colour) => {
    const known = found.get(colour);
    if (known !== undefined) return known;
    if (!probe.isConnected) element.append(probe);
    probe.style.color = `var(${colour})`;
    const value = getComputedStyle(probe).color;
    probe.remove();
    found.set(colour, value);
    return value;
  };
}

const PATHS: Readonly<Record<Curve['shape'], () => uPlot.Series.PathBuilder>> = {
  step: () => uPlot.paths.stepped!({ align: 1 }),
  bars: () => uPlot.paths.bars!({ size: [BAR_SHARE] }),
  thinbars: () => uPlot.paths.bars!({ size: [THIN_BAR_SHARE] }),
};

function seriesOf({ shape, colour, fill }: Curve, colourOf: ColourOf): uPlot.Series {
  const isBar = shape === 'bars' || shape === 'thinbars';
  return {
    paths: PATHS[shape](), points: { show: false }, spanGaps: false,
    ...(isBar ? { fill: colourOf(colour), width: 0 } : { stroke: colourOf(colour), width: 2 }),
    ...(fill === undefined ? {} : { fill: colourOf(fill) }),
  };
}

const mostOf = ({ curves, limit, steps }: Figure): number => HEADROOM * Math.max(steps[0]!, limit ?? 0, ...curves.flatMap(({ values }) => values.map((value) => value ?? 0)));

/** Steps hold from a bucket's beginning to its end, bars stand in its middle. */
function dataOf({ fromMs, bucketMs, curves }: Figure): uPlot.AlignedData {
  const isStep = curves.some(({ shape }) => shape === 'step');
  const columns = curves.map(({ values }) => (isStep ? [...values, values.at(-1) ?? null] : [...values]));
  const times = (columns[0] ?? []).map((_, index) => (fromMs + (index + (isStep ? 0 : 0.5)) * bucketMs) / 1_000);
  return [times, ...columns];
}

/** Grounds and what lies under the curves. */
function shade(plot: uPlot, figure: Figure, colourOf: ColourOf): void {
  const { ctx, bbox: { top, height } } = plot;
  ctx.fillStyle = colourOf('--critical-ground');
  figure.shaded.forEach((isShaded, index) => {
    if (!isShaded) return;
    const [left, right] = edges(plot, figure, index);
    ctx.fillRect(left, top, right - left, height);
  });
}

function edges(plot: uPlot, { fromMs, bucketMs }: Figure, index: number): [left: number, right: number] {
  const at = (ms: number): number => plot.valToPos(ms / 1_000, 'x', true);
  return [at(fromMs + index * bucketMs), at(fromMs + (index + 1) * bucketMs)];
}

function line(plot: uPlot, from: [x: number, y: number], to: [x: number, y: number], colour: string, dash: readonly number[]): void {
  const { ctx } = plot;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  ctx.setLineDash(dash.map((each) => each * ratio));
  ctx.lineWidth = 1.5 * ratio;
  ctx.strokeStyle = colour;
  ctx.moveTo(...from);
  ctx.lineTo(...to);
  ctx.stroke();
  ctx.restore();
}

/** The objective, the failovers, and where cycles were missed. */
function annotate(plot: uPlot, figure: Figure, colourOf: ColourOf): void {
  const { ctx, bbox: { left, top, width, height } } = plot;
  if (figure.limit !== null) {
    const y = plot.valToPos(figure.limit, 'y', true);
    line(plot, [left, y], [left + width, y], colourOf('--ink-soft'), [6, 4]);
  }
  for (const atMs of figure.momentsMs) {
    const x = plot.valToPos(atMs / 1_000, 'x', true);
    line(plot, [x, top], [x, top + height], colourOf('--warning-fill'), [2, 3]);
  }
  ctx.fillStyle = colourOf('--critical-fill');
  figure.marked.forEach((isMarked, index) => {
    if (!isMarked) return;
    const [from, until] = edges(plot, figure, index);
    const [middle, markPx] = [(from + until) / 2, MARK_PX * devicePixelRatio];
    ctx.beginPath();
    ctx.moveTo(middle - markPx, top + height);
    ctx.lineTo(middle + markPx, top + height);
    ctx.lineTo(middle, top + height - 2 * markPx);
    ctx.fill();
  });
}

function axesOf(element: HTMLElement, figure: () => Figure, colourOf: ColourOf): uPlot.Axis[] {
  const { fontFamily } = getComputedStyle(element);
  const look = { stroke: colourOf('--ink-soft'), font: `12px ${fontFamily}`, grid: { stroke: colourOf('--line'), width: 1 }, ticks: { stroke: colourOf('--line'), width: 1, size: 4 } };
  return [
    { ...look, size: AXIS_PX, values: (_, splits, __, ___, stepSeconds) => splits.map((second) => (stepSeconds >= DAY_SECONDS || isMidnight(second) ? dayOfYear(1_000 * second) : minuteOfDay(1_000 * second))) },
    { ...look, incrs: [...figure().steps], size: (plot, values) => labelWidth(plot, values ?? [], look.font), values: (_, splits) => splits.map((value) => figure().text(value)) },
  ];
}

const isMidnight = (second: number): boolean => {
  const date = new Date(1_000 * second);
  return date.getHours() === 0 && date.getMinutes() === 0;
};

function labelWidth({ ctx }: uPlot, values: readonly string[], font: string): number {
  ctx.save();
  ctx.font = font;
  const widest = Math.max(0, ...values.map((text) => ctx.measureText(text).width));
  ctx.restore();
  return Math.ceil(widest) + 2 * LABEL_SPACE_PX;
}

/** The chart is in the element, as wide as it, in the colours of now. A bucket that is pointed at is told; null when none is any more. */
export function draw(element: HTMLElement, first: Figure, onpoint: (index: number | null) => void): Drawing {
  let figure = first;
  const colourOf = coloursOf(element);
  const width = (): number => Math.max(1, element.clientWidth);
  const plot = new uPlot({
    width: width(), height: HEIGHT_PX, legend: { show: false }, padding: [8, RIGHT_PX, 0, 0],
    scales: { x: { time: true, range: () => [figure.fromMs / 1_000, figure.untilMs / 1_000] }, y: { range: () => [0, mostOf(figure)] } },
    series: [{}, ...first.curves.map((curve) => seriesOf(curve, colourOf))],
    axes: axesOf(element, () => figure, colourOf),
    cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
    hooks: {
      drawClear: [(it) => shade(it, figure, colourOf)],
      draw: [(it) => annotate(it, figure, colourOf)],
      setCursor: [({ cursor: { left } }) => onpoint(left === undefined || left < 0 ? null : indexAt(figure, 1_000 * plot.posToVal(left, 'x')))],
    },
  }, dataOf(first), element);
  const resizing = new ResizeObserver(() => plot.setSize({ width: width(), height: HEIGHT_PX }));
  resizing.observe(element);
  return {
    update(next) {
      figure = next;
      plot.setData(dataOf(next));
    },
    end() {
      resizing.disconnect();
      plot.destroy();
    },
  };
}

const indexAt = ({ fromMs, untilMs, bucketMs }: Figure, atMs: number): number => Math.floor((Math.min(untilMs - 1, Math.max(fromMs, atMs)) - fromMs) / bucketMs);
