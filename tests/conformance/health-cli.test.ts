/** understudy health and doctor as people and scripts use them: the real program against the API with a host in memory. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { DiagnosisView } from '../../src/service/healthviews.ts';
import { openRig, type Rig } from './apiclient.ts';
import { run } from './cliprogram.ts';

const finding = (severity: 'critical' | 'warning' | 'advice'): DiagnosisView['findings'][number] => ({
  check: 'clock-skew', practice: 52, severity, host: 'beta', machine: severity === 'advice' ? null : 'web', message: 'Its clock is ahead.', meaning: 'Ages are wrong.', cure: 'Run a time service.',
});

describe('the command line, for health', { timeout: 120_000 }, () => {
  let rig: Rig;
  let directory: string;
  const cli = (...args: string[]) => run(args, { env: { UNDERSTUDY_RUN_DIR: rig.directory } });
  const last = (operation: string) => rig.host.received.filter((it) => it.operation === operation).at(-1)?.arguments;

  before(async () => {
    rig = await openRig(201);
    directory = mkdtempSync(join(tmpdir(), 'us-health-'));
    for (const name of ['web', '=cmd()']) rig.host.addMachine(name);
    rig.host.addRelationship('web', 3, { healthReasons: ['the last cycle was late, "very"'], health: 'warning' });
    rig.host.addRelationship('=cmd()', 7);
  });
  after(async () => {
    await rig.close();
    rmSync(directory, { recursive: true });
  });

  test('shows every relationship in a row, and each issue with what to do', async () => {
    const { code, stdout, stderr } = await cli('health');
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^MACHINE +SIDE +STATE +HEALTH +LAST SYNCHRONIZED +PENDING +CYCLES +MISSED +AVG LATENCY +AVG SIZE +ERRORS\n/);
    assert.match(stdout, /^web +primary +Replicating +warning/m);
    assert.match(stdout, /web: warning: the last cycle was late.*Look at the network\./);
  });

  test('shows all of one relationship, and asks the guest when it is told to', async () => {
    const { stdout } = await cli('health', 'web');
    for (const line of [/^primary +alpha$/m, /^ +successful cycles +0$/m, /^ +average latency +-$/m, /^last synchronized at +20/m, /^yet to be replicated +64\.0 KiB at most/m, /^last test failover +-$/m]) assert.match(stdout, line);
    assert.deepEqual(last('healthShow'), ['web', { refresh: false }]);
    await cli('health', 'web', '--refresh');
    assert.deepEqual(last('healthShow'), ['web', { refresh: true }]);
    assert.equal((await cli('health', '--refresh')).code, 2);
  });

  test('saves as CSV what a spreadsheet reads as text, with a head and a line for each', async () => {
    const file = join(directory, 'health.csv');
    assert.equal((await cli('health', '--csv', file)).code, 0);
    const [head, web, formula, rest] = readFileSync(file, 'utf8').split('\r\n');
    assert.match(head!, /^machine,relationship,side,state,health,primaryHost,.*,averageBytes,maxBytes,.*,lastSynchronizedAt,pendingBytes,.*,issues$/);
    assert.match(web!, /^web,simple,primary,Replicating,warning,alpha,beta,.*"warning: the last cycle was late, ""very"""$/);
    assert.match(formula!, /^'=cmd\(\),/);
    assert.equal(rest, '');
    assert.equal((await cli('health', 'web', '--csv', '-')).stdout.split('\r\n').length, 3);
    assert.equal((await cli('health', '--csv', join(directory, 'no/such/place'))).code, 2);
  });

  test('resets, and changes only the limits that are given', async () => {
    assert.match((await cli('health', 'reset', 'web')).stdout, /web: counting begins anew/);
    assert.deepEqual(last('statisticsReset'), ['web']);
    assert.match((await cli('health', 'limits', '--missed-warning-percent', '30')).stdout, /^missed-warning-percent +30 %$/m);
    assert.deepEqual(last('healthLimitsChange'), [{ missedWarningPercent: 30 }]);
    assert.equal((await cli('health', 'limits', '--silent-minutes', '0')).code, 2);
  });

  test('ends the doctor with 0 for advice, 50 for a warning and 51 for something critical, and says what each means', async () => {
    for (const [severity, code] of [['advice', 0], ['warning', 50], ['critical', 51]] as const) {
      rig.host.doctorFinds = [finding(severity)];
      const people = await cli('doctor');
      assert.equal(people.code, code, people.stderr);
      assert.match(people.stdout, /beta\)?: Its clock is ahead\.\n {2}Ages are wrong\.\n {2}do: Run a time service\. \(practice 52\)/);
      const program = await cli('doctor', '--json');
      assert.deepEqual([program.code, (JSON.parse(program.stdout) as DiagnosisView).findings.length, program.stderr], [code, 1, '']);
    }
    rig.host.doctorFinds = [];
    assert.match((await cli('doctor', '--checks')).stdout, /clock-skew +- +The hosts' clocks agree +ok/);
  });

  test('names the machine of a message once in the status', async () => {
    rig.host.addRelationship('web', 3, { healthReasons: ['it is late'], health: 'critical', lastFault: { code: 'disk-io', message: 'web: the disk broke', hint: 'Look at the storage.', atMs: 1 } });
    const { stdout } = await cli('status');
    assert.match(stdout, /^web: it is late$/m);
    assert.match(stdout, /^web: the disk broke \(/m);
  });
});
