/** The charts of a machine's past, on a real daemon whose state holds eight days of it. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import type { View } from '../../src/client/operation.ts';
import { durationIn, sizeIn } from '../../src/language/quantities.ts';
import type { SqliteState } from '../../src/state/state.ts';
import { until, type TestHost } from '../flow/testhost.ts';
import { openBrowser, Operator } from './browser.ts';
import { seededHost } from './seededhost.ts';
import { DAY_MS, HOUR_MS } from '../../src/language/lengths.ts';

const INTERVAL_MS = 300_000;
const PAST_MS = 8 * DAY_MS;
const DARK = { colorScheme: 'dark', viewport: { width: 375, height: 800 } } as const;

/** A cycle an interval, its size a wave over the day; each fiftieth came three intervals late. One rehearsal. */
function livePast(state: SqliteState): void {
  const nowMs = Date.now();
  const { id } = state.relationships()[0]!;
  const count = PAST_MS / INTERVAL_MS;
  state.transaction(() => {
    for (let at = 0; at < count; at++) {
      const fromMs = nowMs - PAST_MS + at * INTERVAL_MS;
      const missed = at % 50 === 49 ? 3 : 0;
      const bytesChanged = Math.round((1.2 + Math.sin(at / 45)) * 30 * 2 ** 20);
      const cycle = { kind: 'standard', instantMs: fromMs + INTERVAL_MS - 9_000, tookMs: 9_000, bytesChanged, bytesShipped: Math.round(bytesChanged / 3) } as const;
      state.history.append(id, { fromMs, untilMs: fromMs + INTERVAL_MS, coverage: 'due', lagMs: (1 + missed) * INTERVAL_MS + 9_000, intervalMs: INTERVAL_MS, missed, cycle });
    }
    const askedMs = nowMs - 5 * HOUR_MS;
    state.history.putRecovery(id, { id: randomUUID(), kind: 'test', askedMs, pointId: randomUUID(), pointInstantMs: askedMs - 40_000, lostMs: 40_000, recoveryMs: 12_000, startedMs: askedMs + 12_000, readyMs: null });
  });
}

/** What has been drawn: pixels that are not transparent, of each chart. */
const INKED = `[...document.querySelectorAll('.uplot canvas')].map((canvas) => {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let at = 3; at < data.length; at += 4) if (data[at] > 0) count++;
  return count;
})`;
const isDrawn = (page: Page): Promise<true> =>
  until('both charts are drawn', async () => ((await page.evaluate<number[]>(INKED)).filter((count) => count > 5_000).length === 2 ? true : undefined));

const rowTexts = (page: Page): Promise<string[][]> => page.evaluate<string[][]>("[...document.querySelectorAll('tr[data-from]')].map((row) => [row.dataset.from, ...[...row.querySelectorAll('td')].map((cell) => cell.textContent)])");

describe('the past of a machine', { timeout: 120_000 }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'us-p-'));
  let browser: Browser;
  let host: TestHost;
  let operator: Operator;

  before(async () => {
    [browser, host] = await Promise.all([openBrowser(), seededHost({ directory, portOffset: 12_700, machines: 4, more: livePast })]);
    operator = await Operator.signedIn(browser, host);
    await operator.page.goto('/machines/vm-00001');
  });
  after(async () => {
    await browser?.close();
    await host?.end();
    rmSync(directory, { recursive: true });
    operator?.checkComplaints();
  });

  const shown = async (page: Page, period: string, bucketMs: number): Promise<View<'History'>> => {
    const answered = page.waitForResponse((answer) => answer.url().includes('/history?'));
    await page.locator(`[data-period="${period}"]`).click();
    const history = (await (await answered).json()) as View<'History'>;
    assert.equal(history.bucketMs, bucketMs, period);
    await page.locator(`tr[data-from="${history.buckets.findLast(({ cycles }) => cycles > 0)!.fromMs}"]`).waitFor({ state: 'attached' });
    return history;
  };

  test('is drawn, and its table holds the figures that the API gives', async () => {
    const { page } = operator;
    await page.locator('.uplot canvas').nth(1).waitFor();
    const history = await shown(page, 'week', 2 * HOUR_MS);
    const rows = new Map((await rowTexts(page)).map(([from, ...cells]) => [Number(from), cells]));
    const known = history.buckets.filter(({ cycles }) => cycles > 0);
    assert.ok(known.length >= 83, `${known.length} buckets`);
    for (const { fromMs, cycles, missed, maxLagMs, bytesChanged } of known.slice(0, -1)) {
      const [worst, , cyclesText, missedText, changed] = rows.get(fromMs)!;
      assert.deepEqual([cyclesText, missedText], [String(cycles), String(missed)]);
      assert.equal(worst, durationIn('en', maxLagMs!));
      assert.equal(changed, sizeIn('en', bytesChanged));
    }
    await isDrawn(page);
    await page.getByText(/intervals passed without a cycle/).first().waitFor();
    await page.getByText(/^Test failover on .*: the guest was started after 12 s; a failover would have lost 40 s\.$/).waitFor();
    await operator.checkAccessibility('the charts of a machine');
  });

  test('each period has buckets of its own length, and an empty one says so', async () => {
    const { page } = operator;
    await shown(page, 'hour', 60_000);
    await shown(page, 'month', 6 * HOUR_MS);
    await shown(page, 'year', 4 * DAY_MS);
    await page.route('**/history?*', async (route) => {
      const answer = await route.fetch();
      const history = (await answer.json()) as View<'History'>;
      await route.fulfill({ response: answer, json: { ...history, buckets: history.buckets.map((bucket) => ({ ...bucket, cycles: 0, missed: 0, maxLagMs: null, meanLagMs: null, unprotectedMs: 0 })) } });
    });
    await page.goto('/machines/vm-00001?period=hour');
    await page.getByText('Nothing is known of this time').waitFor();
    await page.unroute('**/history?*');
  });

  test('is drawn in other colours when the theme changes, and fits a phone', async () => {
    const phone = await Operator.signedIn(browser, host, DARK);
    const { page } = phone;
    await page.goto('/machines/vm-00001');
    await page.locator('.uplot canvas').nth(1).waitFor();
    await isDrawn(page);
    const picture = () => page.evaluate<string | undefined>("document.querySelector('.uplot canvas')?.toDataURL()");
    const dark = await picture();
    await page.emulateMedia({ colorScheme: 'light' });
    await until('other colours', async () => ((await isDrawn(page)) && ![dark, undefined].includes(await picture()) ? true : undefined));
    await phone.checkWidth('the charts on a phone');
    await phone.checkAccessibility('the charts on a phone');
    await phone.leave();
  });

  test('says why when the history cannot be read', async () => {
    const { page } = operator;
    await page.route('**/history?*', (route) => route.fulfill({ status: 500, json: { error: { code: 'disk-failed', message: 'the history cannot be read', hint: 'Look at the disk' } } }));
    await page.goto('/machines/vm-00001');
    await page.getByText('the history cannot be read').waitFor();
    await page.getByText('Look at the disk').waitFor();
    operator.forgive(/500/);
  });
});
