/**
 * A machine's open disks, whoever has them open: the running QEMU, or a storage daemon while the machine is off. Bitmap
 * and export commands are the same to both. The storage daemon holds the images' locks, so it is kept only while used,
 * and it gives way to a start. Callers have the machine's turn when they open or let go.
 */
import type { DiskStack } from '../../machine/definition.ts';
import type { LaunchSpec } from '../../engine/ports/hypervisor.ts';
import type { Qmp } from '../../qmp/qmp.ts';
import { StorageDaemon } from '../../storagedaemon/storagedaemon.ts';
import { noteClosed, recordedImages, takeCustody, writtenFiles } from './custody.ts';
import { runPaths, statePaths, type Directories } from './directories.ts';
import { makeDirectory } from './files.ts';
import { closedBitmaps } from './images.ts';
import { complaintOf } from './program.ts';
import { pointsOf } from './bitmaps.ts';
import { activeGraph } from './nodes.ts';

export interface Blocks {
  readonly qmp: Qmp;
  readonly nbdSocketPath: string;
  /** A guest may write meanwhile. */
  readonly live: boolean;
  /** Lets go. The images are closed when nobody else uses them. */
  release(): Promise<void>;
}

/** Of the storage daemon's files in the instance's run directory. */
const NAME = 'off';

interface Session {
  readonly daemon: StorageDaemon;
  readonly images: readonly string[];
  users: number;
  alive: boolean;
}

export class OfflineBlocks {
  readonly #directories: Directories;
  readonly #sessions = new Map<string, Session>();

  constructor(directories: Directories) {
    this.#directories = directories;
  }

  isOpen(instanceId: string): boolean {
    return this.#sessions.has(instanceId);
  }

  /** The disks of a machine that is off, open for reading and for changes of bitmaps. Fault disk-in-use when somebody else has them. */
  async open(spec: LaunchSpec, signal: AbortSignal): Promise<Blocks> {
    const session = this.#usable(spec) ?? (await this.#start(spec, signal));
    session.users++;
    let held = true;
    const release = async (): Promise<void> => {
      if (!held) return;
      held = false;
      session.users--;
      if (session.users === 0 && this.#sessions.get(spec.instanceId) === session) await this.close(spec.instanceId);
    };
    return { qmp: session.daemon.qmp, nbdSocketPath: session.daemon.nbdSocketPath, live: false, release };
  }

  /** No storage daemon has the machine's disks open, whoever used it, also one that an earlier daemon of ours left. */
  async close(instanceId: string): Promise<void> {
    const session = this.#sessions.get(instanceId);
    if (!session) return this.#reap(instanceId);
    this.#sessions.delete(instanceId);
    const wasAlive = session.alive;
    await session.daemon.stop();
    if (wasAlive) noteClosed(statePaths(this.#directories, instanceId), session.images);
  }

  async closeAll(): Promise<void> {
    for (const instanceId of [...this.#sessions.keys()]) await this.close(instanceId);
  }

  #usable(spec: LaunchSpec): Session | undefined {
    const session = this.#sessions.get(spec.instanceId);
    const isSame = session?.images.join('\n') === writtenFiles(spec.stacks).join('\n');
    return session?.alive && isSame ? session : undefined;
  }

  async #start(spec: LaunchSpec, signal: AbortSignal): Promise<Session> {
    await this.close(spec.instanceId);
    const run = runPaths(this.#directories, spec.instanceId);
    const state = statePaths(this.#directories, spec.instanceId);
    makeDirectory(run.directory);
    await takeCustody(state, spec, async () => pointsOf(await closedBitmaps(spec)));
    const daemon = await StorageDaemon.start({ runDir: run.directory, name: NAME, signal });
    const session: Session = { daemon, images: writtenFiles(spec.stacks), users: 0, alive: true };
    void daemon.died.then(() => (session.alive = false));
    this.#sessions.set(spec.instanceId, session);
    try {
      await openAll(spec.definition.name, daemon, spec.stacks);
      return session;
    } catch (thrown) {
      await this.close(spec.instanceId);
      throw thrown;
    }
  }

  /** An earlier daemon's process is ended here and now, so what it left behind can still be vouched for. */
  async #reap(instanceId: string): Promise<void> {
    const run = runPaths(this.#directories, instanceId);
    const state = statePaths(this.#directories, instanceId);
    if (await StorageDaemon.reap(run.directory, NAME)) noteClosed(state, recordedImages(state));
  }
}

async function openAll(machine: string, daemon: StorageDaemon, stacks: readonly DiskStack[]): Promise<void> {
  try {
    for (const stack of stacks) await daemon.blockdevAdd(activeGraph(stack));
  } catch (thrown) {
    throw complaintOf(machine, thrown);
  }
}
