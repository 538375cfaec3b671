/** Records as people and programs see them. */
import { isSendable } from '../engine/extended/source.ts';
import { peerNamesOf } from '../engine/host.ts';
import { startRefusal } from '../engine/power.ts';
import { lastCycleOf, nextCycleMsOf, roleOf } from '../engine/roster/roster.ts';
import { lagMsOf, reasonsOf } from '../health/health.ts';
import type { EventRecord, Job, LastFault, Machine, Point, Relationship } from '../machine/records.ts';
import { beginningOf, beginsIn } from '../relationship/beginning.ts';
import { isOnward, kindOf } from '../relationship/chain.ts';
import { newestOf } from '../relationship/epoch.ts';
import { stateName, stateWords } from '../relationship/state.ts';
import type { HostRow } from '../state/hosts.ts';
import { allowedNow, type Surroundings } from './allowed.ts';
import type { Context } from './context.ts';
import { adviceNow } from './outofreach.ts';
import { judgementOf } from './health.ts';
import { settingsView } from './settingsview.ts';
import type { RelationshipView } from './relationshipviews.ts';
import type { EventView, HostView, JobView, MachineView, PointView } from './views.ts';
import { type Text, say, saidOf, hintOf, phrase } from '../language/text.ts';
import { inLanguage } from '../language/domain.ts';
import { failureText } from '../errors/fault.ts';

export async function machineView(context: Context, machine: Machine): Promise<MachineView> {
  const { state, hypervisor } = context.engine.host;
  return shownMachine(context, machine, state.relationshipOf(machine.id), await hypervisor.power(machine.id));
}

/** All machines and relationships, at one moment. */
export interface Records {
  readonly machines: readonly Machine[];
  readonly relationships: readonly Relationship[];
}

export const recordsOf = ({ engine: { host: { state } } }: Context): Records => ({ machines: state.machines(), relationships: state.relationships() });

/** All machines; of the hypervisor only what runs is asked for its power. */
export async function machineViews(context: Context, { machines, relationships }: Records = recordsOf(context)): Promise<MachineView[]> {
  const { hypervisor } = context.engine.host;
  const live = new Set(await hypervisor.instances());
  const own = new Map(relationships.filter((relationship) => !isOnward(relationship)).map((relationship) => [relationship.machineId, relationship]));
  return Promise.all(machines.map(async (machine) => shownMachine(context, machine, own.get(machine.id), live.has(machine.id) ? await hypervisor.power(machine.id) : 'off')));
}

function shownMachine(context: Context, machine: Machine, relationship: Relationship | undefined, power: MachineView['power']): MachineView {
  const { socketPath, logPath } = context.machines.console(machine.id);
  return {
    id: machine.id,
    name: machine.name,
    role: roleOf(machine, relationship),
    power,
    startRefusal: inWordsOrNull(context, startRefusal(machine, relationship)),
    memoryMiB: machine.definition.memoryMiB,
    cpuCount: machine.definition.cpuCount,
    autostart: machine.definition.autostart,
    disks: machine.definition.disks.map((disk) => {
      const stack = machine.stacks.find((each) => each.disk === disk.name);
      return { name: disk.name, path: stack?.layers.at(-1)?.path ?? disk.path, format: disk.format, sizeBytes: stack?.sizeBytes ?? 0 };
    }),
    consoleSocket: power === 'off' ? null : socketPath,
    consoleLog: logPath,
    pid: power === 'off' ? null : context.machines.pid(machine.id),
  };
}

const clockTime = (seconds: number): string => `${String(Math.floor(seconds / 3_600)).padStart(2, '0')}:${String(Math.floor(seconds / 60) % 60).padStart(2, '0')}`;

/** What begins by itself, and when. */
function waitingFor({ engine: { host } }: Context, relationship: Relationship): Text | null {
  const own = isOnward(relationship) ? host.state.relationshipOf(relationship.machineId) : undefined;
  if (own && !isSendable(own)) return say('waits: nothing is sent on while the machine\'s own relationship here is in: {state}', { state: stateWords(own.state) });
  const event = relationship.side === 'primary' ? beginsIn(relationship.state) : undefined;
  if (!event) return host.traffic.waitingFor(relationship.id);
  const isInitial = event === 'startInitial';
  const beginning = beginningOf(relationship, host.clock.nowMs(), (atMs) => host.clock.minutesEast(atMs));
  if (beginning.kind === 'at') {
    const time = { atMs: beginning.atMs };
    return isInitial ? say('waits until {time}: then the initial replication begins by itself', { time }) : say('waits until {time}: then the resynchronization begins by itself', { time });
  }
  if (beginning.kind === 'window') {
    const window = { from: clockTime(beginning.window.fromSeconds), until: clockTime(beginning.window.untilSeconds) };
    return isInitial ? say('waits for its window from {from} to {until}: then the initial replication begins by itself', window) : say('waits for its window from {from} to {until}: then the resynchronization begins by itself', window);
  }
  if (beginning.kind !== 'asked' || relationship.state !== 9) return null;
  return relationship.heldBack ? phrase('the resynchronization was cancelled and begins when somebody asks for it') : phrase('the resynchronization begins when somebody asks for it');
}

function lastResynchronizationView({ lastResynchronization: last }: Relationship): RelationshipView['lastResynchronization'] {
  return last ? { pointId: last.pointId, finishedAtMs: last.finishedMs, durationMs: last.durationMs, bytesCompared: last.comparedBytes, comparingMs: last.comparedMs, bytesChanged: last.bytesChanged, bytesShipped: last.bytesShipped } : null;
}

/** What is shown with a relationship and is not in its own record. */
interface Beside extends Surroundings {
  readonly machine: Machine;
  /** Name of the other host. */
  readonly peer: string;
}

