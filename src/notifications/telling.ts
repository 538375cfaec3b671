/**
 * What a target is told, decided from what it was told before and from what is so now. A change is told once it has held for
 * the delay, so that what comes and goes wakes nobody; what stays bad is told again after the repeat interval; an end is told.
 */
import { isWorse, worstOf, type Concern, type Level, type Severity } from './concern.ts';

/** What a target knows of one concern. */
export interface Standing {
  readonly told: Severity;
  readonly toldMs: number;
  /** When the concern began, as the target was told. */
  readonly sinceMs: number;
  /** As it was last while it was bad. */
  readonly concern: Concern;
}

export type Change = 'began' | 'worse' | 'better' | 'still' | 'over';

/** One concern of a notification. */
export interface Told {
  readonly change: Change;
  readonly level: Level;
  readonly before: Level;
  readonly sinceMs: number;
  readonly concern: Concern;
}

export interface Pace {
  readonly delayMs: number;
  /** 0 for never. */
  readonly repeatMs: number;
}

export interface Seen {
  readonly minimum: Severity;
  readonly concerns: readonly Concern[];
  /** By the concern's key. */
  readonly standings: ReadonlyMap<string, Standing>;
  /** Since when the present level is another than the one told, by key. */
  readonly differsSinceMs: ReadonlyMap<string, number>;
  readonly nowMs: number;
  readonly pace: Pace;
}

export interface Decision {
  readonly told: readonly Told[];
  /** By key, of those that changed; null: the target knows nothing of it any more. */
  readonly standings: ReadonlyMap<string, Standing | null>;
  readonly differsSinceMs: ReadonlyMap<string, number>;
}

/** Reminders that would follow soon are told with the first. */
const REMIND_TOGETHER = 0.75;

export function decide(seen: Seen): Decision {
  const { concerns, standings, minimum, nowMs, pace } = seen;
  const relevant = new Map(concerns.filter(({ severity }) => !isWorse(minimum, severity)).map((concern) => [concern.key, concern]));
  const told: Told[] = [];
  const differsSinceMs = new Map<string, number>();
  for (const key of new Set([...relevant.keys(), ...standings.keys()])) {
    const [concern, standing] = [relevant.get(key), standings.get(key)];
    const [level, before]: [Level, Level] = [concern?.severity ?? 'ok', standing?.told ?? 'ok'];
    if (level === before) continue;
    const sinceMs = Math.min(seen.differsSinceMs.get(key) ?? nowMs, nowMs);
    if (nowMs - sinceMs < pace.delayMs) differsSinceMs.set(key, sinceMs);
    else told.push({ change: changeOf(level, before), level, before, sinceMs: standing?.sinceMs ?? sinceMs, concern: concern ?? standing!.concern });
  }
  told.push(...reminders(relevant, seen));
  return { told, standings: new Map(told.map((each) => [each.concern.key, standingOf(each, nowMs)])), differsSinceMs };
}

function changeOf(level: Level, before: Level): Change {
  if (level === 'ok') return 'over';
  if (before === 'ok') return 'began';
  return isWorse(level, before) ? 'worse' : 'better';
}

function reminders(relevant: ReadonlyMap<string, Concern>, { standings, nowMs, pace: { repeatMs } }: Seen): Told[] {
  if (repeatMs === 0) return [];
  const same = [...standings].filter(([key, { told }]) => relevant.get(key)?.severity === told);
  if (!same.some(([, { toldMs }]) => nowMs - toldMs >= repeatMs)) return [];
  return same
    .filter(([, { toldMs }]) => nowMs - toldMs >= repeatMs * REMIND_TOGETHER)
    .map(([key, { told, sinceMs }]) => ({ change: 'still', level: told, before: told, sinceMs, concern: relevant.get(key)! }));
}

const standingOf = ({ level, sinceMs, concern }: Told, nowMs: number): Standing | null => (level === 'ok' ? null : { told: level, toldMs: nowMs, sinceMs, concern });

/** The worst that is told; `ok` when only ends are. */
export const levelOf = (told: readonly Told[]): Level => worstOf(told.map(({ level }) => level));
