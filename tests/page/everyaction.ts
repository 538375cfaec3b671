/** Every action that the page has, made of something to act on. */
import { limitsOf } from '../../src/health/limits.ts';
import type { NotificationTargetView } from '../../src/service/notificationviews.ts';
import type { HostView, JobView, MachineView, ServerCertificateView, ServerView } from '../../src/service/views.ts';
import type { Action } from '../../web/src/asking/action.ts';
import * as hosts from '../../web/src/hosts/actions.ts';
import * as jobs from '../../web/src/jobs/actions.ts';
import * as limits from '../../web/src/limits/actions.ts';
import * as notifications from '../../web/src/notifications/actions.ts';
import * as server from '../../web/src/server/actions.ts';
import * as users from '../../web/src/users/actions.ts';

const peer: HostView = { id: 'h-2', name: 'beta', address: '10.0.0.2:7443', fingerprint: 'cc', self: false, connected: true, lastContactMs: null, certificateExpiresMs: null };
const machine: MachineView = { id: 'm-1', name: 'web1', role: 'replica', power: 'off', startRefusal: null, memoryMiB: 64, cpuCount: 1, autostart: false, disks: [], consoleSocket: null, consoleLog: null, pid: null };
export const serverView: ServerView = { replicaServer: true, anyHost: false, storage: '/replicas', authentication: 'certificate', peerAddress: '10.0.0.1:7443', certificate: { thumbprint: 'AB', expiresAtMs: 0, isOwn: true }, proxy: null, monitoringStartSeconds: 32_400, monitoringIntervalSeconds: 43_200 };
const certificate: ServerCertificateView = { thumbprint: 'AB'.repeat(20), fingerprint: 'AB'.repeat(32), subject: 'CN=alpha', expiresAtMs: 0, unfit: null, isOwn: false, isInForce: false };
const entry = { id: 'a-1', host: '*.example.org', storage: '/replicas', trustGroup: 'DEFAULT' };
export const user = { name: 'watch', role: 'viewer' } as const;
const job: JobView = { id: 'j-1', kind: 'cycle', machine: 'web1', state: 'running', percent: 0, step: '', startedAtMs: 0, startedBy: null, finishedAtMs: null, cancellable: true, error: null, result: null };
export const target: NotificationTargetView = { id: 'n-1', name: 'pager', kind: 'webhook', minimum: 'warning', enabled: true, address: 'https://pager', from: null, signed: true, headers: ['X-Key'], ownAuthority: true, state: 'working', waiting: 0, lastSuccessAtMs: null, lastFailure: null };

export const ACTIONS: readonly Action[] = [
  hosts.invite(), hosts.join(), hosts.test(peer), hosts.rename(peer), hosts.move(peer), hosts.remove(peer), hosts.renewCertificate({ ...peer, self: true }),
  server.settings(serverView), server.port(serverView), server.installCertificate(), server.chooseCertificate(certificate), server.removeCertificate(certificate),
  server.addEntry([peer]), server.changeEntry(entry, [peer]), server.removeEntry(entry), server.assignEntry(entry, [machine]),
  limits.traffic({ transfers: 3, resynchronizations: 2, bandwidth: [{ from: '08:00', until: '18:00', mbitPerSecond: 20 }], mbitPerSecondNow: null, transferring: [], resynchronizing: [] }), limits.healthLimits(limitsOf()),
  users.addUser(), users.changeUser(user), users.changePassword(), users.removeUser(user), users.makeToken(user), users.addCertificate(user), users.removeCertificate({ user: 'watch', fingerprint: 'ab'.repeat(32), subject: 'CN=x', expiresAtMs: 0 }),
  notifications.pace({ delaySeconds: 60, repeatSeconds: 14_400, targets: [] }), notifications.addWebhook(), notifications.addMail(), notifications.changeTarget(target), notifications.changeTarget({ ...target, kind: 'mail' }), notifications.removeTarget(target), notifications.testTarget(target),
  jobs.cancel(job),
];
