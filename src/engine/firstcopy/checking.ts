/** Whether media are those that a replica waits for: everything that can be told before a byte is copied. */
import { CLUSTER_BYTES } from '../../extents/extent.ts';
import { Fault, faultOf } from '../../errors/fault.ts';
import { Refused, refuse } from '../../errors/refusal.ts';
import type { Machine, Relationship } from '../../machine/records.ts';
import { sideWords, stateWords } from '../../relationship/state.ts';
import { allowedVerbs } from '../../relationship/step.ts';
import { greet } from '../greeting.ts';
import type { Host } from '../host.ts';
import type { MediaPlace } from '../ports/media.ts';
import { machineOf } from '../spec.ts';
import { readManifest, type Manifest } from './manifest.ts';
import { say, type Said } from '../../language/text.ts';

const ASK_WITHIN_MS = 5_000;

const unfit = (machine: Machine, why: Said): Fault => new Fault('media-unfit', say('{machine}: {why}', { machine: machine.name, why }));

/** Refused when no first copy is awaited; fault media-missing, media-unfit, media-damaged, space-exhausted. */
export async function checkedManifest(host: Host, relationship: Relationship, directory: string, signal: AbortSignal): Promise<{ place: MediaPlace; manifest: Manifest }> {
  const machine = machineOf(host, relationship.machineId);
  checkAwaits(host, machine, relationship);
  const place = await host.media.find(directory, `_${machine.id}`);
  if (!place) throw new Fault('media-missing', say('{directory} holds no export of {machine}', { directory, machine: machine.name }));
  try {
    const manifest = await sealedManifest(place, machine, relationship);
    await checkIsAwaited(host, relationship, manifest, signal);
    await checkFiles(host, place, machine, relationship, manifest);
    return { place, manifest };
  } catch (thrown) {
    await place.close();
    throw thrown;
  }
}

/** The first copy may come on media: nothing has arrived yet but what waits for them. */
export const awaitsMedia = ({ side, state, newestPointId, awaited, seed }: Relationship): boolean =>
  side === 'replica' && state === 2 && (newestPointId === null || Boolean(awaited)) && !seed;

function checkAwaits(host: Host, machine: Machine, relationship: Relationship): void {
  if (awaitsMedia(relationship)) return;
  const { side, state } = relationship;
  throw new Refused(refuse(say('{machine}: {host} does not wait for a first copy on media: {state} (state {number}, {side})', { machine: machine.name, host: host.hostName, state: stateWords(state), number: state, side: sideWords(side) }), allowedVerbs(relationship)));
}

async function sealedManifest(place: MediaPlace, machine: Machine, relationship: Relationship): Promise<Manifest> {
  const text = await place.read('manifest.json');
  if (text === undefined) throw unfit(machine, say('{path} has no manifest: the export did not finish there, or was copied only in part', { path: place.path }));
  const manifest = readManifest(text, place.path);
  if (manifest.machineId !== machine.id) throw unfit(machine, say('{path} holds an export of another virtual machine, {other} ({id})', { path: place.path, other: String(manifest.machine), id: String(manifest.machineId) }));
  if (manifest.relationshipId !== relationship.id) throw unfit(machine, say('{path} holds an export that was made for another relationship, before replication was enabled anew', { path: place.path }));
  if (!manifest.isSealedBy(Buffer.from(relationship.key, 'base64'))) throw new Fault('media-damaged', say('{machine}: the manifest in {path} was altered', { machine: machine.name, path: place.path }));
  return manifest;
}

/** By what this host was told, and by the primary itself where it can be asked. */
async function checkIsAwaited(host: Host, relationship: Relationship, { pointId, instantMs }: Manifest, signal: AbortSignal): Promise<void> {
  const machine = machineOf(host, relationship.machineId);
  const expected = relationship.awaited?.pointId ?? (await exportedThere(host, relationship, signal));
  if (expected === undefined || expected === pointId) return;
  const when = { atMs: instantMs };
  if (expected === null) throw unfit(machine, say('{peer} has no finished export of it that waits to be imported (the one here is of {when})', { peer: host.peerName(relationship.peerId), when }));
  throw unfit(machine, say('the export of {when} is another than the one that changes are sent for since', { when }));
}

/** The point of the primary's export; null when it has none, undefined when it does not answer. */
async function exportedThere(host: Host, relationship: Relationship, signal: AbortSignal): Promise<string | null | undefined> {
  try {
    const { exportedId } = await greet(host, relationship.id, AbortSignal.any([signal, host.clock.timeout(ASK_WITHIN_MS)]));
    return exportedId;
  } catch (thrown) {
    signal.throwIfAborted();
    if (!faultOf(thrown) && !(thrown instanceof Refused)) throw thrown;
    return undefined;
  }
}

async function checkFiles(host: Host, place: MediaPlace, machine: Machine, { settings }: Relationship, { disks, dataClusters }: Manifest): Promise<void> {
  const missing = settings.disks.filter((disk) => !disks.some((each) => each.disk === disk));
  if (missing.length > 0) throw unfit(machine, say('the export has no disk {disks}', { disks: { list: missing } }));
  for (const { disk, fileBytes } of disks) {
    const found = await place.fileBytes(disk);
    const { path } = place.layer(disk);
    if (found === undefined) throw new Fault('media-damaged', say('{machine}: {path} is missing', { machine: machine.name, path }));
    if (found < fileBytes) throw new Fault('media-damaged', say('{machine}: {path} is truncated: it has {found} of {fileBytes} bytes', { machine: machine.name, path, found, fileBytes: String(fileBytes) }));
  }
  const free = await host.layers.freeBytes(machine.storage);
  const needed = dataClusters * CLUSTER_BYTES;
  if (free < needed) throw new Fault('space-exhausted', say('{machine}: the import needs {needed}, and {storage} has {free} free', { machine: machine.name, needed: { sizeBytes: needed }, storage: machine.storage, free: { sizeBytes: free } }));
}
