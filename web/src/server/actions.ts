/** What can be set of this host as a replica server: what it takes, from whom, and what it is known by. */
import type { AuthorizationView, HostView, MachineView, ServerCertificateView, ServerView } from '../../../src/service/views.ts';
import { bodyOf, pathTo, type Action } from '../asking/action.ts';
import { t } from '../language.ts';
import { length } from '../moments.ts';
import { numberIn, textIn, type Field, type Values } from '../operations/field.ts';

const LONGEST_PATH = 4_096;
const LONGEST_PEM = 65_536;
const HOURS = [1, 2, 3, 4, 6, 8, 12, 24, 48, 72, 96, 120, 144, 168];
const HOUR_SECONDS = 3_600;

const two = (value: number): string => String(value).padStart(2, '0');
const clock = (seconds: number): string => `${two(Math.floor(seconds / HOUR_SECONDS))}:${two(Math.floor((seconds % HOUR_SECONDS) / 60))}`;

const serverFields = ({ replicaServer, anyHost, storage, monitoringStartSeconds, monitoringIntervalSeconds }: ServerView): readonly Field[] => [
  { kind: 'tick', name: 'replicaServer', label: t('This host takes replicas'), hint: t('Switched off, it keeps those that it has and takes nothing more.'), initial: replicaServer },
  { kind: 'tick', name: 'anyHost', label: t('Any paired host may send replicas'), hint: t('Otherwise only those that an authorization entry names.'), initial: anyHost },
  { kind: 'line', name: 'storage', label: t('Where the replicas of any host are kept'), hint: t('An absolute path. It counts while any paired host may send replicas.'), initial: storage, longest: LONGEST_PATH, isNeeded: true, isAsked: (values) => values['anyHost'] === true },
  { kind: 'timeOfDay', name: 'monitoringStartSeconds', label: t('Statistics are counted anew from'), initial: clock(monitoringStartSeconds), isNeeded: true },
  { kind: 'choice', name: 'monitoringIntervalSeconds', label: t('An interval of the statistics lasts'), initial: String(monitoringIntervalSeconds), choices: HOURS.map((hours) => ({ value: String(hours * HOUR_SECONDS), label: length(hours * HOUR_SECONDS * 1_000) })), isNeeded: true },
];

function serverChange(values: Values, before: ServerView): Record<string, unknown> {
  const asked = { replicaServer: values['replicaServer'], anyHost: values['anyHost'], storage: textIn(values, 'storage'), monitoringStartSeconds: numberIn(values, 'monitoringStartSeconds'), monitoringIntervalSeconds: Number(textIn(values, 'monitoringIntervalSeconds') ?? before.monitoringIntervalSeconds) };
  return Object.fromEntries(Object.entries(asked).filter(([name, value]) => value !== undefined && value !== before[name as keyof ServerView]));
}

function serverHappens(values: Values, before: ServerView): string[] {
  const change = serverChange(values, before);
  if (Object.keys(change).length === 0) return [t('Nothing is changed yet.')];
  return [
    ...(change['replicaServer'] === false ? [t('No host can send changes here any more: their machines become critical until this is switched on again. Replicas and recovery points stay.')] : []),
    ...(change['replicaServer'] === true ? [t('Hosts that may send replicas here can do so again; their machines go on when they are resumed.')] : []),
    ...(change['anyHost'] === true ? [t('Every paired host may send replicas, whatever the authorization entries say.')] : []),
    ...(change['anyHost'] === false ? [t('Only hosts with an authorization entry may send replicas from now on.')] : []),
    ...(change['storage'] === undefined ? [] : [t('New replicas are kept there; those that are here stay where they are.')]),
    ...(change['monitoringStartSeconds'] === undefined && change['monitoringIntervalSeconds'] === undefined ? [] : [t('The present interval of the statistics ends by the new times.')]),
  ];
}

export const settings = (server: ServerView): Action => ({
  command: 'server set', role: 'administrator', title: t('Change what this host takes'), label: t('Change'), fields: serverFields(server),
  happens: (values) => serverHappens(values, server),
  request: (values) => ({ method: 'PATCH', path: '/api/server', body: serverChange(values, server) }),
});

const portOf = ({ peerAddress }: ServerView): string => peerAddress.slice(peerAddress.lastIndexOf(':') + 1);

export const port = (server: ServerView): Action => ({
  command: 'server set --peer-port', role: 'administrator', title: t('Change the port for other hosts'), label: t('Change the port'),
  fields: [
    { kind: 'tick', name: 'configured', label: t('The port of the configuration'), initial: false },
    { kind: 'whole', name: 'peerPort', label: t('Port'), least: 1, most: 65_535, initial: portOf(server), isNeeded: true, isAsked: (values) => values['configured'] !== true },
  ],
  happens: () => [t('Hosts that are in contact hear of the new port and follow by themselves; the others when they are met. Connections that are open go on.'), t('A firewall between the hosts has to let the new port through.')],
  request: (values) => ({ method: 'PATCH', path: '/api/server', body: { peerPort: values['configured'] === true ? null : numberIn(values, 'peerPort') } }),
});

