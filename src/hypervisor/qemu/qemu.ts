/**
 * The hypervisor port on QEMU itself: one process per instance, which neither this daemon's crash nor its restart
 * touches. A new object over the same directories finds the guests that run and the attempts that are open.
 */
import { existsSync } from 'node:fs';
import { uptime } from 'node:os';
import type { ClusterSet } from '../../extents/clusterset.ts';
import { Fault } from '../../errors/fault.ts';
import { say } from '../../language/text.ts';
import type { Attachment, DiskStack } from '../../machine/definition.ts';
import type { ConsoleText } from '../../machine/screen.ts';
import type { DiskSize, DiskView } from '../../engine/ports/diskview.ts';
import type {
  FreshLayers, HostCapabilities, Hypervisor, Instant, LaunchSpec, LayerPair, PointInTime, PointInTimeRequest, Power, TrackingReport,
} from '../../engine/ports/hypervisor.ts';
import type { Qmp } from '../../qmp/qmp.ts';
import { AgentError } from './agent.ts';
import { readAttachments, writeAttachments } from './attachments.ts';
import { namedNodes } from './bitmaps.ts';
import { Capabilities } from './capabilities.ts';
import { changesSince } from './changes.ts';
import type { Directories } from './directories.ts';
import { Host } from './host.ts';
import { plug, resize, unplug } from './hotplug.ts';
import { closedSizes } from './images.ts';
import { liveInstances, qemuProcess, readLaunchRecord } from './instance.ts';
import type { Attempt } from './instant.ts';
import { noteMs, thawFound, thawNoted } from './freeze.ts';
import { isOnTop, layOnTop } from './freshlayers.ts';
import { mergeBelow } from './mergebelow.ts';
import { diskNode } from './nodes.ts';
import { PointsInTime } from './pointintime.ts';
import { PowerSwitch, type StartOptions } from './power.ts';
import { Screens } from './screens.ts';
import { StackReaders } from './stackreaders.ts';
import { pendingBytes, reportTracking, track, untrack, untrackAll } from './tracking.ts';

/** Linux counts process times in hundredths of a second for everyone. */
const TICK_MS = 10;
const AGENT_SYNC_MS = 2_000;
const AGENT_ANSWER_MS = 15_000;

export class QemuHypervisor implements Hypervisor {
  readonly #host: Host;
  readonly #switch: PowerSwitch;
  readonly #points: PointsInTime;
  readonly #readers: StackReaders;
  readonly #screens: Screens;
  readonly #capabilities = new Capabilities();
  /** Aborted when this object is closed. */
  readonly #closing = new AbortController();

  constructor(directories: Directories) {
    this.#host = new Host(directories);
    this.#switch = new PowerSwitch(this.#host);
    this.#points = new PointsInTime(this.#host);
    this.#readers = new StackReaders(directories);
    this.#screens = new Screens(this.#host);
  }

  power(instanceId: string): Promise<Power> {
    return this.#switch.power(instanceId);
  }

