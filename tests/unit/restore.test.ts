/** A restored state takes the place of another: wherever that is interrupted, a host has one of the two, and what was there is kept in one place. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import { backUpState } from '../../src/backup/backup.ts';
import { MAGIC, type Manifest } from '../../src/backup/archive.ts';
import { restoreState } from '../../src/backup/restore.ts';
import { Fault } from '../../src/errors/fault.ts';
import { openIdentity } from '../../src/peer/identity.ts';
import { ServiceSettingsRow } from '../../src/state/servicesettings.ts';
import { isRestoring, MIGRATIONS, openDatabase } from '../../src/state/database.ts';
import { stepsOf } from './dyingfiles.ts';

const NOW_MS = Date.UTC(2026, 0, 2);
/** In memory where there is a place for it: what is synced here is synced some thousand times. */
const directory = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'us-restore-'));
after(() => rmSync(directory, { recursive: true }));

/** The state of today, closed by kill -9: the newest of it is in the log beside it. */
const today = join(directory, 'today');
const yesterday = join(directory, 'yesterday.backup');
const another = join(directory, 'another.backup');

const portOf = (stateDir: string): number | null => {
  const database = openDatabase(stateDir);
  try {
    return new ServiceSettingsRow(database).get().peerPort;
  } finally {
    database.close();
  }
};

function setPort(stateDir: string, peerPort: number): void {
  const database = openDatabase(stateDir);
  new ServiceSettingsRow(database).put({ peerPort });
  database.close();
}

const put = (stateDir: string, name: string, text: string): void => {
  mkdirSync(join(stateDir, name, '..'), { recursive: true });
  writeFileSync(join(stateDir, name), text);
};

before(async () => {
  await openIdentity(today, 'host-a');
  put(today, 'machines/m1/uefi-variables.fd', 'of yesterday');
  put(today, 'machines/m2/tpm/tpm2-00.permall', 'of a machine that is gone today');
  setPort(today, 1);
  await backUpState(today, yesterday, '1.0.0', NOW_MS - 86_400_000);
  setPort(today, 2);
  await backUpState(today, another, '1.0.0', NOW_MS - 3_600_000);
  setPort(today, 3);
  put(today, 'machines/m1/uefi-variables.fd', 'of today');
  put(today, 'fingerprints/r1/disk', 'of the points of today');
  rmSync(join(today, 'machines/m2'), { recursive: true });
  put(today, 'state.db-wal', '');
  put(today, 'state.db-shm', '');
});

let copies = 0;
const copyOfToday = (): string => {
  const stateDir = join(directory, `copy${++copies}`);
  cpSync(today, stateDir, { recursive: true });
  return stateDir;
};

const read = (path: string): string => readFileSync(path, 'latin1');
const keptIn = (stateDir: string): string[] => readdirSync(stateDir).filter((name) => name.startsWith('replaced-')).sort();
const OLD = ['state.db', 'state.db-wal', 'state.db-shm', 'identity/key.pem', 'identity/host.json', 'fingerprints/r1/disk'];

/** Byte for byte as it was before anybody restored anything. */
const isOfToday = (stateDir: string): boolean => OLD.every((name) => existsSync(join(stateDir, name)) && read(join(stateDir, name)) === read(join(today, name)));

/** All that was there is in one place, and what is there is of the backup, whose port says which. */
function assertRestored(stateDir: string, port: number, at = ''): void {
  assert.deepEqual(keptIn(stateDir), ['replaced-2026-01-02T00-00-00-000Z'], at);
  assert.ok(isOfToday(join(stateDir, keptIn(stateDir)[0]!)), `${at}: what was there is not kept whole`);
  assert.ok(!existsSync(join(stateDir, 'fingerprints')), at);
  assert.equal(read(join(stateDir, 'machines/m1/uefi-variables.fd')), 'of today', at);
  assert.equal(read(join(stateDir, 'machines/m2/tpm/tpm2-00.permall')), 'of a machine that is gone today', at);
  assert.deepEqual(readdirSync(stateDir).filter((name) => name.startsWith('restoring')), [], at);
  assert.equal(portOf(stateDir), port, at);
}

type Stage = 'not begun' | 'under way' | 'done';

/** Which of the three it is; anything else is a state that nobody meant. */
function stageOf(stateDir: string, at: string): Stage {
  if (isRestoring(stateDir)) {
    assert.throws(() => openDatabase(stateDir), isFault('restore-interrupted'), at);
    return 'under way';
  }
  if (keptIn(stateDir).length === 0) {
    assert.ok(isOfToday(stateDir), `${at}: what is there was changed`);
    return 'not begun';
  }
  rmSync(join(stateDir, 'restoring.new'), { recursive: true, force: true });
  assertRestored(stateDir, 1, at);
  return 'done';
}

