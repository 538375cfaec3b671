/**
 * Stacks that nobody writes, read through a storage daemon of their own: a replica's recovery point, a seed, media. Each view
 * has its daemon, which ends with it; what a crash of ours left is ended when the daemon starts.
 */
import type { Fault } from '../../errors/fault.ts';
import type { DiskView } from '../../engine/ports/diskview.ts';
import type { DiskStack } from '../../machine/definition.ts';
import { stackGraph } from '../../machine/graph.ts';
import { StorageDaemon } from '../../storagedaemon/storagedaemon.ts';
import { readersDirectory, type Directories } from './directories.ts';
import { addExport } from './exports.ts';
import { complaintOf } from './program.ts';
import { NbdView } from './view.ts';

export class StackReaders {
  readonly #runDir: string;
  readonly #open = new Set<StorageDaemon>();
  #reaped: Promise<void> | undefined;
  #count = 0;

  constructor(directories: Directories) {
    this.#runDir = readersDirectory(directories);
  }

  /** What a crash of ours left has ended. Once. */
  reap(): Promise<void> {
    return (this.#reaped ??= StorageDaemon.reapAll(this.#runDir).then(() => undefined));
  }

  async open(stacks: readonly DiskStack[], signal: AbortSignal): Promise<DiskView> {
    await this.reap();
    const daemon = await StorageDaemon.start({ runDir: this.#runDir, name: `r${++this.#count}`, signal });
    this.#open.add(daemon);
    try {
      for (const stack of stacks) await serve(daemon, stack);
      const source = { socketPath: daemon.nbdSocketPath, disks: stacks.map(({ disk }) => disk), exportName: nameOf, explain: (fault: Fault) => fault, ended: () => this.#end(daemon) };
      return await NbdView.connect(source, signal);
    } catch (thrown) {
      await this.#end(daemon);
      throw thrown;
    }
  }

  /** No storage daemon reads for us any more. */
  async close(): Promise<void> {
    await Promise.all(Array.from(this.#open, (daemon) => this.#end(daemon)));
  }

  async #end(daemon: StorageDaemon): Promise<void> {
    this.#open.delete(daemon);
    await daemon.stop();
  }
}

const nameOf = (disk: string): string => `read-${disk}`;

async function serve(daemon: StorageDaemon, stack: DiskStack): Promise<void> {
  try {
    await daemon.blockdevAdd(stackGraph(stack, { nodeName: nameOf(stack.disk), writable: false }));
  } catch (thrown) {
    throw complaintOf(stack.layers.at(-1)!.path, thrown);
  }
  await addExport(daemon.qmp, { id: nameOf(stack.disk), nodeName: nameOf(stack.disk) });
}
