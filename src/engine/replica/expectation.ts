/**
 * What a recovery point should hold, cluster by cluster: the map speaks of the newest point, and each point from the wanted one
 * up to that says what its clusters replaced. While it is asked, points may arrive and be retired: a window is told by the chain
 * as it is then, and what nobody knows any more is unknown, never wrong.
 */
import type { ClusterSet } from '../../extents/clusterset.ts';
import { FINGERPRINT_BYTES } from '../../fingerprints/fingerprint.ts';
import type { Point, Relationship } from '../../machine/records.ts';
import type { Host } from '../host.ts';
import type { DiskSize } from '../ports/diskview.ts';
import type { ReplacedFingerprints } from '../ports/fingerprints.ts';
import { keyId } from '../primary/attempt.ts';

/** A point after the wanted one: its clusters held at the point before it in the chain what `replaced` says. */
interface Link {
  readonly pointId: string;
  readonly sequence: number;
  readonly clusters: ReadonlyMap<string, ClusterSet>;
  readonly replaced: ReplacedFingerprints | undefined;
}

export class Expectation {
  readonly #host: Host;
  readonly #relationship: Relationship;
  readonly #point: Point;
  readonly #links: Link[] = [];

  constructor(host: Host, relationship: Relationship, point: Point) {
    this.#host = host;
    this.#relationship = relationship;
    this.#point = point;
  }

  /** The fingerprints of `count` clusters (at most 16,384) from `first`, 16 bytes each; all zero: unknown. */
  async window({ disk, sizeBytes }: DiskSize, first: number, count: number): Promise<Buffer> {
    await this.#follow();
    const expected = await this.#newest(disk, sizeBytes, first, count);
    const told = new Uint8Array(count);
    for (const link of this.#links) await tell(link, disk, first, expected, told);
    return expected;
  }

  async close(): Promise<void> {
    for (const { replaced } of this.#links.splice(0)) await replaced?.close();
  }

  get #head(): string {
    return this.#links.at(-1)?.pointId ?? this.#point.id;
  }

  /** Points that have arrived since. */
  async #follow(): Promise<void> {
    const { fingerprints, state } = this.#host;
    const after = this.#links.at(-1)?.sequence ?? this.#point.sequence;
    for (const { id, sequence, kind } of state.points(this.#point.machineId)) {
      if (sequence <= after || kind === 'divergence') continue;
      const [before, clusters] = [this.#head, state.clustersOf(id)];
      const replaced = await fingerprints.replaced(this.#relationship.id, id);
      const isUsable = replaced?.identity.keyId === keyId(this.#relationship) && reaches(this.#links, this.#point.id, replaced.identity.sinceId, before);
      if (!isUsable) await replaced?.close();
      this.#links.push({ pointId: id, sequence, clusters, replaced: isUsable ? replaced : undefined });
    }
  }

  /** Of the newest point of the chain; unknown while the map speaks of another. */
  async #newest(disk: string, sizeBytes: number, first: number, count: number): Promise<Buffer> {
    const map = await this.#host.fingerprints.map(this.#relationship.id, disk, sizeBytes, keyId(this.#relationship));
    const isOurs = () => map.usableFor(this.#head, keyId(this.#relationship));
    const unknown = Buffer.alloc(count * FINGERPRINT_BYTES);
    if (!isOurs()) return unknown;
    const known = await map.read(first, count);
    return isOurs() ? known : unknown;
  }
}

/**
 * Its fingerprints count from the point before it in the chain. Where that one was retired meanwhile they reach further back,
 * to a point that the chain has too: then they say the same of every cluster that no link in between has.
 */
const reaches = (links: readonly Link[], wantedId: string, sinceId: string, before: string): boolean =>
  sinceId === before || sinceId === wantedId || links.some(({ pointId }) => pointId === sinceId);

/** The first link that has a cluster tells of it; what it does not know is unknown. */
async function tell({ clusters, replaced }: Link, disk: string, first: number, expected: Buffer, told: Uint8Array): Promise<void> {
  const set = clusters.get(disk);
  if (!set) return;
  const mine = new Set<number>();
  for (const run of set.runs(first, Math.min(first + told.length, set.clusters))) {
    for (let cluster = run.first; cluster < run.first + run.count; cluster++) {
      if (told[cluster - first] !== 0) continue;
      told[cluster - first] = 1;
      mine.add(cluster);
      expected.fill(0, (cluster - first) * FINGERPRINT_BYTES, (cluster - first + 1) * FINGERPRINT_BYTES);
    }
  }
  if (!replaced || mine.size === 0) return;
  for await (const { cluster, fingerprint } of replaced.between(disk, first, first + told.length)) {
    if (mine.has(cluster)) fingerprint.copy(expected, (cluster - first) * FINGERPRINT_BYTES);
  }
}
