/** What the page can do with a host: complete beside the command line, with calls that the API has, and honest about what is lost. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Command } from 'commander';
import { createProgram, fullNameOf } from '../../src/cli/program.ts';
import { limitsOf } from '../../src/health/limits.ts';
import type { NotificationTargetView } from '../../src/service/notificationviews.ts';
import type { HostView, JobView, MachineView, ServerCertificateView, ServerView } from '../../src/service/views.ts';
import type { Action } from '../../web/src/asking/action.ts';
import * as hosts from '../../web/src/hosts/actions.ts';
import * as jobs from '../../web/src/jobs/actions.ts';
import * as limits from '../../web/src/limits/actions.ts';
import * as notifications from '../../web/src/notifications/actions.ts';
import { readForm } from '../../web/src/operations/field.ts';
import * as server from '../../web/src/server/actions.ts';
import * as users from '../../web/src/users/actions.ts';

const peer: HostView = { id: 'h-2', name: 'beta', address: '10.0.0.2:7443', fingerprint: 'cc', self: false, connected: true, lastContactMs: null, certificateExpiresMs: null };
const machine: MachineView = { id: 'm-1', name: 'web1', role: 'replica', power: 'off', startRefusal: null, memoryMiB: 64, cpuCount: 1, autostart: false, disks: [], consoleSocket: null, consoleLog: null, pid: null };
const serverView: ServerView = { replicaServer: true, anyHost: false, storage: '/replicas', authentication: 'certificate', peerAddress: '10.0.0.1:7443', certificate: { thumbprint: 'AB', expiresAtMs: 0, isOwn: true }, proxy: null, monitoringStartSeconds: 32_400, monitoringIntervalSeconds: 43_200 };
const certificate: ServerCertificateView = { thumbprint: 'AB'.repeat(20), fingerprint: 'AB'.repeat(32), subject: 'CN=alpha', expiresAtMs: 0, unfit: null, isOwn: false, isInForce: false };
const entry = { id: 'a-1', host: '*.example.org', storage: '/replicas', trustGroup: 'DEFAULT' };
const user = { name: 'watch', role: 'viewer' } as const;
const job: JobView = { id: 'j-1', kind: 'cycle', machine: 'web1', state: 'running', percent: 0, step: '', startedAtMs: 0, startedBy: null, finishedAtMs: null, cancellable: true, error: null, result: null };
const target: NotificationTargetView = { id: 'n-1', name: 'pager', kind: 'webhook', minimum: 'warning', enabled: true, address: 'https://pager', from: null, signed: true, headers: ['X-Key'], ownAuthority: true, state: 'working', waiting: 0, lastSuccessAtMs: null, lastFailure: null };

const ACTIONS: readonly Action[] = [
  hosts.invite(), hosts.join(), hosts.test(peer), hosts.rename(peer), hosts.move(peer), hosts.remove(peer), hosts.renewCertificate({ ...peer, self: true }),
  server.settings(serverView), server.port(serverView), server.installCertificate(), server.chooseCertificate(certificate), server.removeCertificate(certificate),
  server.addEntry([peer]), server.changeEntry(entry, [peer]), server.removeEntry(entry), server.assignEntry(entry, [machine]),
  limits.traffic({ transfers: 3, resynchronizations: 2, bandwidth: [{ from: '08:00', until: '18:00', mbitPerSecond: 20 }], mbitPerSecondNow: null, transferring: [], resynchronizing: [] }), limits.healthLimits(limitsOf()),
  users.addUser(), users.removeUser(user), users.makeToken(user), users.addCertificate(user), users.removeCertificate({ user: 'watch', fingerprint: 'ab'.repeat(32), subject: 'CN=x', expiresAtMs: 0 }),
  notifications.pace({ delaySeconds: 60, repeatSeconds: 14_400, targets: [] }), notifications.addWebhook(), notifications.addMail(), notifications.changeTarget(target), notifications.changeTarget({ ...target, kind: 'mail' }), notifications.removeTarget(target), notifications.testTarget(target),
  jobs.cancel(job),
];

/** What the page shows without an action. */
const SHOWN = ['host list', 'server show', 'server certificate list', 'authorization list', 'traffic show', 'user list', 'user certificates', 'notify list', 'jobs list', 'jobs show', 'jobs wait'];
const FAMILIES = ['host', 'server', 'authorization', 'traffic', 'user', 'notify', 'jobs'];

const leaves = (command: Command): Command[] => (command.commands.length === 0 ? [command] : command.commands.flatMap(leaves));
const commands = (await createProgram()).commands.flatMap(leaves).map((command) => fullNameOf(command).replace(/^understudy /, '')).filter((name) => FAMILIES.includes(name.split(' ')[0]!));

const document = JSON.parse(readFileSync(join(import.meta.dirname, '../../docs/generated/openapi.json'), 'utf8')) as { paths: Record<string, Record<string, unknown>> };
const isDescribed = (method: string, path: string): boolean =>
  Object.entries(document.paths).some(([template, methods]) => Object.hasOwn(methods, method.toLowerCase()) && new RegExp(`^${template.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path));

describe('the actions of the page', () => {
  test('are all that the command line can do with a host, its users and its jobs', () => {
    const covered = new Set([...SHOWN, ...ACTIONS.map(({ command }) => command.replace(/ --.*/, ''))]);
    assert.deepEqual(commands.filter((name) => !covered.has(name)), []);
  });

  test('call what the API has', () => {
    for (const action of ACTIONS) {
      const { method, path } = action.request(readForm(action.fields ?? [], {}).values);
      assert.ok(isDescribed(method, path), `${action.command}: ${method} ${path}`);
    }
  });

  test('that remove something say what is lost, and want its name', () => {
    for (const action of ACTIONS.filter(({ request, fields = [] }) => request(readForm(fields, {}).values).method === 'DELETE')) {
      assert.ok((action.loses?.({}) ?? []).length > 0, action.command);
      assert.ok(action.toType, action.command);
    }
  });

  test('of settings send only what was changed', () => {
    const unchanged = server.settings(serverView);
    assert.deepEqual(unchanged.request(readForm(unchanged.fields!, {}).values).body, {});
    assert.deepEqual(unchanged.request(readForm(unchanged.fields!, { replicaServer: false, monitoringStartSeconds: '10:30' }).values).body, { replicaServer: false, monitoringStartSeconds: 37_800 });
  });

  test('of a webhook keep a secret and headers that were not given', () => {
    const change = notifications.changeTarget(target);
    assert.deepEqual(change.request(readForm(change.fields!, {}).values).body, { enabled: true, name: 'pager', minimum: 'warning' });
    assert.deepEqual(change.request(readForm(change.fields!, { headers: 'X-Key: a:b\nX-Other:c', unsigned: true }).values).body, { enabled: true, name: 'pager', minimum: 'warning', headers: { 'X-Key': 'a:b', 'X-Other': 'c' }, secret: null });
  });

  test('join by an invitation that a mail program has broken into lines', () => {
    const join_ = hosts.join();
    assert.deepEqual(join_.request(readForm(join_.fields!, { invitation: 'understudy1:abc\n  def\n' }).values).body, { invitation: 'understudy1:abcdef' });
  });
});
