/**
 * What a virtual machine is made of: the launch definition that travels with every recovery point, so that the replica
 * boots as the same machine. Written by people as TOML (see parse.ts); stored and sent as JSON.
 */

export type DiskBus = 'virtio' | 'scsi' | 'sata';
export type DiskFormat = 'qcow2' | 'raw';

export interface DiskDefinition {
  /** Short name, unique in the machine: `^[a-z][a-z0-9]{0,9}$` (QEMU node names hold 31 characters). */
  readonly name: string;
  /** Absolute path of the image or block device on the host that runs the machine. */
  readonly path: string;
  readonly format: DiskFormat;
  readonly bus: DiskBus;
  /** Created with this size when the file is missing; absent means that the file must exist. */
  readonly sizeBytes?: number;
}

export interface NicDefinition {
  readonly kind: 'user' | 'bridge' | 'none';
  /** Lower case, colons. Generated once at definition when not given. */
  readonly mac: string;
  /** For `bridge`: the host's bridge. */
  readonly bridge?: string;
}

export interface FirmwareDefinition {
  readonly kind: 'bios' | 'uefi';
  /** For `uefi`: code image, read-only, and the template that the variables start from. */
  readonly codePath?: string;
  readonly variablesTemplatePath?: string;
}

/** Boots a kernel directly, without a boot loader on a disk. The files must be on both hosts at the same paths. */
export interface DirectBoot {
  readonly kernelPath: string;
  readonly initrdPath?: string;
  readonly commandLine: string;
}

export interface MachineDefinition {
  /** Lower-case UUID, the same on both hosts. */
  readonly id: string;
  readonly name: string;
  /** A versioned machine type, for example pc-q35-7.2: the replica must offer exactly the same hardware. */
  readonly machineType: string;
  readonly cpuModel: string;
  readonly cpuCount: number;
  readonly memoryMiB: number;
  readonly disks: readonly DiskDefinition[];
  readonly nics: readonly NicDefinition[];
  readonly firmware: FirmwareDefinition;
  readonly tpm: boolean;
  readonly vga: 'none' | 'std' | 'virtio';
  readonly guestAgent: boolean;
  readonly directBoot?: DirectBoot;
  /** Started with the daemon, after the peer was asked whether it runs the machine. */
  readonly autostart: boolean;
}

/** One file of a disk. Disks are stacks of layers, bottom first; each higher layer holds what changed above the lower. */
export interface Layer {
  readonly layerId: string;
  readonly path: string;
  /** qcow2 when not given. Raw only for a template at the bottom: it cannot stand on anything. */
  readonly format?: DiskFormat;
  /** The qcow2 wrapper's data file when the user's disk is raw or a block device (always opened explicitly). */
  readonly dataFilePath?: string;
  /** A template below the user's linked clone: read, never merged into. */
  readonly readOnly?: boolean;
}

export interface DiskStack {
  readonly disk: string;
  readonly sizeBytes: number;
  /** Bottom first. The top layer is the one that a running guest writes. */
  readonly layers: readonly Layer[];
}

/** Small files that belong to the machine's state and travel with each point: UEFI variables, TPM state. */
export interface Attachment {
  readonly name: string;
  readonly bytes: Uint8Array;
}
