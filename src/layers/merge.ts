/**
 * Commits a layer into the one below it with qemu-img. The upper layer is only read, so a merge that was killed is
 * done again from the start; the catalog no longer counts the lower layer as a point of its own by then.
 */
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { assert } from '../errors/bug.ts';
import type { Layer } from '../machine/definition.ts';
import { graphFileName, layersGraph } from '../machine/graph.ts';
import { identityOf, writePidfile } from '../storagedaemon/pidfile.ts';
import { makeDirectory, sync } from '../files/files.ts';
import { growTo, syncLayer, virtualSize } from './image.ts';
import { qemuImg } from './qemuimg.ts';

/** `lower`, at least as large as `upper`, reads as both did, durably. A pidfile in `runDir` names the merge while it runs. */
export async function mergeLayers(lower: Layer, upper: Layer, runDir: string, signal: AbortSignal): Promise<void> {
  assert(!lower.readOnly, `${lower.path} is a template, nothing is merged into it`);
  await growTo(lower, await virtualSize(upper), signal);
  const graph = layersGraph([lower, upper], { writable: true, allWritable: true });
  const pidfile = join(runDir, `merge-${createHash('sha256').update(`${lower.path}\n${upper.path}`).digest('hex').slice(0, 12)}.pid`);
  await makeDirectory(runDir);
  const onStart = (pid: number) => {
    const identity = identityOf(pid);
    if (identity) writePidfile(pidfile, identity);
  };
  try {
    // Without -d, qemu-img would empty the upper layer.
    await qemuImg(['commit', '-q', '-d', graphFileName(graph)], { signal, onStart });
  } finally {
    rmSync(pidfile, { force: true });
  }
  await syncLayer(lower);
  await sync(dirname(lower.path));
}
