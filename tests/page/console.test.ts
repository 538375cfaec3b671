/** What guests show, on the page: two real daemons, a guest with a display and one without. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { testGuest } from '../../guest/build.ts';
import { guestDefinition } from '../../guest/definition.ts';
import { makeGuestDisks } from '../../guest/disks.ts';
import { Pair } from '../flow/pair.ts';
import { until } from '../flow/testhost.ts';
import { addUser, openBrowser, Operator } from './browser.ts';

const WITHIN_MS = 60_000;

/** The picture is there, and not all of one colour. */
const showsSomething = (page: Page, label: string): Promise<true> =>
  until(`a picture: ${label}`, async () => {
    const colours = await page.evaluate<number>(`(() => {
      const canvas = document.querySelector(${JSON.stringify(`[aria-label="${label}"] canvas`)});
      if (!canvas) return 0;
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      return new Set(new Uint32Array(data.buffer)).size;
    })()`);
    return colours > 1 ? true : undefined;
  });

describe('the console on the page', { timeout: 180_000 }, () => {
  let pair: Pair;
  let browser: Browser;
  let operator: Operator;

  before(async () => {
    browser = await openBrowser();
    pair = await Pair.open();
    const directory = join(pair.directory, 'screen1');
    mkdirSync(directory);
    const file = join(directory, 'machine.toml');
    writeFileSync(file, guestDefinition({ name: 'screen1', guest: testGuest(), disks: makeGuestDisks(directory) }).replace('guestAgent', 'vga = "std"\nguestAgent'));
    await Promise.all([addUser(pair.a), addUser(pair.b), pair.a.run('vm', 'define', file), pair.define()]);
    await Promise.all([addUser(pair.a, 'vera', 'viewer'), pair.a.run('vm', 'start', 'screen1'), pair.a.run('vm', 'start', 'web1')]);
    operator = await Operator.signedIn(browser, pair.a);
  });
  after(async () => {
    await browser?.close();
    await pair?.close();
    operator?.checkComplaints();
  });

  const look = async (machine: string): Promise<void> => {
    await operator.page.goto(`/machines/${machine}`);
    await operator.page.getByText('Show what the guest shows').click();
  };

  test('shows the display of a running guest and how old the picture is, and takes another when asked', async () => {
    const { page } = operator;
    await look('screen1');
    await showsSomething(page, 'The display of screen1');
    await page.getByText(/^Taken .* ago\.$/).waitFor();
    const again = page.waitForResponse((answer) => answer.url().endsWith('/screenshot'));
    await page.getByRole('button', { name: 'Look again' }).click();
    assert.equal((await again).status(), 200);
    await operator.checkAccessibility('the console');
    await operator.checkWidth('the console');
  });

  test('shows no picture that nobody looks at', async () => {
    const { page } = operator;
    let asked = 0;
    page.on('request', (request) => (asked += Number(request.url().endsWith('/screenshot'))));
    await page.goto('/machines/screen1');
    await page.getByText('Show what the guest shows').waitFor();
    await page.getByRole('region', { name: 'Events' }).waitFor();
    assert.equal(asked, 0);
  });

  test('shows the serial console of a guest without a display', async () => {
    const { page } = operator;
    await look('web1');
    await page.getByText('The guest has no display.').waitFor();
    operator.forgive(/409/);
    const text = page.getByRole('region', { name: 'The serial console of web1' });
    await text.getByText(/\S{3}/).waitFor({ timeout: WITHIN_MS });
    await operator.checkAccessibility('the console of a guest without a display');
  });

  test('is not there for a viewer', async () => {
    const viewer = await Operator.signedIn(browser, pair.a, { name: 'vera' });
    await viewer.page.goto('/machines/screen1');
    await viewer.page.getByRole('region', { name: 'Events' }).waitFor();
    assert.equal(await viewer.page.getByText('Show what the guest shows').count(), 0);
    await viewer.leave();
  });

  test('the last test failover is shown with its picture after its end', async () => {
    await pair.enable('screen1');
    await pair.a.run('start-replication', 'screen1');
    // The point stays: no other takes its place.
    await pair.a.run('suspend', 'screen1');
    const there = await Operator.signedIn(browser, pair.b);
    await there.page.goto('/machines/screen1');
    await pair.b.run('test', 'screen1');
    await there.page.getByText('Its copy is still there:').waitFor({ timeout: WITHIN_MS });
    await pair.b.run('test-end', 'screen1');
    const last = there.page.getByRole('region', { name: 'Last test failover' });
    await showsSomething(there.page, 'The display of the test failover\'s copy');
    await last.getByText(/^Taken right before the test ended, .* ago\.$/).waitFor();
    await last.getByText(/^Test failover on .*: the guest was started after /).waitFor();
    await last.getByText(/^It booted the recovery point of /).waitFor();
    await there.checkAccessibility('the last test failover');
    await pair.b.run('test', 'screen1', '--no-start');
    await last.getByText('Its picture is taken once its guest has booted').waitFor();
    assert.equal(await last.getByRole('img').count(), 0, 'the picture of the test before is not taken for that of this one');
    await pair.b.run('test-end', 'screen1');
    await there.leave();
  });
});