export const installCertificate = (): Action => ({
  command: 'server certificate add', role: 'administrator', title: t('Install a certificate of your own authority'), label: t('Install a certificate'),
  fields: [
    { kind: 'pem', name: 'certificate', label: t('Certificate'), hint: t('In PEM, with those between it and the authority.'), initial: '', longest: LONGEST_PEM, isNeeded: true },
    { kind: 'pem', name: 'key', label: t('Private key'), hint: t('In PEM, without a password. It stays on this host.'), initial: '', longest: LONGEST_PEM, isNeeded: true },
    { kind: 'pem', name: 'authority', label: t('Certificate of the authority'), hint: t('Hosts that have one accept each other by it.'), initial: '', longest: LONGEST_PEM },
  ],
  happens: () => [t('The certificate is kept on this host. Other hosts are shown it only when you choose it.')],
  request: (values) => ({ method: 'POST', path: '/api/server/certificates', body: bodyOf(values, 'certificate', 'key', 'authority') }),
});

const namedCertificate = ({ isOwn, subject }: ServerCertificateView): string => (isOwn ? t('this host\'s own certificate') : subject.replaceAll('\n', ', '));

export const chooseCertificate = (certificate: ServerCertificateView): Action => ({
  command: 'server set --certificate', role: 'administrator', title: t('Show other hosts {certificate}', { certificate: namedCertificate(certificate) }), label: t('Choose'),
  fields: [{ kind: 'tick', name: 'force', label: t('Also when a paired host cannot be told now'), hint: t('It would take this host for a stranger, and has to be paired anew.'), initial: false, isSeldom: true }],
  happens: () => [t('New connections to other hosts show this certificate from now on. Hosts that are in contact are told of its key first, so pairings stay.')],
  loses: (values) => (values['force'] === true ? [t('A paired host that is out of reach now does not know this host any more when it is back.')] : []),
  request: (values) => ({ method: 'PATCH', path: '/api/server', body: { certificate: certificate.isOwn ? 'own' : certificate.thumbprint, ...(values['force'] === true && { force: true }) } }),
});

export const removeCertificate = (certificate: ServerCertificateView): Action => ({
  command: 'server certificate remove', role: 'administrator', title: t('Remove {certificate}', { certificate: namedCertificate(certificate) }), label: t('Remove'), toType: certificate.thumbprint.slice(0, 8),
  happens: () => [t('The certificate and its key are removed from this host.')],
  loses: () => [t('The key is gone. To show this certificate again it has to be installed anew.')],
  request: () => ({ method: 'DELETE', path: pathTo('server', 'certificates', certificate.thumbprint) }),
});

const trustGroup = (initial: string): Field => ({ kind: 'line', name: 'trustGroup', label: t('Trust group'), hint: t('Hosts of one group may send on each other\'s replicas.'), initial, longest: 256 });
const storageField = (initial: string): Field => ({ kind: 'line', name: 'storage', label: t('Where its replicas are kept'), hint: t('An absolute path; this host\'s own place when this is empty.'), initial, longest: LONGEST_PATH });
const forHost = (initial: string, hosts: readonly HostView[]): Field => ({ kind: 'line', name: 'host', label: t('For'), hint: t('A paired host, *.domain for all hosts of a domain, or * for any paired host. Paired: {hosts}.', { hosts: hosts.filter(({ self }) => !self).map(({ name }) => name).join(', ') || '–' }), initial, longest: 256, isNeeded: true });

export const addEntry = (hosts: readonly HostView[]): Action => ({
  command: 'authorization add', role: 'administrator', title: t('Let a host send replicas here'), label: t('Add an entry'),
  fields: [forHost('', hosts), storageField(''), trustGroup('')],
  happens: (values) => [t('{host} may send replicas to this host from now on.', { host: textIn(values, 'host') ?? '…' })],
  request: (values) => ({ method: 'POST', path: '/api/authorizations', body: bodyOf(values, 'host', 'storage', 'trustGroup') }),
});

export const changeEntry = (entry: AuthorizationView, hosts: readonly HostView[]): Action => ({
  command: 'authorization set', role: 'administrator', title: t('Change the entry for {host}', { host: entry.host }), label: t('Change'),
  fields: [forHost(entry.host, hosts), storageField(entry.storage), trustGroup(entry.trustGroup)],
  happens: () => [t('New replicas go by the changed entry. Replicas that exist stay where they are.')],
  request: (values) => ({ method: 'PATCH', path: pathTo('authorizations', entry.id), body: bodyOf(values, 'host', 'storage', 'trustGroup') }),
});

export const removeEntry = (entry: AuthorizationView): Action => ({
  command: 'authorization remove', role: 'administrator', title: t('Remove the entry for {host}', { host: entry.host }), label: t('Remove'), toType: entry.host,
  happens: () => [t('{host} may not send replicas here any more, unless another entry lets it. Replicas and recovery points that are here stay.', { host: entry.host })],
  loses: () => [t('Its machines become critical at their next cycle, and fall behind until there is an entry again.')],
  request: () => ({ method: 'DELETE', path: pathTo('authorizations', entry.id) }),
});

export const assignEntry = (entry: AuthorizationView, replicas: readonly MachineView[]): Action => ({
  command: 'authorization assign', role: 'administrator', title: t('Give a replica to the entry for {host}', { host: entry.host }), label: t('Assign a replica'),
  fields: [{ kind: 'choice', name: 'machine', label: t('Replica'), initial: replicas[0]?.id ?? '', choices: replicas.map(({ id, name }) => ({ value: id, label: name })), isNeeded: true }],
  happens: () => [t('The replica belongs to this entry alone from now on: changes are taken for it only while this entry is there. Its disks stay where they are.')],
  request: (values) => ({ method: 'PUT', path: pathTo('relationships', textIn(values, 'machine') ?? '', 'authorization'), body: { authorization: entry.id } }),
});
