/** How much of a relationship has yet to travel, as it was last looked at. */
import { CLUSTER_BYTES } from '../extents/extent.ts';
import type { Relationship } from '../machine/records.ts';
import { isOnward } from '../relationship/chain.ts';
import type { Host } from './host.ts';
import { specFor } from './primary/attempt.ts';
import type { Progress } from './primary/shipment.ts';
import { machineOf } from './spec.ts';

export interface Pending {
  readonly bytes: number;
  readonly atMs: number;
}

/** Nothing is sent from a replica; what a failed-over one sends is known once it is reversed. */
const isSender = ({ side }: Relationship): boolean => side === 'primary';
const COPYING = [2, 10];

export class PendingBytes {
  readonly #host: Host;
  readonly #progress: (machineId: string) => Progress | null;
  readonly #known = new Map<string, Pending>();

  /** `progress`: of the copying or comparing that goes on. */
  constructor(host: Host, progress: (machineId: string) => Progress | null) {
    this.#host = host;
    this.#progress = progress;
  }

  /** As last known; null when nobody can tell. */
  of(relationship: Relationship): Pending | null {
    if (isOnward(relationship)) return { bytes: Math.min(this.#carriedBytes(relationship.id), sizeBytes(this.#host, relationship)), atMs: this.#host.clock.nowMs() };
    if (!isSender(relationship)) return relationship.failover ? null : { bytes: 0, atMs: this.#host.clock.nowMs() };
    return this.#copying(relationship) ?? this.#known.get(relationship.id) ?? null;
  }

  /** As the guest's bitmaps say now; as last known when it is off. Faults of the hypervisor as they come. */
  async look(relationship: Relationship): Promise<Pending | null> {
    if (!isSender(relationship) || isOnward(relationship) || this.#copying(relationship)) return this.of(relationship);
    const { id, trackId, attempt } = relationship;
    const points = [trackId, attempt?.id].filter((point) => typeof point === 'string');
    const bytes = points.length === 0 ? null : await this.#host.hypervisor.pendingBytes(specFor(this.#host, relationship), points);
    if (bytes !== null) this.#known.set(id, { bytes: Math.min(bytes + this.#carriedBytes(id), sizeBytes(this.#host, relationship)), atMs: this.#host.clock.nowMs() });
    return this.of(relationship);
  }

  /** Only what relationships that are there have is kept. */
  keepOnly(ids: ReadonlySet<string>): void {
    for (const id of this.#known.keys()) if (!ids.has(id)) this.#known.delete(id);
  }

  /** Everything, before it is copied or compared; then what is left of it. */
  #copying(relationship: Relationship): Pending | null {
    const atMs = this.#host.clock.nowMs();
    const progress = COPYING.includes(relationship.state) ? this.#progress(relationship.machineId) : null;
    if (progress) return { bytes: Math.max(0, progress.totalBytes - progress.doneBytes), atMs };
    return relationship.newestPointId === null ? { bytes: sizeBytes(this.#host, relationship), atMs } : null;
  }

  #carriedBytes(relationshipId: string): number {
    let clusters = 0;
    for (const set of this.#host.state.carried(relationshipId).values()) clusters += set.size;
    return clusters * CLUSTER_BYTES;
  }
}

const sizeBytes = (host: Host, { machineId, settings }: Relationship): number =>
  machineOf(host, machineId).stacks.filter(({ disk }) => settings.disks.includes(disk)).reduce((sum, stack) => sum + stack.sizeBytes, 0);
