/** What the hosts of a pair ask of each other: one typed function per call, and the wire in one place. */
import type { Attachment, MachineDefinition } from '../machine/definition.ts';
import type { AwayFailback } from '../machine/failback.ts';
import type { AttemptKind, LastFault, Overrides } from '../machine/records.ts';
import type { Kind } from '../relationship/chain.ts';
import type { Lineage } from '../relationship/epoch.ts';
import type { Settings } from '../relationship/settings.ts';
import type { Side, State } from '../relationship/state.ts';
import type { HostCapabilities, Power } from './ports/hypervisor.ts';
import type { DiskSize } from './ports/diskview.ts';
import type { Peers, Wire } from './ports/peers.ts';
import type { HomeComing, StartedAtHome } from './recoveries.ts';
import type { RosterAnswer, RosterRequest } from './roster/telling.ts';
import type { Text } from '../language/text.ts';

/** What one host tells the other whenever they meet, and what it hears back. */
export interface Greeting {
  readonly relationshipId: string;
  readonly lineage: Lineage;
  readonly side: Side;
  readonly state: State;
  /** The failback that this host has part in. */
  readonly failbackId: string | null;
  /** Of a primary: both hosts go by them. */
  readonly settings?: Settings;
  /** Of the sender: what the relationship is. */
  readonly kind?: Kind;
  /** The guest is about to be started: whoever could own a newer epoch is to be asked. */
  readonly starting?: boolean;
  /** So that a host which lost the relationship still says whether the guest runs there. */
  readonly machineId?: string;
  /** Of the host that the guest came home to. */
  readonly startedAtHome?: StartedAtHome;
}

export interface Standing extends Greeting {
  /** False when this host does not know the relationship. */
  readonly known: boolean;
  readonly power: Power;
  /** The newest sealed (replica) or acknowledged (primary) point; it is named also after it was merged. */
  readonly newestPointId: string | null;
  readonly newestInstantMs: number | null;
  readonly failoverPlanned: boolean | null;
  /** On a primary: a planned failover is under way, and not prepared yet. */
  readonly isPreparing?: boolean;
  /** Name of the host where the guest runs, when it is neither of the two: the one before in a chain. */
  readonly runsOn?: string;
  readonly storageFreeBytes: number;
  /** What the disks of a replica without points hold, when that is a copy of the machine. */
  readonly seedId?: string | null;
  /** On a primary whose first copy is on media: the point that they carry. */
  readonly exportedId?: string | null;
}

export interface BeginAttempt {
  readonly relationshipId: string;
  readonly epochId: string;
  readonly attemptId: string;
  readonly parentId: string | null;
  readonly kind: AttemptKind;
  readonly sequence: number;
  readonly disks: readonly DiskSize[];
  /** Disks that it brings from their beginning on, and those of which a part will still be missing after it; none when absent. */
  readonly fromStart?: readonly string[];
  readonly partial?: readonly string[];
  /** The failback that the attempt is part of. */
  readonly failbackId: string | null;
  /** What the replica's disks hold, by id, when the attempt asks for their fingerprints. */
  readonly comparedWith?: string | null;
}

/** Clusters of one disk whose fingerprints are asked for; at most MAX_COMPARED_CLUSTERS. */
export interface CompareRequest {
  readonly relationshipId: string;
  readonly attemptId: string;
  readonly disk: string;
  readonly first: number;
  readonly count: number;
}

/** 64 MiB of disk: 16 KiB of fingerprints. */
export const MAX_COMPARED_CLUSTERS = 1_024;

export interface Begun {
  /** How much of the attempt's journal the replica holds. */
  readonly durableBytes: number;
  /** The point exists already: only its acknowledgement is missing. */
  readonly isSealed: boolean;
}

