/**
 * The test guest's kernel and initial RAM disks, made of Debian packages that set-up fetched and of init.sh. They are
 * made once: the directory's name is a hash of everything that goes in.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { kernelModules } from './modules.ts';

const REPOSITORY = dirname(import.meta.dirname);
const CACHE = join(REPOSITORY, '.cache');
const INIT = join(import.meta.dirname, 'init.sh');
const BUSYBOX = '/bin/busybox';
const AGENT = join(import.meta.dirname, 'agent.sh');
const SOURCES = [INIT, AGENT, import.meta.filename, join(import.meta.dirname, 'modules.ts')];

export interface TestGuest {
  readonly kernelPath: string;
  readonly initrdPath: string;
  /** The same with the QEMU guest agent, which costs some tenths of a second at boot. */
  readonly agentInitrdPath: string;
}

/** The guest's files are there; made now (in about a second) when an input has changed. */
export function testGuest(): TestGuest {
  const packages = { kernel: packageOf('linux-image'), agent: packageOf('qemu-guest-agent') };
  const directory = join(CACHE, 'guest', stampOf([...Object.values(packages), BUSYBOX, ...SOURCES]));
  if (!existsSync(directory)) make(directory, packages);
  return {
    kernelPath: join(directory, 'vmlinuz'),
    initrdPath: join(directory, 'initrd'),
    agentInitrdPath: join(directory, 'initrd-agent'),
  };
}

function packageOf(prefix: string): string {
  const directory = join(CACHE, 'debs');
  const found = existsSync(directory) ? readdirSync(directory).filter((name) => name.startsWith(prefix) && name.endsWith('.deb')) : [];
  if (found.length === 0) throw new Error(`${directory} has no ${prefix} package. Run: sh scripts/set-up.sh`);
  return join(directory, found.sort().at(-1)!);
}

/** Packages are told apart by name and size, our own files by content. */
function stampOf(inputs: readonly string[]): string {
  const hash = createHash('sha256');
  for (const input of inputs) hash.update(`${basename(input)} ${statSync(input).size}\n`);
  for (const source of SOURCES) hash.update(readFileSync(source));
  return hash.digest('hex').slice(0, 16);
}

/** Makes everything beside its place and renames it there, so that two processes may do it at once. */
function make(directory: string, packages: { kernel: string; agent: string }): void {
  mkdirSync(dirname(directory), { recursive: true });
  const work = mkdtempSync(`${directory}.`);
  try {
    const kernel = unpack(packages.kernel, join(work, 'kernel'));
    const result = join(work, 'result');
    mkdirSync(result);
    copyFileSync(join(kernel, 'boot', readdirSync(join(kernel, 'boot')).find((name) => name.startsWith('vmlinuz'))!), join(result, 'vmlinuz'));
    const root = stageRoot(join(work, 'root'), kernel);
    pack(root, join(result, 'initrd'));
    stageAgent(root, unpack(packages.agent, join(work, 'agent')));
    pack(root, join(result, 'initrd-agent'));
    place(result, directory);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function place(result: string, directory: string): void {
  try {
    renameSync(result, directory);
  } catch (error) {
    if (!existsSync(join(directory, 'vmlinuz'))) throw error;
  }
}

function unpack(debianPackage: string, directory: string): string {
  execFileSync('dpkg-deb', ['-x', debianPackage, directory]);
  return directory;
}

const APPLETS = [
  'awk', 'cat', 'date', 'dd', 'insmod', 'ip', 'md5sum', 'mkdir', 'mount', 'poweroff', 'sh', 'stty', 'sync', 'umount',
  'blkdiscard', 'cp', 'fsfreeze', 'killall', 'printf', 'cmp', 'dmesg', 'fstrim', 'ls', 'rm', 'sleep', 'truncate', 'df',
];

function stageRoot(root: string, kernel: string): string {
  for (const each of ['bin', 'sbin', 'dev', 'proc', 'sys', 'disk', 'etc', 'run', 'tmp', 'var/run', 'modules/pci']) mkdirSync(join(root, each), { recursive: true });
  copyFileSync(INIT, join(root, 'init'));
  chmodSync(join(root, 'init'), 0o755);
  copyFileSync(BUSYBOX, join(root, 'bin/busybox'));
  for (const applet of APPLETS) symlinkSync('busybox', join(root, 'bin', applet));
  symlinkSync('/proc/mounts', join(root, 'etc/mtab'));
  const modules = kernelModules(kernel);
  for (const path of modules.files) copyFileSync(path, join(root, 'modules', basename(path)));
  writeFileSync(join(root, 'modules/always'), modules.always.join('\n'));
  for (const [id, names] of modules.byPciId) writeFileSync(join(root, 'modules/pci', id), names.join('\n'));
  return root;
}

/** The agent, the libraries that it links to (this machine's, as QEMU needs them too), and what it calls to shut down. */
function stageAgent(root: string, agentPackage: string): void {
  const agent = join(agentPackage, 'usr/sbin/qemu-ga');
  copyFileSync(agent, join(root, 'bin/qemu-ga'));
  const libraries = execFileSync('ldd', [agent], { encoding: 'utf8' }).matchAll(/(\/\S+)(?= \(0x)/g);
  for (const [, path] of libraries) {
    mkdirSync(join(root, dirname(path!)), { recursive: true });
    copyFileSync(path!, join(root, path!));
  }
  copyFileSync(AGENT, join(root, 'bin/test-agent'));
  chmodSync(join(root, 'bin/test-agent'), 0o755);
  writeFileSync(join(root, 'sbin/shutdown'), '#!/bin/sh\nkill -USR1 1\n', { mode: 0o755 });
}

/** Uncompressed: an emulated machine takes longer to unpack than QEMU to load. */
function pack(root: string, path: string): void {
  execFileSync('sh', ['-c', 'find . | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0 > "$1"', 'sh', path], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
}

if (import.meta.main) console.log(JSON.stringify(testGuest(), null, 2));
