/**
 * The fingerprint maps and attempt journals of a host: `<relationship>/<disk>.map` and `<relationship>/<attempt>.journal`.
 * Each is open once, however often it is asked for.
 */
import { Fault } from '../errors/fault.ts';
import { clusterCount } from '../extents/extent.ts';
import type { ClusterSet } from '../extents/clusterset.ts';
import { say } from '../language/text.ts';
import type { DurableDirectory } from './durablefile.ts';
import { FINGERPRINT_BYTES } from './fingerprint.ts';
import { Journal, type SizedDisk } from './journal.ts';
import { MAX_READ_CLUSTERS, MapFile, type MapIdentity } from './map.ts';
import { joined, Replaced, ReplacedWriter, type Entry, type ReplacedIdentity } from './replaced.ts';

const MAP = '.map';
const JOURNAL = '.journal';
const REPLACED = '.replaced';
const MAKING = '.making';
/** Identifiers come from the other host too. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** What both hosts know of an attempt once the replica has sealed it. */
export interface SealedJournal {
  readonly attemptId: string;
  readonly parentId: string | null;
  readonly epochId: string;
  readonly keyId: string;
  /** Of the whole journal. */
  readonly digest: string;
  /** In the order that the journal numbers them. */
  readonly disks: readonly SizedDisk[];
}

/** In windows: one of the map is in memory. */
async function* entriesOf(maps: readonly MapFile[], disks: readonly SizedDisk[], clusters: ReadonlyMap<string, ClusterSet>): AsyncGenerator<Entry> {
  for (const [index, { disk, sizeBytes }] of disks.entries()) {
    const set = clusters.get(disk);
    const count = clusterCount(sizeBytes);
    for (const run of set?.runs(0, Math.min(set.clusters, count)) ?? []) {
      for (let first = run.first; first < run.first + run.count; first += MAX_READ_CLUSTERS) {
        const length = Math.min(MAX_READ_CLUSTERS, run.first + run.count - first);
        const known = await maps[index]!.read(first, length);
        for (let at = 0; at < length; at++) yield { disk: index, cluster: first + at, fingerprint: known.subarray(at * FINGERPRINT_BYTES, (at + 1) * FINGERPRINT_BYTES) };
      }
    }
  }
}

interface Closable {
  close(): Promise<void>;
}

function pathOf(relationshipId: string, name: string, suffix: string): string {
  for (const part of [relationshipId, name]) if (!NAME.test(part)) throw new Fault('peer-protocol', say('{part} cannot name a file.', { part: JSON.stringify(part) }));
  return `${relationshipId}/${name}${suffix}`;
}

export class Fingerprints {
  readonly #directory: DurableDirectory;
  readonly #open = new Map<string, Promise<Closable>>();

  constructor(directory: DurableDirectory) {
    this.#directory = directory;
  }

  /** The disk's map, of this size. Every cluster is unknown when there was none, or it was damaged or of another key. */
  async map(relationshipId: string, disk: string, sizeBytes: number, keyId: string): Promise<MapFile> {
    const path = pathOf(relationshipId, disk, MAP);
    const identity: MapIdentity = { relationshipId, disk, sizeBytes, keyId };
    const map = await this.#once(path, () => this.#openMap(path, identity));
    await map.adopt(identity);
    return map;
  }

