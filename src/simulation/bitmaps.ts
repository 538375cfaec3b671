/** Dirty bitmaps in the top layers of a machine's disks, and who can be trusted of them; as on QEMU. */
import { Fault } from '../errors/fault.ts';
import type { TrackingReport } from '../engine/ports/hypervisor.ts';
import type { Bitmap, ImageFile } from './files.ts';

/** What is known of an instance's bitmaps beyond what the files say; of these images only. */
export interface Custody {
  readonly images: string;
  readonly expected: Set<string>;
  readonly distrusted: Set<string>;
  why: string;
  /** How the files were left at the last closing; null while they are open, or when nobody saw the end. */
  closed: readonly number[] | null;
}

export class Bitmaps {
  readonly disks: ReadonlyMap<string, ImageFile>;
  readonly custody: Custody;

  constructor(disks: ReadonlyMap<string, ImageFile>, custody: Custody) {
    this.disks = disks;
    this.custody = custody;
  }

  get #files(): readonly ImageFile[] {
    return [...this.disks.values()];
  }

  get points(): readonly string[] {
    return [...new Set(this.#files.flatMap(({ bitmaps }) => [...bitmaps.keys()]))];
  }

  get usable(): readonly string[] {
    return this.points.filter((point) => this.isWhole(point) && !this.custody.distrusted.has(point));
  }

  isOnAny = (point: string): boolean => this.#files.some(({ bitmaps }) => bitmaps.has(point));
  isWhole = (point: string): boolean => this.#files.every(({ bitmaps }) => bitmaps.get(point)?.whole === true);
  isRecording = (point: string): boolean => this.#files.every(({ bitmaps }) => bitmaps.get(point)?.recording === true);

  report(): TrackingReport {
    const points = this.usable;
    const why = this.#whyBroken(points);
    return why === undefined ? { points, broken: false } : { points, broken: true, why };
  }

  #whyBroken(usable: readonly string[]): string | undefined {
    const { points, custody } = this;
    if (points.some((point) => custody.distrusted.has(point))) return custody.why;
    const damaged = points.find((point) => !usable.includes(point));
    if (damaged !== undefined) return `the record of changes since point ${damaged} is incomplete`;
    const absent = [...custody.expected].find((point) => !points.includes(point));
    return absent === undefined ? undefined : `the record of changes since point ${absent} is gone`;
  }

  /** Fault when the changes since the point are not known. */
  check(point: string): void {
    if (this.usable.includes(point)) return;
    if (this.custody.distrusted.has(point)) throw new Fault('disk-changed', this.custody.why);
    throw new Fault('tracking-lost', `the record of changes since point ${point} is ${this.isOnAny(point) ? 'incomplete' : 'gone'}`);
  }

  add(point: string, isSaved: boolean): void {
    for (const { bitmaps } of this.#files) bitmaps.set(point, { clusters: new Set(), recording: true, whole: true, saved: isSaved });
    this.expect(point);
  }

  expect(point: string): void {
    this.custody.expected.add(point);
    this.custody.distrusted.delete(point);
  }

  remove(point: string): void {
    for (const { bitmaps } of this.#files) bitmaps.delete(point);
    this.custody.expected.delete(point);
    this.custody.distrusted.delete(point);
  }

  stop(point: string): void {
    for (const { bitmaps } of this.#files) bitmaps.get(point)!.recording = false;
  }

  /** The parent's bitmap takes over what the attempt's holds, or goes when it missed changes. */
  giveBack(since: string, attempt: string): void {
    for (const { bitmaps } of this.#files) {
      const parent = bitmaps.get(since);
      const own = bitmaps.get(attempt);
      if (!parent?.whole) continue;
      if (own?.whole) this.#merge(parent, own);
      else if (!parent.recording) bitmaps.delete(since);
    }
  }

  #merge(parent: Bitmap, own: Bitmap): void {
    parent.recording = true;
    for (const cluster of own.clusters) parent.clusters.add(cluster);
  }
}
