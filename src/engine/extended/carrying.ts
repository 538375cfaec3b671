/**
 * What the next host of a chain has not got yet. The extended relationship keeps that union for itself, in its own carried
 * clusters: every point that is sealed here adds to it, and nothing but its own acknowledgement makes it smaller. See
 * docs/decisions/extended.md.
 */
import { ClusterSet } from '../../extents/clusterset.ts';
import { clusterCount } from '../../extents/extent.ts';
import type { Attempt, Relationship } from '../../machine/records.ts';
import type { Host } from '../host.ts';
import { united } from '../primary/growth.ts';

type Clusters = ReadonlyMap<string, ClusterSet>;

/** Part of the transaction that makes a point: its clusters travel on too. */
export function carryOn(host: Host, machineId: string, clusters: Clusters): void {
  const extended = host.state.extendedOf(machineId);
  if (extended) host.state.putCarried(extended.id, united(host.state.carried(extended.id), clusters));
}

/**
 * Part of the transaction in which this host's disks go another way than by the next point: they may differ in these
 * clusters from what was sent. A point that is being sent now makes nothing of what is carried smaller.
 */
export function carryAside(host: Host, machineId: string, clusters: Clusters): void {
  carryOn(host, machineId, clusters);
  const extended = host.state.extendedOf(machineId);
  const source = extended?.attempt?.source;
  if (source) host.state.putRelationship({ ...extended, attempt: { ...extended.attempt!, source: { ...source, isOutdated: true } } });
}

/** As `carryAside`, where nobody can tell in what. The fingerprint maps leave out what the next host has. */
export const carryAllOn = (host: Host, machineId: string): void => carryAside(host, machineId, wholeDisks(host, machineId));

export const wholeDisks = (host: Host, machineId: string): Clusters =>
  new Map((host.state.machine(machineId)?.stacks ?? []).map(({ disk, sizeBytes }) => [disk, ClusterSet.full(clusterCount(sizeBytes))]));

/** Part of the transaction that ends an acknowledged attempt: what came after its point is left to be carried, and the disks of which only a part had come by then. */
export function carryRest(host: Host, { id, machineId, attempt }: Relationship): void {
  const source = attempt?.source;
  const points = host.state.points(machineId);
  const at = points.findIndex((point) => point.id === source?.pointId);
  if (!source || source.isOutdated || at < 0) return;
  const rest = points.slice(at + 1).reduce<Clusters>((all, point) => united(all, host.state.clustersOf(point.id)), begunDisks(host, id, machineId, attempt));
  host.state.clearCarried(id);
  host.state.putCarried(id, new Map(rest));
}

/** They replicate here, and the attempt's point does not have them. */
function begunDisks(host: Host, id: string, machineId: string, attempt: Attempt): Clusters {
  const replicated = host.state.relationshipOf(machineId)?.settings.disks ?? [];
  return new Map([...host.state.carried(id)].filter(([disk]) => replicated.includes(disk) && !attempt.disks.some((sent) => sent.disk === disk)));
}
