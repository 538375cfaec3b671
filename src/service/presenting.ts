/** Records as people and programs see them. */
import { startRefusal } from '../engine/power.ts';
import { alarmText } from '../engine/replica/limits.ts';
import type { Job, Machine, Point, Relationship } from '../machine/records.ts';
import { beginningOf, beginsIn } from '../relationship/beginning.ts';
import { newestOf } from '../relationship/epoch.ts';
import { cycleIntervalMs } from '../relationship/settings.ts';
import { allowedVerbs } from '../relationship/step.ts';
import { ADVICE_AFTER_YIELDING, adviceFor, stateName } from '../relationship/state.ts';
import type { HostRow } from '../state/hosts.ts';
import type { Context } from './context.ts';
import { settingsView } from './settingsview.ts';
import type { HostView, JobView, MachineView, PointView, RelationshipView } from './views.ts';

const LATE_WARNING = 2;
const LATE_CRITICAL = 3;
/** Below this much lateness nobody is warned, however short the interval: a cycle has to be possible first. */
const LATE_AT_LEAST_MS = 30_000;

export async function machineView(context: Context, machine: Machine): Promise<MachineView> {
  const { host } = context.engine;
  const relationship = host.state.relationshipOf(machine.id);
  const power = await host.hypervisor.power(machine.id);
  const { socketPath, logPath } = context.machines.console(machine.id);
  return {
    id: machine.id,
    name: machine.name,
    role: machine.copyOf !== null ? 'test' : (relationship?.side ?? 'standalone'),
    power,
    startRefusal: startRefusal(machine, relationship),
    memoryMiB: machine.definition.memoryMiB,
    cpuCount: machine.definition.cpuCount,
    autostart: machine.definition.autostart,
    disks: machine.definition.disks.map((disk) => {
      const stack = machine.stacks.find((each) => each.disk === disk.name);
      return { name: disk.name, path: stack?.layers.at(-1)?.path ?? disk.path, format: disk.format, sizeBytes: stack?.sizeBytes ?? 0 };
    }),
    consoleSocket: power === 'off' ? null : socketPath,
    consoleLog: logPath,
    pid: context.machines.pid(machine.id),
  };
}

const seconds = (ms: number): string => (ms < 120_000 ? `${Math.round(ms / 1_000)} s` : `${Math.round(ms / 60_000)} min`);

/** Waiting for the other host's points, while the disks here are as its own guest left them. */
const hasYielded = ({ side, state, yielded }: Relationship): boolean => side === 'replica' && [2, 3].includes(state) && yielded !== null;

/** What to do next; empty when nothing needs doing. */
export const adviceOf = (relationship: Relationship): string =>
  hasYielded(relationship) ? ADVICE_AFTER_YIELDING : adviceFor(relationship.state, relationship.side);

export function healthOf(relationship: Relationship, machine: Machine, lagMs: number | null, peer: string): { health: RelationshipView['health']; reasons: string[] } {
  const warnings: string[] = [];
  const criticals: string[] = [];
  if (relationship.state === 0) return { health: 'none', reasons: [] };
  if (hasYielded(relationship)) warnings.push(`${peer} runs this machine now, in a newer epoch: the guest here is held and may not run.`);
  else if ([1, 2].includes(relationship.state)) warnings.push('There is no current recovery point yet.');
  if (relationship.state === 13) warnings.push('The difference is coming home; the machine runs on the other host and is not protected.');
  if (relationship.state === 14) warnings.push('The machine came home and is not protected until the failback is committed.');
  if ([5, 6].includes(relationship.state)) warnings.push('The machine runs here and is not protected until replication is reversed.');
  if (relationship.state === 7) (relationship.side === 'primary' ? warnings : criticals).push('Replication is suspended.');
  if ([8, 9, 10, 11, 16].includes(relationship.state)) criticals.push(`${stateName(relationship.state)}.`);
  if (relationship.state === 3 && lagMs !== null) {
    const intervalMs = Math.max(cycleIntervalMs(relationship.settings), LATE_AT_LEAST_MS / LATE_WARNING);
    const text = `The replica is ${seconds(lagMs)} behind; its target is ${seconds(cycleIntervalMs(relationship.settings))}.`;
    if (lagMs > LATE_CRITICAL * intervalMs) criticals.push(text);
    else if (lagMs > LATE_WARNING * intervalMs) warnings.push(text);
  }
  if (relationship.side === 'replica') warnings.push(...(relationship.alarms ?? []).map((alarm) => alarmText(alarm, machine)));
  if (relationship.lastFault) (relationship.lastFault.code === 'split-brain' ? criticals : warnings).push(`${relationship.lastFault.message} (with ${peer}).`);
  if (criticals.length > 0) return { health: 'critical', reasons: [...criticals, ...warnings] };
  return { health: warnings.length > 0 ? 'warning' : 'ok', reasons: warnings };
}

