/**
 * A directory in memory for fingerprint maps and journals: the code above it is the real one. A crash forgets or tears,
 * by a given random function, what was not synced; a kill of the process forgets nothing.
 */
import { assert } from '../errors/bug.ts';
import type { DurableDirectory, DurableFile } from '../fingerprints/durablefile.ts';

const SECTOR_BYTES = 512;

export type Operation = 'open' | 'read' | 'write' | 'truncate' | 'sync' | 'list' | 'rename' | 'remove';

type Change = { readonly kind: 'write'; readonly offsetBytes: number; readonly memory: Buffer } | { readonly kind: 'truncate'; readonly sizeBytes: number };

/** Bytes that grow; what was never written is zero. */
class Content {
  #memory = Buffer.alloc(0);
  sizeBytes = 0;

  get bytes(): Buffer {
    return this.#memory.subarray(0, this.sizeBytes);
  }

  apply(change: Change): void {
    if (change.kind === 'truncate') this.#resize(change.sizeBytes);
    else {
      this.#resize(Math.max(this.sizeBytes, change.offsetBytes + change.memory.length));
      change.memory.copy(this.#memory, change.offsetBytes);
    }
  }

  #resize(sizeBytes: number): void {
    if (sizeBytes > this.#memory.length) {
      const larger = Buffer.alloc(Math.max(sizeBytes, 2 * this.#memory.length));
      this.bytes.copy(larger);
      this.#memory = larger;
    }
    if (sizeBytes < this.sizeBytes) this.#memory.fill(0, sizeBytes, this.sizeBytes);
    this.sizeBytes = sizeBytes;
  }

  clone(): Content {
    const clone = new Content();
    clone.apply({ kind: 'write', offsetBytes: 0, memory: this.bytes });
    return clone;
  }
}

/** A file: what programs see, what is on stable storage, and the changes between the two. */
class Node {
  #seen = new Content();
  #durable = new Content();
  #unsynced: Change[] = [];

  get seen(): Buffer {
    return this.#seen.bytes;
  }

  change(change: Change): void {
    this.#seen.apply(change);
    this.#unsynced.push(change);
  }

  sync(): void {
    for (const change of this.#unsynced) this.#durable.apply(change);
    this.#unsynced = [];
  }

  crash(random: () => number): void {
    for (const change of this.#unsynced) for (const left of remainsOf(change, random)) this.#durable.apply(left);
    this.#unsynced = [];
    this.#seen = this.#durable.clone();
  }
}

/** What of an unsynced change reaches stable storage in a crash: all, nothing, or some sectors. */
function remainsOf(change: Change, random: () => number): readonly Change[] {
  const fate = random();
  if (fate < 1 / 3) return [];
  if (fate < 2 / 3 || change.kind === 'truncate') return [change];
  return sectorsOf(change.offsetBytes, change.memory).filter(() => random() < 0.5);
}

function sectorsOf(offsetBytes: number, memory: Buffer): Change[] {
  const sectors: Change[] = [];
  for (let at = 0; at < memory.length; ) {
    const next = Math.min(memory.length, at + SECTOR_BYTES - ((offsetBytes + at) % SECTOR_BYTES));
    sectors.push({ kind: 'write', offsetBytes: offsetBytes + at, memory: memory.subarray(at, next) });
    at = next;
  }
  return sectors;
}

export class MemoryDirectory implements DurableDirectory {
  readonly #nodes = new Map<string, Node>();
  #lives = 0;
  /** Called before each operation with its name and the path; what it throws is the operation's failure. */
  onOperation: (operation: Operation, path: string) => void = () => undefined;

  /** The process is gone: whoever holds an open file can do nothing with it. What was written is still seen. */
  kill(): void {
    this.#lives++;
  }

  /** The host lost power: as `kill`, and of what was not synced, `random` (0 ≤ x < 1) says what is left. */
  crash(random: () => number): void {
    this.kill();
    for (const node of this.#nodes.values()) node.crash(random);
  }

  async open(path: string): Promise<DurableFile> {
    this.onOperation('open', path);
    let node = this.#nodes.get(path);
    if (node === undefined) this.#nodes.set(path, (node = new Node()));
    const life = this.#lives;
    return new MemoryFile(node, (operation) => {
      assert(life === this.#lives, `${operation} of ${path} by a process that is gone`);
      this.onOperation(operation, path);
    });
  }

  async list(folder: string): Promise<readonly string[]> {
    this.onOperation('list', folder);
    const names = [...this.#nodes.keys()].filter((path) => path.startsWith(`${folder}/`)).map((path) => path.slice(folder.length + 1));
    return [...new Set(names.map((name) => name.split('/')[0]!))];
  }

  async rename(from: string, to: string): Promise<void> {
    this.onOperation('rename', to);
    const node = this.#nodes.get(from);
    assert(node !== undefined, `${from} is not there to be renamed`);
    this.#nodes.delete(from);
    this.#nodes.set(to, node);
  }

  async remove(path: string): Promise<void> {
    this.onOperation('remove', path);
    for (const name of [...this.#nodes.keys()]) if (name === path || name.startsWith(`${path}/`)) this.#nodes.delete(name);
  }
}

class MemoryFile implements DurableFile {
  readonly #node: Node;
  readonly #before: (operation: Operation) => void;

  constructor(node: Node, before: (operation: Operation) => void) {
    this.#node = node;
    this.#before = before;
  }

  async sizeBytes(): Promise<number> {
    this.#before('read');
    return this.#node.seen.length;
  }

  async read(memory: Buffer, offsetBytes: number): Promise<number> {
    this.#before('read');
    return offsetBytes >= this.#node.seen.length ? 0 : this.#node.seen.copy(memory, 0, offsetBytes);
  }

  async write(memory: Uint8Array, offsetBytes: number): Promise<void> {
    this.#before('write');
    this.#node.change({ kind: 'write', offsetBytes, memory: Buffer.from(memory) });
  }

  async truncate(sizeBytes: number): Promise<void> {
    this.#before('truncate');
    this.#node.change({ kind: 'truncate', sizeBytes });
  }

  async sync(): Promise<void> {
    this.#before('sync');
    this.#node.sync();
  }

  async close(): Promise<void> {
    // A closed file has nothing left to do: the directory keeps what was written.
  }
}
