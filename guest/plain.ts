/** The test guest in a QEMU started by hand, without Understudy: for the guest's own tests and the bench's yardstick. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { Qmp } from '../src/qmp/qmp.ts';
import { GuestConsole } from './console.ts';
import { commandLineOf, type GuestBehaviour } from './definition.ts';
import type { TestGuest } from './build.ts';
import type { GuestDisk } from './disks.ts';

export interface PlainMachine {
  readonly process: ChildProcess;
  readonly console: GuestConsole;
  readonly qmp: Qmp;
  /** Resolves when QEMU has ended, by itself or killed. */
  readonly ended: Promise<unknown>;
}

export interface PlainOptions extends GuestBehaviour {
  readonly agent?: boolean;
  /** Further arguments for QEMU. */
  readonly more?: readonly string[];
}

/** QEMU answers on its monitor and the guest's processor runs. Sockets and the log `serial.log` are in `directory`. */
export async function startPlain(directory: string, guest: TestGuest, disks: readonly GuestDisk[], options: PlainOptions = {}): Promise<PlainMachine> {
  const qmpPath = join(directory, 'qmp.sock');
  const serialPath = join(directory, 'serial.sock');
  const logPath = join(directory, 'serial.log');
  const child = spawn('qemu-system-x86_64', [
    '-machine', 'pc-q35-7.2', '-cpu', 'max', '-accel', 'tcg', '-m', '192', '-nodefaults', '-no-user-config', '-display', 'none', '-S',
    '-kernel', guest.kernelPath, '-initrd', options.agent ? guest.agentInitrdPath : guest.initrdPath, '-append', commandLineOf(options),
    '-chardev', `socket,id=serial,path=${serialPath},server=on,wait=off,logfile=${logPath},logappend=on`, '-device', 'isa-serial,chardev=serial',
    '-qmp', `unix:${qmpPath},server=on,wait=off`,
    ...disks.flatMap(diskArguments),
    ...(options.more ?? []),
  ], { stdio: ['ignore', 'ignore', 'pipe'] });
  const complaint = firstLine(child);
  const ended = once(child, 'exit');
  const qmp = await Promise.race([connected(qmpPath, child), ended.then(async () => { throw new Error(`QEMU ended: ${await complaint}`); })]);
  await qmp.execute('cont');
  return { process: child, ended, qmp, console: new GuestConsole(logPath, serialPath) };
}

const diskArguments = ({ name, path, format }: GuestDisk): readonly string[] => [
  '-blockdev', JSON.stringify({ driver: format, 'node-name': name, discard: 'unmap', file: { driver: 'file', filename: path, discard: 'unmap' } }),
  '-device', `virtio-blk-pci,drive=${name}`,
];

async function firstLine(child: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: child.stderr! })) return line;
  return 'without a message';
}

/** The monitor's socket appears a moment after the process. */
async function connected(path: string, child: ChildProcess): Promise<Qmp> {
  for (;;) {
    try {
      return await Qmp.connect(path);
    } catch (error) {
      if (child.exitCode !== null) throw error;
      await setTimeout(5);
    }
  }
}
