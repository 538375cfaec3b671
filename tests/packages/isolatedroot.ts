/**
 * A copy of this machine's root to install packages in: what is written there is in memory and gone with it. Its processes, network,
 * control groups and devices are its own; with systemd as the first process, or with none, as in a container.
 */
import assert from 'node:assert/strict';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../flow/testhost.ts';

const COMMAND_WITHIN_MS = 120_000;
const UP_WITHIN_MS = 30_000;
/** Where the directory `shared` is in the isolated root, as a real file system. */
export const SHARED = '/srv';

/** Units of the machine itself would touch its kernel: only the journal starts with systemd. */
const ENTER = `
set -eu
mount --make-rprivate /
mount -t tmpfs tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
mount --bind "$2" "$1/root${SHARED}"
cd "$1/root"
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs dev
for name in null zero full random urandom tty; do touch "dev/$name"; mount --bind "/dev/$name" "dev/$name"; done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
mount -t tmpfs -o mode=1777 tmpfs dev/shm
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
ip link set lo up
: > etc/fstab
rm -rf var/lib/understudy etc/understudy run/understudy
# An index of all manuals of the machine, at each installation and removal, takes longer than they do.
rm -f var/lib/man-db/auto-update
find etc/systemd/system usr/lib/systemd/system -path '*.wants/*' -type l ! -name 'systemd-journald*' -delete
printf '[Unit]\\nDefaultDependencies=no\\nWants=systemd-journald.socket\\n' > etc/systemd/system/isolated.target
rm -f etc/machine-id
echo 0123456789abcdef0123456789abcdef > etc/machine-id
if [ "$3" = systemd ]; then
  rm -f usr/sbin/policy-rc.d
  exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin container=isolated chroot . /lib/systemd/systemd --unit=isolated.target --log-target=journal --show-status=no
fi
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot . sleep infinity
`;

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The hierarchy that systemd works with; beside those of version 1 where a machine still has them. */
const cgroupRoot = (): string => (existsSync('/sys/fs/cgroup/cgroup.procs') ? '/sys/fs/cgroup' : '/sys/fs/cgroup/unified');

function removeCgroup(path: string): void {
  for (const entry of readdirSync(path, { withFileTypes: true })) if (entry.isDirectory()) removeCgroup(join(path, entry.name));
  rmdirSync(path);
}

export class IsolatedRoot {
  /** Of this machine; in the isolated root it is SHARED. */
  readonly shared: string;
  readonly #directory: string;
  readonly #cgroup: string;
  readonly #outer: ChildProcess;
  #pid = 0;

  private constructor(firstProcess: 'systemd' | 'none') {
    this.#directory = mkdtempSync(join(tmpdir(), 'us-root-'));
    this.shared = mkdtempSync(join(tmpdir(), 'us-shared-'));
    this.#cgroup = join(cgroupRoot(), `understudy-${process.pid}-${firstProcess}`);
    mkdirSync(this.#cgroup);
    const script = `echo $$ > "${this.#cgroup}/cgroup.procs" && exec unshare --mount --pid --fork --net --uts --ipc --cgroup --kill-child sh -c "$0" "$@"`;
    this.#outer = spawn('sh', ['-c', script, ENTER, 'enter', this.#directory, this.shared, firstProcess], { stdio: ['ignore', 'ignore', 'inherit'] });
  }

  static async open(firstProcess: 'systemd' | 'none'): Promise<IsolatedRoot> {
    const root = new IsolatedRoot(firstProcess);
    try {
      root.#pid = await until('the isolated root has a first process', () => root.#firstProcess(firstProcess === 'systemd' ? 'systemd' : 'sleep'), UP_WITHIN_MS, () => root.#outer.exitCode, 20);
      if (firstProcess === 'systemd') await until('systemd is up', async () => ((await root.run('systemctl', 'is-active', 'isolated.target')).code === 0 ? true : undefined), UP_WITHIN_MS, () => root.run('systemctl', 'status'), 50);
      return root;
    } catch (thrown) {
      await root.close();
      throw thrown;
    }
  }

  #firstProcess(name: string): number | undefined {
    if (this.#outer.exitCode !== null) throw new Error(`the isolated root ended with ${this.#outer.exitCode}`);
    const pid = Number(readFileSync(`/proc/${this.#outer.pid}/task/${this.#outer.pid}/children`, 'utf8').trim().split(' ')[0]);
    return pid > 0 && readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === name ? pid : undefined;
  }

  run(...command: readonly string[]): Promise<Ran> {
    return this.runWith({}, ...command);
  }

  runWith(environment: Readonly<Record<string, string>>, ...command: readonly string[]): Promise<Ran> {
    const args = ['--target', String(this.#pid), '--mount', '--uts', '--ipc', '--net', '--pid', '--cgroup', '--root', '--wd', '--', ...command];
    return new Promise((resolve) => {
      const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root', LANG: 'C.UTF-8', DEBIAN_FRONTEND: 'noninteractive', ...environment };
      execFile('nsenter', args, { env, timeout: COMMAND_WITHIN_MS, maxBuffer: 16 * 1_024 * 1_024 }, (error, stdout, stderr) =>
        resolve({ code: error ? (typeof error.code === 'number' ? error.code : -1) : 0, stdout, stderr }));
    });
  }

  /** What the command prints; it must end well. */
  async out(...command: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(...command);
    assert.equal(code, 0, `${command.join(' ')} ended with ${code}: ${stdout}${stderr}`);
    return stdout.trim();
  }

  /** The command line's JSON. */
  async understudy<T>(...args: readonly string[]): Promise<T> {
    return JSON.parse((await this.out('understudy', '--json', ...args)) || 'null') as T;
  }

  write(name: string, text: string): string {
    writeFileSync(join(this.shared, name), text);
    return join(SHARED, name);
  }

  /** Every process in it has ended, and nothing is left of it. */
  async close(): Promise<void> {
    if (this.#outer.exitCode === null && this.#outer.signalCode === null) {
      const ended = once(this.#outer, 'exit');
      this.#outer.kill('SIGKILL');
      await ended;
    }
    await until('its processes have ended', () => (/^populated 0$/m.test(readFileSync(join(this.#cgroup, 'cgroup.events'), 'utf8')) ? true : undefined), UP_WITHIN_MS, () => '', 20);
    removeCgroup(this.#cgroup);
    for (const directory of [this.#directory, this.shared]) rmSync(directory, { recursive: true, force: true });
  }
}
