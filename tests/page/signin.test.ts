/** Signing in to the page, in a real browser before a real daemon. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { TestHost } from '../flow/testhost.ts';
import { addUser, openBrowser, Operator } from './browser.ts';

describe('signing in to the page', { timeout: 120_000 }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'us-p-'));
  const host = new TestHost({ name: 'alpha', directory, portOffset: 12_000 });
  let browser: Browser;

  before(async () => {
    await host.start();
    await addUser(host);
    browser = await openBrowser();
  });
  after(async () => {
    await browser.close();
    await host.end();
    rmSync(directory, { recursive: true });
  });

  test('who has a user and its password sees the overview, and is asked again after signing out', async () => {
    const operator = await Operator.signedIn(browser, host);
    await operator.page.getByText('Connected', { exact: true }).waitFor();
    await operator.checkAccessibility('overview');
    assert.match(await operator.page.title(), /Overview · alpha · Understudy/);
    await operator.page.getByRole('button', { name: 'Sign out' }).click();
    await operator.page.getByRole('heading', { name: 'Sign in to Understudy' }).waitFor();
    await operator.leave();
  });
});
