/**
 * Media arrive at the replica. Nothing of them is believed before it was checked: the manifest by its seal, the journal by its
 * digest, every cluster by its fingerprint while it is copied. What is copied is this host's own layer, under what has arrived
 * over the network meanwhile; only the last transaction makes it a recovery point. Goes on after an interruption.
 */
import { CLUSTER_BYTES, clusterExtent, clustersTouched, windows, type Extent } from '../../extents/extent.ts';
import { Fault, faultOf } from '../../errors/fault.ts';
import { FINGERPRINT_BYTES, Fingerprinter, isUnknown, sameFingerprint } from '../../fingerprints/fingerprint.ts';
import { checkRecords } from '../../fingerprints/record.ts';
import { type Said, say } from '../../language/text.ts';
import type { Importing } from '../../machine/initial.ts';
import type { Relationship } from '../../machine/records.ts';
import type { Host } from '../host.ts';
import { keyId } from '../primary/attempt.ts';
import { payloadOf, type DiskView } from '../ports/diskview.ts';
import type { FingerprintMap } from '../ports/fingerprints.ts';
import type { LayerWriter } from '../ports/layers.ts';
import type { MediaPlace } from '../ports/media.ts';
import { machineOf } from '../spec.ts';
import { relationshipNamed, update } from '../transition.ts';
import { checkedManifest } from './checking.ts';
import { arrive } from './arriving.ts';
import type { Manifest } from './manifest.ts';

const READ_BYTES = 512 * 1024;
/** What is copied is made durable this often, and copying goes on there. */
const DURABLE_EVERY_BYTES = 64 * 1024 * 1024;

export interface Import {
  readonly directory: string;
  readonly onProgress: (percent: number) => void;
  /** No merge is under way afterwards. */
  readonly stopMerging: () => Promise<void>;
}

/** State 3: the point that the media carry is a recovery point, and so is the newest that has arrived since. */
export async function importMedia(host: Host, relationshipId: string, { directory, onProgress, stopMerging }: Import, signal: AbortSignal): Promise<Manifest> {
  const { place, manifest } = await checkedManifest(host, relationshipNamed(host, relationshipId), directory, signal);
  try {
    await begin(host, relationshipId, manifest);
    await takeJournal(host, relationshipId, place, manifest);
    await copyDisks(host, relationshipId, { place, manifest, onProgress }, signal);
    await stopMerging();
    await arrive(host, relationshipId, manifest);
    return manifest;
  } finally {
    await place.close();
  }
}

/** Maps of what the media hold, beside those of the newest point. */
export const mediaMapName = (disk: string): string => `media.${disk}`;

/** Recorded first, then made: a crash leaves no layer that nobody knows. */
async function begin(host: Host, relationshipId: string, { pointId, disks }: Manifest): Promise<void> {
  const { importing, machineId } = relationshipNamed(host, relationshipId);
  if (importing?.pointId === pointId) return;
  await dropImport(host, relationshipId);
  const machine = machineOf(host, machineId);
  const layers = disks.map(({ disk, sizeBytes }) => ({ disk, sizeBytes, layer: host.layers.layerAt(machine.storage, machineId, disk, host.newId()) }));
  update(host, relationshipId, () => ({ importing: { pointId, layers, at: { disk: 0, cluster: 0 } } }));
}

/** What was copied in is gone. */
export async function dropImport(host: Host, relationshipId: string): Promise<void> {
  const { importing } = relationshipNamed(host, relationshipId);
  if (!importing) return;
  for (const { layer } of importing.layers) await host.layers.remove(layer);
  await host.fingerprints.removeJournal(relationshipId, importing.pointId);
  update(host, relationshipId, () => ({ importing: null }));
}

const damaged = (path: string, what: Said): Fault => new Fault('media-damaged', say('{path}: {what}', { path, what }));

/** The media's journal is here, whole, and maps say by it what each cluster has to be. */
async function takeJournal(host: Host, relationshipId: string, place: MediaPlace, { pointId, epochId, digest, disks }: Manifest): Promise<void> {
  const journal = await host.fingerprints.journal(relationshipId, pointId);
  if ((await journal.digest()) !== digest) {
    await journal.truncateTo(0);
    for await (const batch of place.journalBatches(pointId)) await journal.append(checked(batch, place.path));
    await journal.sync();
    if ((await journal.digest()) !== digest) throw damaged(place.path, say('its journal is truncated or was altered'));
  }
  const named = disks.map(({ disk, sizeBytes }) => ({ disk: mediaMapName(disk), sizeBytes }));
  await host.fingerprints.applyJournal(relationshipId, { attemptId: pointId, parentId: null, epochId, keyId: relationshipId, digest, disks: named });
}

function checked(batch: Buffer, path: string): Buffer {
  try {
    checkRecords(batch);
    return batch;
  } catch (cause) {
    throw new Fault('media-damaged', say('{path}: its journal is truncated or was altered', { path }), { cause });
  }
}

interface Copying {
  readonly place: MediaPlace;
  readonly manifest: Manifest;
  readonly onProgress: (percent: number) => void;
}

async function copyDisks(host: Host, relationshipId: string, { place, manifest, onProgress }: Copying, signal: AbortSignal): Promise<void> {
  const { importing } = relationshipNamed(host, relationshipId);
  const totalBytes = manifest.disks.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const view = await opened(host, place, manifest, signal);
  try {
    let doneBytes = 0;
    for (const [index, target] of importing!.layers.entries()) {
      if (index >= importing!.at.disk) await copyDisk(host, relationshipNamed(host, relationshipId), { index, target, view, path: place.layer(target.disk).path, onBytes: (bytes) => onProgress((100 * (doneBytes + bytes)) / totalBytes) }, signal);
      doneBytes += target.sizeBytes;
    }
  } finally {
    await view.close();
  }
}

