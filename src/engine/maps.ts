/** What the fingerprint maps of a relationship speak of, on all its disks. */
import type { ClusterSet } from '../extents/clusterset.ts';
import type { Relationship } from '../machine/records.ts';
import { newestOf } from '../relationship/epoch.ts';
import type { Host } from './host.ts';
import { keyId } from './primary/attempt.ts';
import { machineOf } from './spec.ts';

/**
 * The maps speak of another point, which differs from the former one at most in `differing`: those clusters are unknown.
 * Where nobody can tell from which point, or in what a disk differs, none of its clusters is known.
 */
export async function rebaseMaps(host: Host, relationship: Relationship, fromPointId: string | null, toPointId: string, differing: ReadonlyMap<string, ClusterSet> | null): Promise<void> {
  const machine = machineOf(host, relationship.machineId);
  const to = { pointId: toPointId, epochId: newestOf(machine.lineage).id };
  for (const { disk, sizeBytes } of machine.stacks) {
    const map = await host.fingerprints.map(relationship.id, disk, sizeBytes, keyId(relationship));
    const clusters = differing?.get(disk);
    if (clusters && fromPointId !== null) await map.rebase(fromPointId, to, clusters);
    else await map.reset();
  }
}