function besideOf({ engine: { host } }: Context, { machineId, peerId }: Relationship): Beside {
  const { state } = host;
  return { machine: state.machine(machineId)!, peer: host.peerName(peerId), pointCount: state.pointCount(machineId), isSentOn: state.extendedOf(machineId) !== undefined };
}

/** All relationships: what is beside them is read in one go. */
export function relationshipViews(context: Context, { machines, relationships }: Records): RelationshipView[] {
  const { host } = context.engine;
  const machine = new Map(machines.map((each) => [each.id, each]));
  const peer = peerNamesOf(host, relationships);
  const pointCounts = host.state.pointCounts();
  const sentOn = new Set(relationships.filter(isOnward).map(({ machineId }) => machineId));
  return relationships.map((relationship) => {
    const { machineId, peerId } = relationship;
    return relationshipView(context, relationship, { machine: machine.get(machineId)!, peer: peer.get(peerId)!, pointCount: pointCounts.get(machineId) ?? 0, isSentOn: sentOn.has(machineId) });
  });
}

export function relationshipView(context: Context, relationship: Relationship, { machine, peer, ...surroundings }: Beside = besideOf(context, relationship)): RelationshipView {
  const { engine, network } = context;
  const lagMs = lagMsOf(relationship, engine.host.clock.nowMs());
  const judgement = judgementOf(context, relationship, machine, peer);
  const { number, id } = newestOf(machine.lineage);
  const lastCycle = lastCycleOf(relationship);
  return {
    id: relationship.id,
    kind: kindOf(relationship),
    machineId: machine.id,
    machine: machine.name,
    side: relationship.side,
    peer,
    peerConnected: network.connected(relationship.peerId),
    state: relationship.state,
    stateName: inLanguage(stateName(relationship.state), context.language),
    health: judgement.health,
    healthReasons: reasonsOf(judgement).map((reason) => inLanguage(reason, context.language)),
    lagMs,
    lastCycle: lastCycle && { pointId: lastCycle.pointId, finishedAtMs: lastCycle.finishedMs, durationMs: lastCycle.durationMs, bytesChanged: lastCycle.bytesChanged, bytesShipped: lastCycle.bytesShipped },
    lastResynchronization: lastResynchronizationView(relationship),
    lastKind: relationship.newestPointId === null ? null : (relationship.newestKind ?? 'standard'),
    lastConsistentAtMs: relationship.lastConsistentMs ?? null,
    nextCycleAtMs: nextCycleMsOf(engine, relationship),
    startsAtMs: relationship.startsAtMs ?? null,
    waitingFor: inWordsOrNull(context, waitingFor(context, relationship)),
    points: surroundings.pointCount,
    commitsAtMs: relationship.state === 5 ? (relationship.failover?.commit?.dueMs ?? null) : null,
    lastTestAtMs: relationship.lastTestMs ?? null,
    epoch: { number, id },
    settings: settingsView(relationship.settings),
    allowed: allowedNow({ relationship, machine, ...surroundings }),
    advice: inLanguage(adviceNow(relationship, machine.name, peer, network.connected(relationship.peerId)), context.language),
    lastFault: failureView(context, relationship.lastFault),
  };
}

const inWordsOrNull = ({ language }: Context, text: Text | null): string | null => (text === null ? null : inLanguage(text, language));

/** A failure that was kept, of a relationship or of what is told to somebody. */
export const failureView = ({ language }: Context, failure: LastFault | null): RelationshipView['lastFault'] =>
  failure && { code: failure.code, message: inLanguage(failureText(failure), language), hint: inLanguage(failure.hint, language), atMs: failure.atMs };

export const eventView = ({ language }: Context, event: EventRecord): EventView => ({
  id: event.id, atMs: event.atMs, number: event.number, severity: event.severity, machine: event.machine,
  message: inLanguage(saidOf(event), language),
  hint: event.hint === undefined ? null : inLanguage(hintOf({ ...event, hint: event.hint }), language),
});

export const pointView = (point: Point, newestId: string | undefined): PointView => ({
  id: point.id,
  sequence: point.sequence,
  kind: point.kind,
  instantMs: point.instantMs,
  sizeBytes: point.sizeBytes,
  newest: point.id === newestId,
  name: point.name,
  verification: point.verification ? { ...point.verification, damage: point.verification.damage.map((each) => ({ ...each })) } : null,
});

export const jobView = (context: Context, job: Job): JobView => ({
  id: job.id,
  kind: job.kind,
  machine: (job.machineId && context.engine.host.state.machine(job.machineId)?.name) ?? job.machineId,
  state: job.state,
  percent: job.percent,
  step: inLanguage(job.stepSaid ?? job.step, context.language),
  startedAtMs: job.startedMs,
  startedBy: job.startedBy ?? null,
  finishedAtMs: job.finishedMs,
  cancellable: job.cancellable && job.state === 'running',
  error: job.error && { code: job.error.code, message: inLanguage(failureText(job.error), context.language), hint: inLanguage(job.error.hint, context.language), allowed: [...job.error.allowed] },
  result: job.result,
});

export const hostView = ({ network }: Context, host: HostRow): HostView => ({
  id: host.hostId,
  name: host.name,
  address: host.address,
  fingerprint: host.pin,
  self: false,
  connected: network.connected(host.hostId),
  lastContactMs: network.lastContactMs(host.hostId),
  certificateExpiresMs: host.certificateExpiresMs,
});

export const selfView = ({ network: { self } }: Context): HostView => ({
  id: self.hostId, name: self.name, address: self.address, fingerprint: self.pin, self: true, connected: true, lastContactMs: null, certificateExpiresMs: self.certificateExpiresMs,
});
