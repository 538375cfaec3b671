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

/** What is wrong, in whole sentences: of the host, and of the command itself where it works on the host's files. */
const SAID = {
  'de_DE.UTF-8': ['es gibt auf alpha keine Maschine „nosuch“', 'kann nicht wiederhergestellt werden: das ist keine Datei', 'Hinweis: '],
  'fr_FR.UTF-8': ['il n\'y a pas de machine « nosuch » sur alpha', 'ne peut être restauré : ce n\'est pas un fichier', 'conseil : '],
  'it_IT.UTF-8': ['non c\'è una macchina "nosuch" su alpha', 'non può essere ripristinato: non è un file', 'suggerimento: '],
  'zh_TW.UTF-8': ['alpha 沒有機器「nosuch」', '這不是檔案', '提示：'],
} as const;

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

  for (const [locale, [ofHost, ofCommand, hint]] of Object.entries(SAID)) {
    test(`and a terminal of ${locale} say what is wrong in whole sentences of their own`, async () => {
      const spoken = async (...args: string[]) => (await host.cliIn(locale, ...args)).stderr.replaceAll('\u00a0', ' ');
      const [there, here] = [await spoken('points', 'nosuch'), await spoken('restore-state', '/dev', '--yes')];
      for (const [said, words] of [[there, ofHost], [here, ofCommand]] as const) assert.ok(said.includes(words) && said.includes(hint) && !/there is|hint:|it is not|cannot/.test(said), said);
    });
  }
});
