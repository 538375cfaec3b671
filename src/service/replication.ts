/** Use cases of a relationship: enable, its settings, initial replication, suspend and resume, disable, points. */
import { faultOf } from '../errors/fault.ts';
import { Refused, refuse } from '../errors/refusal.ts';
import { emptyRelationship } from '../engine/answers.ts';
import { settleNext } from '../engine/branch/newpoint.ts';
import { call } from '../engine/calls.ts';
import { isSendable } from '../engine/extended/source.ts';
import { quitFailback } from '../engine/failback/failback.ts';
import { giveUp, wholeSpecFor } from '../engine/primary/attempt.ts';
import { checkDisks } from '../engine/primary/diskupdate.ts';
import { isSameSet } from '../engine/primary/incoming.ts';
import { definitionOf, machineOf, overridden } from '../engine/spec.ts';
import { standingAlone } from '../engine/standalone.ts';
import { withoutSeed } from '../engine/replica/seeding.ts';
import type { Host } from '../engine/host.ts';
import { putSettings } from '../engine/stepkinds.ts';
import { relationshipNamed as rowNamed, transition, update } from '../engine/transition.ts';
import type { JobArgs } from '../engine/jobs.ts';
import type { Machine, Overrides, Relationship } from '../machine/records.ts';
import { ADVISED_HISTORY, applicationConsistentHours, bypassesProxy, changed, defaultSettings, type Settings, type SettingsChange } from '../relationship/settings.ts';
import { isOnward, kindOf } from '../relationship/chain.ts';
import { defaultExtendedSettings, extendedChanged } from '../relationship/extendedsettings.ts';
import { allowedVerbs } from '../relationship/step.ts';
import { aboutIt, audited, hostNamed, machineNamed, relationshipNamed, type Context } from './context.ts';
import type { EnablePlan, EnableRequest, Operations } from './operations.ts';
import { jobView, relationshipView } from './presenting.ts';
import type { Caller } from './accessviews.ts';
import { settingsChangeOf, settingsView } from './settingsview.ts';
import { checkReady, FORMER_REPLICA, readinessFindings, usedCopy, type Finding } from '../engine/readiness.ts';
import { inLanguage } from '../language/domain.ts';
import { saidOf, say, type Text, told } from '../language/text.ts';
import { stateWords } from '../relationship/state.ts';

type ReplicationOperations = Pick<
  Operations,
  'enablePlan' | 'enable' | 'settingsChange' | 'suspend' | 'resume' | 'cycleNow' | 'consistentCycleNow' | 'disable'
>;

const PEER_WITHIN_MS = 30_000;

