/** A machine's life by its page alone: two real daemons, a real guest, real browsers. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { Pair } from '../flow/pair.ts';
import { killPid, until } from '../flow/testhost.ts';
import { addUser, openBrowser, Operator } from './browser.ts';
import { MachinePage } from './machinepage.ts';

const WITHIN_MS = 60_000;
const HOSTILE_NAME = `<script>document.title='taken'</script>\u202e${'x'.repeat(10_000)}`;

const STILL_AFTER_MS = 5_000;

/** In the page: every animation of its styles, also one that has ended, with how long it moves from its beginning. */
function animationsOfPage(): { readonly name: string; readonly endsAfterMs: number }[] {
  const listed = (value: string): string[] => value.split(', ');
  return [...document.querySelectorAll('*')].flatMap((element) => [null, '::before', '::after'].flatMap((part) => {
    const { animationName, animationDuration, animationDelay, animationIterationCount } = getComputedStyle(element, part);
    return listed(animationName).flatMap((name, at) => {
      const [seconds, delay, times] = [animationDuration, animationDelay, animationIterationCount].map((value) => listed(value)[at % listed(value).length]!) as [string, string, string];
      return name === 'none' ? [] : [{ name, endsAfterMs: 1_000 * (parseFloat(delay) + parseFloat(seconds) * (times === 'infinite' ? Number.MAX_VALUE : Number(times))) }];
    });
  }));
}