export interface SealAttempt {
  readonly relationshipId: string;
  readonly epochId: string;
  readonly attemptId: string;
  readonly parentId: string | null;
  readonly instantMs: number;
  /** The guest's file systems stood still at the instant. */
  readonly isConsistent?: boolean;
  readonly digest: string;
  readonly dataClusters: number;
  readonly zeroClusters: number;
  /** Written to sockets for it, and how long it has worked; for the replica's history. */
  readonly shippedBytes?: number;
  readonly tookMs?: number;
  readonly failbackId: string | null;
  readonly definition: MachineDefinition;
  readonly attachments: readonly Attachment[];
}

export interface CreateReplica {
  readonly relationshipId: string;
  readonly machineId: string;
  readonly definition: MachineDefinition;
  readonly settings: Settings;
  readonly lineage: Lineage;
  readonly key: string;
  readonly overrides: Overrides;
  /** Simple when absent. */
  readonly kind?: Kind;
  readonly sizes: readonly DiskSize[];
  /** A machine that was this primary's replica before may be taken up as a seed. */
  readonly useExisting?: boolean;
}

/** The seed that the replica begins with; null when it begins with nothing. A host of an older version answers null. */
export type CreatedReplica = { readonly seedId: string | null; readonly joined?: Joined } | null;

/** The relationship of a replica that was there, which the primary takes up: its points stay. */
export interface Joined {
  readonly relationshipId: string;
  readonly key: string;
  readonly newestPointId: string | null;
  readonly newestInstantMs: number | null;
  readonly sequence: number;
}

/** What a host that yielded says of its disks. */
export interface Basis {
  /** The point that names what its disks hold now: the parent of the first reverse attempt. */
  readonly pointId: string;
  /** No point on that host has a higher number. */
  readonly sequence: number;
  /** The last point that both hosts know, from which `changes` counts. */
  readonly sincePointId: string | null;
  /** An attempt that was open there: it may have been sealed without that host hearing of it. */
  readonly openAttemptId: string | null;
  /** Clusters that may differ from that point, per disk; null when nobody can tell. */
  readonly changes: readonly ChangedDisk[] | null;
}

/** A set of one disk's clusters, as it travels. */
export interface ChangedDisk {
  readonly disk: string;
  readonly clusters: number;
  readonly bits: Uint8Array;
}

/** How a failback goes on the host that the guest leaves. `none`: it has no part in that failback, or not any more. */
export interface FailbackStanding {
  readonly phase: AwayFailback['phase'] | 'none';
  /** Acknowledged so far, and what the last one took; the newest of them. */
  readonly rounds: number;
  readonly lastDurationMs: number;
  readonly newestPointId: string | null;
  readonly bytesShipped: number;
  /** Of the present attempt. */
  readonly percent: number;
  readonly fault: Pick<LastFault, 'code' | 'message' | 'said'> | null;
}

/** What the host that the guest left says of its disks when the failback is committed. */
export interface GivenUp {
  /** Names what they hold: the point that went home, or the divergence that is kept of what came after it. */
  readonly pointId: string;
  /** Clusters in which they may differ from the point that went home. */
  readonly changes: readonly ChangedDisk[];
}

export interface Acceptance {
  readonly hostName: string;
  readonly accepts: boolean;
  /** Nobody's replicas are taken. */
  readonly isServerOff?: boolean;
}

export interface Readiness {
  readonly capabilities: HostCapabilities;
  readonly freeBytes: number;
  readonly storage: string | null;
  /** No replica is taken from anybody. */
  readonly isServerOff?: boolean;
  /** The place that was asked for is outside the storage location. */
  readonly isStorageRefused?: boolean;
  /** Of a replica that is there: how many points it has, and why it cannot be gone on with. */
  readonly succession?: { readonly points: number; readonly refusal: string | null; readonly said?: Text } | null;
  readonly machines: readonly { readonly id: string; readonly name: string }[];
  readonly missingFiles: readonly string[];
  /** Of a replica that is there: its definition with what that host has for it, memory and bridges. */
  readonly definition?: MachineDefinition;
  /** A machine of the same UUID there that may become the replica: offered there, or a former replica of the host that asks. */
  readonly seed?: 'offered' | 'former' | null;
}

