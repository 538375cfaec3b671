/** What is wrong on this host now and somebody must hear of: its relationships, the hosts that it is paired with, certificates, storages, who is told. */
import { CERTIFICATE_WARNING_DAYS } from '../doctor/checks.ts';
import { isAlmostFull } from '../health/alarms.ts';
import type { Machine, Relationship } from '../machine/records.ts';
import { isFailing } from '../notifier/courier.ts';
import type { Concern, Reason } from '../notifications/concern.ts';
import { kindOf } from '../relationship/chain.ts';
import { hostView, selfView } from './presenting.ts';
import { judgementOf } from './health.ts';
import type { Context } from './context.ts';
import type { HostView } from './views.ts';
import { DAY_MS } from '../language/lengths.ts';

/** Too late to wait for somebody's next working day. */
const CERTIFICATE_CRITICAL_DAYS = 3;

/** Read in one go. */
export function concernsOf(context: Context): Concern[] {
  const { state } = context.engine.host;
  const relationships = state.relationships();
  const hosts = context.hosts.list().map((host) => hostView(context, host));
  return [
    ...relationshipConcerns(context, relationships, hosts),
    ...hosts.flatMap((host) => hostConcern(context, host, relationships) ?? []),
    ...[selfView(context), ...hosts].flatMap((host) => certificateConcern(context, host) ?? []),
    ...storageConcerns(context),
    ...targetConcerns(context),
  ];
}

function relationshipConcerns(context: Context, relationships: readonly Relationship[], hosts: readonly HostView[]): Concern[] {
  const machines = new Map(context.engine.host.state.machines().map((machine) => [machine.id, machine]));
  const peers = new Map(hosts.map(({ id, name }) => [id, name]));
  return relationships.flatMap((relationship) => {
    const machine = machines.get(relationship.machineId);
    return machine ? (relationshipConcern(context, relationship, machine, peers.get(relationship.peerId) ?? relationship.peerId) ?? []) : [];
  });
}

function relationshipConcern(context: Context, relationship: Relationship, machine: Machine, peer: string): Concern | null {
  const { health, issues } = judgementOf(context, relationship, machine, peer);
  if (health === 'none' || health === 'ok') return null;
  const reasons = issues.flatMap(({ rule, severity, message, hint }): Reason[] => (severity === 'advice' ? [] : [{ rule, severity, message, hint }]));
  const extended = kindOf(relationship) === 'extended' ? 'extended ' : '';
  const title = relationship.side === 'primary' ? `${machine.name}, whose ${extended}replica is on ${peer}` : `${machine.name}, ${extended}replica of ${peer}`;
  return { key: `relationship:${relationship.id}`, kind: 'relationship', severity: health, title, machine: { id: machine.id, name: machine.name }, peer, reasons };
}

/** One that nothing is replicated with is nobody's concern. */
function hostConcern({ engine: { host } }: Context, { id, name, connected, lastContactMs }: HostView, relationships: readonly Relationship[]): Concern | null {
  const shared = relationships.filter(({ peerId }) => peerId === id);
  if (connected || shared.length === 0) return null;
  const replicas = shared.filter(({ side }) => side === 'replica').length;
  const since = lastContactMs === null ? 'since this daemon started' : `since ${new Date(lastContactMs).toISOString()}`;
  const message = `${name} does not answer ${since}. It has part in the replication of ${shared.length} machines; ${replicas} of them have their replica on ${host.hostName}.`;
  const hint = replicas > 0 ? `Look whether ${name} and the network are up: understudy host test ${name}. Where it is lost, its machines can be failed over to this host: understudy status, then understudy failover MACHINE --unplanned.` : `Look whether ${name} and the network are up: understudy host test ${name}. Nothing is lost meanwhile: what guests write travels later.`;
  return { key: `host:${id}`, kind: 'host', severity: 'critical', title: `the host ${name}`, machine: null, peer: name, reasons: [{ rule: 'peer-unreachable', severity: 'critical', message, hint }] };
}

function certificateConcern({ engine: { host } }: Context, { id, name, self, certificateExpiresMs }: HostView): Concern | null {
  if (certificateExpiresMs === null) return null;
  const days = Math.floor((certificateExpiresMs - host.clock.nowMs()) / DAY_MS);
  if (days >= CERTIFICATE_WARNING_DAYS) return null;
  const severity = days < CERTIFICATE_CRITICAL_DAYS ? 'critical' : 'warning';
  const message = days < 0 ? `The certificate of ${name} has expired: programs that check certificates refuse it (paired hosts go by the key).` : `The certificate of ${name} expires in ${days} days; then programs that check certificates refuse it (paired hosts go by the key).`;
  const hint = self ? 'Renew it on this host: understudy host renew-certificate.' : `Renew it on ${name}: understudy host renew-certificate there.`;
  return { key: `certificate:${id}`, kind: 'certificate', severity, title: `the certificate of ${name}`, machine: null, peer: self ? null : name, reasons: [{ rule: 'certificate-expiry', severity, message, hint }] };
}

const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;

const STORAGE_HINTS = {
  replicas: 'Free space there, or keep fewer recovery points: understudy settings MACHINE --history N. When it is full no recovery point can be made.',
  state: 'Free space there: when it is full the daemon cannot remember what it does, and replication stops.',
} as const;

function storageConcerns({ storages }: Context): Concern[] {
  return storages.known().filter(isAlmostFull).map(({ use, path, freeBytes, totalBytes }): Concern => {
    const severity = use === 'state' ? 'critical' : 'warning';
    const message = `${path} has ${gib(freeBytes)} free of ${gib(totalBytes)}.`;
    return { key: `storage:${use}:${path}`, kind: 'storage', severity, title: `the storage ${path}`, machine: null, peer: null, reasons: [{ rule: 'space-low', severity, message, hint: STORAGE_HINTS[use] }] };
  });
}

/** Told to the other targets. */
function targetConcerns({ notifications }: Context): Concern[] {
  return notifications.targets().flatMap(({ id, name, isEnabled }): Concern[] => {
    const delivery = notifications.delivery(id);
    if (!isEnabled || !isFailing(delivery) || !delivery.lastFailure) return [];
    const { message, hint } = delivery.lastFailure;
    return [{ key: `target:${id}`, kind: 'target', severity: 'warning', title: `notifications to ${name}`, machine: null, peer: null, reasons: [{ rule: 'notifications-failing', severity: 'warning', message: `${delivery.failures} tries failed one after the other: ${message}`, hint }] }];
  });
}