  /** The attempt's journal as it was left, empty when there was none. All that it holds is durable. */
  async journal(relationshipId: string, attemptId: string): Promise<Journal> {
    const path = pathOf(relationshipId, attemptId, JOURNAL);
    return this.#once(path, async () => {
      const file = await this.#directory.open(path);
      try {
        return await Journal.open(file);
      } catch (thrown) {
        await file.close();
        throw thrown;
      }
    });
  }

  /** Attempts that have a journal here. */
  async journals(relationshipId: string): Promise<readonly string[]> {
    const names = await this.#directory.list(relationshipId);
    return names.filter((name) => name.endsWith(JOURNAL)).map((name) => name.slice(0, -JOURNAL.length));
  }

  /** The journal is gone, durably. Nothing when it is gone already. */
  async removeJournal(relationshipId: string, attemptId: string): Promise<void> {
    const path = pathOf(relationshipId, attemptId, JOURNAL);
    await this.#close(path);
    await this.#directory.remove(path);
  }

  /**
   * True: every disk's map speaks of the attempt, durably. False: the journal is gone or is not the one that was sealed, so
   * that a map that does not speak of the attempt knows no cluster. Safe to repeat after a kill; only for what is sealed.
   */
  async applyJournal(relationshipId: string, attempt: SealedJournal): Promise<boolean> {
    const { attemptId, keyId, digest, disks } = attempt;
    const maps: MapFile[] = [];
    for (const { disk, sizeBytes } of disks) maps.push(await this.map(relationshipId, disk, sizeBytes, keyId));
    if (maps.every((map) => map.pointId === attemptId)) return true;
    const journal = await this.journal(relationshipId, attemptId);
    const isSealedOne = (await journal.digest()) === digest;
    for (const [diskIndex, map] of maps.entries()) {
      if (isSealedOne) await map.apply(journal, { ...attempt, diskIndex });
      else if (map.pointId !== attemptId) await map.reset();
    }
    return isSealedOne;
  }

  /**
   * What the attempt's clusters hold by the maps, which speak of its parent still, is kept under its id, durably. Nothing when it
   * is kept already, or when the maps do not speak of the parent: then nothing is known of what was replaced.
   */
  async keepReplaced(relationshipId: string, { attemptId, parentId, keyId, disks }: SealedJournal, clusters: ReadonlyMap<string, ClusterSet>): Promise<void> {
    const maps: MapFile[] = [];
    for (const { disk, sizeBytes } of disks) maps.push(await this.map(relationshipId, disk, sizeBytes, keyId));
    if (parentId === null || !maps.every((map) => map.usableFor(parentId, keyId))) return;
    const path = pathOf(relationshipId, attemptId, REPLACED);
    await this.#made(path, { pointId: attemptId, sinceId: parentId, keyId, disks: disks.map(({ disk }) => disk) }, entriesOf(maps, disks, clusters));
  }

  /** The later point's fingerprints reach back to what the earlier one replaced, whose own are gone. Where either is not whole, neither is left. */
  async joinReplaced(relationshipId: string, earlierId: string, laterId: string): Promise<void> {
    const [earlier, later] = [await this.replaced(relationshipId, earlierId), await this.replaced(relationshipId, laterId)];
    try {
      const isNext = later?.identity.sinceId === earlierId;
      const isSame = earlier?.identity.disks.join() === later?.identity.disks.join();
      if (earlier && isNext && isSame) await this.#made(pathOf(relationshipId, laterId, REPLACED), { ...later.identity, sinceId: earlier.identity.sinceId }, joined(earlier, later));
      else if (isNext) await this.removeReplaced(relationshipId, laterId);
    } finally {
      await earlier?.close();
      await later?.close();
    }
    await this.removeReplaced(relationshipId, earlierId);
  }

  /** Undefined when nothing, or nothing whole, is kept of that point. To be closed. */
  async replaced(relationshipId: string, pointId: string): Promise<Replaced | undefined> {
    const path = pathOf(relationshipId, pointId, REPLACED);
    if (!(await this.#directory.list(relationshipId)).includes(`${pointId}${REPLACED}`)) return undefined;
    const file = await this.#directory.open(path);
    const found = await Replaced.open(file);
    if (!found) await file.close();
    return found;
  }

  /** Points of which is kept what they replaced. */
  async replacedIds(relationshipId: string): Promise<readonly string[]> {
    const names = await this.#directory.list(relationshipId);
    return names.filter((name) => name.endsWith(REPLACED)).map((name) => name.slice(0, -REPLACED.length));
  }

  async removeReplaced(relationshipId: string, pointId: string): Promise<void> {
    await this.#directory.remove(pathOf(relationshipId, pointId, REPLACED));
  }

  /** A file of these entries is at the path, whole. */
  async #made(path: string, identity: ReplacedIdentity, entries: AsyncIterable<Entry>): Promise<void> {
    const making = `${path}${MAKING}`;
    await this.#directory.remove(making);
    const file = await this.#directory.open(making);
    try {
      const writer = new ReplacedWriter(file);
      for await (const entry of entries) await writer.add(entry);
      await writer.end(identity);
    } finally {
      await file.close();
    }
    await this.#directory.rename(making, path);
  }

  /** No map and no journal of the relationship is left. */
  async drop(relationshipId: string): Promise<void> {
    if (!NAME.test(relationshipId)) throw new Fault('peer-protocol', say('{relationshipId} cannot name a folder.', { relationshipId: JSON.stringify(relationshipId) }));
    for (const path of [...this.#open.keys()]) if (path.startsWith(`${relationshipId}/`)) await this.#close(path);
    await this.#directory.remove(relationshipId);
  }

  /** Lets go of all files. */
  async close(): Promise<void> {
    for (const path of [...this.#open.keys()]) await this.#close(path);
  }

  async #openMap(path: string, identity: MapIdentity): Promise<MapFile> {
    const file = await this.#directory.open(path);
    try {
      return await MapFile.openOrCreate(file, identity);
    } catch (thrown) {
      await file.close();
      throw thrown;
    }
  }

  /** What is open at this path, or what `open` makes. A path has one suffix, so one type. */
  async #once<T extends Closable>(path: string, open: () => Promise<T>): Promise<T> {
    const present = this.#open.get(path) as Promise<T> | undefined;
    if (present !== undefined) return present;
    const opening = open();
    this.#open.set(path, opening);
    try {
      return await opening;
    } catch (thrown) {
      this.#open.delete(path);
      throw thrown;
    }
  }

  async #close(path: string): Promise<void> {
    const present = this.#open.get(path);
    this.#open.delete(path);
    await (await present)?.close();
  }
}
