/** How the past is kept: a piece as a row of numbers, in a text that grows at its end, since one is written with every cycle; a slot as one row. */
import { COVERAGES, CYCLE_KINDS, type ArrivedCycle, type Piece } from './piece.ts';
import type { Slot } from './slot.ts';

type Row = readonly [untilMs: number, lengthMs: number, coverage: number, lagMs: number, intervalMs: number, missed: number, ...cycle: number[]];

const cycleRow = ({ kind, instantMs, tookMs, bytesChanged, bytesShipped }: ArrivedCycle, untilMs: number): number[] =>
  [CYCLE_KINDS.indexOf(kind), untilMs - instantMs, tookMs, bytesChanged, bytesShipped];

/** To be put behind the text that is there. Moments count from `baseMs`; a lag of -1 is none. */
export function storedPiece(piece: Piece, baseMs: number): string {
  const { fromMs, untilMs, coverage, lagMs, intervalMs, missed, cycle } = piece;
  const row: Row = [untilMs - baseMs, untilMs - fromMs, COVERAGES.indexOf(coverage), lagMs ?? -1, intervalMs, missed, ...(cycle ? cycleRow(cycle, untilMs) : [])];
  return `${JSON.stringify(row)},`;
}

export const storedPieces = (text: string, baseMs: number): Piece[] => (JSON.parse(`[${text.slice(0, -1)}]`) as Row[]).map((row) => pieceOf(row, baseMs));

function pieceOf([offsetMs, lengthMs, coverage, lagMs, intervalMs, missed, ...cycle]: Row, baseMs: number): Piece {
  const untilMs = baseMs + offsetMs;
  return { fromMs: untilMs - lengthMs, untilMs, coverage: COVERAGES[coverage]!, lagMs: lagMs < 0 ? null : lagMs, intervalMs, missed, cycle: cycle.length === 0 ? null : cycleOf(cycle, untilMs) };
}

const cycleOf = ([kind = 0, delayMs = 0, tookMs = 0, bytesChanged = 0, bytesShipped = 0]: readonly number[], untilMs: number): ArrivedCycle => ({ kind: CYCLE_KINDS[kind]!, instantMs: untilMs - delayMs, tookMs, bytesChanged, bytesShipped });

/** In the order of the stored form: append only. */
const SLOT_FIELDS = [
  'coveredMs', 'bareMs', 'withinMs', 'lagArea', 'maxLagMs', 'maxLagAtMs', 'outages', 'cycles', 'resynchronizations', 'missed', 'bytesChanged', 'bytesShipped', 'tookMs', 'maxTookMs',
] as const satisfies readonly (keyof Slot)[];
type SlotRow = readonly [firstClass: number, lags: readonly number[], ...figures: (number | null)[]];

const rounded = (value: number | null): number | null => (value === null ? null : Math.round(value));

/** In whole milliseconds. The classes of its lags are stored from the first to the last, with those between that have none. */
export function storedSlot(slot: Slot): string {
  const classes = Object.keys(slot.lags).map(Number);
  const first = classes.length === 0 ? 0 : Math.min(...classes);
  const lags = classes.length === 0 ? [] : Array.from({ length: Math.max(...classes) - first + 1 }, (_, index) => Math.round(slot.lags[first + index] ?? 0));
  const row: SlotRow = [first, lags, ...SLOT_FIELDS.map((field) => rounded(slot[field]))];
  return JSON.stringify(row);
}

export function slotOfStored(text: string): Slot {
  const [first, lags, ...figures] = JSON.parse(text) as SlotRow;
  const named = Object.fromEntries(SLOT_FIELDS.map((field, index) => [field, figures[index]])) as unknown as Omit<Slot, 'lags'>;
  return { ...named, lags: Object.fromEntries(lags.flatMap((ms, index) => (ms === 0 ? [] : [[first + index, ms]]))) };
}
