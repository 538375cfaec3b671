/** Reading a recovery point, whose layers nobody writes. */
import type { Layer } from '../../machine/definition.ts';
import type { Host } from '../host.ts';
import type { DiskView } from '../ports/diskview.ts';
import type { LaunchSpec } from '../ports/hypervisor.ts';

/** The reader's stacks end in these layers, which are made here and stay empty. In the view nothing is dirty by itself: what is carried travels, and nothing else. */
export async function openPoint(host: Host, reader: LaunchSpec, layers: readonly { readonly disk: string; readonly layer: Layer }[], signal: AbortSignal): Promise<DiskView> {
  for (const { disk, sizeBytes } of reader.stacks) {
    const top = layers.find((each) => each.disk === disk);
    if (top) await host.layers.createActive(top.layer, sizeBytes, null);
  }
  return onlyCarried(await host.hypervisor.openLive(reader, signal));
}

const onlyCarried = (view: DiskView): DiskView => ({
  disks: view.disks,
  status: async (disk, window, signal) => (await view.status(disk, window, signal)).map((run) => ({ ...run, dirty: false })),
  read: (disk, extent, signal) => view.read(disk, extent, signal),
  close: () => view.close(),
});
