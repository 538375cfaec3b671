/** A host's image files, in memory: what layers and guests' disks are made of. A file holds values of clusters, and bitmaps. */
import { Fault } from '../errors/fault.ts';
import type { PointSidecar } from '../engine/ports/layers.ts';
import type { DiskStack } from '../machine/definition.ts';
import type { Value } from './content.ts';

export interface Bitmap {
  readonly clusters: Set<number>;
  recording: boolean;
  /** False after the process that had it open was killed. */
  whole: boolean;
  /** In the file, not only in the memory of the process that has the file open. */
  saved: boolean;
}

export class ImageFile {
  readonly path: string;
  sizeBytes: number;
  readonly clusters = new Map<number, Value>();
  /** Written by the layer store, not yet on stable storage. */
  readonly unflushed = new Set<number>();
  readonly bitmaps = new Map<string, Bitmap>();
  /** Changes behind everybody's back. */
  foreignChanges = 0;
  /** Who writes it. */
  writer: string | null = null;
  readonly readers = new Set<string>();

  constructor(path: string, sizeBytes: number) {
    this.path = path;
    this.sizeBytes = sizeBytes;
  }
}

export class Files {
  readonly #files = new Map<string, ImageFile>();
  /** By the path of the layer, which need not be there. */
  readonly labels = new Map<string, PointSidecar>();
  /** No write finds room. */
  isFull = false;

  find(path: string): ImageFile {
    const file = this.#files.get(path);
    if (!file) throw new Fault('disk-missing', `${path} is missing`);
    return file;
  }

  has(path: string): boolean {
    return this.#files.has(path);
  }

  create(path: string, sizeBytes: number): ImageFile {
    this.checkRoom(path);
    const file = new ImageFile(path, sizeBytes);
    this.labels.delete(path);
    this.#files.set(path, file);
    return file;
  }

  remove(path: string): void {
    this.labels.delete(path);
    this.#files.delete(path);
  }

  under(folder: string): readonly ImageFile[] {
    return [...this.#files.values()].filter(({ path }) => path.startsWith(`${folder}/`));
  }

  checkRoom(path: string): void {
    if (this.isFull) throw new Fault('space-exhausted', `${path}: no space left`);
  }

  /** The holder alone has the file, until it lets go of it. */
  lockForWriting(path: string, holder: string): void {
    const file = this.find(path);
    const others = [...file.readers].some((reader) => reader !== holder);
    if (others || (file.writer !== null && file.writer !== holder)) throw new Fault('disk-in-use', `${path} is in use`);
    file.writer = holder;
  }

  lockForReading(path: string, holder: string): void {
    const file = this.find(path);
    if (file.writer !== null && file.writer !== holder) throw new Fault('disk-in-use', `${path} is being written`);
    file.readers.add(holder);
  }

  letGo(holder: string): void {
    for (const file of this.#files.values()) {
      if (file.writer === holder) file.writer = null;
      file.readers.delete(holder);
    }
  }

  /** What was not flushed is there or not, as `isKept` says. */
  losePower(isKept: () => boolean): void {
    for (const { clusters, unflushed } of this.#files.values()) {
      for (const cluster of unflushed) if (!isKept()) clusters.delete(cluster);
      unflushed.clear();
    }
  }

  /** A daemon's writers and merges end with it; guests' locks stay. */
  letGoOfDaemon(): void {
    const isDaemons = (holder: string) => ['writer ', 'merge ', 'reader '].some((kind) => holder.startsWith(kind));
    for (const file of this.#files.values()) {
      if (file.writer !== null && isDaemons(file.writer)) file.writer = null;
      for (const reader of file.readers) if (isDaemons(reader)) file.readers.delete(reader);
    }
  }

  /** What a reader of the stack finds in a cluster. */
  read(stack: DiskStack, cluster: number): Value {
    for (let index = stack.layers.length - 1; index >= 0; index--) {
      const value = this.find(stack.layers[index]!.path).clusters.get(cluster);
      if (value !== undefined) return value;
    }
    return 0;
  }
}
