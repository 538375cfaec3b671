/** Pictures of guests' displays, and the ends of their serial consoles' logs. The guests notice nothing of it. */
import { open, rm } from 'node:fs/promises';
import type { LaunchSpec } from '../../engine/ports/hypervisor.ts';
import { Fault } from '../../errors/fault.ts';
import { say } from '../../language/text.ts';
import { displayMissing, guestIsOff, hasDisplay, isPng, MAX_CONSOLE_BYTES, MAX_PICTURE_BYTES, plainConsoleText, type ConsoleText } from '../../machine/screen.ts';
import { QmpError } from '../../qmp/qmp.ts';
import type { Host } from './host.ts';

const TAKEN_WITHIN_MS = 5_000;

export class Screens {
  readonly #host: Host;
  /** By instance: one at a time. */
  readonly #taking = new Map<string, Promise<Uint8Array>>();

  constructor(host: Host) {
    this.#host = host;
  }

  async picture(spec: Pick<LaunchSpec, 'instanceId' | 'definition'>, signal: AbortSignal): Promise<Uint8Array> {
    signal.throwIfAborted();
    if (!hasDisplay(spec.definition)) throw displayMissing(spec.definition);
    return orAborted(this.#taking.get(spec.instanceId) ?? this.#take(spec), signal);
  }

  #take(spec: Pick<LaunchSpec, 'instanceId' | 'definition'>): Promise<Uint8Array> {
    const taking = this.#dumped(spec).finally(() => this.#taking.delete(spec.instanceId));
    this.#taking.set(spec.instanceId, taking);
    return taking;
  }

  async #dumped({ instanceId, definition }: Pick<LaunchSpec, 'instanceId' | 'definition'>): Promise<Uint8Array> {
    if (!(await this.#host.isRunning(instanceId))) throw guestIsOff(definition);
    const qmp = await this.#host.monitors.get(instanceId);
    const path = this.#host.run(instanceId).picture;
    try {
      await qmp.execute('screendump', { filename: path, format: 'png' }, { timeoutMs: TAKEN_WITHIN_MS });
      return await pictureAt(path, definition.name);
    } catch (thrown) {
      // Its definition has changed since it was started.
      if (thrown instanceof QmpError && /no console/i.test(thrown.description)) throw displayMissing(definition);
      throw thrown;
    } finally {
      await rm(path, { force: true });
    }
  }

  async consoleText(instanceId: string): Promise<ConsoleText> {
    const path = this.#host.state(instanceId).serialLog;
    try {
      const log = await open(path, 'r');
      try {
        const { size, mtimeMs } = await log.stat();
        const { buffer, bytesRead } = await log.read(Buffer.alloc(Math.min(size, MAX_CONSOLE_BYTES)), 0, null, Math.max(0, size - MAX_CONSOLE_BYTES));
        return { text: plainConsoleText(buffer.subarray(0, bytesRead), size > MAX_CONSOLE_BYTES), atMs: size === 0 ? null : Math.floor(mtimeMs) };
      } finally {
        await log.close();
      }
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return { text: '', atMs: null };
      throw new Fault('disk-io', `${path}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    }
  }
}

async function pictureAt(path: string, machineName: string): Promise<Uint8Array> {
  const file = await open(path, 'r').catch((cause: unknown) => {
    throw new Fault('qemu-failed', say('{machine}: QEMU left no picture of the display', { machine: machineName }), { cause });
  });
  try {
    const { size } = await file.stat();
    if (size > MAX_PICTURE_BYTES) throw new Fault('qemu-failed', say('{machine}: the picture of the display has {size}, more than {max}', { machine: machineName, size: { sizeBytes: size }, max: { sizeBytes: MAX_PICTURE_BYTES } }));
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size), 0, size, 0);
    const bytes = buffer.subarray(0, bytesRead);
    if (!isPng(bytes)) throw new Fault('qemu-failed', say('{machine}: what QEMU wrote is no picture', { machine: machineName }));
    return bytes;
  } finally {
    await file.close();
  }
}

/** The work goes on for others; whoever gave up waits no longer. */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
