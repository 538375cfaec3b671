/** What a host finds out about itself, for its own doctor and for that of a host that it is paired with. */
import { faultOf } from '../errors/fault.ts';
import type { Host } from './host.ts';

/** Null when QEMU is not there, or says nothing that can be read. */
export async function qemuVersionOf({ hypervisor }: Host): Promise<string | null> {
  try {
    const { qemuVersion } = await hypervisor.capabilities();
    return qemuVersion === 'unknown' ? null : qemuVersion;
  } catch (thrown) {
    if (!faultOf(thrown)) throw thrown;
    return null;
  }
}

export async function spaceAt({ layers }: Host, path: string): Promise<{ readonly path: string; readonly freeBytes: number; readonly totalBytes: number }> {
  return { path, freeBytes: await layers.freeBytes(path), totalBytes: await layers.totalBytes(path) };
}
