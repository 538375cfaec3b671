/** What a guest shows, on the command line: pictures go into files and nowhere else by mistake. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Refused, refuse } from '../../src/errors/refusal.ts';
import { GREY_PIXEL } from '../../src/simulation/screens.ts';
import { openRig, type Rig } from './apiclient.ts';
import { run, startOnTerminal } from './cliprogram.ts';

const PICTURES = [['vm', 'screenshot'], ['test-screenshot']] as const;

describe('pictures and consoles on the command line', { timeout: 120_000 }, () => {
  let rig: Rig;
  let place: string;
  let files = 0;
  const env = () => ({ UNDERSTUDY_RUN_DIR: rig.directory, XDG_CONFIG_HOME: place });
  const cli = (...args: string[]) => run(args, { env: env() });
  const fresh = (): string => join(place, `${++files}.png`);
  const asked = (): number => rig.host.received.filter(({ operation }) => /screenshot/i.test(operation)).length;

  before(async () => {
    rig = await openRig(200);
    place = mkdtempSync(join(tmpdir(), 'us-pictures-'));
    rig.host.addMachine('web');
    rig.host.addRelationship('web', 5, { side: 'replica' });
  });
  after(async () => {
    await rig.close();
    rmSync(place, { recursive: true });
  });

  for (const command of PICTURES) {
    describe(command.join(' '), () => {
      test('writes the picture as it came into a file that only its owner may read, and says where', async () => {
        const file = fresh();
        const { code, stdout, stderr } = await cli(...command, 'web', '--output', file);
        assert.equal(code, 0, stderr);
        assert.ok(stdout.includes(file));
        assert.ok(readFileSync(file).equals(GREY_PIXEL));
        assert.equal(statSync(file).mode & 0o777, 0o600);
      });

      test('with --json tells the file and its size', async () => {
        const file = fresh();
        assert.deepEqual(JSON.parse((await cli(...command, 'web', '--output', file, '--json')).stdout), { file, sizeBytes: GREY_PIXEL.byteLength });
      });

      test('keeps a file that is there, and writes over it when told to', async () => {
        const file = fresh();
        writeFileSync(file, 'a letter, longer than a picture of one pixel: '.repeat(9));
        const { code, stderr } = await cli(...command, 'web', '--output', file);
        assert.equal(code, 2);
        assert.match(stderr, /is there already[\s\S]*--force/);
        assert.match(readFileSync(file, 'utf8'), /^a letter/);
        assert.equal((await cli(...command, 'web', '--output', file, '--force')).code, 0);
        assert.ok(readFileSync(file).equals(GREY_PIXEL));
      });

      test('says why a file cannot be written', async () => {
        mkdirSync(join(place, 'directory'), { recursive: true });
        for (const file of [join(place, 'nowhere/a.png'), '/proc/a.png', join(place, 'directory')]) {
          const { code, stderr } = await cli(...command, 'web', '--output', file, '--force');
          assert.equal(code, 2, file);
          assert.match(stderr, /cannot be written: E[A-Z]+[\s\S]*hint: /);
        }
      });

      test('is not written to a terminal, nor as JSON, and the daemon is not asked for it then', async () => {
        const before = asked();
        const { child, ended } = startOnTerminal([...command, 'web', '--output', '-'], env());
        child.stdin.end();
        const terminal = await ended;
        assert.equal(terminal.code, 2);
        assert.match(terminal.stdout, /not written to a terminal/);
        assert.doesNotMatch(terminal.stdout, /PNG/);
        const program = await cli(...command, 'web', '--output', '-', '--json');
        assert.equal(program.code, 2);
        assert.match((JSON.parse(program.stdout) as { error: { message: string } }).error.message, /has no JSON/);
        assert.equal(asked(), before);
      });

      test('goes to standard output byte for byte when that is no terminal', async () => {
        const child = spawn(join(import.meta.dirname, '../../bin/understudy'), [...command, 'web', '--output', '-'], { env: { PATH: process.env['PATH'], HOME: place, ...env() }, stdio: ['ignore', 'pipe', 'inherit'] });
        const chunks: Buffer[] = [];
        child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
        assert.deepEqual(await once(child, 'close'), [0, null]);
        assert.ok(Buffer.concat(chunks).equals(GREY_PIXEL));
      });

      test('of a machine that is not there, or without --output, leaves no file', async () => {
        const file = fresh();
        const { code, stderr } = await cli(...command, 'nothing', '--output', file);
        assert.equal(code, 4);
        assert.match(stderr, /nothing/);
        assert.ok(!existsSync(file));
        assert.equal((await cli(...command, 'web')).code, 2);
      });
    });
  }

  test('a picture of a guest that does not run is refused in words, and leaves no file', async (t) => {
    const refusal = refuse('web does not run, so it shows nothing', ['vm start']);
    t.mock.method(rig.host, 'screenshot', () => Promise.reject(new Refused(refusal)));
    const file = fresh();
    const { code, stderr } = await cli('vm', 'screenshot', 'web', '--output', file);
    assert.equal(code, 3);
    assert.match(stderr, /does not run[\s\S]*vm start/);
    assert.ok(!existsSync(file));
  });

  test('the console\'s text and the last test\'s result are printed, and as JSON', async () => {
    assert.equal((await cli('vm', 'console-text', 'web')).stdout, 'web login:\n');
    assert.equal((JSON.parse((await cli('vm', 'console-text', 'web', '--json')).stdout) as { text: string }).text, 'web login:');
    assert.match((await cli('test-result', 'web')).stdout, /^Taken .*, after the copy had booted, of the recovery point p-1\. .*test-screenshot web --output FILE\.\nIts serial console:\nweb login:\n$/);
    const result = JSON.parse((await cli('test-result', 'web', '--json')).stdout) as Record<string, unknown>;
    assert.deepEqual([result['moment'], result['pointId'], result['hasPicture'], result['text']], ['booted', 'p-1', true, 'web login:']);
    for (const args of [['vm', 'console-text', 'nothing'], ['test-result', 'nothing']]) assert.equal((await cli(...args)).code, 4, args.join(' '));
  });

  test('nothing on the console, and no test yet, are said', async (t) => {
    t.mock.method(rig.host, 'consoleText', () => Promise.resolve({ text: '', atMs: null }));
    t.mock.method(rig.host, 'testResult', () => Promise.resolve({ atMs: null, moment: null, pointId: null, hasPicture: false, text: '' }));
    assert.match((await cli('vm', 'console-text', 'web')).stderr, /written nothing/);
    assert.match((await cli('test-result', 'web')).stdout, /understudy test web/);
  });

  test('what a guest wrote does not reach the terminal as control characters', async (t) => {
    t.mock.method(rig.host, 'consoleText', () => Promise.resolve({ text: 'a\u001b]0;title\u0007b\nc', atMs: 1 }));
    const { stdout } = await cli('vm', 'console-text', 'web');
    assert.doesNotMatch(stdout, /[\u001b\u0007]/);
    assert.match(stdout, /\nc\n$/);
  });
});