const isFault = (code: string, message = /./) => (thrown: unknown): boolean => {
  assert.ok(thrown instanceof Fault, String(thrown));
  assert.equal(thrown.code, code, thrown.message);
  assert.match(thrown.message, message);
  return true;
};

const restoring = (stateDir: string) => (): Promise<unknown> => restoreState(yesterday, NOW_MS, stateDir);

async function diedAt(step: number): Promise<string> {
  const stateDir = copyOfToday();
  await stepsOf(restoring(stateDir), step);
  return stateDir;
}

describe('a restore that is interrupted', () => {
  const stages: Stage[] = [];

  test('at any step leaves the old state, the new one, or one that no daemon starts from and that the next restore finishes', async () => {
    const steps = await stepsOf(restoring(copyOfToday()));
    for (let step = 1; step <= steps; step += 1) {
      const stateDir = await diedAt(step);
      stages.push(stageOf(stateDir, `step ${step}`));
      if (stages.at(-1) === 'done') continue;
      await restoreState(yesterday, NOW_MS, stateDir);
      assertRestored(stateDir, 1, `after step ${step}`);
    }
    assert.deepEqual([...new Set(stages)], ['not begun', 'under way', 'done']);
    assert.ok(stages.filter((stage) => stage === 'under way').length > 20, stages.join());
  });

  test('and again, at any step of what was left to do, still keeps what was there in one place', async () => {
    const [first, last] = [stages.indexOf('under way') + 1, stages.lastIndexOf('under way') + 1];
    // Neighbours differ little.
    for (let step = first; step <= last; step += 12) {
      for (let again = 1, isOver = false; !isOver; again += 1) {
        const stateDir = await diedAt(step);
        isOver = (await stepsOf(restoring(stateDir), again)) < again;
        const at = `step ${step}, then ${again}`;
        if (stageOf(stateDir, at) !== 'done') await restoreState(yesterday, NOW_MS, stateDir);
        assertRestored(stateDir, 1, at);
      }
    }
  });

  test('by kill -9 is finished too', async () => {
    const program = `
      import { stepsOf } from '${new URL('dyingfiles.ts', import.meta.url).href}';
      import { restoreState } from '${new URL('../../src/backup/restore.ts', import.meta.url).href}';
      const [file, stateDir, step] = process.argv.slice(1);
      await stepsOf(() => restoreState(file, ${NOW_MS}, stateDir), Number(step), () => process.kill(process.pid, 'SIGKILL'));`;
    const first = stages.indexOf('under way') + 1;
    await Promise.all([first - 1, first, first + 10, first + 20].map(async (step) => {
      const stateDir = copyOfToday();
      const child = spawn(process.execPath, ['--input-type=module', '-e', program, yesterday, stateDir, String(step)], { stdio: ['ignore', 'ignore', 'inherit'], timeout: 30_000 });
      assert.deepEqual(await once(child, 'exit'), [null, 'SIGKILL']);
      assert.equal(stageOf(stateDir, `step ${step}`), stages[step - 1]);
      await restoreState(yesterday, NOW_MS, stateDir);
      assertRestored(stateDir, 1, `step ${step}`);
    }));
  });

  test('is finished before another backup is restored, so that what was there first is kept whole', async () => {
    const stateDir = await diedAt(stages.lastIndexOf('under way') - 10);
    const { keptIn: kept } = await restoreState(another, NOW_MS, stateDir);
    assert.equal(portOf(stateDir), 2);
    assert.deepEqual(keptIn(stateDir).map((name) => join(stateDir, name)), [join(stateDir, 'replaced-2026-01-02T00-00-00-000Z'), kept]);
    assert.ok(isOfToday(join(stateDir, keptIn(stateDir)[0]!)));
    assert.equal(portOf(kept!), 1);
  });

  test('has no backup made of it', async () => {
    const stateDir = await diedAt(stages.lastIndexOf('under way'));
    await assert.rejects(backUpState(stateDir, join(directory, 'half.backup'), '1.0.0', NOW_MS), isFault('restore-interrupted'));
    assert.ok(!existsSync(join(directory, 'half.backup')));
  });
});

