/**
 * The fingerprint maps and attempt journals of a host: `<relationship>/<disk>.map` and `<relationship>/<attempt>.journal`.
 * Each is open once, however often it is asked for.
 */
import { Fault } from '../errors/fault.ts';
import type { DurableDirectory } from './durablefile.ts';
import { Journal, type SizedDisk } from './journal.ts';
import { MapFile, type MapIdentity } from './map.ts';

const MAP = '.map';
const JOURNAL = '.journal';
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

interface Closable {
  close(): Promise<void>;
}

function pathOf(relationshipId: string, name: string, suffix: string): string {
  for (const part of [relationshipId, name]) if (!NAME.test(part)) throw new Fault('peer-protocol', `${JSON.stringify(part)} cannot name a file.`);
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

  /** No map and no journal of the relationship is left. */
  async drop(relationshipId: string): Promise<void> {
    if (!NAME.test(relationshipId)) throw new Fault('peer-protocol', `${JSON.stringify(relationshipId)} cannot name a folder.`);
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
