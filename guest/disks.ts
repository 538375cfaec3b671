/** The test guest's two disks, a and b, made on the host: the guest itself formats nothing. */
import { execFileSync } from 'node:child_process';
import { renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface GuestDisk {
  readonly name: 'a' | 'b';
  readonly path: string;
  readonly format: 'qcow2' | 'raw';
}

export interface GuestDiskOptions {
  /** 64 MiB when not given. Sparse: a large size costs no space. */
  readonly sizeBytes?: number;
  /** qcow2 when not given. */
  readonly format?: 'qcow2' | 'raw';
}

/** Two empty ext4 disks are in the directory, which exists: a.qcow2 and b.qcow2, or a.raw and b.raw. */
export function makeGuestDisks(directory: string, { sizeBytes = 64 << 20, format = 'qcow2' }: GuestDiskOptions = {}): readonly GuestDisk[] {
  return (['a', 'b'] as const).map((name) => {
    const path = join(directory, `${name}.${format}`);
    const raw = join(directory, `${name}.raw.new`);
    writeFileSync(raw, '');
    truncateSync(raw, sizeBytes);
    formatExt4(raw);
    if (format === 'raw') renameSync(raw, path);
    else toQcow2(raw, path);
    return { name, path, format };
  });
}

/** Nothing is left for the kernel to write later by itself: a quiet guest's disks stand still. */
function formatExt4(path: string): void {
  const whole = 'lazy_itable_init=0,lazy_journal_init=0,nodiscard';
  execFileSync('mkfs.ext4', ['-q', '-F', '-m', '0', '-N', '1024', '-O', '^resize_inode', '-E', whole, path], { env: withSystemPaths() });
}

function toQcow2(raw: string, path: string): void {
  execFileSync('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', raw, path]);
  rmSync(raw);
}

/** mkfs is in a directory that an ordinary user's PATH lacks on Debian. */
const withSystemPaths = (): NodeJS.ProcessEnv => ({ ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` });
