/**
 * A test guest's serial console: its log file, which QEMU appends to across boots, and optionally its socket, by which
 * the guest takes commands. A position in the log separates one boot, or one step of a test, from the next.
 */
import { watch, type FSWatcher } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { once } from 'node:events';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { eventsOf, type GuestEvent } from './consolelines.ts';

export type EventOf<K extends GuestEvent['kind']> = Extract<GuestEvent, { kind: K }>;

export interface Waiting {
  /** Position in the log from which on events count; see `position`. 0 is the log's beginning. */
  readonly since?: number;
  /** 30 seconds when not given. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** A watch may miss a change (the directory is not there yet): look again after this time at the latest. */
const LOOK_AGAIN_MS = 200;
const READ_BYTES = 1 << 20;

export class GuestConsole {
  readonly #logPath: string;
  readonly #socketPath: string | undefined;

  /** Neither file need exist yet. */
  constructor(logPath: string, socketPath?: string) {
    this.#logPath = logPath;
    this.#socketPath = socketPath;
  }

  /** The log's length now: a `since` for what comes later. */
  async position(): Promise<number> {
    return (await stat(this.#logPath).catch(() => undefined))?.size ?? 0;
  }

  /** Everything that the guest has said from `since` on. */
  async events(since = 0): Promise<readonly GuestEvent[]> {
    const collected: GuestEvent[] = [];
    for await (const events of this.#pieces(since)) collected.push(...events);
    return collected;
  }

  async last<K extends GuestEvent['kind']>(kind: K, since = 0): Promise<EventOf<K> | undefined> {
    return (await this.events(since)).findLast((event): event is EventOf<K> => event.kind === kind);
  }

  /** The first event of the kind, and for which `holds` is true, from `since` on; waits for it. */
  async next<K extends GuestEvent['kind']>(kind: K, waiting: Waiting = {}, holds: (event: EventOf<K>) => boolean = () => true): Promise<EventOf<K>> {
    const isWanted = (event: GuestEvent): event is EventOf<K> => event.kind === kind && holds(event as EventOf<K>);
    const signal = endOf(waiting);
    const look = new Look(dirname(this.#logPath));
    let offset = waiting.since ?? 0;
    try {
      for (;;) {
        const changed = look.again(signal);
        for await (const [events, end] of this.#placedPieces(offset)) {
          const found = events.find(isWanted);
          if (found) return found;
          offset = end;
        }
        await changed;
      }
    } catch (error) {
      if (!signal.aborted) throw error;
      throw new Error(`the guest did not say "${kind}" in time; its console ends in:\n${await this.#tail()}`, { cause: error });
    } finally {
      look.end();
    }
  }

  /** The guest's own check of its disks at its next boot (or since `since`). */
  verified(waiting: Waiting = {}): Promise<EventOf<'verified'>> {
    return this.next('verified', waiting);
  }

  /** Waits until record `number` or a later one is on both disks. */
  wrote(number: number, waiting: Waiting = {}): Promise<EventOf<'wrote'>> {
    return this.next('wrote', waiting, (event) => event.number >= number);
  }

  /** The guest has stopped writing; both disks stand still after the file systems' own last writes. */
  quiet(waiting: Waiting = {}): Promise<EventOf<'quiet'>> {
    return this.#command('quiet', 'quiet', waiting);
  }

  /** The guest writes again, `rate` records a second when given. Resolves with the first record. */
  write(rate?: number, waiting: Waiting = {}): Promise<EventOf<'wrote'>> {
    return this.#command(rate === undefined ? 'write' : `write ${rate}`, 'wrote', waiting);
  }

  /** The guest checks its disks again, reading them anew. */
  verify(waiting: Waiting = {}): Promise<EventOf<'verified'>> {
    return this.#command('verify', 'verified', waiting);
  }

  /** Runs a shell command in the guest (disks are /disk/a and /disk/b); resolves when it has ended. */
  run(command: string, waiting: Waiting = {}): Promise<EventOf<'ran'>> {
    return this.#command(`run ${command}`, 'ran', waiting);
  }

  /** The socket stays open until the answer: QEMU drops what it has not read when a client hangs up. */
  async #command<K extends GuestEvent['kind']>(line: string, answer: K, waiting: Waiting): Promise<EventOf<K>> {
    if (this.#socketPath === undefined) throw new Error('this console was opened without its socket');
    const since = await this.position();
    const socket = connect(this.#socketPath);
    socket.resume();
    try {
      await once(socket, 'connect', { signal: endOf(waiting) });
      socket.on('error', () => undefined);
      socket.write(`${line}\n`);
      return await this.next(answer, { ...waiting, since });
    } finally {
      socket.destroy();
    }
  }

  async *#pieces(since: number): AsyncGenerator<readonly GuestEvent[]> {
    for await (const [events] of this.#placedPieces(since)) yield events;
  }

  /** Whole lines from `since` to the end as it is now, in pieces, each with the position after its last line. */
  async *#placedPieces(since: number): AsyncGenerator<readonly [readonly GuestEvent[], number]> {
    const file = await open(this.#logPath).catch(() => undefined);
    if (!file) return;
    try {
      const buffer = Buffer.alloc(READ_BYTES);
      for (let offset = since; ; ) {
        const { bytesRead } = await file.read(buffer, 0, READ_BYTES, offset);
        const end = buffer.subarray(0, bytesRead).lastIndexOf(0x0a) + 1;
        if (end === 0) return;
        offset += end;
        yield [eventsOf(buffer.toString('latin1', 0, end)).events, offset];
      }
    } finally {
      await file.close();
    }
  }

  async #tail(): Promise<string> {
    const size = await this.position();
    const file = await open(this.#logPath).catch(() => undefined);
    if (!file) return `(${this.#logPath} does not exist)`;
    const { buffer, bytesRead } = await file.read(Buffer.alloc(600), 0, 600, Math.max(0, size - 600));
    await file.close();
    return buffer.toString('latin1', 0, bytesRead);
  }
}

function endOf({ timeoutMs = 30_000, signal }: Waiting): AbortSignal {
  const timeout = AbortSignal.timeout(timeoutMs);
  return signal ? AbortSignal.any([signal, timeout]) : timeout;
}

/** Tells when to look at a file again: its directory changed, or it is time anyway. */
class Look {
  #watcher: FSWatcher | undefined;
  #changed = Promise.withResolvers<undefined>();

  constructor(directory: string) {
    try {
      this.#watcher = watch(directory, () => this.#changed.resolve(undefined));
      this.#watcher.on('error', () => undefined);
    } catch {
      this.#watcher = undefined;
    }
  }

  /** Resolves at the first change after this call. Rejects with the signal's reason. */
  again(signal: AbortSignal): Promise<unknown> {
    this.#changed = Promise.withResolvers<undefined>();
    const again = Promise.race([this.#changed.promise, wait(LOOK_AGAIN_MS, undefined, { signal })]);
    again.catch(() => undefined);
    return again;
  }

  end(): void {
    this.#watcher?.close();
  }
}
