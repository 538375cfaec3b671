/**
 * The first copy onto media: the same pass and the same instant as over the network, written into a place on media instead of
 * a replica. The pass holds no instant and goes on after a restart; the instant's changes go over what the pass wrote, so that
 * the media hold one point in time across all disks. The manifest comes last. From then on this host takes the point for
 * acknowledged.
 */
import { windows } from '../../extents/extent.ts';
import { Fault, faultOf } from '../../errors/fault.ts';
import { Fingerprinter } from '../../fingerprints/fingerprint.ts';
import { say } from '../../language/text.ts';
import type { Attachment } from '../../machine/definition.ts';
import type { Attempt, Machine, Relationship } from '../../machine/records.ts';
import type { Host } from '../host.ts';
import { acknowledge, changeAttempt, dropInstant, goingOn, openInstant, specFor, tidy } from '../primary/attempt.ts';
import type { OnProgress } from '../primary/cycle.ts';
import { coverGrowth } from '../primary/growth.ts';
import { opened } from '../primary/pass.ts';
import { ship } from '../primary/shipment.ts';
import type { DiskView } from '../ports/diskview.ts';
import type { MediaPlace } from '../ports/media.ts';
import { Intake } from '../replica/intake.ts';
import { definitionOf, machineOf } from '../spec.ts';
import { relationshipNamed, update } from '../transition.ts';
import { encodeManifest, packed, readManifest, type MediaDisk } from './manifest.ts';
import { MediaLane } from './medialane.ts';

const GIB = 1024 ** 3;
const STATUS_WINDOW_BYTES = GIB;
/** Of the journal and of what the images keep beside their data, for each byte of data. */
const OVERHEAD = 1.01;
const OVERHEAD_BYTES = 4 * 1024 * 1024;

/** Name of the machine's place in a directory. Source: Msvm_ReplicationService.StartReplication, "VMName_VMID". */
export const placeName = ({ name, id }: Pick<Machine, 'name' | 'id'>): string => `${name}_${id}`;

/** The media are whole, and this host's changes count from the point that they hold. */
export async function exportWhole(host: Host, relationshipId: string, onProgress: OnProgress, signal: AbortSignal): Promise<void> {
  const relationship = relationshipNamed(host, relationshipId);
  const place = await host.media.make(relationship.initial!.directory!, placeName(machineOf(host, relationship.machineId)));
  try {
    if (await isWritten(place, relationship.attempt)) return await finish(host, relationshipId, place);
    if (relationship.attempt && ['sealed', 'failed'].includes(relationship.attempt.phase)) await tidy(host, relationship);
    await coverGrowth(host, relationshipNamed(host, relationshipId));
    const attempt = await opened(host, relationshipNamed(host, relationshipId), 'initial', null, signal);
    await claim(host, relationshipId, attempt, place);
    await pass(host, relationshipId, attempt, place, onProgress, signal);
    const attachments = await instant(host, relationshipId, place, onProgress, signal);
    signal.throwIfAborted();
    await writeManifest(host, relationshipNamed(host, relationshipId), place, attachments);
    await finish(host, relationshipId, place);
  } finally {
    await place.close();
  }
}

/** An export that was stopped leaves nothing behind. Media that are gone are left as they are. */
export async function forgetExport(host: Host, machine: Machine, directory: string): Promise<void> {
  try {
    const place = await host.media.make(directory, placeName(machine));
    await place.clear();
    await place.close();
  } catch (thrown) {
    if (!faultOf(thrown)) throw thrown;
  }
}

/** Refused by a fault while nothing has begun: no directory, another export in its place, too little room there. */
export async function checkExport(host: Host, relationship: Relationship, directory: string, signal: AbortSignal): Promise<void> {
  const machine = machineOf(host, relationship.machineId);
  const place = await host.media.make(directory, placeName(machine));
  try {
    await checkOurs(place, machine);
    const needed = await neededBytes(host, relationship, signal);
    const free = await host.layers.freeBytes(place.path);
    if (free < needed) throw new Fault('space-exhausted', say('{machine}: its export needs about {needed}, and {directory} has {free} free', { machine: machine.name, needed: { sizeBytes: needed }, directory, free: { sizeBytes: free } }));
  } finally {
    await place.close();
  }
}


async function checkOurs(place: MediaPlace, machine: Machine): Promise<void> {
  if ((await place.read('manifest.json')) !== undefined) throw new Fault('media-unfit', say('{path} holds a finished export of {machine} already: choose another directory, or remove that export', { path: place.path, machine: machine.name }));
  const names = await place.names();
  const isUnfinished = (await place.read('unfinished.json')) !== undefined;
  if (names.length > 0 && !isUnfinished) throw new Fault('media-unfit', say('{path} holds other files: choose another directory', { path: place.path }));
}

/** What is not zero on the disks, and what comes with it. */
async function neededBytes(host: Host, relationship: Relationship, signal: AbortSignal): Promise<number> {
  const view = await host.hypervisor.openLive(specFor(host, relationship), signal);
  try {
    let bytes = OVERHEAD_BYTES;
    for (const { disk, sizeBytes } of view.disks) {
      for (const window of windows(sizeBytes, STATUS_WINDOW_BYTES)) {
        for (const run of await view.status(disk, window, signal)) if (!run.zero) bytes += run.lengthBytes * OVERHEAD;
      }
    }
    return bytes;
  } finally {
    await view.close();
  }
}

