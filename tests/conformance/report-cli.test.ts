/** understudy report as it saves files: the real program against the API with a host in memory. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { ReportRowView } from '../../src/service/historyviews.ts';
import { openRig, type Rig } from './apiclient.ts';
import { run } from './cliprogram.ts';

const row = (id: string, machine: string, endedAtMs: number | null): ReportRowView => ({
  id, kind: 'simple', machineId: 'm', machine, side: 'primary', peer: 'beta', endedAtMs, health: 'ok', healthReasons: [], intervalMs: 30_000, objectiveMs: 60_000, knownMs: 9, protectedMs: 9, unprotectedMs: 0, withinObjectivePercent: 100,
  lag: { medianMs: 1, p95Ms: 2, p99Ms: 3, worstMs: 4, worstAtMs: 0 }, outages: 0, cycles: 1, missed: 0, resynchronizations: 0, bytesChanged: 1, bytesShipped: 1, durationMs: 1, maxDurationMs: 1, tests: { count: 0, lastAtMs: null, worstRecoveryMs: null }, failovers: [],
});

describe('the command line, for the report', { timeout: 120_000 }, () => {
  let rig: Rig;
  let directory: string;
  const cli = (...args: string[]) => run(['report', ...args], { env: { UNDERSTUDY_RUN_DIR: rig.directory } });

  before(async () => {
    rig = await openRig(202);
    directory = mkdtempSync(join(tmpdir(), 'us-report-'));
    rig.host.addMachine('web');
    const { id } = rig.host.addRelationship('web', 3);
    rig.host.reported.push(row(id, 'web', null), row('00000000-0000-4000-8000-00000000000f', 'gone meanwhile', null), row('00000000-0000-4000-8000-00000000000e', 'removed', 1));
  });
  after(async () => {
    await rig.close();
    rmSync(directory, { recursive: true });
  });

  test('saves a page with a chart of each relationship that is there, and asks for no history of one that was removed', async () => {
    const file = join(directory, 'report.html');
    const { code, stderr } = await cli('--html', file);
    assert.equal(code, 0, stderr);
    const page = readFileSync(file, 'utf8');
    assert.deepEqual([...page.matchAll(/<h2 id="relationship-\d"><bdi>(.*)<\/bdi>/g)].map(([, name]) => name), ['web', 'gone meanwhile', 'removed']);
    assert.equal(page.match(/<svg /g)?.length, 1);
    assert.equal(rig.host.received.filter(({ operation }) => operation === 'history').length, 2);
    assert.equal((await cli('--html', '-')).stdout, page);
  });

  test('speaks the language of the terminal, its figures being the same', async () => {
    const page = async (LANG: string): Promise<string> => {
      const { code, stdout, stderr } = await run(['report', '--html', '-'], { env: { UNDERSTUDY_RUN_DIR: rig.directory, LC_ALL: LANG } });
      assert.equal(code, 0, stderr);
      return stdout;
    };
    const figuresIn = (text: string): string[] => [...text.matchAll(/<(?:data value|time datetime)="([^"]*)"/g)].map(([, value]) => value!);
    const [english, german, chinese] = [await page('C'), await page('de_DE.UTF-8'), await page('zh_TW.UTF-8')];
    for (const [text, language, title] of [[english, 'en', 'Replication report of'], [german, 'de', 'Replikationsbericht von'], [chinese, 'zh-Hant', '的複寫報告']] as const) {
      assert.match(text, new RegExp(`<html [^>]*lang="${language}">`));
      assert.ok(text.includes(title), title);
    }
    assert.deepEqual([/\d+[.,]\d\d %/.exec(english)?.[0].includes('.'), /\d+[.,]\d\d %/.exec(german)?.[0].includes(',')], [true, true]);
    assert.doesNotMatch(german.slice(german.indexOf('<body>')), />[^<]*([Aa]chieved|[Oo]bjective|Relationships|recovery|[Cc]ycles)/);
    const without = (figures: string[]): string[] => figures.filter((figure) => !figure.startsWith('20'));
    assert.deepEqual(without(figuresIn(german)).sort(), without(figuresIn(english)).sort());
  });

  test('replaces a file only when told to, leaves nothing beside it, and wants one kind of file at a time', async () => {
    const file = join(directory, 'again.html');
    assert.equal((await cli('--html', file)).code, 0);
    const refused = await cli('--html', file);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /is there already/);
    assert.equal((await cli('--html', file, '--force')).code, 0);
    assert.equal((await cli('--html', join(directory, 'no/such/place'))).code, 2);
    assert.equal((await cli('--html', file, '--csv', join(directory, 'again.csv'), '--force')).code, 2);
    assert.equal((await cli('--html', '-', '--json')).code, 2);
    assert.deepEqual(readdirSync(directory).filter((name) => name.startsWith('again')), ['again.html']);
  });
});
