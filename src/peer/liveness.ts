/**
 * Notices a dead peer: each side of a connection sends something in every few ticks and gives up after some ticks without
 * a byte. Ticks are counted, not time: a host that was suspended or busy for long first hears what has arrived meanwhile.
 */
import { HEARTBEAT_TICKS, SILENT_TICKS } from './limits.ts';

export interface Watched {
  heartbeat(): void;
  /** True while this side does not read on purpose, so that silence means nothing. */
  deaf(): boolean;
  dead(): void;
}

export class Liveness {
  readonly #watched: Watched;
  readonly #timer: NodeJS.Timeout;
  #ticks = 0;
  #silentTicks = 0;

  constructor(watched: Watched, tickMs: number) {
    this.#watched = watched;
    this.#timer = setInterval(() => this.#tick(), tickMs);
  }

  heard(): void {
    this.#silentTicks = 0;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    this.#silentTicks = this.#watched.deaf() ? 0 : this.#silentTicks + 1;
    if (this.#silentTicks >= SILENT_TICKS) {
      this.stop();
      this.#watched.dead();
    } else if (++this.#ticks % HEARTBEAT_TICKS === 0) {
      this.#watched.heartbeat();
    }
  }
}
