/**
 * A machine's open disks, whoever has them open: the running QEMU, or a storage daemon while the machine is off. Bitmap
 * and export commands are the same to both. The storage daemon holds the images' locks, so it is kept only while used,
 * and it gives way to a start. Callers have the machine's turn when they open or let go.
 */
import type { LaunchSpec } from '../../engine/ports/hypervisor.ts';
import type { Qmp } from '../../qmp/qmp.ts';
import { StorageDaemon } from '../../storagedaemon/storagedaemon.ts';
import { noteClosed, readNote, recordedImages, restoreNote, takeCustody, unnoted, writtenFiles } from './custody.ts';
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
    const hasAll = writtenFiles(spec.stacks).every((path) => session?.images.includes(path));
    return session?.alive && hasAll ? session : undefined;
  }

  async #start(spec: LaunchSpec, signal: AbortSignal): Promise<Session> {
    await this.close(spec.instanceId);
    const run = runPaths(this.#directories, spec.instanceId);
    makeDirectory(run.directory);
    const daemon = await StorageDaemon.start({ runDir: run.directory, name: NAME, signal });
    const session: Session = { daemon, images: writtenFiles(spec.stacks), users: 0, alive: true };
    void daemon.died.then(() => (session.alive = false));
    try {
      await this.#openAll(spec, session);
      return session;
    } catch (thrown) {
      if (this.#sessions.get(spec.instanceId) === session) await this.close(spec.instanceId);
      else await daemon.stop();
      throw thrown;
    }
  }

  /** Images are not touched before the note of their last closing was compared, and it stays when none could be opened. */
  async #openAll(spec: LaunchSpec, session: Session): Promise<void> {
    const state = statePaths(this.#directories, spec.instanceId);
    const note = readNote(state);
    await takeCustody(state, spec, async () => pointsOf(await closedBitmaps(spec)));
    for (const [index, stack] of spec.stacks.entries()) {
      try {
        await session.daemon.blockdevAdd(activeGraph(stack));
        this.#sessions.set(spec.instanceId, session);
      } catch (thrown) {
        if (index === 0 && note !== undefined) restoreNote(state, note);
        throw complaintOf(spec.definition.name, thrown);
      }
    }
  }

  /**
   * An earlier daemon's process is ended here and now, so how it left the images can still be vouched for. A note that
   * is there says that it had not opened them yet.
   */
  async #reap(instanceId: string): Promise<void> {
    const run = runPaths(this.#directories, instanceId);
    const state = statePaths(this.#directories, instanceId);
    const wasRunning = await StorageDaemon.reap(run.directory, NAME);
    if (wasRunning) noteClosed(state, unnoted(state, recordedImages(state)));
  }
}
