/**
 * Jobs, exports, nodes and bitmaps that only one daemon process uses: for a view of live disks, a question about changes, a
 * merge. Their names carry a mark of the process, so that a later one removes what an earlier one left in a running QEMU.
 */
import { randomBytes } from 'node:crypto';
import type { Qmp } from '../../qmp/qmp.ts';
import { namedNodes } from './bitmaps.ts';
import { endJob, jobIds } from './jobs.ts';
import { exportIds, removeExport } from './exports.ts';

const PREFIX = 'tmp-';

export class Strays {
  readonly #mine = `${PREFIX}${randomBytes(3).toString('hex')}-`;
  #count = 0;

  /** A name that nobody else uses. */
  fresh(): string {
    return `${this.#mine}${++this.#count}`;
  }

  /** Nothing of earlier daemons is left in this QEMU. */
  async remove(qmp: Qmp): Promise<void> {
    const isStray = (name: string | undefined): boolean => name?.startsWith(PREFIX) === true && !name.startsWith(this.#mine);
    for (const id of (await jobIds(qmp)).filter(isStray)) await endJob(qmp, id);
    for (const id of (await exportIds(qmp)).filter(isStray)) await removeExport(qmp, id);
    for (const node of await namedNodes(qmp)) {
      if (isStray(node['node-name'])) await qmp.execute('blockdev-del', { 'node-name': node['node-name'] });
      for (const { name } of node['dirty-bitmaps'] ?? []) {
        if (isStray(name)) await qmp.execute('block-dirty-bitmap-remove', { node: node['node-name'], name: name! });
      }
    }
  }
}
