/** Use cases of a relationship: enable, its settings, initial replication, suspend and resume, disable, points. */
import { Refused, refuse } from '../errors/refusal.ts';
import { emptyRelationship } from '../engine/answers.ts';
import { settleNext } from '../engine/branch/newpoint.ts';
import { call } from '../engine/calls.ts';
import { giveUp, wholeSpecFor } from '../engine/primary/attempt.ts';
import { isReceived } from '../engine/failover.ts';
import type { Host } from '../engine/host.ts';
import { activeStacks, otherStacks } from '../engine/spec.ts';
import { putSettings } from '../engine/stepkinds.ts';
import { checkDisks } from '../engine/primary/diskupdate.ts';
import { isSameSet } from '../engine/primary/incoming.ts';
import { relationshipNamed, transition, update } from '../engine/transition.ts';
import type { Machine, Overrides, Relationship, Stack } from '../machine/records.ts';
import { withoutLabels } from '../points/stack.ts';
import { ADVISED_HISTORY, applicationConsistentHours, changed, defaultSettings, type Settings, type SettingsChange } from '../relationship/settings.ts';
import { allowedVerbs } from '../relationship/step.ts';
import { audited, hostNamed, machineNamed, type Context } from './context.ts';
import type { EnablePlan, EnableRequest, Operations } from './operations.ts';
import { jobView, pointView, relationshipView } from './presenting.ts';
import { settingsChangeOf, settingsView } from './settingsview.ts';
import { checkReady, readinessFindings } from '../engine/readiness.ts';

type ReplicationOperations = Pick<
  Operations,
  'enablePlan' | 'enable' | 'settingsChange' | 'initialStart' | 'initialStop' | 'suspend' | 'resume' | 'cycleNow' | 'disable' | 'points'
>;

const PEER_WITHIN_MS = 30_000;

export function replicationOperations(context: Context): ReplicationOperations {
  const { engine } = context;
  const { host } = engine;
  const within = () => host.clock.timeout(PEER_WITHIN_MS);
  const named = (machine: string): Relationship => engine.relationshipOf(machineNamed(context, machine).id);
  const viewed = (machine: string) => relationshipView(context, named(machine));
  const step = async (machine: string, pick: (relationship: Relationship) => Parameters<typeof transition>[2]) => {
    const relationship = named(machine);
    transition(host, relationship.id, pick(relationship));
    await engine.worker(relationship.machineId).tended();
    return viewed(machine);
  };
  return {
    enablePlan: (caller, request) => audited(context, caller, 'viewer', 'enable plan', request.machine, async () => (await planOf(context, wishOf(request), within())).plan),
    enable: (caller, request) =>
      audited(context, caller, 'operator', 'enable', request.machine, async () => {
        await enable(context, wishOf(request), within());
        return viewed(request.machine);
      }),
    settingsChange: (caller, machine, change) =>
      audited(context, caller, 'operator', 'settings', machine, async () => {
        await changeSettings(context, named(machine), settingsChangeOf(change), within());
        return viewed(machine);
      }),
    initialStart: (caller, machine) =>
      audited(context, caller, 'operator', 'start-replication', machine, () => {
        const relationship = named(machine);
        transition(host, relationship.id, 'startInitial');
        return jobView(context, engine.jobs.start('initial', relationship.machineId, {}));
      }),
    initialStop: (caller, machine) => audited(context, caller, 'operator', 'stop-initial', machine, () => step(machine, () => 'stopInitial')),
    suspend: (caller, machine) => audited(context, caller, 'operator', 'suspend', machine, () => step(machine, ({ state }) => (state === 10 ? 'suspendResync' : 'suspend'))),
    resume: (caller, machine) => audited(context, caller, 'operator', 'resume', machine, () => step(machine, ({ state }) => (state === 11 ? 'continueResync' : state === 16 ? 'retryDisks' : 'resume'))),
    cycleNow: (caller, machine) => audited(context, caller, 'operator', 'cycle', machine, () => jobView(context, engine.jobs.start('cycle', named(machine).machineId, {}))),
    disable: (caller, machine) => audited(context, caller, 'operator', 'disable', machine, () => disable(context, named(machine), within())),
    points: (caller, machine) =>
      audited(context, caller, 'viewer', 'points', machine, () => {
        const { id } = machineNamed(context, machine);
        const points = host.state.points(id);
        const newestId = points.findLast(({ kind }) => kind !== 'divergence')?.id;
        return points.map((point) => pointView(point, newestId)).reverse();
      }),
  };
}

