/** The command line as people and programs use it: the real program against the API with a host in memory. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Fault } from '../../src/errors/fault.ts';
import { openRig, type Rig } from './apiclient.ts';
import { run } from './cliprogram.ts';

const PASSWORD = 'correct horse battery';

describe('the command line', { timeout: 120_000 }, () => {
  let rig: Rig;
  let config: string;
  const env = () => ({ UNDERSTUDY_RUN_DIR: rig.directory, XDG_CONFIG_HOME: config });
  const cli = (...args: string[]) => run(args, { env: env() });
  const last = (operation: string) => rig.host.received.filter((it) => it.operation === operation).at(-1)?.arguments;

  before(async () => {
    rig = await openRig(200);
    config = mkdtempSync(join(tmpdir(), 'us-cli-'));
    for (const name of ['web', 'db', 'mail', 'old', 'far']) rig.host.addMachine(name);
    rig.host.addRelationship('web', 3, { healthReasons: ['the last cycle was late'], health: 'warning', advice: 'Look at the network.' });
    rig.host.addRelationship('old', 5, { side: 'replica' });
  });
  after(async () => {
    await rig.close();
    rmSync(config, { recursive: true });
  });

  describe('reading', () => {
    test('status has a row for every relationship, what is wrong, what to do, and what is not replicated', async () => {
      const { code, stdout, stderr } = await cli('status');
      assert.equal(code, 0, stderr);
      assert.match(stdout, /^MACHINE +SIDE +POWER +PEER +STATE +HEALTH +LAG +LAST CYCLE +POINTS\n/);
      assert.match(stdout, /^web +primary +off +beta +Replicating +warning +12 s +.* ago, 512\.0 KiB in 0\.8 s +3$/m);
      assert.match(stdout, /web: the last cycle was late\n/);
      assert.match(stdout, /web: next: Look at the network\./);
      assert.match(stdout, /not replicated: .*mail/);
    });

    test('without a terminal there is no colour', async () => {
      assert.doesNotMatch((await cli('status')).stdout, /\u001b/);
    });

    for (const args of [['status'], ['vm', 'list'], ['vm', 'show', 'web'], ['host', 'list'], ['authorization', 'list'], ['server', 'show'], ['server', 'certificate', 'list'], ['points', 'web'], ['jobs'], ['jobs', 'list'], ['events'], ['events', '--after', '0', '--limit', '3'], ['audit'], ['user', 'list'], ['settings', 'web'], ['version'], ['host', 'invite']]) {
      test(`${args.join(' ')} prints text, and with --json one JSON value`, async () => {
        const [people, program] = await Promise.all([cli(...args), cli(...args, '--json')]);
        assert.equal(people.code, 0, people.stderr);
        assert.notEqual(people.stdout, '');
        assert.equal(program.code, 0, program.stderr);
        assert.equal(typeof JSON.parse(program.stdout), 'object');
        assert.equal(program.stderr, '');
      });
    }

    test('status --json is the status of the API', async () => {
      const { stdout } = await cli('--json', 'status');
      assert.deepEqual(Object.keys(JSON.parse(stdout)), ['host', 'machines', 'relationships', 'jobs']);
    });

    test('escape sequences in what the daemon tells do not reach the terminal', async () => {
      rig.host.log('evil \u001b]0;title\u0007 text');
      assert.doesNotMatch((await cli('events')).stdout, /[\u001b\u0007]/);
    });
  });

  describe('doing', () => {
    test('every command calls its use case with what was given', async () => {
      const definition = join(config, 'new.toml');
      writeFileSync(definition, 'name = "new"\n');
      const calls: [args: string[], operation: string, given: unknown[]][] = [
        [['vm', 'define', definition], 'machineDefine', ['name = "new"\n']],
        [['vm', 'start', 'mail'], 'machineStart', ['mail', {}]],
        [['vm', 'disk', 'attach', 'mail', 'c', '/images/c.qcow2', '--size', '1GiB'], 'diskAttach', ['mail', { name: 'c', path: '/images/c.qcow2', sizeBytes: 2 ** 30 }]],
        [['vm', 'disk', 'detach', 'mail', 'c', '--yes', '--timeout', '9'], 'diskDetach', ['mail', 'c', { timeoutSeconds: 9 }]],
        [['vm', 'disk', 'grow', 'mail', 'b', '2 GiB'], 'diskGrow', ['mail', 'b', 2 ** 31]],
        [['vm', 'stop', 'mail', '--force', '--yes', '--timeout', '9'], 'machineStop', ['mail', { force: true, timeoutSeconds: 9 }]],
        [['host', 'invite', '--storage', '/srv', '--expires', '60', '--address', 'a:1'], 'hostInvite', [{ storage: '/srv', expiresSeconds: 60, address: 'a:1' }]],
        [['host', 'join', 'understudy1:abc', '--storage', '/srv'], 'hostJoin', ['understudy1:abc', { storage: '/srv' }]],
        [['host', 'rename', 'beta', 'gamma'], 'hostRename', ['beta', 'gamma']],
        [['host', 'move', 'beta', '10.0.0.9'], 'hostMove', ['beta', '10.0.0.9']],
        [['host', 'remove', 'beta', '--yes'], 'hostRemove', ['beta']],
        [['host', 'test', 'beta', '--bypass-proxy'], 'hostTest', ['beta', { bypassProxy: true }]],
        [['host', 'renew-certificate'], 'hostRenewCertificate', []],
        [['authorization', 'add', '*.example.org', '--storage', '/srv', '--trust-group', 'g'], 'authorizationAdd', [{ host: '*.example.org', storage: '/srv', trustGroup: 'g' }]],
        [['authorization', 'set', 'a-1', '--for', '*.example.com'], 'authorizationChange', ['a-1', { host: '*.example.com' }]],
        [['authorization', 'assign', 'web', 'a-1'], 'authorizationAssign', ['web', 'a-1']],
        [['authorization', 'remove', 'a-1'], 'authorizationRemove', ['a-1']],
        [['server', 'set', '--certificate', 'AB12', '--peer-port', '7500', '--force'], 'serverSet', [{ certificate: 'AB12', peerPort: 7_500, force: true }]],
        [['server', 'set', '--peer-port', 'configured'], 'serverSet', [{ peerPort: null }]],
        [['server', 'certificate', 'remove', 'AB12'], 'serverCertificateRemove', ['AB12']],
        [['server', 'certificate', 'add', '--certificate', definition, '--key', definition], 'serverCertificateAdd', [{ certificate: 'name = "new"\n', key: 'name = "new"\n' }]],
        [['server', 'set', '--replica-server', 'off', '--any-host', 'on', '--storage', '/srv', '--monitoring-start', '06:30', '--monitoring-interval', '24'], 'serverSet', [{ replicaServer: false, anyHost: true, storage: '/srv', monitoringStartSeconds: 23_400, monitoringIntervalSeconds: 86_400 }]],
        [['settings', 'web', '--interval', '30', '--history', '24', '--no-compression', '--additional', '{"pointIntervalSeconds": 600}'], 'settingsChange', ['web', { intervalSeconds: 30, recoveryHistory: 24, compression: false, additional: { pointIntervalSeconds: 600 } }]],
        [['settings', 'web', '--resynchronization-window', '18:30-6:00'], 'settingsChange', ['web', { resynchronizationWindow: { fromSeconds: 66_600, untilSeconds: 21_600 } }]],
        [['settings', 'web', '--no-resynchronization-window'], 'settingsChange', ['web', { resynchronizationWindow: null }]],
        [['cycle', 'web'], 'cycleNow', ['web']],
        [['cycle', 'web', '--application-consistent'], 'consistentCycleNow', ['web']],
        [['test', 'web', '--point', 'p-1', '--no-start'], 'testFailover', ['web', { point: 'p-1', start: false }]],
        [['point', 'verify', 'web', 'p-1'], 'pointVerify', ['web', 'p-1']],
        [['point', 'delete', 'web', 'p-1', '--yes'], 'pointDelete', ['web', 'p-1']],
        [['test-end', 'web'], 'testFailoverEnd', ['web']],
      ];
      for (const [args, operation, given] of calls) {
        const { code, stderr } = await cli(...args);
        assert.equal(code, 0, `${args.join(' ')}: ${stderr}`);
        assert.deepEqual(last(operation), given, args.join(' '));
      }
    });

    test('the life of a relationship, from enabling to failback and disabling', async () => {
      const steps = [['enable', 'db', '--to', 'beta', '--history', '24'], ['start-replication', 'db'], ['stop-initial', 'db'], ['start-replication', 'db']];
      for (const args of steps) assert.equal((await cli(...args)).code, 0, args.join(' '));
      rig.host.addRelationship('db', 3);
      for (const args of [['suspend', 'db'], ['resume', 'db'], ['failover', 'db', '--planned', '--reverse', '--yes'], ['commit', 'db', '--yes'], ['failback', 'db', '--yes'], ['failover', 'db', '--unplanned', '--point', 'p-1', '--force', '--yes'], ['revert', 'db', '--yes'], ['disable', 'db', '--yes']]) {
        const { code, stderr } = await cli(...args);
        assert.equal(code, 0, `${args.join(' ')}: ${stderr}`);
      }
      assert.deepEqual(last('plannedFailover'), ['db', { start: true, reverse: true }]);
      assert.deepEqual(last('unplannedFailover'), ['db', { start: true, point: 'p-1', force: true }]);
      assert.equal(rig.host.relationships.has('db'), false);
    });

    test('enable shows the settings and the findings before it enables, and --dry-run enables nothing', async () => {
      rig.host.findings = [{ severity: 'force', subject: 'memory', message: 'only 256 MiB are free', cure: 'Give --memory 256.' }];
      const dry = await cli('enable', 'mail', '--to', 'beta', '--memory', '256', '--bridge', 'br0=br1', '--bridge', 'br2=br3', '--storage', '/srv', '--force', '--dry-run');
      assert.equal(dry.code, 0, dry.stderr);
      assert.match(dry.stdout, /interval +300 s/);
      assert.match(dry.stdout, /needs --force: memory: only 256 MiB are free\n +cure: Give --memory 256\./);
      assert.match(dry.stdout, /advice: Keep 24 recovery points/);
      assert.deepEqual(last('enablePlan'), [{ machine: 'mail', host: 'beta', settings: {}, overrides: { memoryMiB: 256, bridges: { br0: 'br1', br2: 'br3' }, storage: '/srv' }, force: true }]);
      const refused = await cli('enable', 'mail', '--to', 'beta', '--json');
      assert.equal(refused.code, 37);
      assert.equal(JSON.parse(refused.stdout).error.code, 'readiness-failed');
      assert.equal(rig.host.relationships.has('mail'), false);
      const forced = await cli('enable', 'mail', '--to', 'beta', '--force', '--json');
      assert.equal(JSON.parse(forced.stdout).machine, 'mail');
      rig.host.findings = [];
    });

    test('a replica is not given less memory than a machine can have', async () => {
      assert.equal((await cli('enable', 'mail', '--to', 'beta', '--memory', '1', '--yes')).code, 2);
    });

    test('where there are no points, those of a primary are said to be on the other host', async () => {
      rig.host.hasPoints = false;
      rig.host.addRelationship('web', 3, { side: 'primary', peer: 'beta', lagMs: 5 });
      assert.match((await cli('points', 'web')).stdout, /kept on beta.*understudy points web/);
      assert.equal((await cli('points', 'web', '--json')).stdout.trim(), '[]');
      rig.host.addRelationship('web', 2, { side: 'primary', peer: 'beta', lagMs: null });
      assert.match((await cli('points', 'web')).stdout, /There is no recovery point yet/);
      rig.host.hasPoints = true;
      rig.host.addRelationship('web', 3);
    });

    test('a password comes from a file or from standard input, and is not shown', async () => {
      const file = join(config, 'password');
      writeFileSync(file, `${PASSWORD}\n`);
      const fromFile = await cli('user', 'add', 'ada', '--role', 'operator', '--password-file', file);
      assert.equal(fromFile.code, 0, fromFile.stderr);
      const fromInput = await run(['user', 'add', 'bob', '--role', 'viewer', '--password-file', '-'], { stdin: `${PASSWORD}\n`, env: env() });
      assert.equal(fromInput.code, 0, fromInput.stderr);
      assert.equal((await cli('user', 'add', 'eve', '--role', 'viewer')).code, 2, 'no terminal to ask on');
      assert.doesNotMatch(fromFile.stdout + fromInput.stdout + JSON.stringify(rig.host.accounts.auditTrail()), /horse/);
    });

    test('a role and a password are changed, and what is not allowed says what is', async () => {
      await rig.host.accounts.addUser('dora', 'viewer', PASSWORD);
      const set = (stdin: string, ...args: string[]) => run(['user', 'set', 'dora', ...args], { stdin, env: env() });
      const both = await set('another horse\n', '--role', 'operator', '--password-file', '-');
      assert.match(both.stdout, /^dora \(operator\) has a new password; their sessions and tokens have ended$/m, both.stderr);
      assert.ok(await rig.host.accounts.signIn('dora', 'another horse'));
      assert.deepEqual(JSON.parse((await set('', '--role', 'viewer', '--json')).stdout), { name: 'dora', role: 'viewer' });
      const nothing = await set('');
      assert.equal(nothing.code, 2);
      assert.match(nothing.stderr, /--role, --password or --password-file/);
      assert.match((await set('', '--role', 'king')).stderr, /viewer, operator, administrator/);
      assert.match((await set('short\n', '--password-file', '-')).stderr, /8 to 1024 characters/);
      assert.equal((await cli('user', 'set', 'nobody', '--role', 'viewer')).code, 4);
    });

    test('one changes one\'s own password with the present one, and stays signed in', async () => {
      await rig.host.accounts.addUser('fred', 'viewer', PASSWORD);
      const url = `http://127.0.0.1:${rig.port}`;
      assert.equal((await run(['--host', url, 'sign-in', '--user', 'fred', '--password-file', '-'], { stdin: PASSWORD, env: env() })).code, 0);
      const change = (stdin: string) => run(['--host', url, 'user', 'password', '--password-file', '-'], { stdin, env: env() });
      assert.match((await change(`${PASSWORD}\n`)).stderr, /no second line/);
      assert.match((await change('wrong wrong\nanother horse\n')).stderr, /not the present password of fred/);
      assert.equal((await change(`${PASSWORD}\nanother horse\n`)).code, 0);
      assert.equal((await cli('--host', url, 'status')).code, 0);
      assert.ok(await rig.host.accounts.signIn('fred', 'another horse'));
      assert.equal((await cli('--host', url, 'sign-out')).code, 0);
    });

    test('over HTTP one signs in first; the token is kept in a file of one\'s own', async () => {
      await rig.host.accounts.addUser('carl', 'operator', PASSWORD);
      const url = `http://127.0.0.1:${rig.port}`;
      const before = await cli('--host', url, 'status');
      assert.equal(before.code, 5);
      assert.match(before.stderr, /hint: .*[Ss]ign in/);
      const wrong = await run(['--host', url, 'sign-in', '--user', 'carl', '--password-file', '-'], { stdin: 'wrong wrong\n', env: env() });
      assert.equal(wrong.code, 5);
      const signedIn = await run(['--host', url, 'sign-in', '--user', 'carl', '--password-file', '-'], { stdin: PASSWORD, env: env() });
      assert.equal(signedIn.code, 0, signedIn.stderr);
      assert.equal(statSync(join(config, 'understudy', 'tokens.json')).mode & 0o777, 0o600);
      assert.equal((await cli('--host', url, 'status')).code, 0);
      assert.equal((await cli('--host', url, 'cycle', 'web')).code, 0, 'a job is followed over HTTP too');
      const denied = await cli('--host', url, 'user', 'list');
      assert.equal(denied.code, 5);
      assert.match(denied.stderr, /carl is a operator; userList needs administrator/);
      assert.equal((await cli('--host', url, 'sign-out')).code, 0);
      assert.equal((await cli('--host', url, 'status')).code, 5);
      assert.doesNotMatch(readFileSync(join(config, 'understudy', 'tokens.json'), 'utf8'), /127/);
    });
  });

  describe('errors', () => {
    test('a refusal says what is allowed now and ends with 3', async () => {
      const { code, stdout, stderr } = await cli('commit', 'web', '--yes');
      assert.equal(code, 3);
      assert.equal(stdout, '');
      assert.match(stderr, /^understudy: web is in the state "Replicating"\nhint: .+\nallowed now: suspend, cycle, test, failover, disable\n$/);
    });

    test('with --json an error is one JSON value too', async () => {
      const { code, stdout } = await cli('resume', 'web', '--json');
      assert.equal(code, 3);
      assert.deepEqual(JSON.parse(stdout).error.allowed, ['suspend', 'cycle', 'test', 'failover', 'disable']);
    });

    test('of several targets of notifications that fail each is named with its hint, and the exit code is that of a failure', async () => {
      for (const name of ['silent-1', 'silent-2']) await run(['notify', 'add', 'webhook', 'https://hooks.example/key', '--name', name], { env: env() });
      const { code, stdout, stderr } = await run(['notify', 'test'], { env: env() });
      assert.equal(code, 63);
      assert.match(`${stdout}${stderr}`, /arrived: oncall: HTTP 200/);
      for (const name of ['silent-1', 'silent-2']) assert.match(stderr, new RegExp(`^(understudy: )?${name}: it does not answer\nhint: Check the URL`, 'm'));
      for (const name of ['silent-1', 'silent-2']) await run(['notify', 'remove', name, '--yes'], { env: env() });
    });

    test('a target of notifications that is not there is refused before anybody is asked whether to go on', async () => {
      const { code, stderr } = await run(['notify', 'remove', 'nobody'], { env: env() });
      assert.equal(code, 4);
      assert.equal(stderr, 'understudy: there is no target nobody\nhint: understudy notify list shows them.\n');
    });

    test('an unknown machine ends with 4, an invitation that was used with 35', async () => {
      const unknown = await cli('vm', 'show', 'nobody');
      assert.equal(unknown.code, 4);
      assert.match(unknown.stderr, /no virtual machine nobody\nhint: .*understudy vm list/);
      assert.equal((await cli('host', 'join', 'used')).code, 35);
    });

    test('a fault ends with the exit code of its row', async () => {
      rig.host.throws = new Fault('space-exhausted', 'the target is full');
      const { code, stderr } = await cli('vm', 'undefine', 'web');
      assert.equal(code, 25);
      assert.match(stderr, /the target is full/);
    });

    test('a bug ends with 1, an id, and no stack trace', async () => {
      rig.host.throws = new TypeError('inside');
      const { code, stderr } = await cli('vm', 'undefine', 'web');
      assert.equal(code, 1);
      assert.match(stderr, /has the details under [0-9a-f-]{36}/);
      assert.doesNotMatch(stderr, /inside| {4}at /);
    });

    test('no daemon ends with 41 and says where it was looked for', async () => {
      const { code, stderr } = await run(['status'], { env: { UNDERSTUDY_RUN_DIR: '/nonexistent' } });
      assert.equal(code, 41);
      assert.match(stderr, /does not answer at \/nonexistent\/api\.sock \(ENOENT\)\nhint: /);
      const elsewhere = await run(['--host', 'http://127.0.0.1:1', 'status']);
      assert.equal(elsewhere.code, 41);
      assert.match(elsewhere.stderr, /hint: .*listen at this address/);
    });

    const wrong: [args: string[], says: RegExp][] = [
      [['nonsense'], /unknown command/],
      [['enable', 'web'], /--to/],
      [['enable', 'web', '--to', 'beta', '--interval', '60'], /30, 300, 900/],
      [['enable', 'web', '--to', 'beta', '--history', '25'], /0 to 24/],
      [['enable', 'web', '--to', 'beta', '--additional', '[]'], /JSON object/],
      [['enable', 'web', '--to', 'beta', '--bridge', 'br0'], /br0=br1/],
      [['failover', 'web'], /--planned or --unplanned/],
      [['failover', 'web', '--planned', '--unplanned'], /--planned or --unplanned/],
      [['failover', 'web', '--planned', '--point', 'p-1', '--yes'], /no --point/],
      [['failover', 'web', '--unplanned'], /Give --yes/],
      [['vm', 'stop', 'web', '--force'], /Give --yes/],
      [['vm', 'define', '/nonexistent.toml'], /cannot be read/],
      [['--host', 'ftp://x', 'status'], /http/],
      [['vm'], /Usage/],
      [[], /Usage/],
      [['nosuch'], /unknown command[^]*understudy help/],
      [['user', 'add', 'x', '--role', 'king'], /viewer, operator, administrator/],
    ];
    for (const [args, says] of wrong) {
      test(`"${args.join(' ')}" ends with 2 and says why and what to do, and with --json one JSON value`, async () => {
        const { code, stdout, stderr } = await cli(...args, '--json');
        assert.equal(code, 2, stderr);
        assert.match(stderr, says);
        assert.doesNotMatch(stderr, / {4}at /);
        const { error } = JSON.parse(stdout) as { error: { code: string; message: string; hint: string } };
        assert.equal(error.code, 'usage');
        assert.doesNotMatch(error.message, /^error:|outputHelp/);
        assert.notEqual(error.hint, '');
      });
    }

    test('without --yes and a terminal nothing dangerous is done, and what would be lost is said', async () => {
      const before = rig.host.received.filter(({ operation }) => operation === 'unplannedFailover').length;
      const { stderr } = await cli('failover', 'web', '--unplanned', '--force');
      assert.match(stderr, /newest recovery point, which is 12 s old/);
      assert.match(stderr, /two guests run apart/);
      assert.equal(rig.host.received.filter(({ operation }) => operation === 'unplannedFailover').length, before);
    });
  });
});
