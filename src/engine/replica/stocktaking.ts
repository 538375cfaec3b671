/**
 * At the daemon's start, before anything runs: what lies in the storages is compared with the state. A known machine's
 * unknown files are moved aside; a machine that the state does not know is rebuilt from its files when they say enough.
 * Nothing is deleted, and a directory that does not explain itself is left as it is.
 */
import { failureText, Fault, faultOf } from '../../errors/fault.ts';
import { ClusterSet } from '../../extents/clusterset.ts';
import { clusterCount } from '../../extents/extent.ts';
import { type Said, say, told } from '../../language/text.ts';
import type { Layer } from '../../machine/definition.ts';
import type { Machine } from '../../machine/records.ts';
import { emptyRelationship } from '../answers.ts';
import type { Host } from '../host.ts';
import type { FoundLayer } from '../ports/layers.ts';
import { transition } from '../transition.ts';
import { linksOf, rebuilt, type Rebuilt, type RebuiltPoint } from './rebuilding.ts';

/** Each storage and each known machine was looked at; what could not be read is said in an event and left. */
export async function takeStock(host: Host, storages: readonly string[]): Promise<void> {
  const machines = host.state.machines();
  await quarantineUnknown(host, machines);
  for (const storage of new Set([...storages, ...machines.map((machine) => machine.storage)])) {
    const ids = await orEvent(host, storage, () => host.layers.machines(storage));
    await rebuildUnknown(host, storage, ids ?? []);
  }
}

/** Files in a known machine's directory that nothing in the state names. All are listed before the state is asked. */
async function quarantineUnknown(host: Host, machines: readonly Machine[]): Promise<void> {
  const found = new Map<Machine, readonly FoundLayer[]>();
  for (const machine of machines) found.set(machine, (await orEvent(host, machine.name, () => host.layers.inventory(machine.storage, machine.id))) ?? []);
  const known = knownPaths(host);
  for (const [machine, files] of found) {
    const unknown = files.filter(({ path }) => !known.has(path));
    if (unknown.length > 0) await orEvent(host, machine.name, () => quarantine(host, machine.name, unknown.map(({ path }) => path)));
  }
}

/** Every file that any machine, attempt, failover, test or outstanding effect of this host may use. */
function knownPaths(host: Host): ReadonlySet<string> {
  const { state } = host;
  const paths = new Set<string>();
  const add = (layers: readonly Layer[]) => layers.forEach(({ path }) => paths.add(path));
  for (const { id, stacks, definition } of state.machines()) {
    for (const { layers, branch } of stacks) add([...layers, ...(branch?.layers ?? [])]);
    for (const { path } of definition.disks) paths.add(path);
    for (const { payload } of [...state.outbox(id), ...state.outbox(id, 'onward')]) add([...((payload['layers'] as Layer[] | undefined) ?? []), ...(payload['layer'] ? [payload['layer'] as Layer] : [])]);
  }
  for (const { receiving, importing, failover, failback, testCopy } of state.relationships()) {
    for (const held of [receiving, importing, failover, failover?.next, failback?.at === 'away' ? failback : null, testCopy]) add(held?.layers.map(({ layer }) => layer) ?? []);
  }
  return paths;
}

async function quarantine(host: Host, name: string, paths: readonly string[]): Promise<void> {
  for (const path of paths) await host.layers.quarantine(path);
  if (paths.length > 0) tell(host, name, say('{name}: no recovery point explains these files, so they were moved aside, into "quarantine" beside the machine\'s directory: {paths}', { name, paths: { list: paths } }));
}

async function rebuildUnknown(host: Host, storage: string, ids: readonly string[]): Promise<void> {
  const left: Said[] = [];
  for (const id of ids) {
    if (host.state.machine(id)) continue;
    const why = await orEvent(host, id, () => rebuildOne(host, storage, id));
    if (why) left.push(say('{id} ({why}).', { id, why }));
  }
  if (left.length > 0) tell(host, null, say('{storage} has directories of machines that this host does not know; they were left as they are: {left}', { storage, left }));
}

