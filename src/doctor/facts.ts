/** What the checks look at: this host, the hosts that it is paired with, its machines. Gathered by whoever runs them. */
import type { Judgement } from '../health/health.ts';
import type { HealthLimits } from '../health/limits.ts';
import type { Machine, Relationship } from '../machine/records.ts';
import type { AuthorizationEntry } from '../relationship/authorization.ts';
import type { ImageFacts } from './image.ts';
import type { Text } from '../language/text.ts';

export interface Space {
  readonly path: string;
  readonly freeBytes: number;
  readonly totalBytes: number;
}

export interface HostFacts {
  readonly name: string;
  readonly nowMs: number;
  readonly version: string;
  /** Null when QEMU is not there. */
  readonly qemuVersion: string | null;
  readonly acceleration: 'kvm' | 'tcg';
  readonly certificateExpiresMs: number;
  readonly acceptsReplicas: boolean;
  readonly entries: readonly AuthorizationEntry[];
  /** Where replicas are kept. */
  readonly storages: readonly Space[];
  /** Where old data is kept aside while a cycle is read. */
  readonly fleecing: Space;
  readonly limits: HealthLimits;
  /** Who is told when something is wrong, and why that fails where it does. */
  readonly notifications: readonly { readonly name: string; readonly failure: Text | null }[];
}

/** What another host says of itself. */
export interface PeerAnswer {
  /** How far its clock is ahead of this one's. */
  readonly skewMs: number;
  readonly version: string;
  readonly qemuVersion: string | null;
  /** Whether it takes replicas from this host, and where it keeps them. */
  readonly storage: Space | null;
}

export interface PeerFacts {
  readonly name: string;
  readonly certificateExpiresMs: number | null;
  /** Null when it does not answer; then `failure` says why. */
  readonly answer: PeerAnswer | null;
  readonly failure: Text | null;
  /** This host's primaries that it has the replicas of, and this host's replicas of its machines. */
  readonly primaries: number;
  readonly replicas: number;
}

export interface DiskFacts {
  readonly disk: string;
  readonly path: string;
  /** As the definition says. */
  readonly format: string;
  readonly isReplicated: boolean;
  /** Null when the file is not there, or cannot be read. */
  readonly image: ImageFacts | null;
}

export interface MachineFacts {
  readonly machine: Machine;
  readonly relationship: Relationship;
  readonly judgement: Judgement;
  readonly isRunning: boolean;
  /** Null when it was not asked: the guest is off, or has no port for an agent. */
  readonly agentAnswers: boolean | null;
  /** Of a running guest; null when it was not asked. */
  readonly ioThreads: number | null;
  readonly disks: readonly DiskFacts[];
}

export interface Facts {
  readonly host: HostFacts;
  readonly peers: readonly PeerFacts[];
  readonly machines: readonly MachineFacts[];
}