  instances(): Promise<readonly string[]> {
    return Promise.resolve(liveInstances(this.#host.directories));
  }

  start(spec: LaunchSpec, options: StartOptions, signal: AbortSignal): Promise<{ intact: boolean }> {
    return this.#switch.start(spec, options, signal);
  }

  shutdown(instanceId: string, timeoutMs: number, signal: AbortSignal): Promise<void> {
    return this.#switch.shutdown(instanceId, timeoutMs, signal);
  }

  stop(instanceId: string): Promise<void> {
    return this.#switch.stop(instanceId);
  }

  onRestart(listener: (instanceId: string) => void): void {
    this.#host.onRestart = listener;
  }

  async askAgent(instanceId: string, command: string, args: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<unknown> {
    return this.#host.withAgent(instanceId, AGENT_SYNC_MS, async (agent) => {
      signal.throwIfAborted();
      try {
        return await agent.execute(command, args, AGENT_ANSWER_MS);
      } catch (thrown) {
        if (thrown instanceof AgentError) throw new Fault('agent-refused', thrown.message, { cause: thrown });
        throw thrown;
      }
    });
  }

  pause(instanceId: string): Promise<void> {
    return this.#switch.pause(instanceId);
  }

  resume(instanceId: string): Promise<void> {
    return this.#switch.resume(instanceId);
  }

  screenshot(spec: Pick<LaunchSpec, 'instanceId' | 'definition'>, signal: AbortSignal): Promise<Uint8Array> {
    return this.#screens.picture(spec, AbortSignal.any([signal, this.#closing.signal]));
  }

  consoleText(instanceId: string): Promise<ConsoleText> {
    return this.#screens.consoleText(instanceId);
  }

  async sizes(spec: LaunchSpec): Promise<readonly DiskSize[]> {
    const isOpen = (await this.#host.isRunning(spec.instanceId)) || this.#host.offline.isOpen(spec.instanceId);
    if (!isOpen) return closedSizes(spec);
    return this.#host.withBlocks(spec, this.#closing.signal, async ({ qmp }) => {
      const nodes = await namedNodes(qmp);
      const open = spec.stacks.flatMap((stack) => nodes.filter((node) => node['node-name'] === diskNode(stack)).map((node) => ({ disk: stack.disk, sizeBytes: node.image['virtual-size'] })));
      const closed = spec.stacks.filter((stack) => !open.some(({ disk }) => disk === stack.disk));
      return [...open, ...(await closedSizes({ ...spec, stacks: closed }))];
    });
  }

