/**
 * Everything that the page offers, clicked in a real browser before real daemons with a real guest, and done: the two tables
 * of what can be done with a machine and with a host are held against what was clicked here.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import type { RelationshipView } from '../../src/service/relationshipviews.ts';
import { OPERATIONS } from '../../web/src/operations/operations.ts';
import { Pair } from '../flow/pair.ts';
import { killPid, TestHost, until } from '../flow/testhost.ts';
import { addUser, openBrowser, Operator } from './browser.ts';
import { certificateFor } from './certificates.ts';
import { ACTIONS } from './everyaction.ts';
import type { Filled } from './form.ts';
import { HostPages } from './hostpages.ts';
import { MachinePage } from './machinepage.ts';

const NICS = '\n[[nics]]\nkind = "user"\n';
const OFTEN = { pointIntervalSeconds: '1', cycleIntervalMs: '2000' };
const BOOTED_WITHIN_MS = 90_000;

const PASSWORD = 'correct horse battery staple';

let pair: Pair;
let c: TestHost;
let browser: Browser;
let onA: MachinePage;
let onB: MachinePage;
/** The pages about the two hosts themselves. */
let hostA: HostPages;
let hostB: HostPages;
const operated = new Set<string>();
const acted = new Set<string>();

before(async () => {
  pair = await Pair.unpaired();
  c = new TestHost({ name: 'host-c', directory: join(pair.directory, 'c'), portOffset: pair.a.portOffset + 50 });
  [browser] = await Promise.all([openBrowser(), c.start()]);
  await Promise.all([addUser(pair.a), addUser(pair.b), addUser(c), pair.define({ rate: 5, agent: true, more: NICS })]);
  const [pagesOfA, pagesOfB] = await Promise.all([Operator.signedIn(browser, pair.a), Operator.signedIn(browser, pair.b)]);
  [hostA, hostB] = [new HostPages(pagesOfA, acted), new HostPages(pagesOfB, acted)];
  onA = await MachinePage.open(browser, pair.a);
});
after(async () => {
  await browser?.close();
  await c?.end();
  await pair?.close();
});

async function did(page: MachinePage, id: string, values: Filled = {}, sentOnTo?: string): Promise<string> {
  const text = await page.operate(id, values, sentOnTo);
  operated.add(id);
  return text;
}

