/** Everything the engine has of its host: the ports, and who it is. */
import type { MachineDefinition } from '../machine/definition.ts';
import type { Clock } from './ports/clock.ts';
import type { Compression } from './ports/compression.ts';
import type { FingerprintStore } from './ports/fingerprints.ts';
import type { Hypervisor } from './ports/hypervisor.ts';
import type { LayerStore } from './ports/layers.ts';
import type { Peers } from './ports/peers.ts';
import type { Scanner } from './ports/scanner.ts';
import type { State } from './ports/state.ts';

export interface Host {
  readonly hostId: string;
  readonly hostName: string;
  readonly clock: Clock;
  readonly hypervisor: Hypervisor;
  readonly layers: LayerStore;
  readonly fingerprints: FingerprintStore;
  readonly peers: Peers;
  readonly compression: Compression;
  /** Where there are threads to scan disks with; otherwise the engine reads them itself. */
  readonly scanner?: Scanner;
  readonly state: State;
  /** A random UUID. */
  newId(): string;
  /** 32 random bytes. */
  newKey(): Buffer;
  /** Where the replicas that this peer sends may be kept; undefined when it may send none. */
  storageFor(peerId: string): string | undefined;
  /** Files that the definition names and that are not on this host (kernel, firmware). */
  missingFiles(definition: MachineDefinition): Promise<readonly string[]>;
  /** When intervals of the statistics begin, seconds after midnight, and how long one lasts. */
  monitoring(): { readonly startSeconds: number; readonly intervalSeconds: number };
  peerName(hostId: string): string;
  /** Ends the process: a bug was found. */
  crash(bug: unknown): void;
  /** Tells whoever watches that this changed. */
  changed(kind: 'machine' | 'relationship' | 'job' | 'host' | 'event', id: string): void;
}
