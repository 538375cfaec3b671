/** What a host remembers, durably: the rows of the state. Plain data; whoever changes one writes it back in a transaction. */
import type { Text, Told } from '../language/text.ts';
import type { Awaited, Importing, Initial, Seed } from './initial.ts';
import type { DiskStack, Layer, MachineDefinition } from './definition.ts';
import type { AwayFailback, HomeFailback } from './failback.ts';
import type { Lineage } from '../relationship/epoch.ts';
import type { Settings } from '../relationship/settings.ts';
import type { GuestNetwork } from './guestnetwork.ts';
import type { OpenPiece } from '../history/piece.ts';
import type { Kind } from '../relationship/chain.ts';
import type { Side, State } from '../relationship/state.ts';

/** A layer of a machine's disk; labelled with the point whose content the stack up to here is. */
export interface LabelledLayer extends Layer {
  readonly pointId?: string;
}

export interface Stack extends DiskStack {
  readonly layers: readonly LabelledLayer[];
  /** While the machine is failed over, once its guest has got recovery points here. */
  readonly branch?: Branch;
}

/** What a failed-over guest wrote on a point of the stack before its present layer, bottom first. The points above that one are not part of it. */
export interface Branch {
  readonly pointId: string;
  readonly layers: readonly LabelledLayer[];
}

export interface Machine {
  readonly id: string;
  readonly name: string;
  readonly definition: MachineDefinition;
  /** On a replica: the base and every recovery point's overlay. Elsewhere: what the guest runs on. */
  readonly stacks: readonly Stack[];
  readonly lineage: Lineage;
  /** Why the guest may not be started here, or null. Durable: it precedes the last cycle of a planned failover. */
  readonly powerLock: Text | null;
  /**
   * Its record comes from a backup of this time, and nobody has confirmed yet that it is still as it was: until the other host
   * has, or somebody forces it, the guest is not started here and nothing is replicated.
   */
  readonly restoredMs?: number;
  /** Where a replica's layers are made. */
  readonly storage: string;
  /** Relationships of it that ended here since this host went on with the next host of a chain. */
  readonly former?: readonly string[];
  /** For a test failover's copy: the machine that it is a copy of. */
  readonly copyOf: string | null;
  /** An ordinary machine that was this host's replica, and has not run here since: what was kept of it is a seed for that host. */
  readonly replicaOf?: string;
  /** What its adapters are like when it runs on this host after a failover; as defined when absent. */
  readonly network?: GuestNetwork;
}

/** `disks`: as a cycle, and besides it brings a part of the disks that no recovery point has yet. */
export type AttemptKind = 'initial' | 'resync' | 'cycle' | 'planned' | 'reverse' | 'disks';

/** Disks that are to replicate and that no recovery point has yet. */
export interface Incoming {
  readonly disks: readonly string[];
  /** Clusters, from a disk's beginning, that acknowledged attempts have brought; none where nothing is said. */
  readonly copied: Readonly<Record<string, number>>;
  /** How much the next attempt brings: what takes about one interval. */
  readonly sliceBytes?: number;
}

/** The part of an incoming disk that an attempt brings. */
export interface Slice {
  readonly disk: string;
  readonly firstCluster: number;
  readonly endCluster: number;
  /** It is the last part. */
  readonly isLast: boolean;
}

/** In the middle of a chain: the recovery point of this host that an attempt sends on. */
export interface Source {
  readonly pointId: string;
  /** This host's disks went another way meanwhile: all that is carried stays so when the attempt is acknowledged. */
  readonly isOutdated?: boolean;
}

