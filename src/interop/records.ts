/**
 * What clients created in the Interop namespace: bounded, and kept in a store as the text of each instance, so that
 * subscriptions outlive the daemon.
 */
import { readEmbedded } from '../cim/embedded.ts';
import { embeddedText } from '../cim/embeddedtext.ts';
import { CimError } from '../cim/error.ts';
import type { CimInstance, ObjectPath } from '../cim/instance.ts';
import { pathOf } from '../cim/instances.ts';
import { keysIdentity } from '../cim/path.ts';
import { INTEROP } from '../cim/schema/published.ts';
import type { Schema } from '../cim/schema/classes.ts';

export interface StoredRecord {
  readonly text: string;
  /** The user who created it; null of those that were created before that was kept. */
  readonly owner: string | null;
}

/** Port. Records by id; what is put is durable when the call returns. */
export interface RecordStore {
  rows(): readonly StoredRecord[];
  put(id: string, record: StoredRecord): void;
  remove(id: string): void;
}

/** Of each class. */
const MAX_RECORDS = 128;

interface RecordRow {
  readonly id: string;
  readonly path: ObjectPath;
  readonly instance: CimInstance;
  readonly owner: string | null;
}

export class Records {
  readonly #schema: Schema;
  readonly #store: RecordStore;
  readonly #rows = new Map<string, RecordRow>();

  constructor(schema: Schema, store: RecordStore) {
    this.#schema = schema;
    this.#store = store;
    for (const { text, owner } of store.rows()) this.#remember(readEmbedded(schema, INTEROP, text), owner);
  }

  ofClass(className: string): readonly CimInstance[] {
    return this.#ofClass(className).map(({ instance }) => instance);
  }

  find(path: ObjectPath): CimInstance | undefined {
    return this.#rows.get(idOf(path))?.instance;
  }

  /** CimError alreadyExists, serverLimitsExceeded. */
  add(instance: CimInstance, owner: string): ObjectPath {
    const path = pathOf(this.#schema, INTEROP, instance);
    if (this.#rows.has(idOf(path))) throw new CimError('alreadyExists', `there is such an instance of ${instance.className}`);
    if (this.#ofClass(instance.className).length >= MAX_RECORDS) throw new CimError('serverLimitsExceeded', `there are ${MAX_RECORDS} instances of ${instance.className}; delete some`);
    return this.#put(instance, owner);
  }

  /** It stays its owner's. */
  replace(instance: CimInstance): ObjectPath {
    return this.#put(instance, this.#rows.get(idOf(pathOf(this.#schema, INTEROP, instance)))?.owner ?? null);
  }

  /** Those of the class whose owner is not among the users any more. */
  orphansOf(className: string, isUser: (name: string) => boolean): readonly ObjectPath[] {
    return this.#ofClass(className).flatMap(({ path, owner }) => (owner === null || isUser(owner) ? [] : [path]));
  }

  #put(instance: CimInstance, owner: string | null): ObjectPath {
    const { id, path } = this.#remember(instance, owner);
    this.#store.put(id, { text: embeddedText({ schema: this.#schema, namespace: INTEROP }, instance), owner });
    return path;
  }

  remove(path: ObjectPath): void {
    this.#store.remove(idOf(path));
    this.#rows.delete(idOf(path));
  }

  #ofClass(className: string): readonly RecordRow[] {
    return [...this.#rows.values()].filter(({ instance }) => instance.className === className);
  }

  #remember(instance: CimInstance, owner: string | null): RecordRow {
    const path = pathOf(this.#schema, INTEROP, instance);
    const row = { id: idOf(path), path, instance, owner };
    this.#rows.set(row.id, row);
    return row;
  }
}

const idOf = ({ className, keys }: ObjectPath): string => `${className}:${keysIdentity(keys)}`;
