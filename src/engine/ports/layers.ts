/**
 * Files of a replica's disks. The catalog (in the state) owns which layer stands on which; headers are never trusted.
 * Nothing here decides anything: it makes, writes, merges and removes files, durably, and repeats safely.
 * Faults: space-exhausted, disk-io, disk-in-use, disk-missing.
 */
import type { ClusterSet } from '../../extents/clusterset.ts';
import type { Attachment, DiskStack, Layer } from '../../machine/definition.ts';
import type { Overrides } from '../../machine/records.ts';
import type { Lineage } from '../../relationship/epoch.ts';
import type { Settings } from '../../relationship/settings.ts';
import type { Chunk } from './diskview.ts';

/** Writes whole clusters (the disk's tail may be short) into one layer that nobody else sees. */
export interface LayerWriter {
  /** Resolves when the layer's server took the write; the chunk's memory is free again then. */
  write(offsetBytes: number, chunk: Chunk): Promise<void>;
  /** Marks the range as zero, whatever lies below. */
  zero(offsetBytes: number, lengthBytes: number): Promise<void>;
  /** Everything written so far survives a power loss. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/**
 * The label of one layer file: on a stack that reads as `standsOn`, it makes one that reads as the point. Enough to rebuild
 * the catalog's row of the point, and the replica's own rows, from files alone.
 */
export interface PointSidecar {
  readonly pointId: string;
  readonly parentId: string | null;
  readonly machineId: string;
  readonly relationshipId: string;
  readonly epochId: string;
  readonly sequence: number;
  readonly kind: string;
  readonly instantMs: number;
  readonly digest: string;
  readonly definition: unknown;
  readonly name: string | null;
  readonly attachments: readonly Attachment[];
  /** The point was retired: the file is a step to what stands on it, and a merge may have changed it half-way. */
  readonly retired: boolean;
  /** Of the replica as it was when the label was written; never the key. */
  readonly replica: { readonly peerId: string; readonly settings: Settings; readonly overrides: Overrides; readonly lineage: Lineage };
  readonly disks: readonly LabelledDisk[];
}

export interface LabelledDisk {
  readonly disk: string;
  /** This disk's layer of the point when the label was written; the label of a file counts for the disk that names the file. */
  readonly layerId: string;
  readonly sizeBytes: number;
  /** What the layers below read as; null: the layer stands on `ground` alone. */
  readonly standsOn: string | null;
  /** Layers below that have no label (a template below the user's disk), bottom first. */
  readonly ground: readonly Layer[];
  /** The layer, when it is not in the machine's directory: the user's own disk. Its label is there all the same. */
  readonly elsewhere: Layer | null;
}

export interface FoundLayer {
  readonly path: string;
  readonly sidecar: PointSidecar | null;
}

export interface LayerStore {
  /** Path that `create` gives a layer of this machine and disk. */
  layerAt(storage: string, machineId: string, disk: string, layerId: string): Layer;
  /** An empty detached overlay of this virtual size. Replaces a file left by a crash. */
  create(layer: Layer, sizeBytes: number): Promise<void>;
  /** A fresh active overlay on top of a stack, with the bitmap `pointId` recording from its first write. */
  createActive(layer: Layer, sizeBytes: number, pointId: string | null): Promise<void>;
  open(layer: Layer): Promise<LayerWriter>;
  /** The layers' data, then the sidecar, then the directories are on stable storage. */
  seal(layers: readonly Layer[], sidecar: PointSidecar): Promise<void>;
  /** The layer's label is this one, durably; null: it has none. Never between the two. */
  relabel(layer: Layer, sidecar: PointSidecar | null): Promise<void>;
  /** The layer's label; null when it has none, or one that is not whole. */
  sidecar(layer: Layer): Promise<PointSidecar | null>;
  /**
   * Commits `upper` into `lower`: `lower` then reads as both did. Safe to repeat after a kill; `upper` is unharmed.
   * Aborting kills and reaps the merge. Fault disk-in-use when a guest holds one of them.
   */
  merge(lower: Layer, upper: Layer, signal: AbortSignal): Promise<void>;
  /** Nothing when it is gone already. Removes the sidecar too. */
  remove(layer: Layer): Promise<void>;
  /** Bytes the layer takes on its file system. */
  allocatedBytes(layer: Layer): Promise<number>;
  /** The clusters that this layer itself holds, data or zero: on a failover's active layer, all that its guest wrote. */
  allocated(layer: Layer, sizeBytes: number): Promise<ClusterSet>;
  /** Machines that have a directory in this storage. */
  machines(storage: string): Promise<readonly string[]>;
  /** Layer files under the machine's directory, whoever made them. */
  inventory(storage: string, machineId: string): Promise<readonly FoundLayer[]>;
  /** Labels under the machine's directory without a layer file beside them: of layers elsewhere, or left by a crash. */
  loneLabels(storage: string, machineId: string): Promise<readonly FoundLayer[]>;
  /** Moves an unknown file aside; never deletes it. */
  quarantine(path: string): Promise<void>;
  freeBytes(storage: string): Promise<number>;
  totalBytes(storage: string): Promise<number>;
  /** True when both stacks read the same on every byte: for tests and verification. */
  compare(left: DiskStack, right: DiskStack): Promise<boolean>;
}