/** The primary's open attempt at a recovery point. */
export interface Attempt {
  readonly id: string;
  readonly kind: AttemptKind;
  readonly parentId: string | null;
  readonly sequence: number;
  readonly epochId: string;
  /** The bitmap that says what is dirty. */
  readonly sinceId: string | null;
  /** `pass`: the live disks are read; `delta`: one instant; `sealed`: acknowledged, to be tidied up; `failed`: to be merged back. */
  readonly phase: 'pass' | 'delta' | 'sealed' | 'failed';
  readonly instantMs: number;
  /** The guest's file systems stood still at the instant. */
  readonly isConsistent?: boolean;
  /** They should have, and could not; that has been counted. */
  readonly freezeFailed?: boolean;
  readonly startedMs: number;
  /** A resynchronization's pass compared with the map of this point; null: everything travels. */
  readonly comparedWith: string | null;
  /** Written to sockets for it so far, over all its lanes; data and zero clusters that its journal has. */
  readonly shippedBytes: number;
  readonly changedBytes: number;
  /** Of the whole journal, once it is complete. */
  readonly digest: string | null;
  /** Where in the journal the records of the present instant begin; null until it is shipped. What is before came by the pass. */
  readonly instantFromBytes: number | null;
  /** How much of the journal the pass wrote, once it has ended. */
  readonly passBytes?: number;
  /** How long the pass has worked so far, over all restarts. */
  readonly passMs?: number;
  /** In the order that the journal numbers them; set when shipping begins. */
  readonly disks: readonly { readonly disk: string; readonly sizeBytes: number }[];
  /** Of an attempt of kind `disks`. */
  readonly slices?: readonly Slice[];
  /** Absent where the guest's own disks are read. */
  readonly source?: Source;
}

/** The replica's attempt that is being received. */
export interface Receiving {
  readonly id: string;
  /** What the disks here hold, by id, when the primary compares with them: nothing below is merged meanwhile. */
  readonly comparedWith?: string | null;
  readonly kind: AttemptKind;
  readonly parentId: string | null;
  readonly sequence: number;
  readonly epochId: string;
  readonly layers: readonly { readonly disk: string; readonly sizeBytes: number; readonly layer: Layer }[];
  /** Disks of which a part will still be missing after it: they are none of the recovery point's. */
  readonly partial?: readonly string[];
}

export interface Failover {
  readonly pointId: string;
  /** Of the point. */
  readonly kind?: PointKind;
  readonly planned: boolean;
  /**
   * The active layers' bitmap, which records from their first write; the new primary's tracking starts there. Their label
   * has this id too, and so has the recovery point that is made of them.
   */
  readonly trackId: string;
  readonly layers: readonly { readonly disk: string; readonly layer: Layer }[];
  readonly fromState: State;
  readonly next?: NextLayers | null;
  /** After this time without a commit it commits itself; never when absent. `dueMs` is null until the failover is done. */
  readonly commit?: { readonly afterMs: number; readonly dueMs: number | null; readonly isWarned: boolean } | null;
}

/** Layers that are to be the active ones next. `making`: QEMU knows nothing of them. `laying`: the guest may write them already. */
export interface NextLayers {
  readonly phase: 'making' | 'laying';
  readonly trackId: string;
  readonly layers: readonly { readonly disk: string; readonly layer: Layer }[];
}

export interface TestCopy {
  readonly instanceId: string;
  readonly pointId: string;
  readonly layers: readonly { readonly disk: string; readonly layer: Layer }[];
}

export interface LastCycle {
  readonly pointId: string;
  readonly finishedMs: number;
  readonly durationMs: number;
  readonly bytesChanged: number;
  readonly bytesShipped: number;
}

/** The last resynchronization that ended in a recovery point. */
export interface LastResynchronization {
  readonly pointId: string;
  readonly finishedMs: number;
  /** From the first try on, waiting included. */
  readonly durationMs: number;
  /** Of the disks, and how long the reading of them took. */
  readonly comparedBytes: number;
  readonly comparedMs: number;
  readonly bytesChanged: number;
  readonly bytesShipped: number;
}

export interface LastFault extends Told {
  readonly code: string;
  readonly hint: string;
  readonly atMs: number;
}