/** A backup like another, with its digest, whose list and files say something else. */
function forged(name: string, change: (manifest: Manifest, contents: Map<string, Buffer>) => unknown): string {
  const body = readFileSync(yesterday).subarray(MAGIC.length, -32);
  const end = body.indexOf('\n');
  const manifest = JSON.parse(body.subarray(0, end).toString()) as Manifest;
  let at = end + 1;
  const contents = new Map(manifest.files.map((file) => [file.name, body.subarray(at, (at += file.bytes))]));
  const changed = change(manifest, contents) ?? { ...manifest, files: [...contents].map(([file, { length: bytes }]) => ({ name: file, mode: 0o600, bytes })) };
  const whole = Buffer.concat([Buffer.from(`${MAGIC}${typeof changed === 'string' ? changed : JSON.stringify(changed)}\n`), ...contents.values()]);
  const path = join(directory, `${name}.backup`);
  writeFileSync(path, Buffer.concat([whole, createHash('sha256').update(whole).digest()]));
  return path;
}

/** It is refused, and nothing of the state that is there has changed. */
async function refusedAs(path: string, code: string, message: RegExp): Promise<void> {
  const stateDir = copyOfToday();
  await assert.rejects(restoreState(path, NOW_MS, stateDir), isFault(code, message));
  assert.ok(isOfToday(stateDir));
  assert.deepEqual(readdirSync(stateDir).filter((name) => /^(replaced|restoring)/.test(name)), []);
}

describe('a file that is no whole backup of this version is refused, and changes nothing:', () => {
  test('cut off anywhere, or with any bit another', async () => {
    const whole = readFileSync(yesterday);
    const path = join(directory, 'damaged.backup');
    const refusals = /no backup|damaged or not whole/;
    for (let at = 0; at < whole.length; at += 1 + Math.trunc(whole.length / 15)) {
      writeFileSync(path, whole);
      truncateSync(path, at);
      await refusedAs(path, 'backup-unfit', refusals);
      writeFileSync(path, whole.with(at, whole[at]! ^ 1));
      await refusedAs(path, 'backup-unfit', refusals);
    }
  });

  test('what is not a file, or not there', async () => {
    for (const path of ['/dev/zero', directory, join(directory, 'nowhere')]) await refusedAs(path, 'backup-unfit', /not a file|no such file/);
  });

  test('files that lead out of the state directory, or that no backup has', async () => {
    for (const name of ['../out', 'identity/../../out', 'machines/../state.db', '/etc/passwd', 'identity/', 'identity/a\nb', 'identity//a', 'state.db-wal', 'restoring/plan.json', 'replaced-1/state.db', 'machines/m1/serial.log', '']) {
      await refusedAs(forged('leading', (_, contents) => void contents.set(name, Buffer.from('x'))), 'backup-unfit', /it names the file/);
    }
    assert.ok(!existsSync(join(directory, 'out')));
  });

  test('a list that is not understood', async () => {
    const wrong: Readonly<Record<string, (manifest: Manifest) => unknown>> = {
      'no JSON': () => '{', 'no object': () => 'null', 'a relative place': (manifest) => ({ ...manifest, stateDir: 'state' }), 'no time': (manifest) => ({ ...manifest, createdMs: 'today' }),
      'no list': (manifest) => ({ ...manifest, files: {} }), 'no file': (manifest) => ({ ...manifest, files: [null] }),
      'less than nothing': ({ files, ...manifest }) => ({ ...manifest, files: files.map((file) => ({ ...file, bytes: -1 })) }),
      'more than there is': ({ files, ...manifest }) => ({ ...manifest, files: files.map((file) => ({ ...file, bytes: file.bytes + 1 })) }),
      'a file twice': ({ files, ...manifest }) => ({ ...manifest, files: [...files, files[0]] }),
    };
    for (const make of Object.values(wrong)) await refusedAs(forged('list', make), 'backup-unfit', /missing or not understood|names the file|names a file twice|not as long/);
  });

  test('without a key, or with a state that is another program\'s, damaged or of a newer version', async () => {
    await refusedAs(forged('keyless', (_, contents) => void contents.delete('identity/key.pem')), 'backup-unfit', /key\.pem is not in it/);
    await refusedAs(forged('letter', (_, contents) => void contents.set('state.db', Buffer.from('a letter'.repeat(999)))), 'backup-unfit', /state is damaged/);
    await refusedAs(forged('tables', (_, contents) => void contents.set('state.db', stateWith(`PRAGMA user_version = ${MIGRATIONS.length}`))), 'backup-unfit', /no such table/);
    await refusedAs(forged('newer', (_, contents) => void contents.set('state.db', stateWith('PRAGMA user_version = 999'))), 'state-newer', /newer version/);
    await refusedAs(forged('said', (manifest) => ({ ...manifest, schema: 999 })), 'backup-unfit', /cannot read/);
  });
});

