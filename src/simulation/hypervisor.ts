/**
 * The hypervisor without QEMU: instances that run on layers in memory, bitmaps and points in time with QEMU's semantics.
 * It belongs to the host, not to the daemon: guests, bitmaps and open instants outlive any daemon.
 */
import { Fault } from '../errors/fault.ts';
import { ClusterSet } from '../extents/clusterset.ts';
import { CLUSTER_BYTES, clusterCount } from '../extents/extent.ts';
import type { DiskSize, DiskView } from '../engine/ports/diskview.ts';
import type { FreshLayers, HostCapabilities, Hypervisor, Instant as Moment, LaunchSpec, LayerPair, PointInTime, PointInTimeRequest, Power, TrackingReport, TrackSince } from '../engine/ports/hypervisor.ts';
import type { Attachment, DiskStack } from '../machine/definition.ts';
import { Bitmaps, freshCustody, type Custody } from './bitmaps.ts';
import type { Value } from './content.ts';
import type { Files, ImageFile } from './files.ts';
import { contentOf, overwritten, snapshotOf, type Instant } from './instant.ts';
import { isLaid, layOver, mergeInto } from './layering.ts';
import { NOTHING_WRITTEN, SimulatedScreens } from './screens.ts';
import { SimulatedView, type Shown } from './views.ts';

export interface Surroundings {
  nowMs(): number;
  /** Passes while a guest shuts down. */
  sleep(ms: number): Promise<void>;
  /** An attempt's instant was made: this is what the disks hold at it. */
  onInstant(spec: LaunchSpec, attemptId: string, content: ReadonlyMap<string, readonly Value[]>): void;
  onStart(spec: LaunchSpec): void;
}

export interface Instance {
  spec: LaunchSpec;
  readonly session: number;
  power: 'running' | 'paused';
  /** It does not react to its power button. */
  isDeaf: boolean;
  instants: readonly Instant[];
}

export interface AttemptRecord {
  readonly attemptId: string;
  readonly instantMs: number;
}

type AttemptName = { readonly attemptId: string; readonly sincePointId: string | null };

const SHUTDOWN_MS = 1_500;
const MERGE_CLUSTER_MS = 2;
const topOf = ({ layers }: DiskStack): string => layers.at(-1)!.path;

export class SimulatedHypervisor implements Hypervisor {
  readonly #files: Files;
  readonly #around: Surroundings;
  readonly #live = new Map<string, Instance>();
  /** By instance and image. */
  readonly #custody = new Map<string, Map<ImageFile, Custody>>();
  readonly #records = new Map<string, AttemptRecord>();
  readonly screens = new SimulatedScreens();
  /** What the guests' agents do when they are to hold the file systems still. */
  freezing: 'works' | 'is-silent' | 'fails' = 'is-silent';
  /** Attempts at whose instants a guest stood still. */
  readonly frozenInstants = new Set<string>();
  /** Guests whose agent did not confirm the end of a freeze, and since when. */
  readonly standsStill = new Map<string, number>();
  #sessions = 0;

  constructor(files: Files, around: Surroundings) {
    this.#files = files;
    this.#around = around;
  }

  get live(): readonly Instance[] {
    return [...this.#live.values()];
  }

  async power(instanceId: string): Promise<Power> {
    return this.#live.get(instanceId)?.power ?? 'off';
  }

  async instances(): Promise<readonly string[]> {
    return [...this.#live.keys()];
  }

  async start(spec: LaunchSpec, { trackSince, paused = false }: Parameters<Hypervisor['start']>[1]): Promise<{ intact: boolean }> {
    const wasLive = this.#live.has(spec.instanceId);
    if (!wasLive) this.#launch(spec);
    const intact = trackSince === undefined || this.#beginTracking(spec, trackSince);
    if (!paused) this.#live.get(spec.instanceId)!.power = 'running';
    if (!wasLive) this.#around.onStart(spec);
    return { intact };
  }

  #launch(spec: LaunchSpec): void {
    this.#lock(spec);
    const bitmaps = this.#bitmaps(spec);
    bitmaps.noteClosed(false);
    this.#live.set(spec.instanceId, { spec, session: ++this.#sessions, power: 'paused', isDeaf: false, instants: [] });
  }

  #lock(spec: LaunchSpec): void {
    try {
      for (const { layers } of spec.stacks) {
        for (const { path } of layers.slice(0, -1)) this.#files.lockForReading(path, spec.instanceId);
        this.#files.lockForWriting(layers.at(-1)!.path, spec.instanceId);
      }
    } catch (thrown) {
      this.#files.letGo(spec.instanceId);
      throw thrown;
    }
  }

