/** Events that wait for one subscriber: bounded, and what did not fit is counted and told. */
import { EVENT_ACTION } from '../../wsman/namespaces.ts';
import { element, text, type Markup } from '../../xml/write.ts';

export interface QueuedEvent {
  readonly action: string;
  readonly markup: Markup;
}

const MOST_EVENTS = 1_000;
const MOST_CHARACTERS = 4 * 1_024 * 1_024;

export class EventQueue {
  readonly #events: QueuedEvent[] = [];
  #characters = 0;
  #dropped = 0;
  #arrival = Promise.withResolvers<undefined>();

  get isEmpty(): boolean {
    return this.#events.length === 0 && this.#dropped === 0;
  }

  /** When there is no room the event is dropped and counted. */
  add(markup: Markup): void {
    if (this.#events.length >= MOST_EVENTS || this.#characters + markup.length > MOST_CHARACTERS) this.#dropped += 1;
    else {
      this.#events.push({ action: EVENT_ACTION.event, markup });
      this.#characters += markup.length;
    }
    this.#arrival.resolve(undefined);
  }

  /** The oldest, and then how many were dropped. They stay until `remove`. */
  oldest(most: number): readonly QueuedEvent[] {
    const events = this.#events.slice(0, most);
    if (events.length > 0 || this.#dropped === 0) return events;
    return [{ action: EVENT_ACTION.droppedEvents, markup: element('w:DroppedEvents', { Action: EVENT_ACTION.droppedEvents }, text(String(this.#dropped))) }];
  }

  remove(events: readonly QueuedEvent[]): void {
    for (const event of events) {
      if (event.action === EVENT_ACTION.droppedEvents) this.#dropped = 0;
      else this.#characters -= this.#events.shift()?.markup.length ?? 0;
    }
  }

  /** There is something to take, or the signal was aborted. */
  async arrived(signal: AbortSignal): Promise<void> {
    while (this.isEmpty && !signal.aborted) {
      const aborted = Promise.withResolvers<undefined>();
      const abort = () => aborted.resolve(undefined);
      signal.addEventListener('abort', abort, { once: true });
      await Promise.race([this.#arrival.promise, aborted.promise]);
      signal.removeEventListener('abort', abort);
      if (!signal.aborted) this.#arrival = Promise.withResolvers<undefined>();
    }
  }
}
