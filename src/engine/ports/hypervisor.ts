/**
 * What the engine needs of a hypervisor. A dirty bitmap is named by the recovery point at whose instant it starts:
 * bitmap K of a disk holds every cluster written since point K. Every method is safe to repeat after a crash.
 * Faults: disk-*, qemu-*, guest-not-responding, agent-*, tracking-lost, fleecing-exhausted.
 */
import type { Attachment, DiskStack, Layer, MachineDefinition } from '../../machine/definition.ts';
import type { Fault } from '../../errors/fault.ts';
import type { ClusterSet } from '../../extents/clusterset.ts';
import type { ConsoleText } from '../../machine/screen.ts';
import type { DiskSize, DiskView } from './diskview.ts';
import type { Text } from '../../language/text.ts';

export type Power = 'off' | 'running' | 'paused' | 'stopping';

export interface LaunchSpec {
  /** Names the running instance: the machine's id, or another id for a test failover's copy. */
  readonly instanceId: string;
  readonly definition: MachineDefinition;
  readonly stacks: readonly DiskStack[];
  /** A test failover's copy: its adapters reach nothing, but for those that have a test network. */
  readonly isolated: boolean;
  /** Of an isolated machine: the bridge of an adapter's test network, by its MAC address. */
  readonly testBridges?: Readonly<Record<string, string>>;
}

/** What is known of a machine's changes. `points` are the bitmaps that every disk has, whole and usable. */
export interface TrackingReport {
  readonly points: readonly string[];
  /** True when a bitmap that should be there is absent or inconsistent on any disk, or an image changed while closed. */
  readonly broken: boolean;
  readonly why?: Text;
}

/** From where a guest's changes are to be known, on which disks; on all when that is not said. */
export interface TrackSince {
  readonly pointId: string;
  readonly replacementPointId: string;
  readonly disks?: readonly string[];
}

export interface PointInTime extends DiskView {
  readonly attemptId: string;
  /** The hypervisor's host time of the instant, in ms since 1970. */
  readonly instantMs: number;
  /** Definition-side state captured at the instant (UEFI variables, TPM). */
  readonly attachments: readonly Attachment[];
  /** The guest's own file systems stood still at the instant, by its agent. */
  readonly isConsistent: boolean;
  /** Why not, where that was asked for of a guest that runs: agent-silent or freeze-failed. */
  readonly freezeFault: Fault | null;
}

export interface PointInTimeRequest {
  readonly attemptId: string;
  /** The point whose bitmap says what is dirty; null makes everything dirty. */
  readonly sincePointId: string | null;
  /** Bytes of old data that may be kept for the cycle, in all disks; when they run out the cycle fails, never the guest. */
  readonly fleecingBudgetBytes: number;
  /** The agent of a guest that runs is to hold its file systems still at the instant; when it cannot, the instant is made without. */
  readonly isToBeConsistent?: boolean;
}

/** Empty layers, one for each of a machine's disks, that are to lie on top of its stacks. */
export interface FreshLayers {
  /** Names what the disks hold at the instant from which the layers below stand still. */
  readonly pointId: string;
  /** The bitmap that each of the layers was made with; it records from the first write on. */
  readonly trackId: string;
  readonly layers: readonly { readonly disk: string; readonly layer: Layer }[];
}

/** One instant across all disks: when it was, and the small files then. */
export interface Instant {
  readonly instantMs: number;
  readonly attachments: readonly Attachment[];
}

/** Two neighbours of a disk's stack, both below its active layer. */
export interface LayerPair {
  readonly disk: string;
  readonly lower: Layer;
  readonly upper: Layer;
}

export interface Hypervisor {
  /** The power state of an instance, from the hypervisor itself. */
  power(instanceId: string): Promise<Power>;
  /** Ids of all instances that have a live hypervisor process now. */
  instances(): Promise<readonly string[]>;