function stateWith(statements: string): Buffer {
  const path = join(directory, 'other.db');
  rmSync(path, { force: true });
  const database = new DatabaseSync(path);
  database.exec(`CREATE TABLE other (id INTEGER); ${statements}`);
  database.close();
  return readFileSync(path);
}

describe('the place of a restore', () => {
  test('may be named by a link: a daemon that has the state open is seen all the same', async () => {
    const stateDir = copyOfToday();
    const link = join(directory, 'link');
    symlinkSync(stateDir, link);
    const child = spawn(process.execPath, ['-e', `require('node:fs').openSync(process.argv[1]); console.log('open'); setInterval(() => {}, 1000)`, join(stateDir, 'state.db')], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    await assert.rejects(restoreState(yesterday, NOW_MS, link), isFault('daemon-running', new RegExp(`process ${child.pid} has `)));
    child.kill('SIGKILL');
    await once(child, 'exit');
    assert.ok(isOfToday(stateDir));
    await restoreState(yesterday, NOW_MS, link);
    assertRestored(stateDir, 1);
  });

  test('takes one restore at a time', async () => {
    const stateDir = copyOfToday();
    const both = await Promise.allSettled([restoreState(yesterday, NOW_MS, stateDir), restoreState(another, NOW_MS, stateDir)]);
    const [refused] = both.filter((each) => each.status === 'rejected');
    isFault('daemon-running', /another restore/)(refused?.reason);
    assertRestored(stateDir, both[0].status === 'fulfilled' ? 1 : 2);
  });

  test('that was never there is made, for its owner only', async () => {
    const stateDir = join(directory, 'fresh/state');
    assert.equal((await restoreState(yesterday, NOW_MS, stateDir)).keptIn, null);
    assert.equal(portOf(stateDir), 1);
    assert.deepEqual(['', 'identity/key.pem', 'state.db'].map((name) => statSync(join(stateDir, name)).mode & 0o777), [0o700, 0o600, 0o600]);
  });

  test('that is a file is refused', async () => {
    await assert.rejects(restoreState(yesterday, NOW_MS, yesterday), isFault('disk-io', /\.backup/));
  });
});

describe('a disk that is full', () => {
  /** In a mount namespace of its own, whose end takes the file system away. */
  const onSmallDisk = async (sizeKiB: number, program: string): Promise<string> => {
    const place = mkdtempSync(join(directory, 'small-'));
    const script = `mount -t tmpfs -o size=${sizeKiB}k tmpfs "$1" && mkdir "$1/state" && cp -a "$2/." "$1/state" && exec "$3" --input-type=module -e "$4" "$1" "$5" "$2"`;
    const child = spawn('unshare', ['--mount', 'sh', '-c', script, 'sh', place, today, process.execPath, program, yesterday], { stdio: ['ignore', 'pipe', 'inherit'], timeout: 30_000 });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
    await once(child, 'close');
    return said;
  };
  const source = (name: string): string => new URL(`../../src/backup/${name}.ts`, import.meta.url).href;
  const KiB = (path: string): number => Math.ceil(statSync(path).size / 1_024);

  test('keeps the state that is there', async () => {
    const said = await onSmallDisk(KiB(join(today, 'state.db')) + 100, `
      import { readdirSync, readFileSync } from 'node:fs';
      import { restoreState } from '${source('restore')}';
      const [place, file] = process.argv.slice(1);
      const before = readFileSync(place + '/state/state.db');
      const code = await restoreState(file, 0, place + '/state').then(() => 'restored', (thrown) => thrown.code);
      console.log(code, readFileSync(place + '/state/state.db').equals(before), readdirSync(place + '/state').filter((name) => /^(restoring|replaced)/.test(name)).length);`);
    assert.equal(said, 'space-exhausted true 0\n');
  });

  test('is left without half a backup', async () => {
    const said = await onSmallDisk(2 * KiB(join(today, 'state.db')), `
      import { existsSync } from 'node:fs';
      import { backUpState } from '${source('backup')}';
      const [place, , stateDir] = process.argv.slice(1);
      const code = await backUpState(stateDir, place + '/backup', '1', 0).then(() => 'made', (thrown) => thrown.code);
      console.log(code, existsSync(place + '/backup'), existsSync(stateDir + '/state.db.backup'));`);
    assert.equal(said, 'space-exhausted false false\n');
  });
});
