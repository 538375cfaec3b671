/** The kernel modules that the test guest needs, each list in the order in which they load. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const ALWAYS = ['virtio_pci', 'button', 'evdev'];

/** PCI device id (as sysfs writes it; transitional and modern) → the driver of that virtio device. */
const BY_PCI_ID: Readonly<Record<string, readonly string[]>> = {
  '0x1000': ['virtio_net'],
  '0x1041': ['virtio_net'],
  '0x1001': ['virtio_blk'],
  '0x1042': ['virtio_blk'],
  '0x1003': ['virtio_console'],
  '0x1043': ['virtio_console'],
  '0x1004': ['virtio_scsi', 'sd_mod'],
  '0x1048': ['virtio_scsi', 'sd_mod'],
};

interface KernelModules {
  readonly files: readonly string[];
  readonly always: readonly string[];
  readonly byPciId: ReadonlyMap<string, readonly string[]>;
}

/** Finds the modules in an unpacked kernel package. A driver that is built into the kernel is no module and left out. */
export function kernelModules(kernelPackage: string): KernelModules {
  const all = new Map(
    readdirSync(join(kernelPackage, 'lib/modules'), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ko'))
      .map((path) => [basename(path, '.ko').replaceAll('-', '_'), join(kernelPackage, 'lib/modules', path)]),
  );
  if (!all.has('virtio_blk')) throw new Error(`${kernelPackage} holds no module virtio_blk.ko: is this Debian 12's cloud kernel?`);
  const ordered = (names: readonly string[]): readonly string[] => withDependencies(names, all);
  const always = ordered(ALWAYS);
  const byPciId = new Map(Object.entries(BY_PCI_ID).map(([id, names]) => [id, ordered(names)]));
  const used = new Set([...always, ...[...byPciId.values()].flat()]);
  return { files: [...used].map((name) => all.get(name)!), always, byPciId };
}

/** The named modules, each after those that it needs. */
function withDependencies(names: readonly string[], all: ReadonlyMap<string, string>): readonly string[] {
  const ordered = new Set<string>();
  const visit = (name: string): void => {
    const path = all.get(name);
    if (path === undefined) return;
    for (const needed of dependenciesOf(path)) if (!ordered.has(needed)) visit(needed);
    ordered.add(name);
  };
  names.forEach(visit);
  return [...ordered];
}

/** Source: the module's .modinfo section, key "depends". */
function dependenciesOf(path: string): readonly string[] {
  const [, list = ''] = /(?:^|\0)depends=([^\0]*)/.exec(readFileSync(path, 'latin1')) ?? [];
  return list.split(',').filter((name) => name !== '');
}
