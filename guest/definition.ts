/** A definition file for `understudy vm define` that makes a machine of the test guest. */
import type { GuestDisk } from './disks.ts';
import type { TestGuest } from './build.ts';

/**
 * - write: records go to both disks as long as the guest runs.
 * - load: the same, and chunks of random data with checksums beside them.
 * - verify: the disks are mounted read-only and verified, no more.
 * - idle: the disks are not even mounted.
 */
export type GuestMode = 'write' | 'load' | 'verify' | 'idle';

export interface GuestBehaviour {
  readonly mode?: GuestMode;
  /** Records a second, 1 to 1000; 10 when not given. */
  readonly rate?: number;
  /** Chunks of 64 KiB a disk that go with each record, for mode load. */
  readonly chunks?: number;
}

export interface GuestMachine extends GuestBehaviour {
  readonly name: string;
  /** A UUID; the daemon makes one when not given. */
  readonly id?: string;
  readonly guest: TestGuest;
  readonly disks: readonly GuestDisk[];
  /** 192 when not given. */
  readonly memoryMiB?: number;
  /** With the guest agent; costs some tenths of a second at boot. */
  readonly agent?: boolean;
  readonly autostart?: boolean;
  /** Further TOML, appended: NICs, firmware. */
  readonly more?: string;
}

/**
 * What the kernel is told; `quiet` and the rest make the boot quick. Its check of the timer counts ticks in a moment of its own
 * time: on a busy machine without hardware virtualization it misses them, and the guest stands still.
 */
export function commandLineOf({ mode = 'write', rate = 10, chunks }: GuestBehaviour): string {
  const load = chunks === undefined ? '' : ` us.load=${chunks}`;
  return `console=ttyS0 quiet panic=-1 no_timer_check us.mode=${mode} us.rate=${rate}${load}`;
}

/** JSON's strings are TOML's basic strings. */
const text = (value: string): string => JSON.stringify(value);

export function guestDefinition(machine: GuestMachine): string {
  const { guest, agent = false } = machine;
  return `name = ${text(machine.name)}
${machine.id === undefined ? '' : `id = ${text(machine.id)}\n`}machineType = "pc-q35-7.2"
cpuModel = "max"
memoryMiB = ${machine.memoryMiB ?? 192}
guestAgent = ${agent}
autostart = ${machine.autostart ?? false}

[directBoot]
kernelPath = ${text(guest.kernelPath)}
initrdPath = ${text(agent ? guest.agentInitrdPath : guest.initrdPath)}
commandLine = ${text(commandLineOf(machine))}
${machine.disks.map(diskTable).join('')}${machine.more ?? ''}`;
}

const diskTable = ({ name, path, format }: GuestDisk): string => `
[[disks]]
name = ${text(name)}
path = ${text(path)}
format = ${text(format)}
bus = "virtio"
`;