export interface Relationship {
  readonly id: string;
  readonly machineId: string;
  readonly peerId: string;
  /** Simple when absent. */
  readonly kind?: Kind;
  readonly side: Side;
  readonly state: State;
  readonly settings: Settings;
  /** Secret key of the fingerprints, the same on both hosts; base64. */
  readonly key: string;
  /** Primary: the newest acknowledged point. Replica: the newest sealed one; kept after its layers were merged. */
  readonly newestPointId: string | null;
  readonly newestInstantMs: number | null;
  readonly newestKind?: PointKind;
  /** Instant of the last application-consistent point. */
  readonly lastConsistentMs?: number;
  /** Primary: when the guest could not be held still for one, after that. */
  readonly consistencyFailedMs?: number | null;
  /** Primary: somebody wants the next cycle's point to be application-consistent. */
  readonly isConsistencyAsked?: boolean;
  readonly sequence: number;
  /** In the middle of a chain: this host's point that the next host acknowledged last. */
  readonly sentPointId?: string;
  /** Primary: the bitmap in force. */
  readonly trackId: string | null;
  readonly attempt: Attempt | null;
  /** Primary: an attempt that was given up after its point was asked for; the replica may have made it all the same. */
  readonly doubtful: Attempt | null;
  readonly receiving: Receiving | null;
  /** Primary: none when absent. */
  readonly incoming?: Incoming | null;
  /** Primary: disks that were attached since somebody last said which disks replicate. */
  readonly undecidedDisks?: readonly string[];
  /** Replica: disks of which the newest point's attempt brought a part only; their upper layers are steps on the way. */
  readonly partial?: { readonly pointId: string; readonly disks: readonly string[] } | null;
  readonly failover: Failover | null;
  /** A failback under way, as this host has part in it; none when absent. */
  readonly failback?: HomeFailback | AwayFailback | null;
  readonly testCopy: TestCopy | null;
  /** The recovery point that is being verified. */
  readonly verifyingId?: string | null;
  /** Planned failover: held by the replica from prepare until failover or cancel; the primary keeps its copy. */
  readonly token: string | null;
  /** On a primary with a token: whether its guest ran when the planned failover began. */
  readonly guestRan?: boolean;
  /** On a host that yielded: the point that names what its disks held then. */
  readonly divergenceId: string | null;
  /** On a host that yielded: the last point it had acknowledged, the attempt that was open, and the point that names its disks now. */
  readonly yielded: { readonly pointId: string | null; readonly attemptId: string | null; readonly basisId: string } | null;
  /** On a primary that does not replicate yet. Over the network when absent. */
  readonly initial?: Initial | null;
  /** On a replica that waits for its first point; none when absent. */
  readonly seed?: Seed | null;
  readonly awaited?: Awaited | null;
  readonly importing?: Importing | null;
  /** Values of the replica's own that replace the definition's there. */
  readonly overrides: Overrides;
  readonly lastCycle: LastCycle | null;
  readonly lastResynchronization?: LastResynchronization | null;
  /** Over all acknowledged cycles from this host. */
  readonly totals: { readonly bytesChanged: number; readonly bytesShipped: number };
  readonly lastFault: LastFault | null;
  readonly failures: number;
  /** What is counted of its cycles; absent until the first. */
  readonly statistics?: Statistics;
  /** When the other host told that it removed its side. */
  readonly peerRemovedMs?: number;
  /** On a replica: the authorization entry that it was given to by name. */
  readonly entryId?: string;
  /** What the monitoring interval before counted. */
  readonly previousStatistics?: EndedInterval;
  /** When it came to its present state. */
  readonly stateSinceMs?: number;
  /** Of its history: what has not ended yet. Absent in rows of versions that kept none. */
  readonly openPiece?: OpenPiece;
  /** Rules of the health that held when it was last looked at: each is written to the log once. */
  readonly issues?: readonly string[];
  /** Since when its guest here may stand still by a freeze whose end nobody confirmed. */
  readonly standsStillSinceMs?: number | null;
  /** When a test failover was last begun here, and since when there has been something to test. */
  readonly lastTestMs?: number;
  readonly testableSinceMs?: number;
  /** What is wrong with the replica's own place; none when absent. */
  readonly alarms?: readonly Alarm[];
  /** When what the state waits for (an initial replication, a resynchronization) begins by itself, as somebody chose. */
  readonly startsAtMs?: number | null;
  /** Somebody cancelled the resynchronization: it does not begin by itself. */
  readonly heldBack?: boolean;
}

