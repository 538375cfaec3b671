import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { TestHost } from './testhost.ts';

const directory = mkdtempSync(join(tmpdir(), 'us-f-'));
const host = new TestHost({ name: 'host-a', directory: join(directory, 'a'), portOffset: 9_000 + (process.pid % 500) * 2 });

before(() => host.start());
after(async () => {
  await host.end();
  rmSync(directory, { recursive: true, force: true });
});

function definition(name: string, disk: string, format = 'qcow2'): string {
  const file = join(directory, `${name}.toml`);
  writeFileSync(file, `name = "${name}"\nmachineType = "pc-q35-7.2"\nmemoryMiB = 64\n[[disks]]\nname = "a"\npath = "${disk}"\nformat = "${format}"\n`);
  return file;
}

const make = (name: string, ...more: string[]): string => {
  const path = join(directory, name);
  execFileSync('qemu-img', ['create', '-q', ...more, path, '8M']);
  return path;
};

test('a disk in another format than the definition says is refused by its name', async () => {
  const raw = make('disk.raw', '-f', 'raw');
  const { code, exitCode, message, hint } = await host.fails('vm', 'define', definition('wrong', raw));
  assert.deepEqual([code, exitCode], ['disk-format', 20]);
  assert.ok(message.includes(raw));
  assert.match(hint, /qemu-img info/);
  assert.equal((await host.fails('vm', 'define', definition('wrong', make('disk.qcow2', '-f', 'qcow2'), 'raw'))).code, 'disk-format');
});

test('a missing disk and a missing backing file are named', async () => {
  assert.deepEqual((await host.fails('vm', 'define', definition('none', join(directory, 'none.qcow2')))).code, 'disk-missing');
  const base = make('template.qcow2', '-f', 'qcow2');
  const clone = make('clone.qcow2', '-f', 'qcow2', '-b', base, '-F', 'qcow2');
  rmSync(base);
  const { code, exitCode, message } = await host.fails('vm', 'define', definition('clone', clone));
  assert.deepEqual([code, exitCode], ['disk-missing', 21]);
  assert.ok(message.includes(base));
});

test('a definition that is not understood says where and what is allowed', async () => {
  const file = join(directory, 'bad.toml');
  for (const [text, says] of [['name = ', /TOML/], ['name = "x"\nmachineType = "q35"\n', /machineType/], ['nam = "x"\n', /nam/]] as const) {
    writeFileSync(file, text);
    const { exitCode, message } = await host.fails('vm', 'define', file);
    assert.equal(exitCode, 34);
    assert.match(message, says);
  }
  assert.equal((await host.fails('vm', 'define', join(directory, 'nowhere.toml'))).exitCode, 2);
});

test('a machine, host, point or job that is not known has exit code 4 and a hint', async () => {
  for (const command of [['vm', 'start', 'nobody'], ['vm', 'show', 'nobody'], ['points', 'nobody'], ['failover', 'nobody', '--unplanned', '--yes'], ['jobs', 'show', 'nobody'], ['host', 'remove', 'nobody', '--yes']]) {
    const { exitCode, hint } = await host.fails(...command);
    assert.equal(exitCode, 4, command.join(' '));
    assert.notEqual(hint, '');
  }
});

test('what is not possible now has exit code 3 or 4 and says what is allowed', async () => {
  await host.run('vm', 'define', definition('alone', make('alone.qcow2', '-f', 'qcow2')));
  assert.equal((await host.fails('failover', 'alone', '--planned', '--yes')).code, 'not-replicated');
  assert.equal((await host.fails('enable', 'alone', '--to', 'nowhere', '--yes')).code, 'host-unknown');
  assert.equal((await host.fails('failover', 'alone', '--yes')).exitCode, 2);
  assert.equal((await host.fails('host', 'join', 'no invitation')).code, 'invitation-invalid');
});

test('an unreachable daemon is said to be that', async () => {
  const other = new TestHost({ name: 'nobody', directory: join(directory, 'nobody'), portOffset: 9_000 });
  const { code, exitCode } = await other.fails('status');
  assert.deepEqual([code, exitCode], ['daemon-unreachable', 41]);
});

test('a second daemon on the same directories says that one runs, and the first runs on', async () => {
  const second = new TestHost({ name: 'host-a', directory: host.directory, portOffset: host.portOffset });
  const [code] = await once(second.launch(), 'exit');
  assert.ok([42, 43].includes(code as number), String(code));
  await host.run('status');
});

test('a second daemon on the same state is refused, also when its sockets and ports are others', async () => {
  const second = new TestHost({ name: 'host-a', directory: join(directory, 'second'), portOffset: host.portOffset + 1_001 });
  const [code] = await once(second.launch(['--state-dir', host.stateDir]), 'exit');
  assert.equal(code, 42, second.log);
  assert.match(second.log, new RegExp(`another understudyd uses this state directory: ${host.stateDir}\nhint: `));
  await host.run('status');
});

test('flags and addresses that cannot be are told in a sentence, and ended with what no service manager tries again', async () => {
  const other = new TestHost({ name: 'host-b', directory: join(directory, 'other'), portOffset: host.portOffset + 1_001 });
  const wrong: readonly [string[], number, RegExp][] = [
    [['--nonsense'], 2, /unknown option '--nonsense'\nTry: understudyd --help\n$/],
    [['--port-offset', 'many'], 36, /portOffset cannot be many: allowed is a whole number/],
    [['--api-address', '192.0.2.1'], 36, /this host has no address 192\.0\.2\.1\nhint: /],
    [['--peer-address', '192.0.2.1'], 36, /this host has no address 192\.0\.2\.1\nhint: /],
    [['--state-dir', '/dev/null/state'], 36, /the directory \/dev\/null\/state cannot be used: ENOTDIR/],
  ];
  for (const [flags, exitCode, says] of wrong) {
    const [code] = await once(other.launch(flags), 'exit');
    assert.equal(code, exitCode, flags.join(' '));
    assert.match(other.log, says);
  }
});

test('a corrupt state file is left untouched and named', async () => {
  const own = join(directory, 'corrupt');
  mkdirSync(join(own, 'state'), { recursive: true });
  const broken = new TestHost({ name: 'host-c', directory: own, portOffset: host.portOffset + 1_001 });
  await broken.start();
  await broken.stop();
  const path = join(broken.stateDir, 'state.db');
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.alloc(8_192, 0x5a), 0, 8_192, 0);
  const before = readFileSync(path);
  const [code] = await once(broken.launch(), 'exit');
  assert.equal(code, 40);
  assert.match(broken.log, /state\.db/);
  assert.match(broken.log, /hint: /);
  assert.doesNotMatch(broken.log, /\n\s+at /);
  assert.ok(readFileSync(path).equals(before));
  assert.ok(!existsSync(`${path}-wal`) || readFileSync(`${path}-wal`).length === 0);
});
