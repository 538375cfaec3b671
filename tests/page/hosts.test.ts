/** Hosts by page alone, in a real browser before two real daemons: pairing, entries, limits, users, the doctor, defining a machine. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser, Locator } from 'playwright-core';
import type { AuditView, UserView } from '../../src/service/accessviews.ts';
import type { NotificationsView } from '../../src/service/notificationviews.ts';
import type { AuthorizationView, HostView, JobView, MachineView, ServerView, TrafficView } from '../../src/service/views.ts';
import { TestHost, until } from '../flow/testhost.ts';
import { addUser, openBrowser, Operator } from './browser.ts';

describe('hosts by page', { timeout: 180_000 }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'us-p-'));
  const alpha = new TestHost({ name: 'alpha', directory: join(directory, 'a'), portOffset: 12_200 });
  const beta = new TestHost({ name: 'beta', directory: join(directory, 'b'), portOffset: 12_250 });
  let browser: Browser | undefined;
  let onAlpha: Operator;
  let onBeta: Operator;

  before(async () => {
    await Promise.all([alpha.start(), beta.start()]);
    await Promise.all([addUser(alpha), addUser(beta)]);
    const opened = (browser = await openBrowser());
    [onAlpha, onBeta] = await Promise.all([Operator.signedIn(opened, alpha), Operator.signedIn(opened, beta, { viewport: { width: 390, height: 844 }, colorScheme: 'dark' })]);
  });
  after(async () => {
    try {
      await Promise.all([onAlpha, onBeta].map((operator) => operator?.leave()));
    } finally {
      await browser?.close();
      await Promise.all([alpha.end(), beta.end()]);
      rmSync(directory, { recursive: true });
    }
  });

  const go = async ({ page }: Operator, name: string): Promise<void> => {
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name, exact: true }).click();
    await page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
  };
  /** The dialog that the button opens. */
  const ask = async ({ page }: Operator, button: string): Promise<Locator> => {
    await page.getByRole('button', { name: button, exact: true }).click();
    return page.getByRole('dialog');
  };
  const closed = (dialog: Locator): Promise<void> => dialog.waitFor({ state: 'detached' });
  const isSound = async (operator: Operator, what: string): Promise<void> => {
    await operator.checkAccessibility(what);
    await operator.checkWidth(what);
  };

  test('a wrong invitation is refused with what to do, and changes nothing', async () => {
    await go(onBeta, 'Hosts');
    const dialog = await ask(onBeta, 'Join a host');
    await dialog.getByRole('button', { name: 'Join a host' }).click();
    await dialog.getByText('This is needed.').waitFor();
    await dialog.getByLabel('Invitation').fill('understudy1:not-an-invitation');
    await dialog.getByRole('button', { name: 'Join a host' }).click();
    await dialog.getByRole('alert').getByText(/host invite/).waitFor();
    await isSound(onBeta, 'a refused invitation, on a phone');
    onBeta.forgive(/4\d\d/);
    await dialog.getByRole('button', { name: 'Do nothing' }).click();
    assert.equal((await beta.get<HostView[]>('/api/hosts')).length, 1);
  });

  test('hosts are paired by page alone: the invitation of one, pasted on the other', async () => {
    await go(onAlpha, 'Hosts');
    await onAlpha.page.getByText('This host is paired with no other yet').waitFor();
    const inviting = await ask(onAlpha, 'Invite a host');
    await inviting.getByText('More settings').click();
    await inviting.getByLabel(/Address under which/).fill(alpha.peerAddress);
    await inviting.getByRole('button', { name: 'Invite a host' }).click();
    const invitation = await inviting.getByLabel('Invitation', { exact: true }).inputValue();
    await inviting.getByText(/not shown again/).waitFor();
    await isSound(onAlpha, 'an invitation');
    await inviting.getByRole('button', { name: 'Copy' }).click();
    await inviting.getByText(/is in the clipboard|is selected/).waitFor();
    await inviting.getByRole('button', { name: 'Close' }).last().click();

    const joining = await ask(onBeta, 'Join a host');
    await joining.getByLabel('Invitation').fill(`${invitation.slice(0, 40)}\n${invitation.slice(40)}\n`);
    await joining.getByText('More settings').click();
    await joining.getByLabel(/Address under which/).fill(beta.peerAddress);
    await joining.getByRole('button', { name: 'Join a host' }).click();
    await closed(joining);
    for (const [operator, peer] of [[onBeta, 'alpha'], [onAlpha, 'beta']] as const) {
      const row = operator.page.getByRole('row').filter({ has: operator.page.getByRole('rowheader', { name: peer }) });
      await row.getByText('Connected').waitFor();
    }
    await isSound(onAlpha, 'paired hosts');
    await isSound(onBeta, 'paired hosts, on a phone');
  });

  test('a host that is renamed is called so at once', async () => {
    const renaming = await ask(onAlpha, 'Rename: beta');
    await renaming.getByLabel('New name').fill('vault');
    await renaming.getByRole('button', { name: 'Rename' }).click();
    await closed(renaming);
    await onAlpha.page.getByRole('rowheader', { name: 'vault' }).waitFor();
    await alpha.run('host', 'rename', 'vault', 'beta');
    await onAlpha.page.getByRole('rowheader', { name: 'beta' }).waitFor();
  });

  test('the way to a host is tested step by step, and each step is shown', async () => {
    const dialog = await ask(onAlpha, 'Test the way: beta');
    await dialog.getByRole('button', { name: 'Test the way' }).click();
    await dialog.getByText(/is done/).waitFor();
    await dialog.getByRole('button', { name: 'Close' }).last().click();
    assert.equal((await alpha.get<JobView[]>('/api/jobs')).find(({ kind }) => kind === 'connectionTest')?.state, 'completed');
  });

  test('an authorization entry is added, changed and removed; the removal wants its name', async () => {
    const entries = () => alpha.get<AuthorizationView[]>('/api/authorizations');
    await go(onAlpha, 'Replica server');
    const adding = await ask(onAlpha, 'Add an entry');
    await adding.getByLabel(/^For/).fill('*.example.org');
    await adding.getByLabel(/Where its replicas/).fill('relative');
    await adding.getByRole('button', { name: 'Add an entry' }).click();
    await adding.getByRole('alert').getByText(/absolute/).waitFor();
    onAlpha.forgive(/4\d\d/);
    await adding.getByLabel(/Where its replicas/).fill('/srv/replicas');
    await adding.getByRole('button', { name: 'Add an entry' }).click();
    await closed(adding);
    const changing = await ask(onAlpha, 'Change: *.example.org');
    await changing.getByLabel('Trust group').fill('blue');
    await changing.getByRole('button', { name: 'Change' }).click();
    await closed(changing);
    assert.deepEqual((await entries()).find(({ host }) => host === '*.example.org'), { ...(await entries()).find(({ host }) => host === '*.example.org')!, storage: '/srv/replicas', trustGroup: 'blue' });
    const removing = await ask(onAlpha, 'Remove: *.example.org');
    await removing.getByLabel(/type \*\.example\.org/).fill('example.org');
    await removing.getByRole('button', { name: 'Remove' }).click();
    await removing.getByText('This is not *.example.org.').waitFor();
    await isSound(onAlpha, 'a removal that is not confirmed');
    assert.equal((await entries()).length, 2);
    await removing.getByLabel(/type \*\.example\.org/).fill('*.example.org');
    await removing.getByRole('button', { name: 'Remove' }).click();
    await closed(removing);
    assert.deepEqual((await entries()).map(({ host }) => host), ['beta']);
  });

  test('settings of the replica server and limits are changed, and only what was changed', async () => {
    await go(onAlpha, 'Replica server');
    const settings = await ask(onAlpha, 'Change');
    await settings.getByText('Nothing is changed yet.').waitFor();
    await settings.getByLabel('This host takes replicas').uncheck();
    await settings.getByText(/become critical/).waitFor();
    await settings.getByRole('button', { name: 'Change' }).click();
    await closed(settings);
    await onAlpha.page.getByText('No: it keeps those that it has').waitFor();
    assert.equal((await alpha.get<ServerView>('/api/server')).replicaServer, false);
    await isSound(onAlpha, 'the replica server');
    await go(onAlpha, 'Limits');
    const traffic = await ask(onAlpha, 'Change: Traffic');
    await traffic.getByLabel('Machines that are sent at once').fill('0');
    await traffic.getByText('A whole number from 1 to 1024.').waitFor();
    await traffic.getByLabel('Machines that are sent at once').fill('7');
    await traffic.getByLabel(/Limits of the bandwidth/).fill('100\n08:00-18:00=20');
    await traffic.getByRole('button', { name: 'Change' }).click();
    await closed(traffic);
    const { transfers, bandwidth, resynchronizations } = await alpha.get<TrafficView>('/api/traffic');
    assert.deepEqual([transfers, resynchronizations, bandwidth], [7, 2, [{ mbitPerSecond: 100 }, { from: '08:00', until: '18:00', mbitPerSecond: 20 }]]);
    await isSound(onAlpha, 'limits');
  });

  test('whoever is to be told is added by page, and a test says what went wrong', async () => {
    await go(onAlpha, 'Notifications');
    await onAlpha.page.getByText('Nobody is told when something is wrong').waitFor();
    const adding = await ask(onAlpha, 'Add a webhook');
    await adding.getByLabel('URL').fill('http://127.0.0.1:9/hook');
    await adding.getByLabel('Name').fill('pager');
    await adding.getByRole('button', { name: 'Add a webhook' }).click();
    await closed(adding);
    const testing = await ask(onAlpha, 'Test: pager');
    await testing.getByRole('button', { name: 'Test', exact: true }).click();
    await testing.getByRole('alert').waitFor();
    onAlpha.forgive(/[45]\d\d/);
    await isSound(onAlpha, 'a target that does not answer');
    await testing.getByRole('button', { name: 'Do nothing' }).click();
    await isSound(onAlpha, 'notifications');
    assert.deepEqual((await alpha.get<NotificationsView>('/api/notifications')).targets.map(({ name, kind }) => [name, kind]), [['pager', 'webhook']]);
  });

  test('a machine is defined by the form; what is wrong is said at its field; it is in the overview', async () => {
    await onAlpha.page.goto('/define');
    const { page } = onAlpha;
    await page.getByRole('button', { name: 'Define the machine' }).click();
    await page.getByText(/name is missing/).first().waitFor();
    await page.getByRole('group', { name: 'Machine' }).getByLabel('Name').fill('plain1');
    await page.getByLabel('Path on this host').fill(join(alpha.directory, 'plain1.qcow2'));
    await page.getByRole('button', { name: 'Define the machine' }).click();
    await page.getByRole('main').getByRole('alert').waitFor();
    onAlpha.forgive(/4\d\d/);
    await page.getByLabel('Size').fill('16 MiB');
    await isSound(onAlpha, 'defining a machine');
    await page.getByLabel('By its definition in TOML').check();
    await page.getByLabel('Definition', { exact: true }).fill(`${await page.getByLabel('Definition', { exact: true }).inputValue()}[[nics]]\nkind = "user"\n`);
    await page.getByLabel('By a form').check();
    await page.getByRole('group', { name: 'Network adapter 1' }).waitFor();
    await page.getByRole('button', { name: 'Define the machine' }).click();
    await page.getByText(/is defined on this host/).waitFor();
    const machine = (await alpha.get<MachineView[]>('/api/machines')).find(({ name }) => name === 'plain1');
    assert.deepEqual([machine?.power, machine?.disks[0]?.sizeBytes], ['off', 16 * 2 ** 20]);
  });

  test('the doctor says what it finds, what that means and what to do', async () => {
    await go(onAlpha, 'Doctor');
    await onAlpha.page.getByText(/findings? on alpha/).waitFor();
    await onAlpha.page.getByText('What to do:').first().waitFor();
    await isSound(onAlpha, 'the doctor');
  });

  test('events and jobs are shown as they happen', async () => {
    await go(onAlpha, 'Jobs');
    await onAlpha.page.getByRole('table', { name: 'Ended jobs' }).waitFor();
    await isSound(onAlpha, 'jobs');
    await go(onAlpha, 'Events');
    const isOff = onAlpha.page.getByText('is no replica server any more');
    await isOff.first().waitFor();
    const before = await isOff.count();
    for (const standing of ['on', 'off']) await alpha.run('server', 'set', '--replica-server', standing);
    await until('the page hears of it', async () => ((await isOff.count()) === before + 1 ? true : undefined), 5_000, () => isOff.count());
    await isSound(onAlpha, 'events');
    await onAlpha.page.getByLabel('How bad').selectOption('Errors');
    await isOff.first().waitFor({ state: 'detached' });
    assert.equal(new URL(onAlpha.page.url()).searchParams.get('severity'), 'error');
    await go(onAlpha, 'Jobs');
    await onAlpha.page.getByText('asked for by').first().waitFor();
  });

  /** The other's page knows its new role without being loaded anew, and asks for the new password once the old one is gone. */
  const isChangedByPage = async (watch: Operator): Promise<void> => {
    const { page } = onAlpha;
    const role = await ask(onAlpha, 'Change: watch');
    await role.getByLabel('Role').selectOption('administrator');
    await role.getByRole('button', { name: 'Change' }).click();
    await closed(role);
    await watch.page.getByRole('rowheader', { name: 'operator' }).waitFor();
    await alpha.run('user', 'set', 'watch', '--role', 'operator');
    await page.getByRole('row', { name: /watch/ }).getByText('Operator: also runs').waitFor();
    await watch.page.getByText('Only an administrator sees who may sign in').waitFor();
    const own = await ask(watch, 'Change your password');
    await own.getByLabel('Present password').fill('correct horse battery staple');
    await own.getByLabel('New password', { exact: true }).fill('another horse');
    await own.getByLabel('New password again').fill('another house');
    await own.getByRole('button', { name: 'Change your password' }).click();
    await own.getByText('It is not the same as above.').waitFor();
    await own.getByLabel('New password again').fill('another horse');
    await own.getByRole('button', { name: 'Change your password' }).click();
    await closed(own);
    const password = await ask(onAlpha, 'Change: watch');
    await password.getByLabel('New password').fill('a horse that nobody knows');
    await password.getByText('Sessions and tokens of watch end').waitFor();
    await password.getByRole('button', { name: 'Change' }).click();
    await closed(password);
    await watch.page.getByText('Your session has ended.').waitFor();
    watch.forgive(/401/);
    const trail = await alpha.get<readonly AuditView[]>('/api/audit');
    assert.deepEqual(trail.filter(({ operation, outcome }) => /^user (set|password)/.test(operation) && outcome === 'done').map(({ who, operation, subject }) => [who, operation, subject]), [
      ['operator', 'user set --password', 'watch'], ['watch', 'user password', 'watch'], ['root', 'user set --role operator', 'watch'], ['operator', 'user set --role administrator', 'watch'],
    ]);
  };

  test('a viewer is added by page, sees everything, and is offered nothing that it may not do', async () => {
    await go(onAlpha, 'Users');
    const adding = await ask(onAlpha, 'Add a user');
    await adding.getByLabel('Name').fill('watch');
    await adding.getByLabel('Password').fill('correct horse battery staple');
    await adding.getByRole('button', { name: 'Add a user' }).click();
    await closed(adding);
    await onAlpha.page.getByRole('rowheader', { name: 'watch' }).waitFor();
    assert.deepEqual((await alpha.get<UserView[]>('/api/users')).find(({ name }) => name === 'watch'), { name: 'watch', role: 'viewer' });
    await onAlpha.page.getByRole('table', { name: 'Audit trail' }).getByText('user add').first().waitFor();
    await isSound(onAlpha, 'users');
    const watch = await Operator.signedIn(browser!, alpha, { name: 'watch' });
    for (const [page, button] of [['Hosts', /Invite|Join|Remove|Rename|Test the way/], ['Replica server', /Change|Add an entry|Install/], ['Limits', /Change/], ['Jobs', /Cancel/]] as const) {
      await go(watch, page);
      await watch.page.getByRole('heading', { level: 2 }).first().waitFor();
      assert.equal(await watch.page.getByRole('button', { name: button }).count(), 0, `${page} offers ${String(button)} to a viewer`);
    }
    await go(watch, 'Users');
    await watch.page.getByText('Only an administrator sees who may sign in').waitFor();
    await isChangedByPage(watch);
    await watch.leave();
  });

  test('a host is removed only by its name, and then it is gone', async () => {
    await go(onAlpha, 'Hosts');
    const dialog = await ask(onAlpha, 'Remove: beta');
    await dialog.getByText('What is lost').waitFor();
    await dialog.getByLabel(/type beta/).fill('beta');
    await onAlpha.page.keyboard.press('Enter');
    await closed(dialog);
    await onAlpha.page.getByText('This host is paired with no other yet').waitFor();
    assert.equal((await alpha.get<HostView[]>('/api/hosts')).length, 1);
  });
});
