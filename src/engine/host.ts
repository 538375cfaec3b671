/** Everything the engine has of its host: the ports, and who it is. */
import type { HealthLimits } from '../health/limits.ts';
import type { MachineDefinition } from '../machine/definition.ts';
import type { Admission } from '../relationship/authorization.ts';
import type { Observation } from './observation.ts';
import type { Clock } from './ports/clock.ts';
import type { Compression } from './ports/compression.ts';
import type { FingerprintStore } from './ports/fingerprints.ts';
import type { Hypervisor } from './ports/hypervisor.ts';
import type { LayerStore } from './ports/layers.ts';
import type { Media } from './ports/media.ts';
import type { Peers } from './ports/peers.ts';
import type { Scanner } from './ports/scanner.ts';
import type { State } from './ports/state.ts';
import type { TestResults } from './ports/testresults.ts';
import type { Traffic } from './traffic/traffic.ts';

export interface Host {
  readonly hostId: string;
  readonly hostName: string;
  /** Of Understudy. */
  readonly version: string;
  /** Where people reach its page from other hosts, when they can: its address, or its port at any address of the host. */
  readonly page?: { readonly url: string | null; readonly port: number | null };
  readonly clock: Clock;
  readonly hypervisor: Hypervisor;
  readonly layers: LayerStore;
  readonly fingerprints: FingerprintStore;
  readonly media: Media;
  readonly peers: Peers;
  readonly compression: Compression;
  /** Where there are threads to scan disks with; otherwise the engine reads them itself. */
  readonly scanner?: Scanner;
  readonly state: State;
  readonly testResults: TestResults;
  /** What leaves this host for replicas, all machines together. */
  readonly traffic: Traffic;
  /** A random UUID. */
  newId(): string;
  /** 32 random bytes. */
  newKey(): Buffer;
  /** Whether replicas are taken from this peer, and by which entry; `boundId` is of the entry that the replica was given to. */
  admission(peerId: string, boundId?: string): Admission;
  /** Files that the definition names and that are not on this host (kernel, firmware). */
  missingFiles(definition: MachineDefinition): Promise<readonly string[]>;
  /** When intervals of the statistics begin, seconds after midnight, how long one lasts, and limits of the health that differ from the defaults. */
  monitoring(): { readonly startSeconds: number; readonly intervalSeconds: number; readonly limits?: Partial<HealthLimits> };
  peerName(hostId: string): string;
  /** Ends the process: a bug was found. */
  crash(bug: unknown): void;
  /** Tells whoever counts how a try at a recovery point ended. */
  observed?(observation: Observation): void;
  /** Tells whoever watches that this changed. */
  changed(kind: 'machine' | 'relationship' | 'job' | 'host' | 'event', id: string): void;
}

/** Names of the other hosts by id, each asked for once. */
export const peerNamesOf = (host: Host, relationships: readonly { readonly peerId: string }[]): ReadonlyMap<string, string> =>
  new Map([...new Set(relationships.map(({ peerId }) => peerId))].map((peerId) => [peerId, host.peerName(peerId)]));
