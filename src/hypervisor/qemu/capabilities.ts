/** What this host can run, for the readiness check. QEMU's lists do not change while it is installed, so they are kept. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import type { HostCapabilities } from '../../engine/ports/hypervisor.ts';
import { accelerationOf } from './acceleration.ts';
import { output } from './program.ts';

const PROGRAM = 'qemu-system-x86_64';
const HOST = 'this host';
const NETWORK_DEVICES = '/sys/class/net';

type Lists = Pick<HostCapabilities, 'qemuVersion' | 'machineTypes' | 'cpuModels'>;

export class Capabilities {
  #lists: Promise<Lists> | undefined;
  #listsOf = '';

  async now(): Promise<HostCapabilities> {
    return { ...(await this.#qemu()), acceleration: accelerationOf(), ...memory(), bridges: bridges() };
  }

  /** Asked again when the program's file has changed: an upgrade while the daemon runs. */
  #qemu(): Promise<Lists> {
    const found = `/usr/bin/${PROGRAM}`;
    const stamp = existsSync(found) ? String(statSync(found).mtimeMs) : '';
    if (!this.#lists || stamp !== this.#listsOf) {
      this.#listsOf = stamp;
      this.#lists = askQemu();
      this.#lists.catch(() => (this.#lists = undefined));
    }
    return this.#lists;
  }
}

async function askQemu(): Promise<Lists> {
  const [version, machines, cpus] = await Promise.all(
    [['--version'], ['-machine', 'help'], ['-cpu', 'help']].map((args) => output(HOST, PROGRAM, args)),
  );
  return {
    qemuVersion: /version (\S+)/.exec(version!)?.[1] ?? 'unknown',
    machineTypes: [...machines!.matchAll(/^(pc-(?:q35|i440fx)-\d+\.\d+)\s/gm)].map((match) => match[1]!),
    cpuModels: cpuModelsIn(cpus!),
  };
}

/** The names of what `-cpu help` lists before the flags. QEMU 7.2 puts the architecture before each, QEMU 10 does not. */
export function cpuModelsIn(help: string): readonly string[] {
  const [models = ''] = help.split(/\n\s*\n/);
  return [...models.matchAll(/^(?:x86)?\s+(\S+)/gm)].map(([, name]) => name!);
}

function memory(): Pick<HostCapabilities, 'memoryMiB' | 'freeMemoryMiB'> {
  const text = readFileSync('/proc/meminfo', 'utf8');
  const mib = (field: string): number => Math.floor(Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) / 1024);
  return { memoryMiB: mib('MemTotal'), freeMemoryMiB: mib('MemAvailable') };
}

export const isBridge = (name: string): boolean => existsSync(`${NETWORK_DEVICES}/${name}/bridge`);

const bridges = (): readonly string[] =>
  existsSync(NETWORK_DEVICES) ? readdirSync(NETWORK_DEVICES).filter(isBridge).sort() : [];
