/** The files of what test failovers showed: whole, one for each relationship, and nowhere else. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { Fault } from '../../src/errors/fault.ts';
import type { TestResult } from '../../src/engine/ports/testresults.ts';
import { GREY_PIXEL } from '../../src/simulation/screens.ts';
import { TestResultFiles } from '../../src/testresults/testresults.ts';

const directory = mkdtempSync(join(tmpdir(), 'us-testresults-'));
after(() => rmSync(directory, { recursive: true }));

const RESULT: TestResult = { copyId: 'c1', pointId: 'p1', atMs: 7, moment: 'booted', picture: GREY_PIXEL, text: 'login: \u00fc' };
let places = 0;
let place: string;
let files: TestResultFiles;
beforeEach(() => {
  place = join(directory, `${++places}/test-results`);
  files = new TestResultFiles(place);
});

/** Whatever kind of bytes the picture is in. */
const plain = (result: TestResult | null) => result && { ...result, picture: result.picture && Buffer.from(result.picture).toString('hex') };

test('before any test there are none, and removing one is no failure', async () => {
  assert.deepEqual([await files.list(), await files.of('r1')], [[], null]);
  await files.remove('r1');
  assert.deepEqual(await files.list(), []);
});

test('what was kept is there for the next daemon, byte for byte, for its owner only', async () => {
  await files.keep('r1', RESULT);
  await files.keep('r2', { ...RESULT, picture: null, text: '' });
  const next = new TestResultFiles(place);
  assert.deepEqual([...(await next.list())].sort(), ['r1', 'r2']);
  assert.deepEqual([plain(await next.of('r1')), plain(await next.of('r2'))], [plain(RESULT), { ...RESULT, picture: null, text: '' }]);
  for (const path of [place, ...readdirSync(place).map((name) => join(place, name))]) assert.equal(statSync(path).mode & 0o077, 0, path);
});

test('the newest takes the place of the one before, and goes alone', async () => {
  await files.keep('r1', RESULT);
  await files.keep('r2', RESULT);
  await files.keep('r1', { ...RESULT, moment: 'ended', atMs: 9 });
  assert.equal((await files.of('r1'))!.atMs, 9);
  await files.remove('r1');
  assert.deepEqual([await files.list(), await files.of('r1')], [['r2'], null]);
});

test('what a kill left half written is none, and is written over', async () => {
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, 'r1.json.new'), '{"copyId":');
  assert.deepEqual([await files.list(), await files.of('r1')], [[], null]);
  await files.keep('r1', RESULT);
  assert.deepEqual(readdirSync(place), ['r1.json']);
});

test('an id that the other host made up leads nowhere else', async () => {
  for (const id of ['../../out', '/etc/out', 'a/b', '..', 'a%2Fb']) {
    await files.keep(id, RESULT);
    assert.ok((await files.list()).includes(id), id);
    assert.equal((await files.of(id))!.copyId, 'c1');
    await files.remove(id);
    assert.deepEqual(readdirSync(place), []);
  }
});

test('a place that cannot be written is a fault that names it', async () => {
  writeFileSync(join(directory, 'file'), '');
  const nowhere = new TestResultFiles(join(directory, 'file/test-results'));
  await assert.rejects(nowhere.keep('r1', RESULT), (thrown) => thrown instanceof Fault && thrown.code === 'disk-io' && thrown.message.includes('r1.json'));
});