/** A request for a relationship, whichever interface it came by. */
export interface Wish extends Omit<EnableRequest, 'settings'> {
  readonly settings: SettingsChange;
}

const wishOf = (request: EnableRequest): Wish => ({ ...request, settings: settingsChangeOf(request.settings ?? {}) });

export interface Requested {
  readonly machine: Machine;
  readonly peerId: string;
  readonly settings: Settings;
}

/** What a request for a relationship comes to, as far as this host can tell by itself. */
export function requested(context: Context, request: Wish): Requested {
  const machine = machineNamed(context, request.machine);
  const existing = context.engine.host.state.relationshipOf(machine.id);
  if (existing) throw new Refused(refuse(`${machine.name} is replicated already`, allowedVerbs(existing)));
  if (machine.copyOf !== null) throw new Refused(refuse(`${machine.name} is a test failover's copy`, ['test-end']));
  const { hostId } = hostNamed(context, request.host);
  const disks = machine.definition.disks.map(({ name }) => name);
  const settings = changed(defaultSettings(disks), request.settings, disks);
  return { settings, machine, peerId: hostId };
}

async function planOf(context: Context, request: Wish, signal: AbortSignal): Promise<Requested & { readonly plan: EnablePlan }> {
  const { settings, machine, peerId } = requested(context, request);
  const findings = await readinessFindings(context.engine.host, machine, peerId, request.overrides ?? {}, true, signal);
  return { plan: { settings: settingsView(settings), findings, advice: adviceFor(machine, settings) }, settings, machine, peerId };
}

function adviceFor({ name, definition }: Machine, settings: Settings): string[] {
  const hasNoAgent = applicationConsistentHours(settings) > 0 && !definition.guestAgent;
  return [
    ...(settings.recoveryHistory === 0 ? [`With a recovery history of 0 only the newest point is kept: damage that replicates cannot be undone. ${ADVISED_HISTORY} is advised (--history ${ADVISED_HISTORY}).`] : []),
    ...(hasNoAgent ? [`${name} is defined without a guest agent, so that its recovery points will be crash-consistent: set guestAgent = true in the definition and install qemu-guest-agent in the guest.`] : []),
  ];
}

/** The relationship exists on both hosts, in state 1 here and 2 there. The plan that it follows is the answer. */
export async function enable(context: Context, request: Wish, signal: AbortSignal): Promise<EnablePlan> {
  const { host } = context.engine;
  const { plan, settings, machine, peerId } = await planOf(context, request, signal);
  checkReady(plan.findings, request.force === true);
  const relationship: Relationship = {
    ...emptyRelationship, id: host.newId(), machineId: machine.id, peerId, side: 'primary', state: 0, settings, key: host.newKey().toString('base64'), overrides: {},
  };
  const replica = {
    relationshipId: relationship.id, machineId: machine.id, definition: machine.definition, settings, lineage: machine.lineage, key: relationship.key,
    overrides: (request.overrides ?? {}) as Overrides, sizes: machine.stacks.map(({ disk, sizeBytes }) => ({ disk, sizeBytes })),
  };
  await call(host.peers, peerId, 'createReplica', replica, signal);
  host.state.transaction(() => {
    host.state.putRelationship(relationship);
    transition(host, relationship.id, 'enable');
  });
  return plan;
}

/** A disk that does not replicate may be on the other host only. */
export const disksHere = ({ definition, stacks }: Machine): string[] => definition.disks.map(({ name }) => name).filter((name) => stacks.some(({ disk }) => disk === name));

