/**
 * Who reads the event stream: so many at once and no more. Nobody keeps others out: when all places are taken, whoever has most
 * of them gives one up to somebody who would still have fewer.
 */
import type { Caller } from '../service/accessviews.ts';
import { Busy } from './errors.ts';
import { say } from '../language/text.ts';

const PLACES = 128;

/** Root of this host and a user of that name are two. */
const readerOf = ({ name, from }: Caller): string => (from === 'local' ? ' local' : name);

export class StreamPlaces {
  /** In the order in which they were taken; a place that is aborted ends its stream. */
  readonly #taken = new Map<AbortController, string>();

  /** The caller has a place until `leave`, or until it aborts. Throws `Busy` when nobody has to give way. */
  take(caller: Caller): AbortController {
    const reader = readerOf(caller);
    if (this.#taken.size >= PLACES) this.#makeRoom(reader);
    const place = new AbortController();
    this.#taken.set(place, reader);
    return place;
  }

  leave(place: AbortController): void {
    this.#taken.delete(place);
  }

  /** Every stream ends. */
  end(): void {
    for (const place of this.#taken.keys()) place.abort();
  }

  /** The newest place goes: whoever opens streams without end loses those, not the one they look at. */
  #makeRoom(reader: string): void {
    const counts = new Map<string, number>();
    for (const each of this.#taken.values()) counts.set(each, (counts.get(each) ?? 0) + 1);
    const [[greediest, most]] = [...counts].sort(([, left], [, right]) => right - left) as [[string, number]];
    if (most <= (counts.get(reader) ?? 0) + 1) throw new Busy(say('{count} clients read the event stream already', { count: PLACES }));
    const [place] = [...this.#taken].findLast(([, each]) => each === greediest)!;
    place.abort();
    this.leave(place);
  }
}
