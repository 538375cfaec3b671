/** Completion in real shells, with names that want to be more than names. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { openRig, type Rig } from './apiclient.ts';
import { run } from './cliprogram.ts';

const BIN = join(import.meta.dirname, '../../bin');
const HOSTILE = ['web one', "it's \"so\"", 'run$(touch pwned)`touch pwned`', 'semi;touch pwned', 'back\\slash', 'a:b=c'];

describe('completion', { timeout: 60_000 }, () => {
  let rig: Rig;
  let home: string;
  const env = () => ({ PATH: `${BIN}:${process.env['PATH']}`, HOME: home, TERM: 'dumb', LC_ALL: 'C.UTF-8', UNDERSTUDY_RUN_DIR: rig.directory, HISTFILE: '/dev/null' });
  before(async () => {
    rig = await openRig();
    home = mkdtempSync(join(tmpdir(), 'us-completion-'));
    for (const name of [...HOSTILE, 'plain', 'line\nbreak', 'escape\u001b]0;x\u0007']) rig.host.addMachine(name);
    writeFileSync(join(home, 'definition.toml'), '');
  });
  after(async () => {
    await rig.close();
    rmSync(home, { recursive: true });
  });

  const offered = async (...words: string[]): Promise<string[]> => {
    const { code, stdout, stderr } = await run(['completion', 'bash', '--', ...words], { env: env() });
    assert.equal(code, 0, stderr);
    assert.equal(stderr, '');
    return stdout.trimEnd().split('\n').map((line) => line.split('\t')[0]!);
  };

  test('commands, options, choices and paths are those of the program', async () => {
    assert.deepEqual(await offered('vm', 'st'), ['words', 'start', 'stop']);
    assert.deepEqual(await offered('jobs', 'c'), ['words', 'cancel']);
    assert.deepEqual(await offered('Co'), ['words', 'commit', 'commit-after', 'completion']);
    assert.deepEqual(await offered('zz'), ['words']);
    assert.deepEqual(await offered('help', 'fail'), ['words', 'failover', 'failback']);
    assert.deepEqual(await offered('failover', 'x', '--pl'), ['words', '--planned']);
    assert.deepEqual(await offered('user', 'add', 'x', '--role=v'), ['words', '--role=viewer']);
    assert.deepEqual(await offered('user', 'add', 'x', '--role', ''), ['words', 'viewer', 'operator', 'administrator']);
    assert.deepEqual(await offered('completion', ''), ['words', 'bash', 'zsh', 'fish']);
    assert.deepEqual(await offered('vm', 'define', ''), ['files']);
    assert.deepEqual(await offered('--run-dir', ''), ['directories']);
  });

  test('the beginning of a first word loads no commands but those that begin so', async () => {
    const { stderr } = await run(['completion', 'bash', '--', 'fa'], { env: { ...env(), NODE_OPTIONS: `--import=${import.meta.dirname}/modulesloaded.mjs` } });
    assert.deepEqual([/cli\/failovers\.ts/, /cli\/machines\.ts/, /cli\/status\.ts/].map((file) => file.test(stderr)), [true, false, false]);
  });

  test('names come from the daemon that the line names; those that break a line do not', async () => {
    assert.deepEqual((await offered('vm', 'start', '')).slice(1).sort(), [...HOSTILE, 'plain'].sort());
    assert.deepEqual(await offered('vm', 'start', 'PL'), ['words', 'plain']);
    assert.deepEqual(await offered('--run-dir', '/nonexistent', 'vm', 'start', ''), ['words']);
    assert.deepEqual(await offered('--host=nonsense://', 'vm', 'start', ''), ['words']);
  });

  /** Types into the shell on a terminal of its own; the line is handed to printf then, so that its words can be seen. */
  async function typed(command: string, set: string, line: string): Promise<string> {
    const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], { env: env(), cwd: home });
    let printed = '';
    const seen = (pattern: RegExp) => new Promise<void>((resolve, reject) => {
      const look = () => { if (pattern.test(printed)) resolve(); };
      child.stdout.on('data', look);
      child.on('close', () => reject(new Error(printed)));
      look();
    });
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => { printed += chunk; });
    child.stdin.write(`${set}; printf '%s\\n' re''ady\r`);
    await seen(/^ready/m);
    child.stdin.write(`${line}\t\u0001printf '<%s>' \u0005; echo e''nd\rexit\r`);
    await seen(/end\r?\n/).catch(() => undefined);
    child.stdin.end();
    child.kill();
    return /<understudy>.*(?=end)/.exec(printed)?.[0] ?? printed;
  }

  const SHELLS = {
    bash: ['bash --norc --noprofile -i', "PS1='$ '; source <(understudy completion bash)"],
    zsh: ['zsh -f -i', "PS1='$ '; autoload -U compinit; compinit -D; source <(understudy completion zsh)"],
  } as const;
  for (const [shell, [command, set]] of Object.entries(SHELLS)) {
    for (const [begin, name] of [['pl', 'plain'], ['we', HOSTILE[0]], ['web\\ ', HOSTILE[0]], ['it', HOSTILE[1]], ['run', HOSTILE[2]], ["'run", HOSTILE[2]], ['"run', HOSTILE[2]], ['sem', HOSTILE[3]], ['bac', HOSTILE[4]], ['a:b', HOSTILE[5]]] as const) {
      test(`${shell}: ${begin} and Tab make one word of ${name}`, async () => {
        assert.equal(await typed(command, set, `understudy vm start ${begin}`), `<understudy><vm><start><${name}>`);
        assert.ok(!existsSync(join(home, 'pwned')));
      });
    }
    test(`${shell}: what stands before is not run, a file is completed where one is wanted`, async () => {
      assert.equal(await typed(command, set, 'understudy vm define def'), '<understudy><vm><define><definition.toml>');
      assert.deepEqual(readdirSync(home).filter((each) => each === 'pwned'), []);
    });
  }

  test('fish offers the names whole, with what commands mean, and runs none of them', async () => {
    const ask = async (line: string) => (await promisify(execFile)('fish', ['--no-config', '-c', 'understudy completion fish | source; complete -C $argv[1]', line], { env: env(), cwd: home })).stdout.trimEnd();
    assert.match(await ask('understudy vm st'), /^start\tboot the guest$/m);
    assert.deepEqual((await ask('understudy vm start ')).split('\n').map((each) => each.trimEnd()).sort(), [...HOSTILE, 'plain'].sort());
    assert.equal(await ask('understudy vm define def'), 'definition.toml');
    assert.ok(!existsSync(join(home, 'pwned')));
  });
});
