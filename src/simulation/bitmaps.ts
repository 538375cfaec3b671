/** Dirty bitmaps in the top layers of a machine's disks, and who can be trusted of them; as on QEMU. */
import { Fault } from '../errors/fault.ts';
import type { TrackingReport } from '../engine/ports/hypervisor.ts';
import type { Bitmap, ImageFile } from './files.ts';

/** What is known of an image's bitmaps beyond what the file says. */
export interface Custody {
  readonly expected: Set<string>;
  readonly distrusted: Set<string>;
  why: string;
  /** How the file was left at the last closing; null while it is open, or when nobody saw the end. */
  closed: number | null;
}

export const freshCustody = (file: ImageFile): Custody => ({ expected: new Set(), distrusted: new Set(), why: '', closed: file.foreignChanges });

export class Bitmaps {
  readonly disks: ReadonlyMap<string, ImageFile>;
  /** By image. */
  readonly #custody: ReadonlyMap<ImageFile, Custody>;

  constructor(disks: ReadonlyMap<string, ImageFile>, custody: ReadonlyMap<ImageFile, Custody>) {
    this.disks = disks;
    this.#custody = custody;
  }

  get #all(): readonly Custody[] {
    return this.#files.map((file) => this.#custody.get(file)!);
  }

  get expected(): readonly string[] {
    return [...new Set(this.#all.flatMap(({ expected }) => [...expected]))];
  }

  isDistrusted = (point: string): boolean => this.#all.some(({ distrusted }) => distrusted.has(point));

  get #why(): string {
    return this.#all.find(({ distrusted }) => distrusted.size > 0)?.why ?? '';
  }

  /** They are open, or closed as they are now. */
  noteClosed(isSeen: boolean): void {
    for (const file of this.#files) this.#custody.get(file)!.closed = isSeen ? file.foreignChanges : null;
  }

  /** Nothing is open: whoever wrote them meanwhile is noticed. */
  assess(): void {
    for (const file of this.#files) {
      const custody = this.#custody.get(file)!;
      if (custody.closed === file.foreignChanges) continue;
      custody.why = custody.closed === null ? 'nobody saw how the last run ended' : 'an image was changed while it was closed';
      for (const point of [...custody.expected, ...file.bitmaps.keys()]) custody.distrusted.add(point);
    }
  }

  trustAll(): void {
    for (const { distrusted } of this.#all) distrusted.clear();
  }

  get #files(): readonly ImageFile[] {
    return [...this.disks.values()];
  }

  get points(): readonly string[] {
    return [...new Set(this.#files.flatMap(({ bitmaps }) => [...bitmaps.keys()]))];
  }

  get usable(): readonly string[] {
    return this.points.filter((point) => this.isWhole(point) && !this.isDistrusted(point));
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
    const { points } = this;
    if (points.some(this.isDistrusted)) return this.#why;
    const damaged = points.find((point) => !usable.includes(point));
    if (damaged !== undefined) return `the record of changes since point ${damaged} is incomplete`;
    const absent = this.expected.find((point) => !points.includes(point));
    return absent === undefined ? undefined : `the record of changes since point ${absent} is gone`;
  }

  /** Fault when the changes since the point are not known. */
  check(point: string): void {
    if (this.usable.includes(point)) return;
    if (this.isDistrusted(point)) throw new Fault('disk-changed', this.#why);
    throw new Fault('tracking-lost', `the record of changes since point ${point} is ${this.isOnAny(point) ? 'incomplete' : 'gone'}`);
  }

  add(point: string, isSaved: boolean): void {
    for (const { bitmaps } of this.#files) bitmaps.set(point, { clusters: new Set(), recording: true, whole: true, saved: isSaved });
    this.expect(point);
  }

  expect(point: string): void {
    for (const { expected, distrusted } of this.#all) {
      expected.add(point);
      distrusted.delete(point);
    }
  }

  remove(point: string): void {
    for (const { bitmaps } of this.#files) bitmaps.delete(point);
    for (const { expected, distrusted } of this.#all) {
      expected.delete(point);
      distrusted.delete(point);
    }
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
