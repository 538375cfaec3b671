/** What a relationship remembers of its first copy, until that has arrived: rows of the state, as in records.ts. */
import type { Layer } from './definition.ts';
import type { Machine } from './records.ts';

/** How the first copy reaches the replica: all of it over the network, what differs from a copy that is there, or on media. */
export type InitialTransfer = 'network' | 'seed' | 'media';

/** On a primary, until it replicates. */
export interface Initial {
  readonly by: InitialTransfer;
  /** On media: the directory that was named, on this host. */
  readonly directory?: string;
  /** The media are whole. */
  readonly exported?: Exported;
}

/** A first copy on media, from which on changes flow to the replica. */
export interface Exported {
  readonly pointId: string;
  readonly instantMs: number;
  readonly finishedMs: number;
  /** The machine's own directory. */
  readonly path: string;
  /** The other host knows which media to wait for. */
  readonly isTold: boolean;
}

/** What a replica's disks hold before its first recovery point: a copy of the machine that was here already. */
export interface Seed {
  /** Names what they hold. */
  readonly id: string;
  /** It waits for a primary that takes it up. */
  readonly isOffer: boolean;
  /** The machine as it was, and is again when replication is removed before the first recovery point. */
  readonly before: Pick<Machine, 'name' | 'definition' | 'stacks' | 'lineage' | 'powerLock'>;
}

/** On a replica: the point that the media carry which it waits for. What has arrived since stands on it, and is no recovery point yet. */
export interface Awaited {
  readonly pointId: string;
  readonly instantMs: number;
}

/** Media that are being copied in. */
export interface Importing {
  readonly pointId: string;
  readonly layers: readonly { readonly disk: string; readonly sizeBytes: number; readonly layer: Layer }[];
  /** Where copying goes on: what is before it is durable. */
  readonly at: { readonly disk: number; readonly cluster: number };
}