/** What the settings would be; refused on the replica's host. */
export function settingsAfter(context: Context, relationship: Relationship, change: SettingsChange): Settings {
  const { host } = context.engine;
  const machine = machineNamed(context, relationship.machineId);
  if (relationship.side !== 'primary') throw new Refused(refuse(`the settings of ${machine.name} are changed on ${host.peerName(relationship.peerId)}, which is its primary`, allowedVerbs(relationship)));
  const settings = changed(relationship.settings, change, disksHere(machine));
  if (!isSameSet(settings.disks, relationship.settings.disks)) checkDisks(host, relationship, settings.disks);
  return settings;
}

/** Both hosts go by the new settings. */
export async function changeSettings(context: Context, relationship: Relationship, change: SettingsChange, signal: AbortSignal): Promise<void> {
  const { host } = context.engine;
  const worker = context.engine.worker(relationship.machineId);
  const settings = settingsAfter(context, relationship, change);
  if (isSameSet(settings.disks, relationship.settings.disks)) await putSettings(host, relationship.id, settings, signal);
  else await worker.exclusive('settings', (during) => putSettings(host, relationship.id, settings, during), signal);
  if (change.disks !== undefined) update(host, relationship.id, () => ({ undecidedDisks: [] }));
  worker.poke();
}

/** The machine is an ordinary one here; the other side is told, and stays as it is until it is removed there. */
export async function disable(context: Context, relationship: Relationship, signal: AbortSignal): Promise<void> {
  const { host, worker } = { host: context.engine.host, worker: context.engine.worker(relationship.machineId) };
  if (relationship.testCopy) throw new Refused(refuse('a test failover is there: end it first', ['test-end']));
  await worker.exclusive('disable', async (during) => {
    // What is under way holds bitmaps here, or layers there.
    if (relationship.side === 'primary') await giveUp(host, relationship.id, during);
    else if (relationship.failover) await settleNext(host, relationshipNamed(host, relationship.id));
    else await context.engine.reception.drop(relationship.id);
    const spec = relationship.side === 'primary' ? wholeSpecFor(host, relationship) : undefined;
    transition(host, relationship.id, 'disable', {
      facts: { 'no-extended': true },
      payload: () => (spec ? { spec } : {}),
      also: (before) => standAlone(context, before),
    });
    await call(host.peers, relationship.peerId, 'dissolve', { relationshipId: relationship.id }, AbortSignal.any([during, host.clock.timeout(2_000)])).catch(() => undefined);
  }, signal);
}

/** Disks that only older recovery points had are none of the machine's. */
function stacksAlone(host: Host, machine: Machine, { failover, side, newestPointId }: Relationship): readonly Stack[] {
  const own = (stack: Stack): boolean => !isReceived(host, machine, stack);
  if (failover) {
    const active = activeStacks(machine, failover);
    return [...active, ...otherStacks(machine, active).filter(own)];
  }
  if (side === 'primary' || newestPointId === null) return machine.stacks;
  return machine.stacks.filter((stack) => own(stack) || stack.layers.at(-1)?.pointId === newestPointId);
}

/** What runs here keeps running on the same layers; a replica is what its newest point is. */
function standAlone({ engine: { host } }: Context, relationship: Relationship): void {
  const machine = host.state.machine(relationship.machineId)!;
  const stacks = stacksAlone(host, machine, relationship);
  const kept = new Set(stacks.flatMap(({ layers }) => layers.map(({ layerId }) => layerId)));
  const others = relationship.side === 'replica' ? machine.stacks.flatMap((stack) => (isReceived(host, machine, stack) ? stack.layers : [])).filter(({ layerId }) => !kept.has(layerId)) : [];
  for (const layer of others) host.state.addToOutbox(machine.id, 'remove-layer', { layer });
  host.state.putMachine({ ...machine, powerLock: null, stacks: stacks.map(withoutLabels) });
  for (const { id } of host.state.points(machine.id)) host.state.removePoint(id);
}
