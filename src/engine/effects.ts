/**
 * What the outbox asks for, after the transition that recorded it. Each is idempotent: after a crash it runs again.
 */

import { faultOf } from '../errors/fault.ts';
import { Refused } from '../errors/refusal.ts';
import type { Layer } from '../machine/definition.ts';
import { giveUp } from './primary/attempt.ts';
import { greet } from './greeting.ts';
import type { Host } from './host.ts';
import type { LaunchSpec } from './ports/hypervisor.ts';
import type { OutboxItem } from './ports/state.ts';
import type { SealedJournal } from '../fingerprints/store.ts';
import { dissolve } from './extended/ending.ts';
import { forgetExport } from './firstcopy/exporting.ts';
import { makeFailover } from './failover.ts';
import { startMachine } from './power.ts';
import { unlabelAll, unlabelTops } from './replica/labels.ts';
import { dropReceiving } from './replica/receiving.ts';
import type { Desk } from '../relationship/chain.ts';
import type { Effect } from '../relationship/table.ts';
import { say, told } from '../language/text.ts';

type Recorded = Effect | 'forget-extended' | 'dissolve' | 'apply-journal' | 'join-replaced' | 'remove-layer' | 'start-guest';
type Run = (host: Host, item: OutboxItem, signal: AbortSignal) => Promise<void>;

const relationshipIdOf = (item: OutboxItem): string => String(item.payload['relationshipId']);
const layersOf = (item: OutboxItem): readonly Layer[] => (item.payload['layers'] as Layer[] | undefined) ?? [];

async function forgetAttempt(host: Host, item: OutboxItem, signal: AbortSignal): Promise<void> {
  const relationship = host.state.relationship(relationshipIdOf(item));
  if (!relationship) return;
  if (relationship.side === 'replica') await dropReceiving(host, relationship.id);
  else await giveUp(host, relationship.id, signal);
  const machine = host.state.machine(relationship.machineId);
  const { directory } = item.payload;
  if (machine && typeof directory === 'string') await forgetExport(host, machine, directory);
}

async function removeLayers(host: Host, item: OutboxItem): Promise<void> {
  for (const layer of layersOf(item)) await host.layers.remove(layer);
}

/** On a host that is primary again its own disks lead to no point any more. */
async function forgetFailback(host: Host, item: OutboxItem): Promise<void> {
  await removeLayers(host, item);
  const { journalId } = item.payload;
  if (typeof journalId === 'string') await host.fingerprints.removeJournal(relationshipIdOf(item), journalId);
  const machine = host.state.machine(item.machineId);
  if (machine && host.state.relationship(relationshipIdOf(item))?.side === 'primary') await unlabelTops(host, machine);
}

/** A guest that was shut down for something that was given up runs again; when it cannot, it stays off and that is said. */
async function startGuest(host: Host, item: OutboxItem, signal: AbortSignal): Promise<void> {
  try {
    await startMachine(host, item.machineId, signal);
  } catch (thrown) {
    signal.throwIfAborted();
    if (!faultOf(thrown) && !(thrown instanceof Refused)) throw thrown;
    const name = host.state.machine(item.machineId)?.name ?? item.machineId;
    host.state.addEvent({ atMs: host.clock.nowMs(), number: null, severity: 'error', machine: name, ...told(say('{name}: its guest was shut down for a failback that was given up, and could not be started again: {message}', { name, message: (thrown as Error).message })) });
  }
}

/** The peer hears of our lineage whenever it is met; this only makes it sooner. */
async function tellPeer(host: Host, item: OutboxItem, signal: AbortSignal): Promise<void> {
  if (!host.state.relationship(relationshipIdOf(item))) return;
  await greet(host, relationshipIdOf(item), AbortSignal.any([signal, host.clock.timeout(2_000)])).catch((thrown: unknown) => {
    signal.throwIfAborted();
    if (!faultOf(thrown) && !(thrown instanceof Refused)) throw thrown;
  });
}

