/**
 * A qcow2 file over a raw disk, so that the raw disk gets dirty bitmaps: every guest byte stays where it was in the raw
 * file or device, only metadata is in the wrapper. The raw disk can be used without the wrapper at any time.
 */
import { rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CLUSTER_BYTES } from '../extents/extent.ts';
import { exists, makeDirectory, sync } from '../files/files.ts';
import { virtualSize } from './image.ts';
import { qemuImg } from './qemuimg.ts';

const doubledCommas = (value: string): string => value.replaceAll(',', ',,');

/**
 * The wrapper is there, durably, names `rawPath` as its data file and reads as the raw disk does; the raw disk is
 * unchanged. Nothing when there is a wrapper already: its bitmaps count.
 */
export async function createRawWrapper(wrapperPath: string, rawPath: string): Promise<void> {
  if (await exists(wrapperPath)) return;
  await makeDirectory(dirname(wrapperPath));
  const sizeBytes = await virtualSize({ layerId: 'raw', path: rawPath, format: 'raw' });
  const made = `${wrapperPath}.new`;
  const dummy = `${wrapperPath}.dummy`;
  try {
    // qemu-img truncates the data file that it is told of, which destroys what is there: so it gets a dummy first.
    const layout = `cluster_size=${CLUSTER_BYTES},lazy_refcounts=off,data_file_raw=on,data_file=${doubledCommas(dummy)}`;
    await qemuImg(['create', '-q', '-f', 'qcow2', '-o', layout, made, String(sizeBytes)]);
    await qemuImg(['amend', '-q', '-f', 'qcow2', '-o', `data_file=${doubledCommas(rawPath)}`, made]);
    await sync(made);
    await rename(made, wrapperPath);
    await sync(dirname(wrapperPath));
  } finally {
    await rm(dummy, { force: true });
    await rm(made, { force: true });
  }
}