describe('the page of a machine', { timeout: 300_000 }, () => {
  let pair: Pair;
  let browser: Browser;
  let a: MachinePage;
  let b: MachinePage;

  before(async () => {
    browser = await openBrowser();
    pair = await Pair.open();
    await Promise.all([addUser(pair.a), addUser(pair.b), pair.define({ rate: 20 })]);
    await Promise.all([addUser(pair.a, 'anna', 'operator'), pair.a.run('vm', 'start', 'web1')]);
    a = await MachinePage.open(browser, pair.a);
  });
  after(async () => {
    await browser?.close();
    await pair?.close();
  });

  test('enables replication after it has shown what the other host lacks, and starts the first copy', async () => {
    const dialog = await a.begin('Enable replication');
    await dialog.getByText('With a recovery history of 0').waitFor({ state: 'detached' });
    await dialog.getByText('Nothing stands in the way').or(dialog.getByText('advice', { exact: true })).first().waitFor();
    await a.operator.checkAccessibility('the dialog of enabling');
    await dialog.getByText('More settings').click();
    await dialog.getByLabel('Seconds between the recovery points that are kept').fill('1');
    await dialog.getByLabel('Interval in milliseconds, below 30 seconds').fill('100');
    await dialog.getByText('A whole number from 200 to 29999').waitFor();
    assert.ok(await dialog.getByRole('button', { name: 'Enable replication' }).isDisabled(), 'what cannot be is not sent');
    await dialog.getByLabel('Interval in milliseconds, below 30 seconds').fill('2000');
    await dialog.getByLabel('Recovery points besides the newest').fill('8');
    await a.confirm('Enable replication');
    await a.ended();
    await a.shows('Ready for initial replication');
    const figures = await a.run('Start the initial replication');
    assert.match(figures, /Shipped/);
    await a.shows('Replicating');
    const { settings } = await pair.a.relationship();
    assert.deepEqual([settings.recoveryHistory, settings.additional], [8, { cycleIntervalMs: 2_000, pointIntervalSeconds: 1 }]);
  });

  test('shows each recovery point as it arrives, without being loaded again', async () => {
    b = await MachinePage.open(browser, pair.b);
    await b.points().first().waitFor({ timeout: WITHIN_MS });
    const before = await b.points().last().getAttribute('data-point');
    const { id } = await until('another point', async () => (await pair.b.points()).find((point) => point.newest && point.id !== before), 30_000);
    await b.page.locator(`[data-point="${id}"]`).waitFor({ timeout: 1_500 });
    await b.operator.checkAccessibility('the page of a replica');
    assert.match((await b.page.getByRole('img').first().textContent()) ?? '', /host-a: Primary\. The guest runs there\. host-b \(this host\): Replica\. Data flows from host-a to host-b: every 2 s\. Epoch 1\./);
  });

  test('nothing on it moves for longer than five seconds by itself (WCAG 2.2.2)', async () => {
    const animations = await a.page.evaluate(animationsOfPage);
    assert.ok(animations.some(({ name }) => name.endsWith('flow')), `the arrow of the data has moved: ${JSON.stringify(animations)}`);
    assert.deepEqual(animations.filter(({ endsAfterMs }) => !(endsAfterMs <= STILL_AFTER_MS)), []);
    await until('nothing moves', async () => ((await a.page.evaluate(() => document.getAnimations().length)) === 0 ? true : undefined), 2 * STILL_AFTER_MS);
  });

  test('on a phone, in the dark, it is as wide as the window, and its points are reached by keyboard', async () => {
    const phone = await MachinePage.open(browser, pair.b, { viewport: { width: 360, height: 740 }, colorScheme: 'dark' });
    await phone.points().first().waitFor();
    await phone.points().last().focus();
    await phone.page.keyboard.press('Home');
    assert.equal(await phone.points().first().getAttribute('aria-checked'), 'true');
    await phone.page.getByRole('button', { name: 'Test this recovery point' }).waitFor();
    await phone.operator.checkWidth('the page of a machine');
    await phone.operator.checkAccessibility('the page of a machine on a phone, in the dark');
    await phone.operator.leave();
  });

  test('tests the recovery point that is picked, and ends the test', async () => {
    await pair.a.run('suspend', 'web1');
    const point = (await pair.b.points()).at(1)!;
    await b.page.locator(`[data-point="${point.id}"]`).click();
    await b.begin('Test this recovery point');
    assert.equal(await b.dialog.getByLabel('Recovery point').inputValue(), point.id);
    await b.confirm('Test failover');
    await b.ended();
    assert.equal(pair.b.record().relationship!.testCopy?.pointId, point.id);
    await b.page.getByText('A test failover is there:').waitFor();
    await pair.a.run('resume', 'web1');
    await b.run('End the test failover');
    assert.equal(pair.b.record().relationship!.testCopy, null);
    await b.page.getByText('A test failover is there:').waitFor({ state: 'detached' });
  });

  test('fails over as planned once the machine was named; a second operator is told whose work it is, and that a decision is outdated', async () => {
    const anna = await MachinePage.open(browser, pair.a, { name: 'anna' });
    await anna.shows('Replicating');
    await anna.begin('Suspend');
    const dialog = await a.begin('Planned failover');
    await dialog.getByLabel(/^Type the name/).fill('web2');
    assert.ok(await dialog.getByRole('button', { name: 'Planned failover' }).isDisabled(), 'another name does not do');
    await a.confirm('Planned failover');
    await anna.dialog.getByText(/The planned failover is under way, started by operator .* This is refused/).waitFor();
    await anna.dialog.getByText('This is not possible any more').or(anna.dialog.getByText('The machine has changed since this was opened')).first().waitFor({ timeout: WITHIN_MS });
    assert.ok(await anna.dialog.getByRole('button', { name: 'Suspend' }).isDisabled(), 'nothing is done by an outdated decision');
    await a.ended();
    await anna.page.keyboard.press('Escape');
    await anna.operator.leave();
    await b.page.getByText('primary', { exact: true }).waitFor({ timeout: WITHIN_MS });
    await a.page.getByText('replica', { exact: true }).waitFor();
    assert.deepEqual([(await pair.a.relationship()).side, (await pair.b.machine()).power], ['replica', 'running']);
  });

  test('brings the guest home', async () => {
    await pair.b.reaches('it replicates', ({ side, state }) => side === 'primary' && state === 3);
    await b.run('Fail back');
    await pair.a.reaches('home', ({ side, state }) => side === 'primary' && state === 3);
    await a.page.getByText('primary', { exact: true }).waitFor();
  });

  test('with the primary gone it fails over to a chosen point and says what is lost, reverts, and commits another', async () => {
    await until('older points', async () => ((await pair.b.points()).length >= 3 ? true : undefined));
    await killPid((await pair.a.machine()).pid!);
    await a.operator.page.goto('about:blank');
    await pair.a.kill();
    await b.shows('Replicating');
    await until('it is seen', async () => ((await pair.b.relationship()).peerConnected ? undefined : true));
    const chosen = (await pair.b.points()).at(-1)!;
    await b.page.locator(`[data-point="${chosen.id}"]`).click();
    await b.begin('Fail over to it');
    await b.dialog.getByText(/What web1 wrote on host-a in the last .* is not there: the recovery point is from/).waitFor();
    await b.dialog.getByText('If host-a comes back').waitFor();
    await b.confirm('Unplanned failover');
    await b.ended();
    assert.deepEqual([pair.b.record().relationship!.failover?.pointId, (await pair.b.machine()).power], [chosen.id, 'running']);
    await b.shows('Failed over, not committed');
    await b.run('Revert the failover');
    await b.shows('Replicating');
    await b.page.getByRole('button', { name: 'Pick none' }).click();
    await b.run('Unplanned failover');
    await b.run('Commit the failover');
    await b.shows('Failed over, committed');
    await b.operator.checkAccessibility('the page of a machine that failed over');
  });

  test('protects it in the other direction once the old primary is back', async () => {
    await pair.a.start();
    await pair.a.reaches('it has yielded', ({ side, state }) => side === 'replica' && state === 2);
    await b.run('Reverse replication');
    await b.shows('Replicating');
    assert.deepEqual([(await pair.b.relationship()).side, (await pair.a.relationship()).side], ['primary', 'replica']);
  });

  test('a name that is a script, turns the text round and is 10,000 characters long is shown as text, and the UUID confirms', async () => {
    const hostile = await Operator.signedIn(browser, pair.b);
    await hostile.page.route('**/api/status', async (route) => {
      const answer = await route.fetch();
      const status = (await answer.json()) as { machines: { name: string }[]; relationships: { machine: string; peer: string }[] };
      for (const machine of status.machines) machine.name = HOSTILE_NAME;
      for (const relationship of status.relationships) [relationship.machine, relationship.peer] = [HOSTILE_NAME, HOSTILE_NAME];
      await route.fulfill({ response: answer, json: status });
    });
    const { id } = await pair.b.machine();
    await hostile.page.goto(`/machines/${id}`);
    await hostile.page.getByRole('button', { name: 'End replication' }).click();
    const dialog = hostile.page.getByRole('dialog');
    const confirmation = dialog.getByLabel(`Type the first characters of the machine's UUID to confirm: ${id.slice(0, 8)}`);
    await confirmation.fill('web1');
    assert.ok(await dialog.getByRole('button', { name: 'End replication' }).isDisabled());
    await confirmation.fill(id.slice(0, 8));
    assert.ok(await dialog.getByRole('button', { name: 'End replication' }).isEnabled());
    const text = (await dialog.textContent()) ?? '';
    assert.ok(text.includes('<script>') && !text.includes('\u202e'), 'as text, with what cannot be seen as its code');
    assert.ok(text.length < 3_000, `${text.length} characters`);
    assert.notEqual(await hostile.page.title(), 'taken');
    await hostile.checkWidth('a page with a hostile name');
    await hostile.leave();
  });
});
