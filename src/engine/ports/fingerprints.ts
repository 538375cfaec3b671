/**
 * What a host remembers of its replica's clusters: a fingerprint map per disk of a relationship, and a journal for each
 * attempt that is not applied to the maps yet. All methods are safe to repeat after a crash.
 * Faults: space-exhausted, disk-io, integrity; peer-protocol for what the other host sent.
 */
import type { ClusterSet } from '../../extents/clusterset.ts';
import type { Carried, ResumePoint } from '../../fingerprints/journal.ts';
import type { JournalRecord } from '../../fingerprints/record.ts';
import type { SealedJournal } from '../../fingerprints/store.ts';
import type { DiskSize } from './diskview.ts';

export interface FingerprintStore {
  /** The disk's map, of this size. Every cluster is unknown when there was none, or it was damaged or of another key. */
  map(relationshipId: string, disk: string, sizeBytes: number, keyId: string): Promise<FingerprintMap>;
  /** The attempt's journal as it was left, empty when there was none. All that it holds is durable. */
  journal(relationshipId: string, attemptId: string): Promise<AttemptJournal>;
  /** Attempts that have a journal here. */
  journals(relationshipId: string): Promise<readonly string[]>;
  /** The journal is gone, durably. Nothing when it is gone already. */
  removeJournal(relationshipId: string, attemptId: string): Promise<void>;
  /**
   * True: every disk's map speaks of the attempt, durably. False: the journal is gone or is not the one that was sealed, so
   * that a map that does not speak of the attempt knows no cluster. Only for an attempt that the replica has sealed.
   */
  applyJournal(relationshipId: string, attempt: SealedJournal): Promise<boolean>;
  /**
   * What the attempt's clusters hold by the maps, which speak of its parent still, is kept under its id, durably. Nothing when it
   * is kept already, or when the maps do not speak of the parent. Before `applyJournal`.
   */
  keepReplaced(relationshipId: string, attempt: SealedJournal, clusters: ReadonlyMap<string, ClusterSet>): Promise<void>;
  /** The later point's replaced fingerprints reach back to what the earlier one replaced, whose own are gone. Repeats safely. */
  joinReplaced(relationshipId: string, earlierId: string, laterId: string): Promise<void>;
  /** Undefined when nothing whole is kept of that point. To be closed. */
  replaced(relationshipId: string, pointId: string): Promise<ReplacedFingerprints | undefined>;
  replacedIds(relationshipId: string): Promise<readonly string[]>;
  removeReplaced(relationshipId: string, pointId: string): Promise<void>;
  /** No map and no journal of the relationship is left. */
  drop(relationshipId: string): Promise<void>;
  /** Lets go of all files. */
  close(): Promise<void>;
}

/** What a point replaced: the fingerprints of an older point, in the clusters that differ between the two. */
export interface ReplacedFingerprints {
  readonly identity: { readonly sinceId: string; readonly keyId: string };
  /** Of a disk's clusters in [first, end), in order; the fingerprint is of use until the next one. */
  between(disk: string, first: number, end: number): AsyncGenerator<{ readonly cluster: number; readonly fingerprint: Buffer }>;
  close(): Promise<void>;
}

/** One fingerprint per cluster of what the replica's newest acknowledged point holds. */
export interface FingerprintMap {
  /** The point that the map speaks of; null while it speaks of none, and then no cluster is known. */
  readonly pointId: string | null;
  /** The epoch in which that point was made. */
  readonly epochId: string | null;
  readonly sizeBytes: number;
  /** The attempt whose journal must be applied again before the map is of use. */
  readonly applying: string | null;
  /** What the map says is what this point holds, in fingerprints of this key. Ask before skipping anything by it. */
  usableFor(pointId: string, keyId: string): boolean;
  /** The fingerprints of `count` clusters (at most 16,384) from `first`, 16 bytes each; all zero: unknown. */
  read(first: number, count: number): Promise<Buffer>;
  /** None of the clusters is known, durably. */
  forget(clusters: ClusterSet): Promise<void>;
  /**
   * The map speaks of another point, durably, which differs from the present one at most in `differing`: those are unknown.
   * No cluster is known when the map speaks of neither.
   */
  rebase(fromPointId: string, to: { readonly pointId: string; readonly epochId: string }, differing: ClusterSet): Promise<void>;
  /** The map speaks of the point, durably. When it did not before, no cluster is known. */
  claim(point: { readonly pointId: string; readonly epochId: string }): Promise<void>;
  /** Fingerprints of the clusters from `first`, as somebody read them of the point, are known where nothing was; nothing changes when the map speaks of another. */
  learn(pointId: string, first: number, entries: Buffer): Promise<void>;
  /** No cluster is known, durably. */
  reset(): Promise<void>;
}

/** What an attempt carried, in order: the same bytes on both hosts. */
export interface AttemptJournal {
  /** Bytes appended so far, whether durable or not. */
  readonly sizeBytes: number;
  /** The records are at the end, durable after `sync`. Fault peer-protocol, and no change, unless all are well-formed. */
  append(records: Buffer): Promise<void>;
  /** All that was appended before is durable: so many bytes. After a failure the journal is of no more use. */
  sync(): Promise<number>;
  /** The first `bytes` bytes are left, durably. */
  truncateTo(bytes: number): Promise<void>;
  /** The last mark that ends at or before `bytes`; the start of the first disk when there is none. */
  lastMarkAtOrBefore(bytes: number): Promise<ResumePoint>;
  /** BLAKE3 of all bytes, in hex. */
  digest(): Promise<string>;
  /** The journal in batches of whole records, at most 1 MiB each. */
  batches(): AsyncGenerator<Buffer>;
  /** All records in order, of which only a batch is in memory. */
  records(): AsyncGenerator<JournalRecord>;
  /** The clusters that the records speak of, per disk. Fault integrity when one is of no such disk or beyond its end. */
  clusterSets(disks: readonly DiskSize[]): Promise<Carried>;
}
