/** The page comes up in its reader's language, and what the host says does, too. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import type { TestHost } from '../flow/testhost.ts';
import { openBrowser, Operator } from './browser.ts';
import { seededHost } from './seededhost.ts';

/** What the first heading and a state read as. */
const READ = {
  'de-AT': ['Übersicht', 'Angehalten'],
  'zh-TW': ['概觀', '已暫停'],
} as const;

describe('the page', { timeout: 60_000 }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'us-p-'));
  let browser: Browser;
  let host: TestHost;

  before(async () => {
    [browser, host] = await Promise.all([openBrowser(), seededHost({ directory, portOffset: 12_400, machines: 4, nameOf: (index) => `vm-${index}` })]);
  });
  after(async () => {
    await browser.close();
    await host.end();
    rmSync(directory, { recursive: true });
  });

  for (const [locale, [heading, state]] of Object.entries(READ)) {
    test(`is in the language of a browser that wants ${locale}, with what the host says`, async () => {
      const operator = await Operator.arrive(browser, host, { locale });
      const { page } = operator;
      await page.goto('/');
      await page.locator('input[autocomplete="username"]').fill('operator');
      await page.locator('input[type="password"]').fill('correct horse battery staple');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { level: 1, name: heading }).waitFor();
      await page.getByText(state, { exact: true }).first().waitFor();
      assert.equal(await page.locator('html').getAttribute('lang'), locale === 'zh-TW' ? 'zh-Hant' : 'de');
      operator.forgive(/401/);
      operator.checkComplaints();
    });
  }
});
