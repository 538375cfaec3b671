/**
 * From the host's word that something changed to CIM's instance modifications. While somebody watches, the last instance of
 * every machine, relationship and job is kept, so that each change is told with what was before; otherwise nothing is read.
 * What changes again before it was read is told once.
 */
import { CimError } from '../cim/error.ts';
import type { CimInstance, CimValue, ObjectPath } from '../cim/instance.ts';
import type { CimCaller, InstanceChange, Located, ObjectManager } from '../cim/manager.ts';
import { pathIdentity } from '../cim/path.ts';
import { VIRTUALIZATION } from '../cim/schema/published.ts';
import { instancePath, machinePath } from './objectpaths.ts';

export type ChangedRecord = 'machine' | 'relationship' | 'job' | 'host' | 'event' | 'user';

/** One that is not there is no change. */
const relationshipsOf = (id: string): readonly ObjectPath[] => [instancePath('Msvm_ReplicationRelationship', id), instancePath('Msvm_ReplicationRelationship', id, 'extended')];

/** What shows a record; a relationship's id is its machine's. */
const SHOWN_BY: Readonly<Record<ChangedRecord, (id: string) => readonly ObjectPath[]>> = {
  machine: (id) => [machinePath(id), ...relationshipsOf(id)],
  relationship: (id) => [...relationshipsOf(id), machinePath(id)],
  job: (id) => [instancePath('Msvm_ConcreteJob', id)],
  host: () => [],
  event: () => [],
  user: () => [],
};
const WATCHED_CLASSES = ['Msvm_ComputerSystem', 'Msvm_ReplicationRelationship', 'Msvm_ConcreteJob'];
/** They run by themselves: no change of the object. */
const RUNNING_FIGURES: ReadonlySet<string> = new Set(['OnTimeInMilliseconds', 'ElapsedTime']);
const READER: CimCaller = { name: 'understudyd', role: 'viewer', from: 'this host' };

interface Parts {
  readonly manager: Pick<ObjectManager, 'get' | 'instances'>;
  publish(change: InstanceChange): void;
  nowMs(): number;
  onBug(bug: unknown): void;
}

/** `isStale`: it changed while it was read for the first time, so that what it was before is not known. */
interface Known {
  readonly located: Located;
  readonly isStale: boolean;
}

type KnownObjects = Map<string, Known>;

export class InstanceChanges {
  readonly #parts: Parts;
  /** By identity of the path; null while nobody watches. */
  #known: KnownObjects | null = null;
  /** To be read, in order; one entry per object. */
  readonly #waiting = new Map<string, ObjectPath>();
  #reading: Promise<void> | null = null;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  watched(isWatched: boolean): void {
    this.#waiting.clear();
    this.#known = isWatched ? new Map() : null;
    if (isWatched) this.#read((known) => this.#remember(known));
  }

  changed(kind: ChangedRecord, id: string): void {
    if (this.#known === null) return;
    for (const path of SHOWN_BY[kind](id)) this.#waiting.set(pathIdentity(path), path);
    if (this.#reading === null) this.#read(() => Promise.resolve());
  }

  /** Everything that is known to have changed has been told. */
  async settled(): Promise<void> {
    while (this.#reading) await this.#reading;
  }

  #read(first: (known: KnownObjects) => Promise<void>): void {
    const reading = this.#readAll(this.#known!, first, this.#reading).catch(this.#parts.onBug);
    this.#reading = reading;
    void reading.finally(() => {
      if (this.#reading === reading) this.#reading = null;
    });
  }

  async #readAll(known: KnownObjects, first: (known: KnownObjects) => Promise<void>, before: Promise<void> | null): Promise<void> {
    await before;
    await first(known);
    for (let next = this.#next(); next && this.#known === known; next = this.#next()) await this.#tell(known, ...next);
  }

  #next(): readonly [string, ObjectPath] | undefined {
    const [next] = this.#waiting;
    if (next) this.#waiting.delete(next[0]);
    return next;
  }

  async #remember(known: KnownObjects): Promise<void> {
    const lists = await Promise.all(WATCHED_CLASSES.map((className) => this.#parts.manager.instances(READER, VIRTUALIZATION, className)));
    for (const located of lists.flat()) {
      const key = pathIdentity(located.path);
      known.set(key, { located, isStale: this.#waiting.has(key) });
    }
  }

  async #tell(known: KnownObjects, key: string, path: ObjectPath): Promise<void> {
    const before = known.get(key);
    const now = await this.#find(path);
    if (now) known.set(key, { located: now, isStale: false });
    else known.delete(key);
    const change = changeOf(before, now, this.#parts.nowMs());
    if (change) this.#parts.publish(change);
  }

  async #find(path: ObjectPath): Promise<Located | undefined> {
    try {
      return await this.#parts.manager.get(READER, path);
    } catch (thrown) {
      if (thrown instanceof CimError && thrown.status === 'notFound') return undefined;
      throw thrown;
    }
  }
}

function changeOf(before: Known | undefined, now: Located | undefined, atMs: number): InstanceChange | undefined {
  if (!now) return before && { kind: 'deletion', target: before.located, previous: null, atMs };
  if (!before) return { kind: 'creation', target: now, previous: null, atMs };
  if (before.isStale) return { kind: 'modification', target: now, previous: null, atMs };
  const previous = before.located.instance;
  return isSame(previous, now.instance) ? undefined : { kind: 'modification', target: now, previous, atMs };
}

const isSame = (left: CimInstance, right: CimInstance): boolean =>
  [...left.properties].every(([name, value]) => RUNNING_FIGURES.has(name) || isSameValue(value, right.properties.get(name) ?? null));

const isSameValue = (left: CimValue, right: CimValue): boolean => left === right || plain(left) === plain(right);

const plain = (value: CimValue): string => JSON.stringify(value, (_key, each: unknown) => (typeof each === 'bigint' ? `${each}n` : each));