/** How far the replica is behind; null before its first point, and where the machine runs failed over. */
export function lagMsOf({ state, newestInstantMs }: Relationship, nowMs: number): number | null {
  return newestInstantMs === null || [5, 6, 13, 14].includes(state) ? null : Math.max(0, nowMs - newestInstantMs);
}

/** States whose work runs again and again, or is tried again. */
const WORKING: readonly number[] = [2, 3, 10];

const clockTime = (seconds: number): string => `${String(Math.floor(seconds / 3_600)).padStart(2, '0')}:${String(Math.floor(seconds / 60) % 60).padStart(2, '0')}`;

/** What begins by itself, and when. */
function waitingFor({ engine: { host } }: Context, relationship: Relationship): string | null {
  const event = relationship.side === 'primary' ? beginsIn(relationship.state) : undefined;
  if (!event) return null;
  const what = event === 'startInitial' ? 'the initial replication' : 'the resynchronization';
  const beginning = beginningOf(relationship, host.clock.nowMs(), (atMs) => host.clock.minutesEast(atMs));
  if (beginning.kind === 'at') return `waits until ${new Date(beginning.atMs).toISOString()}: then ${what} begins by itself`;
  if (beginning.kind === 'window') return `waits for its window from ${clockTime(beginning.window.fromSeconds)} to ${clockTime(beginning.window.untilSeconds)}: then ${what} begins by itself`;
  if (beginning.kind === 'asked' && relationship.state === 9) return `${what} ${relationship.heldBack ? 'was cancelled and ' : ''}begins when somebody asks for it`;
  return null;
}

function lastResynchronizationView({ lastResynchronization: last }: Relationship): RelationshipView['lastResynchronization'] {
  return last ? { pointId: last.pointId, finishedAtMs: last.finishedMs, durationMs: last.durationMs, bytesCompared: last.comparedBytes, comparingMs: last.comparedMs, bytesChanged: last.bytesChanged, bytesShipped: last.bytesShipped } : null;
}

export function relationshipView(context: Context, relationship: Relationship): RelationshipView {
  const { engine, network } = context;
  const machine = engine.host.state.machine(relationship.machineId)!;
  const peer = engine.host.peerName(relationship.peerId);
  const lagMs = lagMsOf(relationship, engine.host.clock.nowMs());
  const { health, reasons } = healthOf(relationship, machine, lagMs, peer);
  const { number, id } = newestOf(machine.lineage);
  const { lastCycle } = relationship;
  return {
    machineId: machine.id,
    machine: machine.name,
    side: relationship.side,
    peer,
    peerConnected: network.connected(relationship.peerId),
    state: relationship.state,
    stateName: stateName(relationship.state),
    health,
    healthReasons: reasons,
    lagMs,
    lastCycle: lastCycle && { pointId: lastCycle.pointId, finishedAtMs: lastCycle.finishedMs, durationMs: lastCycle.durationMs, bytesChanged: lastCycle.bytesChanged, bytesShipped: lastCycle.bytesShipped },
    lastResynchronization: lastResynchronizationView(relationship),
    nextCycleAtMs: relationship.side === 'primary' && WORKING.includes(relationship.state) ? engine.workerOf(relationship).nextAtMs : null,
    startsAtMs: relationship.startsAtMs ?? null,
    waitingFor: waitingFor(context, relationship),
    points: engine.host.state.points(machine.id).length,
    epoch: { number, id },
    settings: settingsView(relationship.settings),
    allowed: allowedVerbs(relationship).concat(relationship.testCopy ? ['test-end'] : []),
    advice: adviceOf(relationship),
    lastFault: relationship.lastFault,
  };
}

export const pointView = (point: Point, newestId: string | undefined): PointView => ({
  id: point.id,
  sequence: point.sequence,
  kind: point.kind,
  instantMs: point.instantMs,
  sizeBytes: point.sizeBytes,
  newest: point.id === newestId,
  name: point.name,
});

export const jobView = (context: Context, job: Job): JobView => ({
  id: job.id,
  kind: job.kind,
  machine: (job.machineId && context.engine.host.state.machine(job.machineId)?.name) ?? job.machineId,
  state: job.state,
  percent: job.percent,
  step: job.step,
  startedAtMs: job.startedMs,
  finishedAtMs: job.finishedMs,
  cancellable: job.cancellable && job.state === 'running',
  error: job.error && { ...job.error, allowed: [...job.error.allowed] },
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
