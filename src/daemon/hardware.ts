/** The machine that the host runs on, from Linux itself: read once, but for what changes. */
import { readFileSync, statSync } from 'node:fs';
import { arch, cpus, freemem, loadavg, release, totalmem, uptime } from 'node:os';
import type { Hardware, OperatingSystem, Processor } from '../providers/domain.ts';

/** Source: proc_cpuinfo(5), sysfs-firmware-dmi, os-release(5). What is not readable here (a container, a board without SMBIOS) is absent. */
const textAt = (path: string): string | null => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
};

const dmi = (field: string): string | null => textAt(`/sys/class/dmi/id/${field}`)?.trim() || null;

/** `hostId` stands for the firmware's UUID where there is none. */
export const hardwareOf = (hostId: string): Hardware => ({
  manufacturer: dmi('sys_vendor'),
  model: dmi('product_name'),
  serialNumber: dmi('product_serial'),
  uuid: dmi('product_uuid')?.toLowerCase() ?? hostId,
  processors: sockets(textAt('/proc/cpuinfo') ?? ''),
  memoryBytes: totalmem(),
  system: operatingSystem(textAt('/etc/os-release') ?? ''),
  freeMemoryBytes: freemem,
  loadPercent: () => Math.min(100, Math.round((100 * loadavg()[0]!) / Math.max(1, cpus().length))),
});

interface Thread {
  readonly socket: string;
  readonly core: string;
  readonly name: string;
  readonly manufacturer: string;
  readonly mhz: number;
}

/** One per socket, in the order of their ids. Where the file says nothing of sockets, all threads are cores of one. */
export function sockets(cpuinfo: string): readonly Processor[] {
  const threads = cpuinfo.split(/\n\n+/).filter((block) => /^processor\s*:/m.test(block)).map(threadOf);
  const known = threads.length > 0 ? threads : cpus().map(({ model, speed }, at): Thread => ({ socket: '0', core: String(at), name: model, manufacturer: '', mhz: speed }));
  return [...Map.groupBy(known, ({ socket }) => socket).values()].map((members) => ({
    name: members[0]!.name,
    manufacturer: members[0]!.manufacturer,
    cores: new Set(members.map(({ core }) => core)).size,
    threads: members.length,
    clockMhz: Math.round(Math.max(...members.map(({ mhz }) => mhz))),
    architecture: arch(),
  }));
}

function threadOf(block: string): Thread {
  const field = (name: string): string | undefined => new RegExp(`^${name}\\s*:\\s*(.*)$`, 'm').exec(block)?.[1]?.trim();
  return {
    socket: field('physical id') ?? '0',
    core: field('core id') ?? field('processor')!,
    name: field('model name') ?? arch(),
    manufacturer: field('vendor_id') ?? '',
    mhz: Number(field('cpu MHz') ?? 0),
  };
}

function operatingSystem(osRelease: string): OperatingSystem {
  const field = (name: string): string | undefined => new RegExp(`^${name}="?(.*?)"?$`, 'm').exec(osRelease)?.[1];
  return {
    name: field('PRETTY_NAME') ?? 'Linux',
    version: field('VERSION_ID') ?? '',
    kernel: release(),
    bootedMs: Date.now() - Math.round(uptime() * 1_000),
    installedMs: installedMs(),
    architecture: arch(),
  };
}

/** When the machine's own id was made, which is at its installation. */
function installedMs(): number | null {
  try {
    return Math.round(statSync('/etc/machine-id').mtimeMs);
  } catch {
    return null;
  }
}
