/**
 * The host as providers and methods see it: its use cases, its records, its clock, and the facts about the hardware that
 * monitors ask for. They know nothing else of it.
 */
import type { Inventory } from '../service/inventory.ts';
import type { Operations } from '../service/operations.ts';

export interface Domain {
  readonly operations: Operations;
  readonly inventory: Inventory;
  readonly hardware: Hardware;
  /** The last RequestedState that was asked of a machine over CIM, by machine id; for the property of that name. */
  readonly requestedStates: Map<string, number>;
  /** Ms since 1970. */
  nowMs(): number;
  /** A random UUID, lower case. */
  newId(): string;
}

/** The machine that the host runs on. What cannot be found out is null. */
export interface Hardware {
  readonly manufacturer: string | null;
  readonly model: string | null;
  readonly serialNumber: string | null;
  /** The firmware's UUID, lower case. */
  readonly uuid: string;
  readonly processors: readonly Processor[];
  readonly memoryBytes: number;
  readonly system: OperatingSystem;
  freeMemoryBytes(): number;
  /** Of all processors over the last minute, 0 to 100. */
  loadPercent(): number;
}

/** One socket. */
export interface Processor {
  readonly name: string;
  readonly manufacturer: string;
  readonly cores: number;
  readonly threads: number;
  readonly clockMhz: number;
  readonly architecture: string;
}

export interface OperatingSystem {
  /** As people name it, "Debian GNU/Linux 12 (bookworm)". */
  readonly name: string;
  readonly version: string;
  readonly kernel: string;
  readonly bootedMs: number;
  readonly installedMs: number | null;
  readonly architecture: string;
}
