import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Fault } from '../../src/errors/fault.ts';
import { identityOf, isRunning, writePidfile } from '../../src/storagedaemon/pidfile.ts';
import { StorageDaemon } from '../../src/storagedaemon/storagedaemon.ts';

const runDir = mkdtempSync(join(tmpdir(), 'us-qsd-'));
after(() => rmSync(runDir, { recursive: true, force: true }));
const signal = AbortSignal.timeout(60_000);

const image = (name: string): string => {
  const path = join(runDir, `${name}.qcow2`);
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', path, '1M']);
  return path;
};
const qcow2 = (node: string, path: string) => ({ driver: 'qcow2', 'node-name': node, file: { driver: 'file', filename: path }, backing: null });

test('a stopped daemon has ended, kept its bitmaps and left no socket', async () => {
  const path = image('stop');
  const daemon = await StorageDaemon.start({ runDir, name: 'stop', signal });
  await daemon.blockdevAdd(qcow2('a', path));
  await daemon.qmp.execute('block-dirty-bitmap-add', { node: 'a', name: 'us-x', persistent: true, granularity: 65_536 });
  await daemon.exportAdd({ id: 'x', nodeName: 'a', name: 'a', writable: true, bitmaps: [{ node: 'a', name: 'us-x' }] });
  const info = execFileSync('nbdinfo', ['--json', `nbd+unix:///a?socket=${daemon.nbdSocketPath}`], { encoding: 'utf8' });
  assert.match(info, /qemu:dirty-bitmap:us-x/);
  await daemon.exportDel('x');
  await daemon.exportDel('x');
  await daemon.blockdevDel('a');
  await daemon.blockdevAdd(qcow2('a', path));
  await daemon.stop();
  await daemon.died;
  assert.equal(identityOf(daemon.pid), undefined);
  assert.equal(existsSync(daemon.nbdSocketPath), false);
  assert.match(execFileSync('qemu-img', ['info', path], { encoding: 'utf8' }), /us-x/);
});

test('the death of a killed daemon is noticed, and stopping it then does nothing', async () => {
  const daemon = await StorageDaemon.start({ runDir, name: 'killed', signal });
  process.kill(daemon.pid, 'SIGKILL');
  await daemon.died;
  await assert.rejects(daemon.blockdevDel('a'), Fault);
  await daemon.stop();
});

test('a daemon that a crash left behind is ended, keeping its bitmaps, before its name is used again', async () => {
  const path = image('orphan');
  const orphan = await StorageDaemon.start({ runDir, name: 'orphan', signal });
  await orphan.blockdevAdd(qcow2('a', path));
  await orphan.qmp.execute('block-dirty-bitmap-add', { node: 'a', name: 'us-y', persistent: true });
  orphan.qmp.close();
  const next = await StorageDaemon.start({ runDir, name: 'orphan', signal });
  await orphan.died;
  assert.match(execFileSync('qemu-img', ['info', path], { encoding: 'utf8' }), /us-y/);
  await orphan.stop();
  assert.ok(existsSync(next.nbdSocketPath), 'the sockets of the later daemon stay');
  assert.deepEqual(await StorageDaemon.reapAll(runDir), ['orphan']);
  await next.died;
});

test('a pid that another process was given since is not signalled', async () => {
  const sleeper = spawn('sleep', ['60'], { stdio: 'ignore' });
  const identity = identityOf(sleeper.pid!)!;
  writePidfile(join(runDir, 'reused.pid'), { ...identity, startTicks: identity.startTicks - 1 });
  assert.equal(await StorageDaemon.reap(runDir, 'reused'), false);
  writeFileSync(join(runDir, 'torn.pid'), '{"pid":');
  assert.equal(await StorageDaemon.reap(runDir, 'torn'), false);
  assert.ok(isRunning(identity));
  sleeper.kill();
});

test('an aborted start leaves no process and no socket', async () => {
  const abort = new AbortController();
  const starting = StorageDaemon.start({ runDir, name: 'aborted', signal: abort.signal });
  abort.abort(new Fault('cancelled', 'stop'));
  await assert.rejects(starting, { code: 'cancelled' });
  assert.equal(existsSync(join(runDir, 'aborted.pid')), false);
});
