/**
 * Monitors of live instances, connected when first asked for and again after a break. A monitor serves one client, so
 * there is one connection per instance, kept.
 */
import { Fault } from '../../errors/fault.ts';
import { say } from '../../language/text.ts';
import { Qmp } from '../../qmp/qmp.ts';
import { runPaths, type Directories } from './directories.ts';
import { readLaunchRecord } from './instance.ts';

const CONNECT_TIMEOUT_MS = 10_000;

/** Called with each new connection, before anybody uses it. */
export type Welcome = (qmp: Qmp, instanceId: string) => Promise<void>;

export class Monitors {
  readonly #directories: Directories;
  readonly #welcome: Welcome;
  readonly #open = new Map<string, Promise<Qmp>>();

  constructor(directories: Directories, welcome: Welcome) {
    this.#directories = directories;
    this.#welcome = welcome;
  }

  /** A monitor that answers, of the QEMU that runs this machine. Fault qemu-failed when there is none. */
  get(instanceId: string): Promise<Qmp> {
    const found = this.#open.get(instanceId);
    if (found) return found;
    const connecting = this.#connect(instanceId);
    this.#open.set(instanceId, connecting);
    const forget = () => {
      if (this.#open.get(instanceId) === connecting) this.#open.delete(instanceId);
    };
    connecting.then((qmp) => qmp.closed.then(forget), forget);
    return connecting;
  }

  /** Lets go of all connections; the guests run on. */
  async close(): Promise<void> {
    const all = await Promise.allSettled(this.#open.values());
    for (const each of all) if (each.status === 'fulfilled') each.value.close();
  }

  async #connect(instanceId: string): Promise<Qmp> {
    const run = runPaths(this.#directories, instanceId);
    const qmp = await Qmp.connect(run.qmp, CONNECT_TIMEOUT_MS);
    try {
      const { UUID } = await qmp.execute<{ UUID: string }>('query-uuid');
      const expected = readLaunchRecord(run)?.machineId;
      if (UUID !== expected) throw new Fault('qemu-failed', say('the QEMU at {qmp} runs machine {found}, not {expected}', { qmp: run.qmp, found: UUID, expected: String(expected) }));
      await this.#welcome(qmp, instanceId);
      return qmp;
    } catch (thrown) {
      qmp.close();
      throw thrown;
    }
  }
}