async function holdGuest(host: Host, item: OutboxItem): Promise<void> {
  const relationship = host.state.relationship(relationshipIdOf(item));
  const machine = host.state.machine(item.machineId);
  if (!machine || machine.powerLock === null) return;
  if ((await host.hypervisor.power(item.machineId)) === 'off') return;
  if (relationship?.settings.additional.demotion === 'stop') await host.hypervisor.stop(item.machineId);
  else await host.hypervisor.pause(item.machineId);
  host.state.addEvent({ atMs: host.clock.nowMs(), number: null, severity: 'error', machine: machine.name, ...told(say('{machine}: its guest on {host} was held because the other host runs it in a newer epoch; its memory and disks are kept', { machine: machine.name, host: host.hostName })) });
}

async function freeGuest(host: Host, item: OutboxItem): Promise<void> {
  const machine = host.state.machine(item.machineId);
  if (machine?.powerLock !== null) return;
  await unlabelTops(host, machine);
  if ((await host.hypervisor.power(item.machineId)) === 'paused') await host.hypervisor.resume(item.machineId);
}

/**
 * The relationship is removed already; what it kept goes. The files' labels first: a guest may write them from now on. In
 * the middle of a chain they stay: the host before goes on sending.
 */
async function releaseMachine(host: Host, item: OutboxItem): Promise<void> {
  const machine = host.state.machine(item.machineId);
  if (machine && item.payload['onward'] !== true) await unlabelAll(host, machine);
  const spec = item.payload['spec'] as LaunchSpec | undefined;
  if (spec) await endTracking(host, spec);
  await host.fingerprints.drop(relationshipIdOf(item));
}

/** A disk that is lost has no record of changes that could be ended, and is no reason to keep what goes. */
async function endTracking({ hypervisor }: Host, spec: LaunchSpec): Promise<void> {
  try {
    const { points } = await hypervisor.tracking(spec);
    for (const pointId of points) await hypervisor.untrack(spec, pointId);
  } catch (thrown) {
    if (faultOf(thrown)?.code !== 'disk-missing') throw thrown;
  }
}

/** What a retired point replaced counts for its successor, when that has an older one. What belongs to no point that has one is of no use. */
async function joinReplaced({ fingerprints, state }: Host, item: OutboxItem): Promise<void> {
  const id = relationshipIdOf(item);
  const { pointId, successorId } = item.payload as { pointId: string; successorId: string };
  const useful = new Set(state.points(item.machineId).slice(1).map((point) => point.id));
  if (useful.has(successorId)) await fingerprints.joinReplaced(id, pointId, successorId);
  for (const other of await fingerprints.replacedIds(id)) if (!useful.has(other)) await fingerprints.removeReplaced(id, other);
}

const RUN: Record<Recorded, Run> = {
  'forget-attempt': forgetAttempt,
  'make-failover-layers': (host, item) => makeFailover(host, relationshipIdOf(item)),
  'drop-failover-layers': removeLayers,
  'forget-failback': forgetFailback,
  'drop-other-points': removeLayers,
  'tell-peer': tellPeer,
  'hold-guest': holdGuest,
  'free-guest': freeGuest,
  'merge-layers': () => Promise.resolve(),
  'release-machine': releaseMachine,
  'apply-journal': async (host, item) => {
    const attempt = item.payload['attempt'] as SealedJournal;
    // Older points are verified by it: the map is about to forget them.
    const hasOlder = host.state.points(item.machineId).some(({ id }) => id !== attempt.attemptId);
    if (hasOlder) await host.fingerprints.keepReplaced(relationshipIdOf(item), attempt, host.state.clustersOf(attempt.attemptId));
    await host.fingerprints.applyJournal(relationshipIdOf(item), attempt);
    await host.fingerprints.removeJournal(relationshipIdOf(item), attempt.attemptId);
  },
  'forget-extended': (host, item) => host.fingerprints.drop(relationshipIdOf(item)),
  dissolve,
  'join-replaced': joinReplaced,
  'start-guest': startGuest,
  'remove-layer': (host, item) => host.layers.remove(item.payload['layer'] as Layer),
};

/** Nothing is left in this outbox of the machine. A fault leaves the rest for the next run, in order. */
export async function runOutbox(host: Host, machineId: string, desk: Desk, signal: AbortSignal): Promise<void> {
  for (let item = host.state.outbox(machineId, desk)[0]; item; item = host.state.outbox(machineId, desk)[0]) {
    signal.throwIfAborted();
    await RUN[item.effect as Recorded](host, item, signal);
    host.state.takeFromOutbox(item.id);
  }
}