async function opened(host: Host, place: MediaPlace, { disks }: Manifest, signal: AbortSignal): Promise<DiskView> {
  try {
    return await host.hypervisor.openStacks(disks.map(({ disk, sizeBytes }) => ({ disk, sizeBytes, layers: [place.layer(disk)] })), signal);
  } catch (cause) {
    const fault = faultOf(cause);
    if (fault?.code !== 'disk-format') throw cause;
    throw new Fault('media-damaged', fault.said, { cause });
  }
}

interface DiskCopy {
  readonly index: number;
  readonly target: Importing['layers'][number];
  readonly view: DiskView;
  /** Of the media's file. */
  readonly path: string;
  readonly onBytes: (bytes: number) => void;
}

async function copyDisk(host: Host, relationship: Relationship, { index, target: { disk, sizeBytes, layer }, view, path, onBytes }: DiskCopy, signal: AbortSignal): Promise<void> {
  const { at } = relationship.importing!;
  const from = index === at.disk ? at.cluster : 0;
  if (view.disks.find((each) => each.disk === disk)?.sizeBytes !== sizeBytes) throw damaged(path, say('it is not a disk of {bytes} bytes', { bytes: String(sizeBytes) }));
  if (from === 0) await host.layers.create(layer, sizeBytes);
  const map = await host.fingerprints.map(relationship.id, mediaMapName(disk), sizeBytes, keyId(relationship));
  const copier = new Copier(view, disk, path, new Fingerprinter(Buffer.from(relationship.key, 'base64')));
  const writer = await host.layers.open(layer);
  try {
    for (const window of windows(sizeBytes, DURABLE_EVERY_BYTES, from * CLUSTER_BYTES)) {
      await copier.window(window, map, writer, signal);
      await writer.flush();
      const { first, count } = clustersTouched(window);
      update(host, relationship.id, ({ importing }) => ({ importing: { ...importing!, at: { disk: index, cluster: first + count } } }));
      onBytes(window.offsetBytes + window.lengthBytes);
    }
    update(host, relationship.id, ({ importing }) => ({ importing: { ...importing!, at: { disk: index + 1, cluster: 0 } } }));
  } finally {
    await writer.close();
  }
}

/** Copies clusters that are what their fingerprints say. Zeroes are not written: the layer has nothing below it. */
class Copier {
  readonly #view: DiskView;
  readonly #disk: string;
  readonly #path: string;
  readonly #fingerprinter: Fingerprinter;
  readonly #found = Buffer.alloc(FINGERPRINT_BYTES);

  constructor(view: DiskView, disk: string, path: string, fingerprinter: Fingerprinter) {
    this.#view = view;
    this.#disk = disk;
    this.#path = path;
    this.#fingerprinter = fingerprinter;
  }

  async window(window: Extent, map: FingerprintMap, writer: LayerWriter, signal: AbortSignal): Promise<void> {
    const { first, count } = clustersTouched(window);
    const entries = await map.read(first, count);
    for (const run of this.#dataRuns(entries, first, map.sizeBytes)) {
      for (const part of windows(run.offsetBytes + run.lengthBytes, READ_BYTES, run.offsetBytes)) {
        signal.throwIfAborted();
        const chunk = await this.#view.read(this.#disk, part, signal);
        try {
          this.#check(payloadOf(chunk), part, entries, first);
          await writer.write(part.offsetBytes, chunk);
        } finally {
          chunk.release();
        }
      }
    }
  }

  /** Runs of clusters that are not zero. */
  *#dataRuns(entries: Buffer, first: number, sizeBytes: number): Generator<Extent> {
    const count = entries.length / FINGERPRINT_BYTES;
    let from = -1;
    for (let i = 0; i <= count; i++) {
      const isData = i < count && !this.#isZero(entries, i, clusterExtent(first + i, 1, sizeBytes));
      if (isData && from < 0) from = i;
      if (!isData && from >= 0) {
        yield clusterExtent(first + from, i - from, sizeBytes);
        from = -1;
      }
    }
  }

  #isZero(entries: Buffer, index: number, { offsetBytes, lengthBytes }: Extent): boolean {
    const at = index * FINGERPRINT_BYTES;
    if (isUnknown(entries, at)) throw damaged(this.#path, say('its journal says nothing of the cluster at byte {offset}', { offset: String(offsetBytes) }));
    return sameFingerprint(entries, at, this.#fingerprinter.ofZeroes(lengthBytes), 0);
  }

  #check(bytes: Buffer, part: Extent, entries: Buffer, first: number): void {
    for (let at = 0; at < bytes.length; at += CLUSTER_BYTES) {
      const offsetBytes = part.offsetBytes + at;
      this.#fingerprinter.write(bytes.subarray(at, at + CLUSTER_BYTES), this.#found);
      if (!sameFingerprint(entries, (offsetBytes / CLUSTER_BYTES - first) * FINGERPRINT_BYTES, this.#found, 0)) throw damaged(this.#path, say('the cluster at byte {offset} of disk {disk} is not what was exported', { offset: String(offsetBytes), disk: this.#disk }));
    }
  }
}
