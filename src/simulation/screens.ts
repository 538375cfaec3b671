/** What simulated guests show. */
import type { MachineDefinition } from '../machine/definition.ts';
import { displayMissing, guestIsOff, hasDisplay, type ConsoleText } from '../machine/screen.ts';

/** One grey pixel, as PNG. */
export const GREY_PIXEL: Uint8Array = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mNoAAAAggCB2kUIOwAAAABJRU5ErkJggg==', 'base64');

export const NOTHING_WRITTEN: ConsoleText = { text: '', atMs: null };

export class SimulatedScreens {
  /** What each guest wrote on its serial console. */
  readonly consoles = new Map<string, ConsoleText>();
  /** What every display shows; a test may put another picture there, or have it fail or hang. */
  shows: () => Uint8Array | Promise<Uint8Array> = () => GREY_PIXEL;

  async picture(definition: MachineDefinition, isLive: boolean, signal: AbortSignal): Promise<Uint8Array> {
    signal.throwIfAborted();
    if (!hasDisplay(definition)) throw displayMissing(definition);
    if (!isLive) throw guestIsOff(definition);
    return this.shows();
  }
}