/** What a host says of itself to one that it is paired with, for its doctor. */
export interface Checkup {
  readonly nowMs: number;
  readonly version: string;
  /** Null when QEMU is not there. */
  readonly qemuVersion: string | null;
  /** Where it keeps the replicas of whoever asks; null when it takes none. */
  readonly storage: { readonly path: string; readonly freeBytes: number; readonly totalBytes: number } | null;
}

interface Calls {
  /** Whether this host would take a replica from the one that asks. */
  acceptance(params: { bypassProxy?: boolean }): Acceptance;
  /** The last two say by which way it is asked. */
  readiness(params: { definition: MachineDefinition; storage: string | null; machineId?: string; bypassProxy?: boolean }): Readiness;
  checkup(params: Record<string, never>): Checkup;
  /** A host of an older version does not know this call. */
  roster(params: RosterRequest): RosterAnswer;
  createReplica(params: CreateReplica): CreatedReplica;
  greet(params: Greeting): Standing;
  settings(params: { relationshipId: string; settings: Settings }): null;
  /** The first copy is on media, which carry this point: changes that start from it come next. */
  mediaExported(params: { relationshipId: string; pointId: string; instantMs: number }): null;
  begin(params: BeginAttempt): Begun;
  lane(params: { relationshipId: string; attemptId: string; token: string; journalBytes: number }): null;
  /** Fingerprints of what the replica's disks hold, as its disks are read now; unknown for clusters that they do not have. */
  compare(params: CompareRequest): { readonly fingerprints: Uint8Array };
  seal(params: SealAttempt): { readonly sealedId: string };
  abandon(params: { relationshipId: string; attemptId: string }): null;
  preparePlanned(params: { relationshipId: string; token: string }): null;
  cancelPlanned(params: { relationshipId: string; token: string; lineage: Lineage }): null;
  failOverPlanned(params: { relationshipId: string; token: string; start: boolean; commitAfterSeconds?: number | null; askedAgoMs?: number; isFailback?: boolean }): null;
  failbackBegin(params: { relationshipId: string; failbackId: string; lineage: Lineage; basis: Basis; pointId: string | null }): null;
  failbackShow(params: { relationshipId: string; failbackId: string }): FailbackStanding;
  failbackFinish(params: { relationshipId: string; failbackId: string; shutdownMs: number }): null;
  /** A host of an older version does not say how it comes home. */
  failbackHandOver(params: { relationshipId: string; failbackId: string; lineage: Lineage; comingHome?: HomeComing }): null;
  failbackCommit(params: { relationshipId: string; failbackId: string; pointId: string }): GivenUp;
  yield(params: { relationshipId: string; lineage: Lineage }): Basis;
  job(params: { machineId: string; kind: string; args: Record<string, boolean | number | string | undefined> }): { readonly jobId: string };
  jobShow(params: { jobId: string }): Wire;
  /** Of a machine that the two hosts have in common. A host of an older version does not know this call. */
  jobCancel(params: { jobId: string }): null;
  /** `why` is given where nobody asked for it. */
  dissolve(params: { relationshipId: string; why?: string; said?: Text }): null;
}

export type Method = keyof Calls;
export type ParamsOf<M extends Method> = Parameters<Calls[M]>[0];
export type ResultOf<M extends Method> = ReturnType<Calls[M]>;
/** Answers of one host; `hostId` is who asks. */
export type Answers = { readonly [M in Method]: (hostId: string, params: ParamsOf<M>) => Promise<ResultOf<M>> };

export async function call<M extends Method>(peers: Peers, hostId: string, method: M, params: ParamsOf<M>, signal: AbortSignal): Promise<ResultOf<M>> {
  return (await peers.call(hostId, method, params as unknown as Wire, signal)) as unknown as ResultOf<M>;
}
