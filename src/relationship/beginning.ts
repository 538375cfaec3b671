/**
 * When the work that a state waits for begins by itself: at the moment that somebody chose, in the window for
 * resynchronizing, at once, or only when somebody asks.
 */
import { isWithin, type DailyWindow, type MinutesEast } from '../cycle/window.ts';
import { resynchronizationWindow, type Settings } from './settings.ts';
import type { State } from './state.ts';
import type { Event } from './table.ts';

/** The waiting states of a primary, and what begins there. */
const BEGINS: Partial<Record<State, Event & ('startInitial' | 'resynchronize')>> = { 1: 'startInitial', 7: 'resynchronize', 8: 'resynchronize', 9: 'resynchronize' };

export const beginsIn = (state: State) => BEGINS[state];

export interface Waiting {
  readonly state: State;
  readonly settings: Settings;
  /** The moment that somebody chose. */
  readonly startsAtMs?: number | null;
  /** Somebody cancelled it: it does not begin again by itself. */
  readonly heldBack?: boolean;
}

export type Beginning =
  | { readonly kind: 'now' }
  | { readonly kind: 'at'; readonly atMs: number }
  | { readonly kind: 'window'; readonly window: DailyWindow }
  | { readonly kind: 'asked' };

export function beginningOf({ state, settings, startsAtMs = null, heldBack = false }: Waiting, nowMs: number, minutesEast: MinutesEast): Beginning {
  if (startsAtMs !== null) return startsAtMs <= nowMs ? { kind: 'now' } : { kind: 'at', atMs: startsAtMs };
  if (state !== 9 || heldBack || settings.additional.resynchronization === 'manual') return { kind: 'asked' };
  const window = resynchronizationWindow(settings);
  return window && !isWithin(window, nowMs, minutesEast) ? { kind: 'window', window } : { kind: 'now' };
}
