/** The command line while a job runs, and on a terminal: the real program against the API with a host in memory. */
import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { createApi } from '../../src/api/api.ts';
import { openRig, type Rig } from './apiclient.ts';
import { run, start, startOnTerminal } from './cliprogram.ts';

const PASSWORD = 'correct horse battery';

describe('the command line with jobs and a terminal', { timeout: 60_000 }, () => {
  let rig: Rig;
  beforeEach(() => {
    rig.host.jobs.clear();
    rig.host.jobsEnd = false;
    rig.host.addRelationship('web', 3);
  });
  before(async () => {
    rig = await openRig(200);
    rig.host.addMachine('web');
  });
  after(() => rig.close());
  const env = () => ({ UNDERSTUDY_RUN_DIR: rig.directory });

  test('without a terminal a job is followed by lines on standard error, and its figures are the result', async () => {
    const running = start(['cycle', 'web'], env());
    await running.printed(/cycleNow, web: 0 % Starting/);
    rig.host.progress(42, 'Shipping');
    await running.printed(/cycleNow, web: 40 % Shipping/);
    rig.host.finishJobs();
    const { code, stdout } = await running.ended;
    assert.equal(code, 0);
    assert.match(stdout, /^cycleNow, web: done in .* \(shipped 4\.0 KiB, time 1\.5 s\)\n$/);
  });

  test('with --json the result is the finished job', async () => {
    const running = start(['cycle', 'web', '--json'], env());
    await running.printed(/Starting/);
    rig.host.finishJobs();
    const { stdout } = await running.ended;
    assert.equal(JSON.parse(stdout).state, 'completed');
  });

  test('--no-wait prints the job and leaves; jobs wait follows it later', async () => {
    const { code, stdout } = await run(['cycle', 'web', '--no-wait', '--json'], { env: env() });
    assert.equal(code, 0);
    const { id, state } = JSON.parse(stdout) as { id: string; state: string };
    assert.equal(state, 'running');
    const waiting = start(['jobs', 'wait', id], env());
    await waiting.printed(/Starting/);
    rig.host.finishJobs();
    assert.equal((await waiting.ended).code, 0);
  });

  test('a job that fails ends with the exit code of its error, its hint and what is allowed', async () => {
    const running = start(['cycle', 'web'], env());
    await running.printed(/Starting/);
    rig.host.finishJobs({ code: 'space-exhausted', message: 'beta has no space left', hint: 'Free some.', allowed: ['suspend'] });
    const { code, stderr } = await running.ended;
    assert.equal(code, 25);
    assert.match(stderr, /understudy: beta has no space left\nhint: Free some\.\nallowed now: suspend\n$/);
  });

  test('a job that is cancelled elsewhere ends with 45', async () => {
    const running = start(['cycle', 'web'], env());
    await running.printed(/Starting/);
    assert.equal((await run(['jobs', 'cancel', 'j-1'], { env: env() })).code, 0);
    assert.equal((await running.ended).code, 45);
  });

  test('a job is followed past a restart of the daemon', async () => {
    const running = start(['cycle', 'web'], env());
    await running.printed(/Starting/);
    await rig.api.close();
    rig.host.finishJobs();
    const again = await createApi({ operations: rig.host, changes: rig.host, metrics: async () => '', version: '2' });
    await again.listenLocal(rig.socketPath);
    assert.equal((await running.ended).code, 0);
    await again.close();
    await rig.close();
    rig = await openRig(200);
    rig.host.addMachine('web');
  });

  test('Ctrl-C without a terminal leaves the job running and says how to go on', async () => {
    const running = start(['cycle', 'web', '--json'], env());
    await running.printed(/Starting/);
    running.child.kill('SIGINT');
    const { code, stdout, stderr } = await running.ended;
    assert.equal(code, 130);
    assert.match(stderr, /still running\nhint: .*jobs wait j-1.*jobs cancel j-1/);
    assert.equal(JSON.parse(stdout).error.code, 'interrupted');
    assert.equal(rig.host.jobs.get('j-1')!.state, 'running');
  });

  test('on a terminal there is a bar, and Ctrl-C then "c" cancels the job', async () => {
    const running = startOnTerminal(['cycle', 'web'], env());
    rig.host.progress(1, 'Starting');
    await running.printed(/cycleNow, web \[.*\] 0 %/);
    rig.host.progress(50, 'Shipping');
    await running.printed(/\] 50 % Shipping/);
    running.child.stdin.write('\u0003');
    await running.printed(/still running\. Type "c"/);
    running.child.stdin.write('c\r');
    const { code } = await running.ended;
    assert.equal(rig.host.jobs.get('j-1')!.state, 'cancelled');
    assert.equal(code, 45);
  });

  test('on a terminal the table has colours, and none with NO_COLOR', async () => {
    const escape = /\u001b\[3/;
    const [plain, coloured] = [startOnTerminal(['status'], { ...env(), NO_COLOR: '1' }), startOnTerminal(['status'], env())];
    assert.doesNotMatch((await plain.ended).stdout, escape);
    assert.match((await coloured.ended).stdout, escape);
  });

  test('on a terminal the wrong name stops what is dangerous and the right one does it', async () => {
    rig.host.addRelationship('web', 5);
    const wrong = startOnTerminal(['revert', 'web'], env());
    await wrong.printed(/What it wrote since the failover is lost\.[^]*\(web\) to go on: /);
    wrong.child.stdin.write('wbe\r');
    assert.equal((await wrong.ended).code, 45);
    assert.equal(rig.host.relationships.get('web')!.state, 5);
    const right = startOnTerminal(['revert', 'web', '--no-wait'], env());
    await right.printed(/to go on: /);
    right.child.stdin.write('web\r');
    assert.equal((await right.ended).code, 0);
    assert.equal(rig.host.relationships.get('web')!.state, 3);
  });

  test('on a terminal a password is asked for twice and never shown', async () => {
    const running = startOnTerminal(['user', 'add', 'zoe', '--role', 'viewer'], env());
    await running.printed(/Password of zoe: /);
    running.child.stdin.write(`${PASSWORD}\r`);
    await running.printed(/The same again: /);
    running.child.stdin.write(`${PASSWORD}\r`);
    const { code, stdout } = await running.ended;
    assert.equal(code, 0, stdout);
    assert.doesNotMatch(stdout, /horse/);
    assert.ok(await rig.host.accounts.signIn('zoe', PASSWORD));
  });

  test('the console streams both ways without a terminal, and on one Ctrl-] leaves it', async () => {
    const consoleSocket = join(rig.directory, 'console.sock');
    const guests: Socket[] = [];
    const guest = createServer((socket) => {
      guests.push(socket);
      socket.on('error', () => undefined);
      socket.write('login: ');
      socket.on('data', (data) => socket.write(`<${data.toString()}>`));
    }).listen(consoleSocket);
    rig.host.addMachine('guest', { power: 'running', consoleSocket });

    const piped = start(['vm', 'console', 'guest'], env());
    await piped.printed(/login: /);
    piped.child.stdin.write('root');
    await piped.printed(/<root>/);
    guests[0]!.destroy();
    assert.equal((await piped.ended).code, 0);

    const typed = startOnTerminal(['vm', 'console', 'guest'], env());
    await typed.printed(/Leave it with Ctrl-\][^]*login: /);
    typed.child.stdin.write('x');
    await typed.printed(/<x>/);
    typed.child.stdin.write('\u001d');
    assert.equal((await typed.ended).code, 0);
    guest.close();

    const off = await run(['vm', 'console', 'web'], { env: env() });
    assert.equal(off.code, 3);
    assert.match(off.stderr, /allowed now: vm start/);
  });
});
