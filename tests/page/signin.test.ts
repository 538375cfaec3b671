/** Signing in to the page, and what keeps strangers out, in a real browser before a real daemon. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import type { AuditView } from '../../src/service/accessviews.ts';
import { TestHost } from '../flow/testhost.ts';
import { addUser, openBrowser, Operator, pageUrl } from './browser.ts';

/** Five are free; those after them are locked for twice as long each. */
const GUESSES = 10;

describe('signing in to the page', { timeout: 120_000 }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'us-p-'));
  const host = new TestHost({ name: 'alpha', directory, portOffset: 12_000 });
  let browser: Browser;
  let foreign: Server;

  before(async () => {
    [browser] = await Promise.all([openBrowser(), host.start()]);
    await addUser(host);
    await addUser(host, 'guessed');
  });
  after(async () => {
    foreign.close();
    await browser.close();
    await host.end();
    rmSync(directory, { recursive: true });
  });

  test('who has a user and its password sees the overview, and is asked again after signing out', async () => {
    const operator = await Operator.signedIn(browser, host);
    const { page } = operator;
    await page.getByText('Connected', { exact: true }).waitFor();
    assert.match(await page.title(), /Overview · alpha · Understudy/);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in to Understudy' }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'Sign in to Understudy' }).waitFor();
    operator.forgive(/401/);
    await operator.leave();
  });

  test('a wrong password is told, guessing is locked with the time to wait, and the page says how a first user is made', async () => {
    const operator = await Operator.arrive(browser, host, { name: 'guessed' });
    const { page } = operator;
    await page.goto('/');
    await page.getByText('understudy user add NAME --role administrator').waitFor();
    await operator.checkAccessibility('sign-in');
    const told = page.getByRole('alert').getByText(/wrong|too many sign-ins failed: try again in \d+ s/);
    let said = '';
    for (let guess = 1; guess <= GUESSES && !said.startsWith('too many'); guess++) {
      await operator.signIn(`wrong ${guess}`);
      await page.locator('input[type=password]:focus').waitFor();
      said = await told.first().innerText();
      assert.equal(await page.getByLabel('Password').inputValue(), '', 'what was wrong is still there');
    }
    assert.match(said, /^too many sign-ins failed: try again in \d+ s$/);
    operator.forgive(/401|429/);
    await operator.leave();
  });

  test('a session that ends keeps the place: the same page is there after signing in again', async () => {
    const operator = await Operator.signedIn(browser, host);
    const { page } = operator;
    await page.goto('/?find=web&order=name');
    await page.getByText('Connected', { exact: true }).waitFor();
    await page.context().request.post(`${pageUrl(host)}/api/sign-out`, { headers: { cookie: (await page.context().cookies()).map(({ name, value }) => `${name}=${value}`).join('; ') } });
    await page.getByText('Your session has ended.').waitFor();
    assert.equal(await page.getByLabel('User').inputValue(), 'operator');
    await operator.signIn();
    await page.getByText('Connected', { exact: true }).waitFor();
    assert.match(page.url(), /\?find=web&order=name$/);
    operator.forgive(/401/);
    await operator.leave();
  });

  test('the tabs of a browser are one session: who signs out in one is signed out in all, and signs in again in all', async () => {
    const operator = await Operator.signedIn(browser, host);
    const { page } = operator;
    const other = await page.context().newPage();
    await other.goto('/hosts');
    await other.getByRole('heading', { level: 1, name: 'Hosts' }).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    for (const tab of [page, other]) await tab.getByRole('heading', { name: 'Sign in to Understudy' }).waitFor();
    assert.equal(await other.getByRole('heading', { level: 1, name: 'Hosts' }).count(), 0, 'nothing of the host is left behind the form');
    await operator.signIn();
    await other.getByRole('heading', { level: 1, name: 'Hosts' }).waitFor();
    await other.getByText('Connected', { exact: true }).waitFor();
    assert.match(other.url(), /\/hosts$/);
    await operator.leave();
  });

  test('a page of another origin can neither act with the session nor show the page in a frame', async () => {
    const attack = `<!doctype html><title>prize</title><iframe src="${pageUrl(host)}/"></iframe><script>
      fetch('${pageUrl(host)}/api/hosts/renew-certificate', { method: 'POST', mode: 'no-cors', credentials: 'include' }).catch(() => undefined).finally(() =>
      fetch('${pageUrl(host)}/api/status', { credentials: 'include' }).then((answer) => answer.text()).catch(() => 'unreadable').then((text) => (document.title = text)));
    </script>`;
    foreign = createServer((_request, response) => void response.setHeader('content-type', 'text/html').end(attack));
    foreign.listen(0, '127.0.0.1');
    await once(foreign, 'listening');

    const operator = await Operator.signedIn(browser, host);
    const { page } = operator;
    const tried = page.waitForRequest((request) => request.url().endsWith('/api/hosts/renew-certificate'));
    await page.goto(`http://127.0.0.1:${(foreign.address() as AddressInfo).port}/`);
    await tried;
    await page.waitForFunction(() => document.title === 'unreadable');
    const done = await host.get<readonly AuditView[]>('/api/audit');
    assert.deepEqual(done.filter(({ who, outcome }) => who === 'operator' && outcome === 'done').map(({ operation }) => operation).filter((operation) => operation !== 'sign-in'), []);
    assert.deepEqual(page.frames().slice(1).map((frame) => frame.url()), ['chrome-error://chromewebdata/']);
    operator.forgive(/frame|CORS|403|ERR_/);
    await operator.leave();
  });
});
