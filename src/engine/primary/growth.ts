/** A disk that grew since the last attempt: the old tail and all that is new are dirty, which no bitmap says. */
import { CLUSTER_BYTES, clusterCount } from '../../extents/extent.ts';
import { ClusterSet } from '../../extents/clusterset.ts';
import { Fault } from '../../errors/fault.ts';
import { say } from '../../language/text.ts';
import type { Relationship } from '../../machine/records.ts';
import type { Host } from '../host.ts';
import { machineOf } from '../spec.ts';
import { wholeSpecFor } from './attempt.ts';

/** The grown area is carried by the next attempt, and the machine's record has the new size. Fault disk-changed for a shrunk disk. */
export async function coverGrowth(host: Host, relationship: Relationship): Promise<void> {
  const machine = machineOf(host, relationship.machineId);
  const sizes = await host.hypervisor.sizes(wholeSpecFor(host, relationship));
  const grown = new Map<string, ClusterSet>();
  for (const { disk, sizeBytes } of sizes) {
    const before = machine.stacks.find((stack) => stack.disk === disk)?.sizeBytes ?? sizeBytes;
    if (sizeBytes < before) throw new Fault('disk-changed', say('{machine}: disk {disk} became smaller, which replication does not follow', { machine: machine.name, disk }));
    if (sizeBytes > before) grown.set(disk, grownArea(before, sizeBytes));
  }
  if (grown.size === 0) return;
  host.state.transaction(() => {
    host.state.putCarried(relationship.id, united(host.state.carried(relationship.id), grown));
    host.state.putMachine({ ...machine, stacks: machine.stacks.map((stack) => ({ ...stack, sizeBytes: sizes.find(({ disk }) => disk === stack.disk)?.sizeBytes ?? stack.sizeBytes })) });
  });
}

/** [old tail's cluster, new end). */
export function grownArea(beforeBytes: number, afterBytes: number): ClusterSet {
  const set = new ClusterSet(clusterCount(afterBytes));
  const first = Math.floor(beforeBytes / CLUSTER_BYTES);
  set.addRun(first, set.clusters - first);
  return set;
}

export function united(left: ReadonlyMap<string, ClusterSet>, right: ReadonlyMap<string, ClusterSet>): Map<string, ClusterSet> {
  const all = new Map([...left].map(([disk, set]) => [disk, set.clone()]));
  for (const [disk, set] of right) {
    const found = all.get(disk);
    if (found) found.addAll(set);
    else all.set(disk, set.clone());
  }
  return all;
}