/** A webhook that takes everything. */
class Hook implements AsyncDisposable {
  heard = 0;
  readonly #server: Server = createServer((request, response) => {
    this.heard += 1;
    request.resume();
    response.end('thanks');
  });

  static async open(): Promise<Hook> {
    const hook = new Hook();
    hook.#server.listen(0, '127.0.0.1');
    await once(hook.#server, 'listening');
    return hook;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

/** As a browser's field for date and time takes it, that long from now. */
const localMoment = (aheadMs: number): string => new Date(Date.now() + aheadMs - new Date().getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
/** A recovery point that can be deleted is picked on the timeline. */
async function pickPoint(page: MachinePage, what: string): Promise<void> {
  const id = await until(what, async () => (await pair.b.points()).find(({ newest }) => !newest)?.id);
  await page.page.locator(`[data-point="${id}"]`).click();
}

const stands = (host: TestHost, side: string, state: number) => host.reaches(`${side} ${state}`, (seen) => seen.side === side && seen.state === state);

describe('with two hosts', { timeout: 180_000 }, () => {
  test('they are paired: what one page gives is pasted on the other', async () => {
    await hostA.go('Hosts');
    await hostB.go('Hosts');
    const invitation = await hostA.act('host invite', { values: { address: pair.a.peerAddress } });
    assert.match(await hostB.refused('host join', { values: { invitation: invitation.slice(0, -9) } }), /invitation/);
    await hostB.act('host join', { values: { invitation, address: pair.b.peerAddress } });
    await hostA.act('host test', { about: 'host-b' });
    await hostA.act('host rename', { about: 'host-b', values: { name: 'vault' } });
    await hostA.act('host rename', { about: 'vault', values: { name: 'host-b' } });
    assert.match(await hostA.refused('host move', { about: 'host-b', values: { address: 'not an address' } }), /not an address/);
    await hostA.ask('host move', { about: 'host-b', values: { address: '127.0.0.1:1' } });
    await hostA.dialog.getByText(/failed at connecting to its peer port/).waitFor();
    await hostA.dialog.locator('footer').getByRole('button', { name: 'Close', exact: true }).click();
    await hostA.act('host move', { about: 'host-b', values: { address: pair.b.peerAddress } });
    await hostA.act('host renew-certificate');
  });

  test('what a host takes and from whom is set, and a certificate of one\'s own authority is installed, chosen and given up', async () => {
    await hostB.go('Replica server');
    await hostB.act('server set', { values: { monitoringStartSeconds: '10:30' } });
    const { portOffset } = pair.b;
    assert.match(await hostB.refused('server set --peer-port', { values: { peerPort: String(portOffset + 7480) } }), /port|address/i);
    await hostB.act('server set --peer-port', { values: { peerPort: String(portOffset + 7500) } });
    await hostB.act('server set --peer-port', { values: { configured: true } });
    await hostB.act('authorization add', { values: { host: '*.example.org', storage: '/srv/replicas' } });
    await hostB.act('authorization set', { about: '*.example.org', values: { trustGroup: 'blue' } });
    await hostB.act('authorization remove', { about: '*.example.org', typed: '*.example.org' });
    const pem = certificateFor('host-b', pair.directory);
    assert.match(await hostB.refused('server certificate add', { values: { ...pem, key: 'no key' } }), /key/);
    await hostB.act('server certificate add', { values: pem });
    const [own, other] = [(it: { isOwn: boolean }) => it.isOwn, (it: { isOwn: boolean }) => !it.isOwn];
    const thumbprintOf = async (which: typeof own) => (await pair.b.get<{ isOwn: boolean; thumbprint: string }[]>('/api/server/certificates')).find(which)!.thumbprint;
    await hostB.act('server set --certificate', { about: await thumbprintOf(other) });
    await hostB.act('server set --certificate', { about: await thumbprintOf(own) });
    const thumbprint = await thumbprintOf(other);
    await hostB.act('server certificate remove', { about: thumbprint, typed: thumbprint.slice(0, 8) });
  });

  test('limits, users and those who are told are changed, and what cannot be is said', async () => {
    await hostA.go('Limits');
    await hostA.act('health limits', { values: { silentMinutes: '7' } });
    await hostA.go('Notifications');
    await hostA.act('notify set', { values: { repeatSeconds: '2h' } });
    await using hook = await Hook.open();
    await hostA.act('notify add webhook', { values: { url: hook.url, name: 'pager' } });
    assert.match(await hostA.act('notify test', { about: 'pager' }), /It arrived, after/);
    assert.equal(hook.heard, 1);
    await hostA.act('notify set', { about: 'pager', values: { minimum: 'critical' } });
    await hostA.act('notify remove', { about: 'pager', typed: 'pager' });
    await hostA.act('notify add mail', { values: { address: 'watch@example.org' } });
    await hostA.go('Users');
    await hostA.act('user add', { values: { name: 'watch', password: PASSWORD } });
    await hostA.act('user set', { about: 'watch', values: { role: 'operator' } });
    assert.match(await hostA.refused('user certificate', { about: 'watch', values: { certificate: 'no certificate' } }), /certificate/);
    await hostA.act('user certificate', { about: 'watch', values: { certificate: certificateFor('watch', pair.directory).certificate } });
    const [{ fingerprint }] = await pair.a.get<[{ fingerprint: string }]>('/api/users/watch/certificates');
    await hostA.act('user certificate --remove', { values: {}, typed: fingerprint.slice(0, 8) });
    assert.ok((await hostA.act('user token', { about: 'watch' })).length > 20, 'the token is shown');
    const watch = await Operator.signedIn(browser, pair.a, { name: 'watch' });
    await watch.page.goto('/users');
    const pagesOfWatch = new HostPages(watch, acted);
    assert.match(await pagesOfWatch.refused('user password', { values: { password: 'not it, no', newPassword: 'another horse entirely', again: 'another horse entirely' } }), /password/);
    await pagesOfWatch.act('user password', { values: { password: PASSWORD, newPassword: 'another horse entirely', again: 'another horse entirely' } });
    await hostA.act('user remove', { about: 'watch', typed: 'watch' });
  });
});

describe('with a machine', { timeout: 300_000 }, () => {
  test('its definition is changed, its guest started, and replication enabled', async () => {
    const { toml } = await pair.a.get<{ toml: string }>('/api/machines/web1');
    assert.match(await onA.refused('vm-define', { toml: toml.replace(/cpuCount = \d+/, 'cpuCount = 0') }), /cpuCount/);
    await onA.leave();
    await did(onA, 'vm-define', { toml: toml.replace('autostart = false', 'autostart = true') });
    await did(onA, 'vm-start');
    await did(onA, 'enable', OFTEN);
    onB = await MachinePage.open(browser, pair.b);
  });

  test('a first copy begins later, is called off, is cancelled, and comes on media that are not where they were looked for', async () => {
    await did(onA, 'start-replication', { at: localMoment(3_600_000) });
    await did(onA, 'stop-initial');
    await hostA.go('Limits');
    await hostA.act('traffic set', { values: { bandwidth: '0.1' } });
    await onA.asking('start-replication').then((button) => button.click());
    await onA.dialog.getByText(/is under way/).waitFor();
    await onA.leave();
    await hostA.go('Jobs');
    await hostA.act('jobs cancel', { about: 'web1' });
    await did(onA, 'stop-initial');
    await stands(pair.a, 'primary', 1);
    await hostA.go('Limits');
    await hostA.act('traffic set', { values: { bandwidth: '' } });
    const directory = join(pair.directory, 'media');
    assert.match(await onA.refused('export', { directory }), /there is no directory/);
    mkdirSync(directory);
    await onA.dialog.getByRole('button', { name: 'Try again' }).click();
    await onA.dialog.locator('button[type="submit"]').click();
    await onA.ended();
    operated.add('export');
    await onA.page.getByText(/The first copy is on media: carry them to host-b/).waitFor();
    assert.match(await onB.refused('import', { directory: '/proc' }), /holds no export of web1/);
    await onB.leave();
    await did(onB, 'import', { directory });
    await stands(pair.b, 'replica', 3);
  });

  test('its replica is given to an entry, its points are verified and deleted, its network is set, and it is rehearsed', async () => {
    await hostB.go('Replica server');
    await hostB.act('authorization assign', { about: 'host-a' });
    await did(onB, 'assign');
    await pickPoint(onB, 'an older one');
    await did(onB, 'point-verify');
    await did(onB, 'point-delete');
    assert.match(await onB.refused('network-set', { addressing: 'set', addresses: '192.0.2.10/24', gateways: '198.51.100.1' }), /in the subnet of 192\.0\.2\.10/);
    await onB.leave();
    await did(onB, 'network-set', { addressing: 'set', addresses: '192.0.2.10/24' });
    await did(onB, 'network-clear');
    await did(onB, 'network-set', { addressing: 'set', addresses: '192.0.2.10/24' });
    assert.match(await onB.refused('test', { network: 'bridge', bridge: 'br-none' }), /no bridge "br-none"/);
    await onB.leave();
    await did(onB, 'test', { start: false });
    await did(onB, 'test-end');
  });

  test('its cycles, settings, statistics and disks are looked after on the primary', async () => {
    await did(onA, 'cycle');
    await did(onA, 'settings', { resynchronization: 'manual' });
    await did(onA, 'reset-statistics');
    await did(onA, 'suspend');
    await did(onA, 'resume');
    await (await pair.a.console()).next('wrote');
    await did(onA, 'consistent-cycle');
    const disk = { name: 'c', path: join(pair.directory, 'c.qcow2') };
    assert.match(await onA.refused('disk-attach', disk), /missing/);
    await onA.leave();
    await did(onA, 'disk-attach', { ...disk, size: '24 MiB' });
    assert.match(await onA.refused('disk-grow', { disk: 'c', size: '1 MiB' }), /cannot be made smaller/);
    await onA.leave();
    await did(onA, 'disk-grow', { disk: 'c', size: '32 MiB' });
    await did(onA, 'disk-detach', { disk: 'c' });
    await did(onA, 'vm-stop');
  });

  test('after its record of changes was lost it is resynchronized when somebody asks for it', async () => {
    await did(onA, 'vm-start');
    await killPid((await pair.a.machine()).pid!);
    await stands(pair.a, 'primary', 9);
    await did(onA, 'resynchronize', { at: localMoment(3_600_000) });
    await did(onA, 'cancel-resynchronization');
    await did(onA, 'resynchronize');
    await stands(pair.a, 'primary', 3);
  });

  test('it fails over, gets its addresses, is reverted, comes home to be looked at, and stays', async () => {
    await did(onA, 'vm-start');
    await did(onA, 'vm-cut-power');
    await did(onB, 'failover-unplanned', { commitAfter: '2h' });
    await did(onB, 'commit-after');
    await (await pair.b.console()).next('wrote', { timeoutMs: BOOTED_WITHIN_MS });
    await did(onB, 'network-apply');
    await did(onB, 'vm-cut-power');
    await did(onB, 'revert');
    await stands(pair.a, 'primary', 3);
    await did(onB, 'failover-unplanned', { start: false });
    await stands(pair.a, 'replica', 2);
    await onA.page.locator('[data-operation="initiate-failback"]').waitFor();
    assert.equal(await onA.page.locator('[data-operation="import"]').count(), 0, 'no media are awaited on a host that yielded');
    await did(onA, 'initiate-failback');
    await onB.page.getByText('The machine went home to host-a and is not protected until the failback is committed there.').waitFor();
    const refusedThere = ['commit', 'revert', 'reverse'].map((id) => `[data-operation="${id}"]`).join();
    assert.equal(await onB.page.locator(refusedThere).count(), 0, 'it is decided at home');
    await did(onA, 'commit');
    await Promise.all([stands(pair.a, 'primary', 3), stands(pair.b, 'replica', 3)]);
  });

  test('a planned failover is taken back, and after both hosts went on alone one yields; then it is reversed and fails back', async () => {
    await did(onB, 'failover-planned', { reverse: false, start: false });
    await onA.page.getByText('host-b has failed over already: go on there.').waitFor();
    await did(onB, 'revert');
    await onA.page.getByText('host-b has failed over already: go on there.').waitFor({ state: 'detached', timeout: BOOTED_WITHIN_MS });
    await did(onA, 'cancel-failover');
    await Promise.all([stands(pair.a, 'primary', 3), stands(pair.b, 'replica', 3)]);
    await did(onB, 'failover-unplanned', { start: false });
    await stands(pair.a, 'replica', 2);
    await pair.b.stop();
    await until('it is seen', async () => ((await pair.a.relationship()).peerConnected ? undefined : true));
    await did(onA, 'failover-unplanned', { force: true, start: false });
    await did(onA, 'commit');
    await pair.a.stop();
    await pair.b.start();
    await onB.again();
    await did(onB, 'revert');
    await did(onB, 'failover-unplanned', { force: true, start: false });
    await did(onB, 'commit');
    await pair.a.start();
    await onA.again();
    await pair.a.reaches('a split brain', ({ lastFault }) => lastFault?.code === 'split-brain');
    await did(onA, 'become-replica');
    await did(onB, 'reverse');
    await Promise.all([stands(pair.b, 'primary', 3), stands(pair.a, 'replica', 3)]);
    await did(onB, 'failback', { start: false });
    await Promise.all([stands(pair.a, 'primary', 3), stands(pair.b, 'replica', 3)]);
  });
});

describe('with three hosts', { timeout: 180_000 }, () => {
  let onC: MachinePage;

  test('its replica is sent on, and each host shows where the guest runs, which way data flows and how far behind each replica is', async () => {
    const { invitation } = await pair.b.run<{ invitation: string }>('host', 'invite', '--address', pair.b.peerAddress);
    await c.run('host', 'join', invitation, '--address', c.peerAddress);
    await pair.a.run('vm', 'start', 'web1');
    await did(onB, 'enable', { host: 'host-c', ...OFTEN });
    await did(onB, 'start-replication', {}, 'host-c');
    onC = await MachinePage.open(browser, c);
    const pictures: readonly (readonly [MachinePage, RegExp])[] = [
      [onA, /host-a \(this host\): Primary\. The guest runs there\. host-b: Replica\. Data flows from host-a to host-b/],
      [onB, /host-a: Primary\. The guest runs there\. host-b \(this host\): Replica\. host-c: Extended replica\. Data flows from host-a to host-b: every 2 s\. Data flows from host-b to host-c: every 2 s\./],
      [onC, /host-a: Primary\. The guest runs there\. host-b: Replica\. host-c \(this host\): Extended replica\. .*Data flows from host-b to host-c: every 2 s\./],
    ];
    for (const [page, picture] of pictures) await page.page.getByRole('img', { name: picture }).waitFor();
    const sentOn = onB.page.getByRole('region', { name: 'Sent on to host-c' });
    await sentOn.locator('.uplot').nth(1).waitFor();
    assert.equal(await onB.page.locator('.uplot').count(), 4, 'charts of both relationships');
    await sentOn.locator('[data-figure="lag"]').getByText(/^\d.* s$/).first().waitFor();
    await onB.operator.checkAccessibility('the middle of a chain');
    for (const page of [onA, onB, onC]) {
      await page.page.goto('/');
      await page.page.getByRole('table').getByText('web1').first().waitFor();
      await page.again();
    }
  });

  test('what is done with sending on is done with it alone, and the last host does not fail over while the guest runs on the first', async () => {
    await did(onB, 'suspend', {}, 'host-c');
    const states = async (host: TestHost) => (await host.get<RelationshipView[]>('/api/relationships')).map(({ kind, state }) => `${kind} ${state}`).sort();
    assert.deepEqual(await states(pair.b), ['extended 7', 'simple 3']);
    await did(onB, 'resume', {}, 'host-c');
    assert.match(await onC.refused('failover-unplanned'), /runs on host-a/);
    await onC.leave();
  });

  test('after a committed failover in the middle the third host is its replica', async () => {
    await pair.a.run('vm', 'stop', 'web1', '--force', '--yes');
    await did(onB, 'failover-unplanned', { start: false });
    await did(onB, 'commit');
    await did(onB, 'change-mode');
    await Promise.all([stands(pair.b, 'primary', 3), stands(c, 'replica', 3)]);
  });

  test('replication ends, a copy is offered, and a machine is forgotten', async () => {
    await did(onB, 'disable');
    await did(onC, 'disable');
    await did(onC, 'as-replica');
    await did(onA, 'disable');
    await did(onA, 'vm-undefine');
    await onA.page.getByText('This host knows no such machine').waitFor();
    await hostA.go('Hosts');
    await hostA.act('host remove', { about: 'host-b', typed: 'host-b' });
  });
});

describe('the page offers nothing', () => {
  test('with a machine that was not done here', () => assert.deepEqual(OPERATIONS.map(({ id }) => id).filter((id) => !operated.has(id)), []));
  test('with a host that was not done here', () => assert.deepEqual([...new Set(ACTIONS.map(({ command }) => command))].filter((command) => !acted.has(command)), []));
});
