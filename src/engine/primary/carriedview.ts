/** The view, in which nothing is dirty by itself: what is carried travels, and nothing else. */
import type { DiskView } from '../ports/diskview.ts';

export const onlyCarried = (view: DiskView): DiskView => ({
  disks: view.disks,
  status: async (disk, window, signal) => (await view.status(disk, window, signal)).map((run) => ({ ...run, dirty: false })),
  read: (disk, extent, signal) => view.read(disk, extent, signal),
  close: () => view.close(),
});
