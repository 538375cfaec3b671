/** `status --watch` and `events --follow`: the real program, on a terminal and without one, while things change and the daemon goes away and comes back. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { createApi, type Api } from '../../src/api/api.ts';
import { openRig, type Rig } from './apiclient.ts';
import { start, startOnTerminal, type Running } from './cliprogram.ts';

describe('watching', { timeout: 60_000 }, () => {
  let rig: Rig;
  let again: Api | undefined;
  const running: Running[] = [];
  const env = () => ({ UNDERSTUDY_RUN_DIR: rig.directory });
  const keep = (it: Running): Running => {
    running.push(it);
    return it;
  };
  const live = (...args: string[]) => keep(startOnTerminal(args, env()));
  const piped = (...args: string[]) => keep(start(args, env()));

  beforeEach(async () => {
    rig = await openRig(200);
    rig.host.addMachine('web');
    rig.host.addMachine('db');
    rig.host.addRelationship('web', 3);
  });
  afterEach(async () => {
    for (const { child, ended } of running.splice(0)) {
      child.kill();
      await ended;
    }
    await again?.close();
    again = undefined;
    await rig.close();
  });

  /** The daemon ends; the host with its log stays. */
  const lose = () => rig.api.close();
  async function comeBack(): Promise<void> {
    again = await createApi({ operations: rig.host, changes: rig.host, metrics: async () => '', version: '1.2.3', heartbeatMs: 200 });
    await again.listenLocal(rig.socketPath);
  }

  function warn(machine: string): void {
    rig.host.addRelationship(machine, 3, { health: 'warning', healthReasons: [`${machine} is late`] });
    rig.host.announce({ kind: 'relationship', id: machine });
  }

  test('status --watch draws what changes on a screen of its own, says when the connection is lost, and leaves the terminal as it was', async () => {
    const watching = live('status', '--watch');
    await watching.printed(/\u001b\[\?1049h\u001b\[\?25l/);
    await watching.printed(/0 critical, 0 warnings, 1 ok/);
    warn('db');
    await watching.printed(/0 critical, 1 warnings, 1 ok[\s\S]*db: db is late|0 critical, 1 warnings, 1 ok[\s\S]*db is late/);
    await lose();
    await watching.printed(/THE CONNECTION IS LOST since .*: what is below is how it was then\./);
    await watching.printed(/LOST since[\s\S]*\u001b\[2m[^\n]*web/);
    await comeBack();
    warn('web');
    await watching.printed(/0 critical, 2 warnings, 0 ok/);
    watching.child.stdin.write('q');
    const { code, stdout } = await watching.ended;
    assert.equal(code, 0);
    assert.ok(stdout.trimEnd().endsWith('\u001b[?25h\u001b[?1049l'), JSON.stringify(stdout.slice(-60)));
  });

  test('ages count on while nothing changes', async () => {
    const watching = live('status', '--watch');
    await watching.printed(/ 12 s /);
    await watching.printed(/ 14 s /);
  });

  test('Ctrl-C leaves, too', async () => {
    const watching = live('status', '--watch');
    await watching.printed(/1 ok/);
    watching.child.stdin.write('\u0003');
    const { code, stdout } = await watching.ended;
    assert.equal(code, 0);
    assert.match(stdout, /\u001b\[\?1049l\s*$/);
  });

  test('a watch of a daemon that is not there ends at once, with the usual failure', async () => {
    const { code, stderr, stdout } = await keep(start(['status', '--watch', '--run-dir', '/nonexistent'])).ended;
    assert.notEqual(code, 0);
    assert.match(stderr, /does not answer/);
    assert.equal(stdout, '');
  });

  test('without a terminal the text is printed again when it changes, and a loss is said once', async () => {
    const watching = piped('status', '--watch');
    await watching.printed(/^web /m);
    warn('db');
    await watching.printed(/db is late/);
    await lose();
    await watching.printed(/the connection is lost: /);
    await comeBack();
    await watching.printed(/understudyd answers again/);
    watching.child.kill('SIGINT');
    const { code, stdout, stderr } = await watching.ended;
    assert.equal(code, 0);
    assert.doesNotMatch(stdout, /\u001b/);
    assert.equal(stderr.match(/is lost/g)!.length, 1);
  });

  test('with --json each change is one line, a loss an error', async () => {
    const watching = piped('status', '--watch', '--json');
    await watching.printed(/"relationships"/);
    warn('db');
    await watching.printed(/db is late/);
    await lose();
    await watching.printed(/daemon-unreachable/);
    watching.child.kill('SIGTERM');
    const { stdout } = await watching.ended;
    const lines = stdout.trim().split('\n').map((line) => JSON.parse(line) as { relationships?: unknown[]; error?: { code: string } });
    assert.deepEqual(lines.map(({ relationships, error }) => error?.code ?? relationships!.length), [1, 2, 'daemon-unreachable']);
  });

  const ids = (stdout: string): number[] => stdout.split('\n').filter((line) => line.startsWith('{"id"')).map((line) => (JSON.parse(line) as { id: number }).id);

  test('events --follow shows each event once over a loss of the connection', async () => {
    for (let at = 0; at < 15; at++) rig.host.log(`before ${at}`);
    const newest = rig.host.eventLog.at(-1)!.id;
    const following = piped('events', '--follow', '--limit', '3', '--json');
    await following.printed(/before 14/);
    rig.host.log('while connected');
    await following.printed(/while connected/);
    await lose();
    await following.printed(/the connection is lost/);
    rig.host.log('while lost');
    await comeBack();
    await following.printed(/while lost/);
    rig.host.log('afterwards');
    await following.printed(/afterwards/);
    following.child.kill('SIGINT');
    const { code, stdout } = await following.ended;
    assert.equal(code, 0);
    assert.deepEqual(ids(stdout), [newest - 2, newest - 1, newest, newest + 1, newest + 2, newest + 3]);
  });

  test('events --follow shows only the machine and the severity that are asked for, before and after', async () => {
    const log = (message: string, machine: string, severity: 'information' | 'error') => rig.host.log(message, machine, severity);
    log('old web error', 'web', 'error');
    log('old db error', 'db', 'error');
    log('old web note', 'web', 'information');
    const following = piped('events', '--follow', '--machine', 'web', '--severity', 'warning');
    await following.printed(/old web error/);
    log('new db error', 'db', 'error');
    log('new web note', 'web', 'information');
    log('new web error', 'web', 'error');
    await following.printed(/new web error/);
    following.child.kill('SIGINT');
    const { stdout } = await following.ended;
    assert.match(stdout, /old web error[\s\S]*new web error/);
    assert.doesNotMatch(stdout, /db|note/);
  });
});