/** Counted since the last reset or the monitoring interval's beginning, on each host of what it did itself: sent on the primary, made into points on the replica. */
export interface Statistics {
  readonly sinceMs: number;
  readonly cycles: number;
  readonly bytes: number;
  readonly maxBytes: number;
  /** Of all cycles together. */
  readonly latencyMs: number;
  readonly maxLatencyMs: number;
  /** Intervals that passed without a cycle of their own. */
  readonly missedCycles: number;
  readonly networkFailures: number;
  readonly otherFailures: number;
  /** Application-consistent points that came out crash-consistent; none when absent. */
  readonly consistencyFailures?: number;
  /** The end of the last cycle, or since when cycles are due; null or absent while none is due. */
  readonly dueFromMs?: number | null;
}

/** A monitoring interval that is over. */
export interface EndedInterval extends Statistics {
  readonly untilMs: number;
}

/** A disk has too many layers; the storage is almost full; recovery points were found damaged. */
export type Alarm = 'chain-long' | 'space-low' | 'points-damaged';

export interface Overrides {
  readonly memoryMiB?: number;
  readonly bridges?: Readonly<Record<string, string>>;
  readonly storage?: string;
}

export type PointKind = 'standard' | 'application-consistent' | 'planned' | 'divergence';

/** What was found when a recovery point, or a damaged one that it stands on, was read in whole. */
export interface Verification {
  readonly atMs: number;
  readonly clusters: number;
  /** Of which nothing was recorded. */
  readonly uncheckedClusters: number;
  /** Disks that are not what arrived; none when the point is good. */
  readonly damage: readonly DiskDamage[];
}

export interface DiskDamage {
  readonly disk: string;
  readonly clusters: number;
  readonly firstOffsetBytes: number;
}

export interface Point {
  readonly id: string;
  readonly machineId: string;
  readonly parentId: string | null;
  readonly epochId: string;
  readonly sequence: number;
  readonly kind: PointKind;
  readonly instantMs: number;
  readonly definition: MachineDefinition;
  readonly sizeBytes: number;
  readonly digest: string;
  readonly name: string | null;
  readonly pinned: boolean;
  /** The last one; none when absent. */
  readonly verification?: Verification;
}

export type JobState = 'running' | 'completed' | 'failed' | 'cancelled';

export interface Job {
  readonly id: string;
  readonly kind: string;
  readonly machineId: string | null;
  readonly args: Readonly<Record<string, unknown>>;
  readonly state: JobState;
  readonly percent: number;
  /** In English. */
  readonly step: string;
  /** The step, where it is more than a plain text. */
  readonly stepSaid?: Text;
  readonly startedMs: number;
  /** The user, or the host, that asked for it; null for what this host began by itself, or a former version did. */
  readonly startedBy?: string | null;
  readonly finishedMs: number | null;
  readonly cancellable: boolean;
  readonly error: (Told & { readonly code: string; readonly hint: string; readonly allowed: readonly string[] }) | null;
  readonly result: Readonly<Record<string, number | string | boolean | null>> | null;
}

export interface EventRecord extends Told {
  readonly id: number;
  readonly atMs: number;
  readonly number: number | null;
  readonly severity: 'information' | 'warning' | 'error';
  readonly machine: string | null;
  /** What to do; absent when there is nothing to do. */
  readonly hint?: string;
  readonly hintSaid?: Text;
}