/** A daemon may have died between the manifest and its own record. */
async function isWritten(place: MediaPlace, attempt: Attempt | null): Promise<boolean> {
  const text = await place.read('manifest.json');
  if (text === undefined) return false;
  if (attempt && readManifest(text, place.path).pointId === attempt.id) return true;
  throw new Fault('media-unfit', say('{path} holds another finished export: remove it, then this one goes on', { path: place.path }));
}

/** The place holds what this attempt has written so far, or empty disks. */
async function claim(host: Host, relationshipId: string, attempt: Attempt, place: MediaPlace): Promise<void> {
  const disks = await host.hypervisor.sizes(specFor(host, relationshipNamed(host, relationshipId)));
  const note = JSON.stringify({ attemptId: attempt.id, disks });
  if ((await place.read('unfinished.json')) === note && (await place.journal(attempt.id)).sizeBytes > 0) return;
  await place.clear();
  await place.write('unfinished.json', note);
  for (const { disk, sizeBytes } of disks) await host.layers.create(place.layer(disk), sizeBytes);
}

async function pass(host: Host, relationshipId: string, attempt: Attempt, place: MediaPlace, onProgress: OnProgress, signal: AbortSignal): Promise<void> {
  if (attempt.phase !== 'pass') return;
  const relationship = relationshipNamed(host, relationshipId);
  await write(host, relationship, place, await host.hypervisor.openLive(specFor(host, relationship), signal), onProgress, signal);
  const { sizeBytes } = await host.fingerprints.journal(relationshipId, attempt.id);
  changeAttempt(host, relationshipId, { phase: 'delta', passBytes: sizeBytes });
}

/** A failed instant costs only itself, as over the network. */
async function instant(host: Host, relationshipId: string, place: MediaPlace, onProgress: OnProgress, signal: AbortSignal): Promise<readonly Attachment[]> {
  const relationship = relationshipNamed(host, relationshipId);
  const attempt = relationship.attempt!;
  try {
    const view = await openInstant(host, relationship, attempt, signal);
    changeAttempt(host, relationshipId, { instantMs: view.instantMs });
    await write(host, relationship, place, view, onProgress, signal);
    return view.attachments;
  } catch (thrown) {
    if (!signal.aborted) await dropInstant(host, relationship, attempt);
    throw thrown;
  }
}

/** All that the view calls dirty is on the media and in both journals. Goes on where this attempt stopped. Closes the view. */
async function write(host: Host, relationship: Relationship, place: MediaPlace, view: DiskView, onProgress: OnProgress, signal: AbortSignal): Promise<void> {
  try {
    const attempt = changeAttempt(host, relationship.id, { disks: view.disks });
    const [here, there] = [await host.fingerprints.journal(relationship.id, attempt.id), await place.journal(attempt.id)];
    const from = await goingOn(host, relationship, attempt, here, Math.min(here.sizeBytes, there.sizeBytes));
    for (const journal of [here, there]) await journal.truncateTo(from.bytes);
    const layers = view.disks.map(({ disk, sizeBytes }) => ({ sizeBytes, layer: place.layer(disk) }));
    const intake = await Intake.open({ layers }, host.layers, there, host.compression);
    try {
      const fingerprinter = new Fingerprinter(Buffer.from(relationship.key, 'base64'));
      await ship({ view, journal: here, lane: new MediaLane(intake), from, signal, onProgress, carried: host.state.carried(relationship.id), maps: new Map(), scan: null, fingerprinter, compression: null });
      await here.sync();
    } finally {
      await intake.close();
    }
  } finally {
    await view.close();
  }
}

async function writeManifest(host: Host, relationship: Relationship, place: MediaPlace, attachments: readonly Attachment[]): Promise<void> {
  const attempt = relationship.attempt!;
  const journal = await host.fingerprints.journal(relationship.id, attempt.id);
  const { dataClusters, zeroClusters } = await journal.clusterSets(attempt.disks);
  const disks: MediaDisk[] = [];
  for (const { disk, sizeBytes } of attempt.disks) disks.push({ disk, sizeBytes, fileBytes: (await place.fileBytes(disk)) ?? 0 });
  const machine = machineOf(host, relationship.machineId);
  const manifest = {
    machineId: machine.id, machine: machine.name, relationshipId: relationship.id, primary: host.hostName, epochId: attempt.epochId, pointId: attempt.id, sequence: attempt.sequence, instantMs: attempt.instantMs,
    exportedMs: host.clock.nowMs(), definition: definitionOf(host, relationship), attachments: packed(attachments), disks, digest: await journal.digest(), dataClusters, zeroClusters,
  };
  await place.write('manifest.json', encodeManifest(manifest, Buffer.from(relationship.key, 'base64')));
}

/** The point is the newest acknowledged one here: changes count from it. Not when the export was stopped meanwhile. */
async function finish(host: Host, relationshipId: string, place: MediaPlace): Promise<void> {
  const { attempt } = relationshipNamed(host, relationshipId);
  const digest = await (await host.fingerprints.journal(relationshipId, attempt!.id)).digest();
  host.state.transaction(() => {
    const { state, attempt: now } = relationshipNamed(host, relationshipId);
    if (state !== 2 || now?.id !== attempt!.id) throw new Fault('cancelled', say('the export to {path} was stopped', { path: place.path }));
    acknowledge(host, relationshipId, changeAttempt(host, relationshipId, { digest }));
    update(host, relationshipId, ({ initial }) => ({
      initial: { ...initial!, exported: { pointId: attempt!.id, instantMs: attempt!.instantMs, finishedMs: host.clock.nowMs(), path: place.path, isTold: false } },
    }));
  });
  await tidy(host, relationshipNamed(host, relationshipId));
  await place.remove('unfinished.json');
}
