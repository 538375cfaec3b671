/**
 * Comparing with the replica: what this host's map does not know of the replica's clusters is asked of the replica, which reads
 * its disks and answers with fingerprints. The map learns them, so that nothing is asked twice, also after a restart. A map
 * that knows everything asks nothing: then only this host's disks are read.
 */
import { clusterCount } from '../../extents/extent.ts';
import { ClusterSet, type ClusterRun } from '../../extents/clusterset.ts';
import { Fault } from '../../errors/fault.ts';
import { FINGERPRINT_BYTES, isUnknown } from '../../fingerprints/fingerprint.ts';
import { MAX_READ_CLUSTERS } from '../../fingerprints/map.ts';
import { say } from '../../language/text.ts';
import type { Attempt, Relationship } from '../../machine/records.ts';
import { call, MAX_COMPARED_CLUSTERS } from '../calls.ts';
import type { Host } from '../host.ts';
import type { FingerprintMap } from '../ports/fingerprints.ts';
import type { Known } from './shipment.ts';

/** The replica reads while an answer travels. */
const ASKED_AT_ONCE = 2;

export interface Compared {
  readonly disk: string;
  readonly sizeBytes: number;
  /** What the replica's disks hold. */
  readonly pointId: string;
  readonly map: FingerprintMap;
}

/** What the replica's disk holds, for reading once from its beginning to its end, in windows. */
export async function comparedWithReplica(host: Host, relationship: Relationship, attempt: Attempt, compared: Compared, signal: AbortSignal): Promise<Known> {
  const { disk, sizeBytes, pointId, map } = compared;
  await map.claim({ pointId, epochId: attempt.epochId });
  const ask = async ({ first, count }: ClusterRun): Promise<void> => {
    const { fingerprints } = await call(host.peers, relationship.peerId, 'compare', { relationshipId: relationship.id, attemptId: attempt.id, disk, first, count }, signal);
    if (fingerprints.length !== count * FINGERPRINT_BYTES) throw new Fault('peer-protocol', say('{peer} answered {bytes} bytes for the fingerprints of {clusters} clusters', { peer: host.peerName(relationship.peerId), bytes: String(fingerprints.length), clusters: count }));
    await map.learn(pointId, first, Buffer.from(fingerprints));
  };
  return new AskedAhead(map, clusterCount(sizeBytes), ask);
}

/** While one window is compared the replica is asked for the next. */
class AskedAhead implements Known {
  readonly #map: FingerprintMap;
  readonly #clusters: number;
  readonly #ask: (run: ClusterRun) => Promise<void>;
  #next: { readonly first: number; readonly asked: Promise<void> } | null = null;

  constructor(map: FingerprintMap, clusters: number, ask: (run: ClusterRun) => Promise<void>) {
    this.#map = map;
    this.#clusters = clusters;
    this.#ask = ask;
  }

  async read(first: number, count: number): Promise<Buffer> {
    await (this.#next?.first === first ? this.#next.asked : this.#learn(first, count));
    const next = first + count;
    const asked = next < this.#clusters ? this.#learn(next, Math.min(MAX_READ_CLUSTERS, this.#clusters - next)) : Promise.resolve();
    // Whoever reads the next window hears of its failure.
    asked.catch(() => undefined);
    this.#next = { first: next, asked };
    return this.#map.read(first, count);
  }

  async #learn(first: number, count: number): Promise<void> {
    const runs = unknownRuns(await this.#map.read(first, count), first);
    await Promise.all(Array.from({ length: ASKED_AT_ONCE }, async () => {
      for (let run = runs.shift(); run; run = runs.shift()) await this.#ask(run);
    }));
  }
}

/** Runs of clusters that the entries, which begin at `first`, do not know. */
function unknownRuns(entries: Buffer, first: number): ClusterRun[] {
  const unknown = new ClusterSet(entries.length / FINGERPRINT_BYTES);
  for (let i = 0; i < unknown.clusters; i++) if (isUnknown(entries, i * FINGERPRINT_BYTES)) unknown.add(i);
  const runs: ClusterRun[] = [];
  for (const run of unknown.runs()) {
    for (let at = 0; at < run.count; at += MAX_COMPARED_CLUSTERS) runs.push({ first: first + run.first + at, count: Math.min(MAX_COMPARED_CLUSTERS, run.count - at) });
  }
  return runs;
}