/** Null when the machine is known now; else why its files were left alone. */
async function rebuildOne(host: Host, storage: string, id: string): Promise<Said | null> {
  const found = await host.layers.inventory(storage, id);
  const labels = [...found, ...(await host.layers.loneLabels(storage, id))];
  const links = linksOf(labels, (disk, layerId) => host.layers.layerAt(storage, id, disk, layerId).path, new Set(found.map(({ path }) => path)));
  if (links.length === 0) return found.length === 0 ? null : say('its files have no labels');
  const known = knownPaths(host);
  if ([...found, ...links.map(({ layer }) => layer)].some(({ path }) => known.has(path))) return say('another machine uses its files');
  const outcome = rebuilt(id, storage, links);
  if (outcome.kind === 'left') return outcome.why;
  const { name } = outcome.machine;
  if (host.state.machines().some((other) => other.name === name)) return say('there is another machine named {name}', { name });
  await keep(host, outcome);
  const used = knownPaths(host);
  await quarantine(host, name, found.map(({ path }) => path).filter((path) => !used.has(path)));
  return null;
}

async function keep(host: Host, outcome: Exclude<Rebuilt, { kind: 'left' }>): Promise<void> {
  const { machine } = outcome;
  for (const layer of machine.stacks.flatMap(({ layers }) => layers)) await host.layers.allocatedBytes(layer);
  if (outcome.kind === 'replica') return keepReplica(host, outcome);
  host.state.putMachine(machine);
  tell(host, machine.name, say('{machine} ran on {host} when the state was lost: it was rebuilt from its files as a machine that is not replicated. Before it is started, make sure that no other host runs it; then remove the old relationship there and enable replication again', { machine: machine.name, host: host.hostName }));
}

/** The replica waits for a point of its primary, which compares where it has to; the points are there already. */
async function keepReplica(host: Host, { machine, points, newest }: Extract<Rebuilt, { kind: 'replica' }>): Promise<void> {
  if (host.state.relationship(newest.relationshipId)) throw new Fault('machine-exists', say('{machine}: its relationship belongs to another machine', { machine: machine.name }));
  const measured: Measured[] = [];
  for (const each of points) measured.push(await measure(host, each));
  await host.fingerprints.drop(newest.relationshipId);
  host.state.transaction(() => {
    host.state.putMachine(machine);
    for (const { point, attachments, clusters } of measured) host.state.addPoint(point, attachments, clusters);
    host.state.putRelationship({
      ...emptyRelationship, id: newest.relationshipId, machineId: machine.id, peerId: newest.replica.peerId, side: 'replica', state: 0, settings: newest.replica.settings,
      overrides: newest.replica.overrides, key: host.newKey().toString('base64'), newestPointId: newest.pointId, newestInstantMs: newest.instantMs, sequence: newest.sequence,
    });
    transition(host, newest.relationshipId, 'accept');
  });
  tell(host, machine.name, say('{machine} was rebuilt from its files with {count} recovery points. Replication goes on when this host is paired with {peer}; if it is critical there, resume it', { machine: machine.name, count: points.length, peer: host.peerName(newest.replica.peerId) }));
}

interface Measured extends Pick<RebuiltPoint, 'point' | 'attachments'> {
  readonly clusters: ReadonlyMap<string, ClusterSet>;
}

/** What the point's own layers hold is what it changed, for the way back; the oldest that has a disk stands for all of it. */
async function measure(host: Host, { point, attachments, parts }: RebuiltPoint): Promise<Measured> {
  const clusters = new Map<string, ClusterSet>();
  let sizeBytes = 0;
  for (const { disk, sizeBytes: diskBytes, layers, isLowest } of parts) {
    const set = isLowest ? ClusterSet.full(clusterCount(diskBytes)) : new ClusterSet(clusterCount(diskBytes));
    for (const layer of layers) {
      sizeBytes += await host.layers.allocatedBytes(layer);
      if (!isLowest) set.addAll(await host.layers.allocated(layer, diskBytes));
    }
    clusters.set(disk, set);
  }
  return { point: { ...point, sizeBytes }, attachments, clusters };
}

function tell(host: Host, machine: string | null, message: Said): void {
  host.state.addEvent({ atMs: host.clock.nowMs(), number: null, severity: 'warning', machine, ...told(message) });
}

async function orEvent<T>(host: Host, what: string, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (thrown) {
    const fault = faultOf(thrown);
    if (!fault) throw thrown;
    tell(host, what, say('{what} could not be compared with its files: {reason}. {hint}', { what, reason: [failureText(fault)], hint: [fault.hint] }));
    return undefined;
  }
}