  /**
   * Starts the guest, with those disks of the definition that have a stack. With `trackSince`, each of its disks has that
   * point's bitmap, recording, before the first instruction; where it is absent, broken or the image changed while closed,
   * `replacementPointId`'s fresh bitmap is there instead and the answer says `intact: false`. With `paused` the guest does
   * not run until `resume`.
   */
  start(
    spec: LaunchSpec,
    options: { trackSince?: TrackSince; paused?: boolean },
    signal: AbortSignal,
  ): Promise<{ intact: boolean }>;
  /** Asks the guest to shut down (agent, else ACPI) and waits; fault guest-not-responding when it has not by then. */
  shutdown(instanceId: string, timeoutMs: number, signal: AbortSignal): Promise<void>;
  /** Ends the guest at once, as pulling the plug does; its images are closed properly. Nothing when it is off. */
  stop(instanceId: string): Promise<void>;
  /** The listener, in place of the one before, is told of each guest that restarted by itself: a reboot from within. */
  onRestart(listener: (instanceId: string) => void): void;
  /**
   * One command to the guest's agent, and its answer. Fault agent-silent when none answers in time, agent-refused when it says no.
   * Source: QEMU guest agent protocol.
   */
  askAgent(instanceId: string, command: string, args: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<unknown>;
  pause(instanceId: string): Promise<void>;
  resume(instanceId: string): Promise<void>;
  /**
   * What the display of a guest that runs or stands still shows now, as PNG of 8 MiB at most. The guest notices nothing. Refused
   * when it is off or has no display. Whoever asks before one picture is made gets that one.
   */
  screenshot(spec: Pick<LaunchSpec, 'instanceId' | 'definition'>, signal: AbortSignal): Promise<Uint8Array>;
  /** The last of what the guest wrote on its serial console, 100 lines and 16 KiB at most; also when it is off. */
  consoleText(instanceId: string): Promise<ConsoleText>;

  /** A running guest has the disk, whose image has no bitmap of ours. Nothing when it has it, or is off. Refused where it has no place for it. */
  plug(spec: LaunchSpec, disk: string): Promise<void>;
  /**
   * A running guest has given the disk up, and its image is closed. Nothing when it does not have it, or is off. Refused where
   * it cannot lose it; fault guest-not-responding when it keeps it.
   */
  unplug(spec: LaunchSpec, disk: string, timeoutMs: number, signal: AbortSignal): Promise<void>;
  /** The disk has this size, which is larger than before, also for a running guest. No instant is open. */
  resize(spec: LaunchSpec, disk: string, sizeBytes: number, signal: AbortSignal): Promise<void>;

  /** Sizes now, from the images or the running guest. */
  sizes(spec: LaunchSpec): Promise<readonly DiskSize[]>;
  /** Bitmaps on all disks, of a running or powered-off machine. */
  tracking(spec: LaunchSpec): Promise<TrackingReport>;
  /** Starts bitmap `pointId` on all disks, now, in one step. Nothing when it is there already. */
  track(spec: LaunchSpec, pointId: string): Promise<void>;
  /** Removes that bitmap, also a broken one. Nothing when it is absent. */
  untrack(spec: LaunchSpec, pointId: string): Promise<void>;
  /** Removes every bitmap of ours, also broken ones, of whichever points. */
  untrackAll(spec: LaunchSpec): Promise<void>;
  /** Bytes that these bitmaps of a running guest hold together, at most; null when it is off, or no bitmap says. Waits for nobody. */
  pendingBytes(spec: LaunchSpec, pointIds: readonly string[]): Promise<number | null>;
  /** Since when the guest may stand still for a point that has long been made, in ms since 1970: its agent did not confirm that it was let go. Null when it is not so. */
  standsStillSinceMs(instanceId: string): Promise<number | null>;
  /** The clusters of bitmap `pointId` united with those of all later ones, per disk. */
  changesSince(spec: LaunchSpec, pointId: string, signal: AbortSignal): Promise<ReadonlyMap<string, ClusterSet>>;

  /**
   * One instant across all disks: after it, writes go to bitmap `attemptId`, and `sincePointId`'s bitmap stands still.
   * Adopts the instant when this attempt's is still open (after a daemon's crash); fault attempt-lost when the attempt
   * was begun before and its instant is gone.
   */
  openPointInTime(spec: LaunchSpec, request: PointInTimeRequest, signal: AbortSignal): Promise<PointInTime>;
  /**
   * Ends the attempt, whether its instant is still open or not. Acknowledged: bitmap `sincePointId` is gone and
   * `attemptId`'s records. Failed: `sincePointId`'s bitmap records again and holds the changes of both; the attempt's is gone.
   */
  closePointInTime(
    spec: LaunchSpec,
    attempt: { attemptId: string; sincePointId: string | null },
    outcome: 'acknowledged' | 'failed',
  ): Promise<void>;
  /**
   * One instant across all disks: from then on the guest writes the fresh layers, and what the spec's stacks hold stands
   * still below them. Of a machine that is off nothing is opened. Done again (after a daemon's crash) it tells the same
   * instant. After a fault nothing has changed, unless `isOnTop` says otherwise.
   */
  layOnTop(spec: LaunchSpec, fresh: FreshLayers, signal: AbortSignal): Promise<Instant>;
  /** True while the guest runs and writes these layers. */
  isOnTop(spec: LaunchSpec, fresh: FreshLayers): Promise<boolean>;
  /**
   * Of a running guest's disk: the lower layer reads as both did, durably, and the upper one is not in use any more; its file is
   * as it was. Safe to repeat after a kill; aborting ends it half-way, which changes nothing that reads through the upper.
   */
  mergeBelow(spec: LaunchSpec, pair: LayerPair, signal: AbortSignal): Promise<void>;
  /** The disks as they are, while the guest runs on or is off. Everything is dirty. */
  openLive(spec: LaunchSpec, signal: AbortSignal): Promise<DiskView>;

  /** Stacks that nobody writes, for reading. Everything is dirty. Fault disk-in-use when one is being written. */
  openStacks(stacks: readonly DiskStack[], signal: AbortSignal): Promise<DiskView>;

  /** The small files' state now, and writing it back for a machine that is off. */
  attachments(spec: LaunchSpec): Promise<readonly Attachment[]>;
  restoreAttachments(spec: LaunchSpec, attachments: readonly Attachment[]): Promise<void>;
  /** Removes what the driver keeps for an instance that is off (sockets, logs, variables). Disks stay. */
  forget(instanceId: string): Promise<void>;

  /** Facts for the readiness check. */
  capabilities(): Promise<HostCapabilities>;
}

export interface HostCapabilities {
  readonly qemuVersion: string;
  readonly machineTypes: readonly string[];
  readonly cpuModels: readonly string[];
  readonly acceleration: 'kvm' | 'tcg';
  readonly memoryMiB: number;
  readonly freeMemoryMiB: number;
  readonly bridges: readonly string[];
}
