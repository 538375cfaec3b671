/** An instant across all disks of a running guest, with room for so much of what the guest overwrites. */
import { CLUSTER_BYTES, clusterCount } from '../extents/extent.ts';
import type { LaunchSpec } from '../engine/ports/hypervisor.ts';
import type { Value } from './content.ts';
import type { Files } from './files.ts';

export interface Instant {
  readonly attemptId: string;
  readonly content: ReadonlyMap<string, readonly Value[]>;
  readonly overwritten: Set<string>;
  leftBytes: number;
  /** The room ran out: nothing of it can be read any more. */
  isBroken: boolean;
}

export function contentOf(files: Files, { stacks }: Pick<LaunchSpec, 'stacks'>): Map<string, Value[]> {
  return new Map(stacks.map((stack) => [stack.disk, Array.from({ length: clusterCount(stack.sizeBytes) }, (_, cluster) => files.read(stack, cluster))]));
}

export const snapshotOf = (files: Files, spec: LaunchSpec, attemptId: string, budgetBytes: number): Instant => ({
  attemptId,
  content: contentOf(files, spec),
  overwritten: new Set(),
  leftBytes: budgetBytes,
  isBroken: false,
});

/** The guest overwrites a cluster: what was there is kept, while there is room. */
export function overwritten(instant: Instant, disk: string, cluster: number): void {
  const name = `${disk} ${cluster}`;
  if (instant.overwritten.has(name)) return;
  instant.overwritten.add(name);
  instant.leftBytes -= CLUSTER_BYTES;
  if (instant.leftBytes < 0) instant.isBroken = true;
}