  #beginTracking(spec: LaunchSpec, { pointId, replacementPointId, disks }: TrackSince): boolean {
    const bitmaps = this.#bitmaps({ ...spec, stacks: spec.stacks.filter(({ disk }) => disks?.includes(disk) ?? true) });
    const { usable } = bitmaps;
    if (usable.includes(pointId) && usable.some(bitmaps.isRecording)) {
      bitmaps.expect(pointId);
      return true;
    }
    if (usable.includes(replacementPointId) && bitmaps.isRecording(replacementPointId)) return false;
    for (const point of bitmaps.points) if (!usable.includes(point) || point === pointId) bitmaps.remove(point);
    for (const point of bitmaps.expected) if (!bitmaps.points.includes(point)) bitmaps.remove(point);
    bitmaps.trustAll();
    bitmaps.add(replacementPointId, false);
    return false;
  }

  async shutdown(instanceId: string, timeoutMs: number, signal: AbortSignal): Promise<void> {
    const instance = this.#live.get(instanceId);
    if (!instance) return;
    const isInTime = !instance.isDeaf && instance.power === 'running' && SHUTDOWN_MS <= timeoutMs;
    await this.#around.sleep(isInTime ? SHUTDOWN_MS : timeoutMs);
    if (!isInTime) {
      signal.throwIfAborted();
      if (!this.#live.has(instanceId)) return;
      throw new Fault('guest-not-responding', `${instance.spec.definition.name}: the guest did not shut down in time`);
    }
    if (this.#live.get(instanceId) === instance) this.#end(instance);
    signal.throwIfAborted();
  }

  /** What the guests' agents answer; none does by itself. */
  agent: (instanceId: string, command: string, args: Readonly<Record<string, unknown>>) => unknown = () => {
    throw new Fault('agent-silent', 'no guest agent can be reached');
  };

  #restarted: (instanceId: string) => void = () => undefined;

  onRestart(listener: (instanceId: string) => void): void {
    this.#restarted = listener;
  }

  /** The guest reboots from within. */
  reboot(instanceId: string): void {
    this.#restarted(instanceId);
  }

  async askAgent(instanceId: string, command: string, args: Readonly<Record<string, unknown>>): Promise<unknown> {
    if (this.#live.get(instanceId)?.power !== 'running') throw new Fault('agent-silent', 'no guest agent can be reached');
    return this.agent(instanceId, command, args);
  }

  async stop(instanceId: string): Promise<void> {
    const instance = this.#live.get(instanceId);
    if (instance) this.#end(instance);
  }

  /** The images are closed properly: bitmaps are saved. */
  #end({ spec }: Instance): void {
    const bitmaps = this.#bitmaps(spec);
    for (const file of bitmaps.disks.values()) for (const bitmap of file.bitmaps.values()) bitmap.saved = true;
    this.#close(spec, bitmaps);
  }

  #close(spec: LaunchSpec, bitmaps: Bitmaps): void {
    bitmaps.noteClosed(true);
    this.#live.delete(spec.instanceId);
    this.#files.letGo(spec.instanceId);
  }

  /** QEMU dies without a word: what was saved is inconsistent, what was not is gone. */
  kill(instanceId: string): void {
    const instance = this.#live.get(instanceId);
    if (!instance) return;
    const bitmaps = this.#bitmaps(instance.spec);
    for (const file of bitmaps.disks.values()) this.#breakBitmaps(file);
    this.#close(instance.spec, bitmaps);
  }

  #breakBitmaps(file: ImageFile): void {
    for (const [point, bitmap] of file.bitmaps) {
      if (bitmap.saved) {
        bitmap.whole = false;
        bitmap.recording = false;
      } else file.bitmaps.delete(point);
    }
  }

  /** The host's power is gone: as a kill of each, and nobody saw how the images were left. */
  losePower(): void {
    for (const { spec } of this.live) {
      this.kill(spec.instanceId);
      this.#bitmaps(spec, false).noteClosed(false);
    }
  }

  async pause(instanceId: string): Promise<void> {
    this.#running(instanceId).power = 'paused';
  }

  async resume(instanceId: string): Promise<void> {
    this.#running(instanceId).power = 'running';
  }

  #running(instanceId: string): Instance {
    const instance = this.#live.get(instanceId);
    if (!instance) throw new Fault('qemu-failed', `${instanceId} is not running`);
    return instance;
  }

  readonly screenshot: Hypervisor['screenshot'] = ({ instanceId, definition }, signal) => this.screens.picture(definition, this.#live.has(instanceId), signal);
  readonly consoleText: Hypervisor['consoleText'] = (instanceId) => Promise.resolve(this.screens.consoles.get(instanceId) ?? NOTHING_WRITTEN);

  async plug(spec: LaunchSpec, disk: string): Promise<void> {
    const instance = this.#live.get(spec.instanceId);
    if (!instance || instance.spec.stacks.some((stack) => stack.disk === disk)) return;
    this.#files.lockForWriting(topOf(spec.stacks.find((stack) => stack.disk === disk)!), spec.instanceId);
    instance.spec = spec;
  }

  async unplug(spec: LaunchSpec, disk: string): Promise<void> {
    const instance = this.#live.get(spec.instanceId);
    if (instance) instance.spec = { ...instance.spec, stacks: instance.spec.stacks.filter((stack) => stack.disk !== disk) };
  }

  async resize(spec: LaunchSpec, disk: string, sizeBytes: number): Promise<void> {
    this.#files.find(topOf(spec.stacks.find((stack) => stack.disk === disk)!)).sizeBytes = sizeBytes;
  }

  async sizes(spec: LaunchSpec): Promise<readonly DiskSize[]> {
    return spec.stacks.map((stack) => ({ disk: stack.disk, sizeBytes: this.#files.find(topOf(stack)).sizeBytes }));
  }

  async tracking(spec: LaunchSpec): Promise<TrackingReport> {
    return this.#bitmaps(spec).report();
  }

  async track(spec: LaunchSpec, pointId: string): Promise<void> {
    const bitmaps = this.#opened(spec);
    if (bitmaps.isOnAny(pointId)) {
      bitmaps.check(pointId);
      bitmaps.expect(pointId);
    } else bitmaps.add(pointId, !this.#live.has(spec.instanceId));
  }

  async untrack(spec: LaunchSpec, pointId: string): Promise<void> {
    this.#opened(spec).remove(pointId);
  }

  async untrackAll(spec: LaunchSpec): Promise<void> {
    const bitmaps = this.#opened(spec);
    for (const point of [...bitmaps.points, ...bitmaps.expected]) bitmaps.remove(point);
    bitmaps.trustAll();
  }

  async standsStillSinceMs(instanceId: string): Promise<number | null> {
    return this.standsStill.get(instanceId) ?? null;
  }

  async pendingBytes(spec: LaunchSpec, pointIds: readonly string[]): Promise<number | null> {
    if (!this.#live.has(spec.instanceId)) return null;
    const bitmaps = this.#bitmaps(spec);
    if (!pointIds.some(bitmaps.isOnAny)) return null;
    const clusters = [...bitmaps.disks.values()].flatMap((file) => pointIds.map((point) => file.bitmaps.get(point)?.clusters.size ?? 0));
    return clusters.reduce((sum, count) => sum + count, 0) * CLUSTER_BYTES;
  }

  async changesSince(spec: LaunchSpec, pointId: string): Promise<ReadonlyMap<string, ClusterSet>> {
    const bitmaps = this.#opened(spec);
    bitmaps.check(pointId);
    const whole = bitmaps.points.filter(bitmaps.isWhole);
    if (!whole.some(bitmaps.isRecording)) throw new Fault('tracking-lost', `nothing records the changes after point ${pointId}`);
    const points = bitmaps.isRecording(pointId) ? [pointId] : whole;
    return new Map([...bitmaps.disks].map(([disk, file]) => {
      const set = new ClusterSet(clusterCount(file.sizeBytes));
      for (const point of points) for (const cluster of file.bitmaps.get(point)!.clusters) set.add(cluster);
      return [disk, set];
    }));
  }

  async openPointInTime(spec: LaunchSpec, request: PointInTimeRequest): Promise<PointInTime> {
    const bitmaps = this.#opened(spec);
    const instance = this.#live.get(spec.instanceId);
    if (bitmaps.isOnAny(request.attemptId)) this.#checkAdoptable(spec, bitmaps, request.attemptId, instance);
    else this.#takeInstant(spec, bitmaps, request, instance);
    const { instantMs } = this.#records.get(spec.instanceId)!;
    const view = new SimulatedView(instance ? this.#shownRunning(spec, bitmaps, request, instance) : this.#shownOff(spec, bitmaps, request.sincePointId, 'attempt-lost'));
    return Object.assign(view, { attemptId: request.attemptId, instantMs, attachments: [], ...this.#frozen(request) });
  }

  /** An instant that is adopted tells what it told before. */
  #frozen({ attemptId, isToBeConsistent }: PointInTimeRequest): Pick<PointInTime, 'isConsistent' | 'freezeFault'> {
    const isConsistent = this.frozenInstants.has(attemptId);
    if (isConsistent || isToBeConsistent !== true) return { isConsistent, freezeFault: null };
    return { isConsistent, freezeFault: new Fault(this.freezing === 'fails' ? 'freeze-failed' : 'agent-silent', 'no application-consistent point') };
  }

  #checkAdoptable(spec: LaunchSpec, bitmaps: Bitmaps, attemptId: string, instance: Instance | undefined): void {
    const isThere = instance
      ? bitmaps.isWhole(attemptId) && instance.instants.some((instant) => instant.attemptId === attemptId)
      : bitmaps.isWhole(attemptId) && !bitmaps.isDistrusted(attemptId) && [...bitmaps.disks.values()].every((file) => file.bitmaps.get(attemptId)!.clusters.size === 0);
    if (!isThere || this.#records.get(spec.instanceId)?.attemptId !== attemptId) throw new Fault('attempt-lost', `${spec.definition.name}: attempt ${attemptId} was begun, but its instant is gone`);
  }

  #takeInstant(spec: LaunchSpec, bitmaps: Bitmaps, { attemptId, sincePointId, fleecingBudgetBytes, isToBeConsistent }: PointInTimeRequest, instance: Instance | undefined): void {
    if (sincePointId !== null) {
      bitmaps.check(sincePointId);
      if (!bitmaps.isRecording(sincePointId)) throw new Fault('attempt-lost', `${spec.definition.name}: another attempt since point ${sincePointId} is still open`);
    }
    this.#files.checkRoom('the fleecing file');
    const instant = snapshotOf(this.#files, instance?.spec ?? spec, attemptId, fleecingBudgetBytes);
    bitmaps.add(attemptId, instance === undefined);
    if (sincePointId !== null) bitmaps.stop(sincePointId);
    if (instance) instance.instants = [...instance.instants, instant];
    if (instance && isToBeConsistent === true && this.freezing === 'works') this.frozenInstants.add(attemptId);
    this.#records.set(spec.instanceId, { attemptId, instantMs: this.#around.nowMs() });
    this.#around.onInstant(spec, attemptId, new Map(spec.stacks.map(({ disk }) => [disk, instant.content.get(disk)!])));
  }

  #shownRunning(spec: LaunchSpec, bitmaps: Bitmaps, { attemptId, sincePointId }: PointInTimeRequest, instance: Instance): Shown {
    const find = () => (this.#live.get(spec.instanceId) === instance ? instance.instants.find((instant) => instant.attemptId === attemptId) : undefined);
    const content = find()!.content;
    return {
      ...this.#shown(spec, bitmaps, sincePointId),
      check: () => {
        const instant = find();
        if (!instant) throw new Fault('attempt-lost', `${spec.definition.name}: QEMU no longer serves the point in time`);
        if (instant.isBroken) throw new Fault('fleecing-exhausted', `${spec.definition.name}: the space for overwritten data ran out`);
      },
      value: (disk, cluster) => content.get(disk)![cluster]!,
    };
  }

  /** Of a machine that is off; it is gone once the machine is started. */
  #shownOff(spec: LaunchSpec, bitmaps: Bitmaps, sincePointId: string | null, code: 'attempt-lost' | 'disk-io'): Shown {
    const sessions = this.#sessions;
    return {
      ...this.#shown(spec, bitmaps, sincePointId),
      check: () => {
        if (this.#sessions !== sessions && this.#live.has(spec.instanceId)) throw new Fault(code, `${spec.definition.name}: the disks are no longer served`);
      },
      value: (disk, cluster) => this.#files.read(spec.stacks.find((stack) => stack.disk === disk)!, cluster),
    };
  }

  #shown(spec: LaunchSpec, bitmaps: Bitmaps, sincePointId: string | null): Pick<Shown, 'disks' | 'isDirty'> {
    const dirty = new Map([...bitmaps.disks].map(([disk, file]) => [disk, sincePointId === null ? null : new Set(file.bitmaps.get(sincePointId)?.clusters)] as const));
    return {
      disks: spec.stacks.map(({ disk }) => ({ disk, sizeBytes: bitmaps.disks.get(disk)!.sizeBytes })),
      isDirty: (disk, cluster) => dirty.get(disk)?.has(cluster) ?? true,
    };
  }

  async closePointInTime(spec: LaunchSpec, { attemptId, sincePointId }: AttemptName, outcome: 'acknowledged' | 'failed'): Promise<void> {
    const bitmaps = this.#opened(spec);
    const instance = this.#live.get(spec.instanceId);
    if (instance) instance.instants = instance.instants.filter((instant) => instant.attemptId !== attemptId);
    if (outcome === 'acknowledged') {
      if (sincePointId !== null) bitmaps.remove(sincePointId);
    } else {
      if (sincePointId !== null) bitmaps.giveBack(sincePointId, attemptId);
      bitmaps.remove(attemptId);
    }
    if (this.#records.get(spec.instanceId)?.attemptId === attemptId) this.#records.delete(spec.instanceId);
  }

  async layOnTop(spec: LaunchSpec, fresh: FreshLayers): Promise<Moment> {
    const instance = this.#live.get(spec.instanceId);
    const known = this.#records.get(spec.instanceId);
    const isDone = known?.attemptId === fresh.pointId && (!instance || isLaid(instance, fresh));
    const { instantMs } = isDone ? known : this.#lay(spec, fresh, instance);
    return { instantMs, attachments: [] };
  }

  #lay(spec: LaunchSpec, fresh: FreshLayers, instance: Instance | undefined): AttemptRecord {
    const content = contentOf(this.#files, instance?.spec ?? spec);
    if (instance) {
      layOver(this.#files, instance, fresh);
      this.#custody.set(spec.instanceId, new Map());
      const bitmaps = this.#bitmaps(instance.spec);
      bitmaps.expect(fresh.trackId);
      bitmaps.noteClosed(false);
    }
    const record = { attemptId: fresh.pointId, instantMs: this.#around.nowMs() };
    this.#records.set(spec.instanceId, record);
    this.#around.onInstant(spec, fresh.pointId, content);
    return record;
  }

  async isOnTop({ instanceId }: LaunchSpec, fresh: FreshLayers): Promise<boolean> {
    const instance = this.#live.get(instanceId);
    return instance !== undefined && isLaid(instance, fresh);
  }

  async mergeBelow({ instanceId }: LaunchSpec, pair: LayerPair, signal: AbortSignal): Promise<void> {
    const instance = this.#running(instanceId);
    await mergeInto(this.#files, instance, pair, async () => {
      await this.#around.sleep(MERGE_CLUSTER_MS);
      signal.throwIfAborted();
      if (this.#running(instanceId) !== instance) throw new Fault('qemu-failed', `${instanceId} has ended`);
    });
  }

  async openLive(spec: LaunchSpec): Promise<DiskView> {
    const bitmaps = this.#opened(spec);
    const instance = this.#live.get(spec.instanceId);
    const shown = this.#shownOff(spec, bitmaps, null, 'disk-io');
    if (!instance) return new SimulatedView(shown);
    return new SimulatedView({
      ...shown,
      check: () => {
        if (this.#live.get(spec.instanceId) !== instance) throw new Fault('disk-io', `${spec.definition.name}: the disks are no longer served`);
      },
    });
  }

  async openStacks(stacks: readonly DiskStack[]): Promise<DiskView> {
    const holder = `reader ${++this.#sessions}`;
    const disks = stacks.map(({ disk, sizeBytes }) => ({ disk, sizeBytes }));
    for (const { layers } of stacks) for (const { path } of layers) this.#files.lockForReading(path, holder);
    const value = (disk: string, cluster: number): Value => this.#files.read(stacks.find((stack) => stack.disk === disk)!, cluster);
    const view = new SimulatedView({ disks, check: () => undefined, isDirty: () => true, value });
    return Object.assign(view, { close: async () => this.#files.letGo(holder) });
  }

  async attachments(): Promise<readonly Attachment[]> {
    return [];
  }

  async restoreAttachments(): Promise<void> {
    // There are none.
  }

  async forget(instanceId: string): Promise<void> {
    this.#custody.delete(instanceId);
    this.#records.delete(instanceId);
  }

  async capabilities(): Promise<HostCapabilities> {
    return { qemuVersion: 'none', machineTypes: ['pc-q35-7.2'], cpuModels: ['max'], acceleration: 'tcg', memoryMiB: 65_536, freeMemoryMiB: 65_536, bridges: [] };
  }

  /** The guest of a live instance writes a cluster. */
  write(instanceId: string, disk: string, cluster: number, value: Value): void {
    const instance = this.#live.get(instanceId);
    if (instance?.power !== 'running') return;
    const file = this.#files.find(topOf(instance.spec.stacks.find((stack) => stack.disk === disk)!));
    for (const instant of instance.instants) overwritten(instant, disk, cluster);
    file.clusters.set(cluster, value);
    for (const bitmap of file.bitmaps.values()) if (bitmap.recording) bitmap.clusters.add(cluster);
  }

  /** Another program writes a closed image, behind everybody's back. */
  changeImage(spec: LaunchSpec, disk: string, cluster: number, value: Value): void {
    const file = this.#files.find(topOf(spec.stacks.find((stack) => stack.disk === disk)!));
    file.clusters.set(cluster, value);
    file.foreignChanges++;
  }

  /** The bitmaps of images that may be changed now: what is known of the time while they were closed is on record. */
  #opened(spec: LaunchSpec): Bitmaps {
    const bitmaps = this.#bitmaps(spec);
    if (!this.#live.has(spec.instanceId)) bitmaps.noteClosed(true);
    return bitmaps;
  }

  #bitmaps(spec: LaunchSpec, isAssessed = true): Bitmaps {
    const instance = this.#live.get(spec.instanceId);
    const stacks = spec.stacks.map((stack) => instance?.spec.stacks.find(({ disk }) => disk === stack.disk) ?? stack);
    const disks = new Map(stacks.map((stack) => [stack.disk, this.#files.find(topOf(stack))]));
    const custody = this.#custody.get(spec.instanceId) ?? new Map<ImageFile, Custody>();
    this.#custody.set(spec.instanceId, custody);
    for (const file of disks.values()) if (!custody.has(file)) custody.set(file, freshCustody(file));
    const bitmaps = new Bitmaps(disks, custody);
    if (isAssessed && !instance) bitmaps.assess();
    return bitmaps;
  }
}
