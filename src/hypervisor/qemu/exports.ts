/** NBD exports of nodes, the same in a running QEMU and in the storage daemon. Clients find an export by its id. */
import { QmpError, type Qmp } from '../../qmp/qmp.ts';

export interface ExportRequest {
  readonly id: string;
  readonly nodeName: string;
  /** Bitmaps whose runs clients can ask for; they may not record meanwhile. */
  readonly bitmaps?: readonly { readonly node: string; readonly name: string }[];
  /** Clients can ask which layer holds the data. */
  readonly allocationDepth?: boolean;
}

const END_TIMEOUT_MS = 30_000;

export async function exportIds(qmp: Qmp): Promise<readonly string[]> {
  const found = await qmp.execute<readonly { id: string; 'shutting-down': boolean }[]>('query-block-exports');
  return found.map(({ id }) => id);
}

/** QEMU serves NBD on this socket. Nothing when it does already. */
export async function serveNbd(qmp: Qmp, path: string): Promise<void> {
  try {
    await qmp.execute('nbd-server-start', { addr: { type: 'unix', data: { path } }, 'max-connections': 0 });
  } catch (thrown) {
    if (!(thrown instanceof QmpError && /already (running|started)/i.test(thrown.description))) throw thrown;
  }
}

/** Clients can read the node, under the export's id as its name. */
export async function addExport(qmp: Qmp, { id, nodeName, bitmaps = [], allocationDepth = false }: ExportRequest): Promise<void> {
  await qmp.execute('block-export-add', {
    type: 'nbd', id, 'node-name': nodeName, name: id, writable: false, 'allocation-depth': allocationDepth, bitmaps: bitmaps.map((bitmap) => ({ ...bitmap })),
  });
}

/** The export is gone, its clients too, and its node can be removed. Nothing when there was none. */
export async function removeExport(qmp: Qmp, id: string): Promise<void> {
  const abandoned = new AbortController();
  const deleted = qmp.waitFor(({ event, data }) => event === 'BLOCK_EXPORT_DELETED' && data['id'] === id, END_TIMEOUT_MS, abandoned.signal);
  deleted.catch(() => undefined);
  try {
    await qmp.execute('block-export-del', { id, mode: 'hard' });
    await deleted;
  } catch (thrown) {
    abandoned.abort(thrown);
    if (!(thrown instanceof QmpError && /not found/i.test(thrown.description))) throw thrown;
  }
}