export function replicationOperations(context: Context): ReplicationOperations {
  const { engine } = context;
  const { host } = engine;
  const within = () => host.clock.timeout(PEER_WITHIN_MS);
  const named = (reference: string): Relationship => relationshipNamed(context, reference);
  const viewed = ({ id }: Relationship) => relationshipView(context, rowNamed(host, id));
  const step = async (machine: string, pick: (relationship: Relationship) => Parameters<typeof transition>[2]) => {
    const relationship = named(machine);
    transition(host, relationship.id, pick(relationship));
    await engine.workerOf(relationship).tended();
    return viewed(relationship);
  };
  const cycle = (caller: Caller, relationship: Relationship, args: JobArgs) => jobView(context, engine.jobs.start('cycle', relationship.machineId, { ...args, ...aboutIt(relationship) }, caller.name));
  return {
    enablePlan: (caller, request) => audited(context, caller, 'viewer', 'enable plan', request.machine, async (context) => planView(context, await planOf(context, wishOf(request), within()))),
    enable: (caller, request) =>
      audited(context, caller, 'operator', 'enable', request.machine, async (context) => {
        const { relationship } = await enable(context, wishOf(request), within());
        return viewed(relationship);
      }),
    settingsChange: (caller, machine, change) =>
      audited(context, caller, 'operator', 'settings', machine, async (context) => {
        const relationship = named(machine);
        await changeSettings(context, relationship, settingsChangeOf(change), within());
        return viewed(relationship);
      }),
    suspend: (caller, machine) => audited(context, caller, 'operator', 'suspend', machine, () => step(machine, ({ state }) => (state === 10 ? 'suspendResync' : 'suspend'))),
    resume: (caller, machine) => audited(context, caller, 'operator', 'resume', machine, () => step(machine, ({ state }) => (state === 11 ? 'continueResync' : state === 16 ? 'retryDisks' : 'resume'))),
    cycleNow: (caller, machine) => audited(context, caller, 'operator', 'cycle', machine, () => cycle(caller, named(machine), {})),
    consistentCycleNow: (caller, machine) => audited(context, caller, 'operator', 'cycle', machine, () => cycle(caller, named(machine), { applicationConsistent: true })),
    disable: (caller, machine) => audited(context, caller, 'operator', 'disable', machine, (context) => disable(context, named(machine), within())),
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
  /** Of a replica that is sent on. */
  readonly kind?: 'extended';
}

/** What a request for a relationship comes to, as far as this host can tell by itself. */
export function requested(context: Context, request: Wish): Requested {
  const machine = machineNamed(context, request.machine);
  const existing = context.engine.host.state.relationshipOf(machine.id);
  if (existing) return requestedOnward(context, machine, existing, request);
  if (machine.copyOf !== null) throw new Refused(refuse(say('{machine} is a test failover\'s copy', { machine: machine.name }), ['test-end']));
  const { hostId } = hostNamed(context, request.host);
  const disks = machine.definition.disks.map(({ name }) => name);
  const settings = changed(defaultSettings(disks), request.settings, disks);
  return { settings, machine, peerId: hostId };
}

/** A replica is sent on to a third host. */
function requestedOnward(context: Context, machine: Machine, own: Relationship, request: Wish): Requested {
  const { state, peerName } = context.engine.host;
  const no = (reason: Text): Refused => new Refused(refuse(reason, allowedVerbs(own)));
  const { name } = machine;
  if (own.side === 'primary') throw no(say('{machine} is replicated already, and a primary has one replica: it is extended on the replica\'s host', { machine: name }));
  if (kindOf(own) === 'extended') throw no(say('{machine} is replicated already: this is the last host of its chain', { machine: name }));
  const extended = state.extendedOf(machine.id);
  if (extended) throw no(say('{machine} is replicated already, and sent on to {peer}: a chain does not fan out', { machine: name, peer: peerName(extended.peerId) }));
  if (!isSendable(own)) throw no(say('{machine} is replicated already; it can be extended while it is a replica with recovery points of {peer} ({state})', { machine: name, peer: peerName(own.peerId), state: stateWords(own.state) }));
  const { hostId } = hostNamed(context, request.host);
  if (hostId === own.peerId) throw no(say('{machine} is replicated already from {peer}: the third host has to be another one', { machine: name, peer: peerName(hostId) }));
  const settings = extendedChanged(defaultExtendedSettings(own.settings), request.settings ?? {}, own.settings);
  return { settings, machine, peerId: hostId, kind: 'extended' };
}

interface Planned extends Requested {
  readonly findings: readonly Finding[];
  readonly advice: readonly Text[];
}

async function planOf(context: Context, request: Wish, signal: AbortSignal): Promise<Planned> {
  const asked = requested(context, request);
  const { settings, machine, peerId } = asked;
  const found = await readinessFindings(context.engine.host, machine, peerId, request.overrides ?? {}, true, signal, bypassesProxy(settings));
  const findings = found.map((each) => (each.subject === FORMER_REPLICA && request.useExisting ? usedCopy(context.engine.host.peerName(peerId)) : each));
  return { ...asked, findings, advice: adviceFor(machine, settings) };
}

const planView = ({ language }: Context, { settings, findings, advice }: Planned): EnablePlan => ({
  settings: settingsView(settings),
  findings: findings.map((finding) => ({ severity: finding.severity, subject: finding.subject, message: inLanguage(saidOf(finding), language), cure: inLanguage(finding.cureSaid ?? finding.cure, language) })),
  advice: advice.map((text) => inLanguage(text, language)),
});

function adviceFor({ name, definition }: Machine, settings: Settings): Text[] {
  const hasNoAgent = applicationConsistentHours(settings) > 0 && !definition.guestAgent;
  return [
    ...(settings.recoveryHistory === 0 ? [say('With a recovery history of 0 only the newest point is kept: damage that replicates cannot be undone. {advised} is advised (--history {advised}).', { advised: ADVISED_HISTORY })] : []),
    ...(hasNoAgent ? [say('{name} is defined without a guest agent, so that its recovery points will be crash-consistent: set guestAgent = true in the definition and install qemu-guest-agent in the guest.', { name })] : []),
  ];
}

/** The relationship exists on both hosts, in state 1 here and 2 there. The findings that did not stop it are the answer. */
export async function enable(context: Context, request: Wish, signal: AbortSignal): Promise<{ findings: readonly Finding[]; relationship: Relationship }> {
  const { host } = context.engine;
  const { findings, settings, machine, peerId, kind } = await planOf(context, request, signal);
  checkReady(findings, request.force === true);
  const fresh: Relationship = {
    ...emptyRelationship, id: host.newId(), machineId: machine.id, peerId, side: 'primary', state: 0, settings, key: host.newKey().toString('base64'), overrides: {}, ...(kind && { kind }),
  };
  const replica = {
    relationshipId: fresh.id, machineId: machine.id, definition: machine.definition, settings, lineage: machine.lineage, key: fresh.key,
    overrides: (request.overrides ?? {}) as Overrides, sizes: machine.stacks.map(({ disk, sizeBytes }) => ({ disk, sizeBytes })), useExisting: request.useExisting === true, ...(kind && { kind }),
  };
  const created = await call(host.peers, peerId, 'createReplica', replica, signal);
  const { relationshipId: id = fresh.id, ...there } = created?.joined ?? {};
  const relationship: Relationship = { ...fresh, ...there, id };
  host.state.transaction(() => {
    host.state.putRelationship({ ...relationship, ...(created?.seedId && { initial: { by: 'seed' } }) });
    transition(host, relationship.id, 'enable');
  });
  return { findings, relationship };
}

/** A disk that does not replicate may be on the other host only. */
export const disksHere = ({ definition, stacks }: Machine): string[] => definition.disks.map(({ name }) => name).filter((name) => stacks.some(({ disk }) => disk === name));

/** What the settings would be; refused on the replica's host. */
export function settingsAfter(context: Context, relationship: Relationship, change: SettingsChange): Settings {
  const { host } = context.engine;
  const machine = machineNamed(context, relationship.machineId);
  if (relationship.side !== 'primary') throw new Refused(refuse(say('the settings of {machine} are changed on {peer}, which is its primary', { machine: machine.name, peer: host.peerName(relationship.peerId) }), allowedVerbs(relationship)));
  const settings = settingsChanged(context, relationship, change, machine);
  if (!isSameSet(settings.disks, relationship.settings.disks)) checkDisks(host, relationship, settings.disks);
  return settings;
}

function settingsChanged({ engine }: Context, relationship: Relationship, change: SettingsChange, machine: Machine): Settings {
  const primary = isOnward(relationship) ? engine.host.state.relationshipOf(machine.id)?.settings : undefined;
  if (primary) return extendedChanged(relationship.settings, change, primary);
  return changed(relationship.settings, change, disksHere(machine));
}

/** Both hosts go by the new settings. */
export async function changeSettings(context: Context, relationship: Relationship, change: SettingsChange, signal: AbortSignal): Promise<void> {
  const { host } = context.engine;
  const worker = context.engine.workerOf(relationship);
  const settings = settingsAfter(context, relationship, change);
  if (isSameSet(settings.disks, relationship.settings.disks)) await putSettings(host, relationship.id, settings, signal);
  else await worker.exclusive('change settings', (during) => putSettings(host, relationship.id, settings, during), signal);
  if (change.disks !== undefined) update(host, relationship.id, () => ({ undecidedDisks: [] }));
  worker.poke();
}

/**
 * The machine is an ordinary one here, whatever the other side says or does: it is told when it can be reached, and stays as it
 * is until it is removed there.
 */
export async function disable(context: Context, { id }: Relationship, signal: AbortSignal): Promise<void> {
  const { engine } = context;
  const { host } = engine;
  const found = rowNamed(host, id);
  const onward = isOnward(found);
  const sentOn = onward ? undefined : host.state.extendedOf(found.machineId);
  if (sentOn) throw new Refused(refuse(say('{machine} is sent on to {peer}: remove the extended relationship first (understudy disable --extended)', { machine: machineOf(host, found.machineId).name, peer: host.peerName(sentOn.peerId) }), ['disable --extended']));
  if (found.testCopy) throw new Refused(refuse('a test failover is there: end it first', ['test-end']));
  await quitFailback(engine, found, signal);
  await engine.workerOf(found).exclusive('end replication', async (during) => {
    const relationship = rowNamed(host, id);
    await endAttempts(context, relationship, during);
    const spec = relationship.side === 'primary' && !onward ? wholeSpecFor(host, relationship) : undefined;
    transition(host, id, 'disable', {
      facts: { 'no-extended': onward || host.state.extendedOf(relationship.machineId) === undefined },
      payload: () => (spec ? { spec } : { onward }),
      also: (before) => {
        if (!onward) standAlone(context, before);
      },
    });
    await call(host.peers, relationship.peerId, 'dissolve', { relationshipId: id }, AbortSignal.any([during, host.clock.timeout(2_000)])).catch(() => undefined);
  }, signal);
}

/** What is under way holds bitmaps here, or layers there. Where that cannot be undone it is no reason to keep the relationship. */
async function endAttempts({ engine }: Context, relationship: Relationship, signal: AbortSignal): Promise<void> {
  const { host } = engine;
  try {
    if (relationship.side === 'primary') await giveUp(host, relationship.id, signal);
    else if (relationship.failover) await settleNext(host, relationship);
    else await engine.reception.drop(relationship.id);
  } catch (thrown) {
    signal.throwIfAborted();
    if (!faultOf(thrown)) throw thrown;
    const { name } = machineOf(host, relationship.machineId);
    host.state.addEvent({ atMs: host.clock.nowMs(), number: null, severity: 'warning', machine: name, ...told(say('{name}: its relationship is removed, but what a cycle had open could not be tidied up: {message}', { name, message: (thrown as Error).message })) });
  }
}

/** What came before the media, and what was copied of them, is nothing without the rest. */
function dropArrived(host: Host, machine: Machine, { importing }: Relationship): void {
  const layers = [...machine.stacks.flatMap((stack) => stack.layers), ...(importing?.layers ?? []).map(({ layer }) => layer)];
  host.state.putMachine({ ...machine, stacks: [] });
  for (const layer of layers) host.state.addToOutbox(machine.id, 'remove-layer', { layer });
}

/** What runs here keeps running on the same layers, with what this host overrides; a replica is what its newest point is. */
function standAlone({ engine: { host } }: Context, relationship: Relationship): void {
  const machine = machineOf(host, relationship.machineId);
  const { side, failover, overrides, seed, peerId } = relationship;
  if (seed) return host.state.putMachine(withoutSeed(machine, seed));
  if (relationship.awaited ?? relationship.importing) return dropArrived(host, machine, relationship);
  const { stacks, leftOver } = standingAlone(host, machine, relationship);
  for (const layer of leftOver) host.state.addToOutbox(machine.id, 'remove-layer', { layer });
  const definition = side === 'replica' ? overridden(definitionOf(host, relationship), overrides) : machine.definition;
  host.state.putMachine({ ...machine, definition, powerLock: null, stacks, ...(side === 'replica' && !failover && { replicaOf: peerId }) });
  for (const { id } of host.state.points(machine.id)) host.state.removePoint(id);
}