  tracking(spec: LaunchSpec): Promise<TrackingReport> {
    return reportTracking(this.#host, spec, this.#closing.signal);
  }

  track(spec: LaunchSpec, pointId: string): Promise<void> {
    return track(this.#host, spec, pointId, this.#closing.signal);
  }

  untrack(spec: LaunchSpec, pointId: string): Promise<void> {
    return untrack(this.#host, spec, pointId, this.#closing.signal);
  }

  plug(spec: LaunchSpec, disk: string): Promise<void> {
    return plug(this.#host, spec, disk);
  }

  unplug(spec: LaunchSpec, disk: string, timeoutMs: number, signal: AbortSignal): Promise<void> {
    return unplug(this.#host, spec, disk, timeoutMs, signal);
  }

  resize(spec: LaunchSpec, disk: string, sizeBytes: number, signal: AbortSignal): Promise<void> {
    return resize(this.#host, spec, disk, sizeBytes, signal);
  }

  untrackAll(spec: LaunchSpec): Promise<void> {
    return untrackAll(this.#host, spec, this.#closing.signal);
  }

  pendingBytes(spec: LaunchSpec, pointIds: readonly string[]): Promise<number | null> {
    return pendingBytes(this.#host, spec, pointIds);
  }

  changesSince(spec: LaunchSpec, pointId: string, signal: AbortSignal): Promise<ReadonlyMap<string, ClusterSet>> {
    return changesSince(this.#host, spec, pointId, signal);
  }

  openPointInTime(spec: LaunchSpec, request: PointInTimeRequest, signal: AbortSignal): Promise<PointInTime> {
    return this.#points.open(spec, request, signal);
  }

  closePointInTime(spec: LaunchSpec, attempt: Attempt, outcome: 'acknowledged' | 'failed'): Promise<void> {
    return this.#points.close(spec, attempt, outcome, this.#closing.signal);
  }

  layOnTop(spec: LaunchSpec, fresh: FreshLayers, signal: AbortSignal): Promise<Instant> {
    return layOnTop(this.#host, spec, fresh, signal);
  }

  isOnTop(spec: LaunchSpec, fresh: FreshLayers): Promise<boolean> {
    return isOnTop(this.#host, spec, fresh);
  }

  mergeBelow(spec: LaunchSpec, pair: LayerPair, signal: AbortSignal): Promise<void> {
    return mergeBelow(this.#host, spec, pair, signal);
  }

  openLive(spec: LaunchSpec, signal: AbortSignal): Promise<DiskView> {
    return this.#points.openLive(spec, signal);
  }

  openStacks(stacks: readonly DiskStack[], signal: AbortSignal): Promise<DiskView> {
    return this.#readers.open(stacks, AbortSignal.any([signal, this.#closing.signal]));
  }

  attachments(spec: LaunchSpec): Promise<readonly Attachment[]> {
    return Promise.resolve(readAttachments(spec.definition, this.#host.state(spec.instanceId)));
  }

  async restoreAttachments(spec: LaunchSpec, attachments: readonly Attachment[]): Promise<void> {
    if (await this.#host.isRunning(spec.instanceId)) throw new Fault('disk-in-use', say('{machine} is running: its firmware variables are in use', { machine: spec.definition.name }));
    writeAttachments(spec.definition.name, attachments, this.#host.state(spec.instanceId));
  }

  forget(instanceId: string): Promise<void> {
    return this.#switch.forget(instanceId);
  }

  capabilities(): Promise<HostCapabilities> {
    return this.#capabilities.now();
  }

  /** The instance's serial console: a unix socket for one client, and everything that was said so far. */
  console(instanceId: string): { readonly socketPath: string; readonly logPath: string } {
    return { socketPath: this.#host.run(instanceId).serial, logPath: this.#host.state(instanceId).serialLog };
  }

  /** QEMU's process id, or null when the instance is off. */
  pid(instanceId: string): number | null {
    return qemuProcess(this.#host.run(instanceId))?.pid ?? null;
  }

  /** How long QEMU has run; null when the instance is off. */
  upMs(instanceId: string): number | null {
    const process = qemuProcess(this.#host.run(instanceId));
    return process ? Math.max(0, Math.round(uptime() * 1_000 - process.startTicks * TICK_MS)) : null;
  }

  /**
   * Guests that a daemon which has ended may have left frozen go on: those with a note by every means, the others when their agent
   * answers at once. Tells of each that was found frozen; null: its agent does not confirm that it goes on.
   */
  async thawAll(tell: (machineName: string, fileSystems: number | null) => void): Promise<void> {
    await Promise.all(liveInstances(this.#host.directories).map(async (instanceId) => {
      const run = this.#host.run(instanceId);
      const record = readLaunchRecord(run);
      if (!record?.guestAgent) return;
      const isNoted = existsSync(run.freezeNote);
      const outcome = await this.#host.agentTurns.take(instanceId, () => thawFound(run));
      if (outcome !== 'gone' && (isNoted || outcome !== null) && outcome !== 0) tell(record.machineName, outcome);
    }));
  }

  /** Whoever asked the agent so far may have given up: it is asked once more, unless somebody is at it. */
  async standsStillSinceMs(instanceId: string): Promise<number | null> {
    const run = this.#host.run(instanceId);
    const sinceMs = noteMs(run);
    if (sinceMs !== null) void this.#host.withFreeAgent(instanceId, () => thawNoted(run, 0));
    return sinceMs;
  }

  /** The guest agent's socket, for whoever freezes file systems. */
  agentSocketPath(instanceId: string): string {
    return this.#host.run(instanceId).agent;
  }

  /** The connection that this object keeps to the instance's QEMU, which serves one client only. */
  monitor(instanceId: string): Promise<Qmp> {
    return this.#host.monitors.get(instanceId);
  }

  /** What a daemon that crashed left reading has ended: it would keep others from the files. */
  reap(): Promise<void> {
    return this.#readers.reap();
  }

  /** Lets go of everything. Guests run on; an attempt of a machine that is off can be opened again. */
  async close(): Promise<void> {
    this.#closing.abort(new Fault('cancelled', say('the daemon ends')));
    await this.#host.monitors.close();
    await this.#host.offline.closeAll();
    await this.#readers.close();
  }
}
