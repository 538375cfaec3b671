/**
 * The JSON of the API: one schema per view of src/service. `Same` makes the compiler refuse a schema that is not
 * exactly its view. Those of a relationship and of health have files of their own.
 */
import { Type, type Static } from '@fastify/type-provider-typebox';
import type * as access from '../service/accessviews.ts';
import type * as views from '../service/views.ts';
import type { HostStatus } from '../service/operations.ts';
import { instant, name, nullable, oneOf, path, text, truth, view, whole, type All, type Same } from './fields.ts';
import { BANDWIDTH, POINT_KINDS, RELATIONSHIP_VIEW } from './relationshipschemas.ts';

export const MACHINE_VIEW = view('Machine', {
  id: text('UUID, the same on both hosts'),
  name: text('Name of the virtual machine'),
  role: oneOf(['standalone', 'primary', 'replica', 'test'], '"test" is a test failover\'s copy'),
  power: oneOf(['off', 'running', 'paused', 'stopping'], 'Whether the guest runs on this host'),
  startRefusal: nullable(text('Why the guest may not be started on this host now')),
  memoryMiB: whole('Memory'),
  cpuCount: whole('Virtual processors'),
  autostart: truth('Started with the daemon, after the peer was asked'),
  disks: Type.Array(
    view('Disk', { name: text('Short name of the disk'), path: text('Image or block device on this host'), format: text('qcow2 or raw'), sizeBytes: whole('Size that the guest sees') }),
    { description: 'The disks, in the order of the definition' },
  ),
  consoleSocket: nullable(text('Unix socket of the serial console on this host; null when the guest is off')),
  consoleLog: nullable(text('File that keeps what the console printed')),
  pid: nullable(whole('Process id of QEMU')),
});

export const MACHINE_DETAIL = Type.Object({ ...MACHINE_VIEW.properties, definition: Type.Unknown({ description: 'The whole definition of the machine' }), toml: text('The same as TOML, as it is defined') }, { title: 'MachineDetail' });

const FAILOVER_ADDRESSES = view('FailoverAddresses', {
  protocol: oneOf(['unknown', 'other', 'ipv4', 'ipv6', 'both'], 'Of which family addresses are set'),
  dhcp: truth('Whether IPv4 addresses come from a DHCP server'),
  addresses: Type.Array(text('An address with its prefix length')),
  gateways: Type.Array(text('An address')),
  dnsServers: Type.Array(text('An address')),
}, 'What is set in the guest');

export const FAILOVER_NETWORK_VIEW = view('FailoverNetwork', {
  machineId: text('UUID of the virtual machine'),
  machine: text('Name of the virtual machine'),
  guestAgent: truth('Whether the machine has a port for a guest agent, by which addresses are set'),
  hasArrived: truth('Whether it came to this host by a failover: its guest gets the addresses when it starts here'),
  adapters: Type.Array(view('FailoverAdapter', {
    index: whole('Place in the definition, from 0'),
    mac: text('MAC address'),
    network: text('What it is plugged into without a choice: a bridge of this host, "user" or "none"'),
    bridge: nullable(text('Bridge of this host that was chosen')),
    testBridge: nullable(text('Bridge of this host for test failovers; null: their copy reaches nothing')),
    addresses: nullable(FAILOVER_ADDRESSES),
  })),
  outcome: nullable(view('AddressOutcome', {
    state: oneOf(['waiting', 'applied', 'failed'], 'How setting the addresses went, the last time'),
    atMs: instant('When'),
    message: text('What happened'),
    hint: text('What to do'),
  })),
}, 'What the network adapters are like on this host after a failover');
const TRAFFIC_FIELDS = {
  transfers: whole('Machines that are sent to replicas at once: 1 to 1,024'),
  resynchronizations: whole('Machines that resynchronize at once: 1 to 1,024'),
  bandwidth: BANDWIDTH,
};
export const TRAFFIC_CHANGE = Type.Partial(Type.Object(TRAFFIC_FIELDS), { title: 'TrafficChange', additionalProperties: false });
export const TRAFFIC_VIEW = view('Traffic', {
  ...TRAFFIC_FIELDS,
  mbitPerSecondNow: nullable(Type.Number({ description: 'The limit of the moment; null for none' })),
  transferring: Type.Array(text('Name of a virtual machine'), { description: 'What is sent now' }),
  resynchronizing: Type.Array(text('Name of a virtual machine'), { description: 'What resynchronizes now' }),
});

const VERIFICATION = view('Verification', {
  atMs: instant('When the point was read'),
  clusters: whole('Clusters of 64 KiB, of all disks'),
  uncheckedClusters: whole('Clusters of which nothing was recorded'),
  damage: Type.Array(view('DiskDamage', { disk: text('Name of the disk'), clusters: whole('Clusters that are not what arrived'), firstOffsetBytes: whole('Where the first of them begins') }), { description: 'None when the point is good' }),
}, 'What was found when the point was read in whole');

export const POINT_VIEW = view('RecoveryPoint', {
  id: text('Id of the recovery point'),
  sequence: whole('Order of the points'),
  kind: oneOf(POINT_KINDS, '"divergence" keeps what an old primary wrote after a failover'),
  instantMs: instant('The point in time that it holds'),
  sizeBytes: whole('Bytes that it takes on this host'),
  newest: truth('Whether it is the newest point'),
  name: nullable(text('Name, for points that are kept on purpose')),
  verification: nullable(VERIFICATION),
});

const JOB_ERROR = view('JobError', { code: text('"refused" or a row of the fault table'), message: text('What happened'), hint: text('What to do'), allowed: Type.Array(Type.String(), { description: 'The operations that were allowed then' }) }, 'Why the job failed');

export const JOB_VIEW = view('Job', {
  id: text('Id of the job'),
  kind: text('What it does'),
  machine: nullable(text('Name of the virtual machine')),
  state: oneOf(['running', 'completed', 'failed', 'cancelled'], 'Where the job is'),
  percent: Type.Number({ description: '0 to 100' }),
  step: text('What it does at the moment, in words'),
  startedAtMs: instant('When it started'),
  startedBy: nullable(text('The user, or the other host, that asked for it; null for what this host began by itself')),
  finishedAtMs: nullable(instant('When it ended')),
  cancellable: truth('Whether it can be cancelled now'),
  error: nullable(JOB_ERROR),
  result: nullable(
    Type.Record(Type.String(), Type.Union([Type.Number(), Type.String(), Type.Boolean(), Type.Null()]), { description: 'Figures of the finished job, by name' }),
  ),
});

export const HOST_VIEW = view('Host', {
  id: text('Id of the host'),
  name: text('Name of the host'),
  address: text('Address and port of its peer listener'),
  fingerprint: text('SHA-256 fingerprint of its certificate'),
  self: truth('Whether this is the host that answers'),
  connected: truth('Whether it is connected now'),
  lastContactMs: nullable(instant('When it was last heard of')),
  certificateExpiresMs: nullable(instant('When its certificate expires')),
});

export const AUTHORIZATION_VIEW = view('Authorization', {
  id: text('Id of the entry'),
  host: text('A paired host, *.domain, or * for any paired host'),
  storage: text('Directory that its replicas are kept in'),
  trustGroup: text('Hosts of one trust group may take over each other\'s replicas'),
});

const SERVER_FIELDS = {
  replicaServer: truth('Whether this host takes replicas'),
  anyHost: truth('Any paired host may send replicas; otherwise those that authorization entries let in'),
  storage: path('Where the replicas of any host are kept, absolute'),
  monitoringStartSeconds: whole('When the intervals of the statistics begin, in seconds after the host\'s midnight'),
  monitoringIntervalSeconds: whole('How long such an interval lasts: 3,600 to 604,800'),
};
export const SERVER_VIEW = view('Server', {
  ...SERVER_FIELDS,
  storage: text('Where replicas are kept when no entry says another place'),
  authentication: oneOf(['certificate'], 'How hosts prove themselves'),
  peerAddress: text('Where peers reach this host'),
  certificate: view('CertificateInForce', { thumbprint: text('SHA-1 of the certificate, as Windows names it'), expiresAtMs: instant('When it ends'), isOwn: truth('Whether this host made it itself') }, 'What peers are shown'),
  proxy: nullable(text('Address of the proxy on the way to other hosts')),
});
export const SERVER_CERTIFICATE_VIEW = view('ServerCertificate', {
  thumbprint: text('SHA-1 of the certificate, as Windows names it'),
  fingerprint: text('SHA-256 of the certificate'),
  subject: text('Whom it names'),
  expiresAtMs: instant('When it ends'),
  unfit: nullable(text('Why other hosts cannot be shown it')),
  isOwn: truth('Whether this host made it itself'),
  isInForce: truth('Whether other hosts are shown it'),
});
const SERVER_CHANGES = {
  ...SERVER_FIELDS,
  certificate: name('Thumbprint of an installed certificate that other hosts are shown, or "own"'),
  peerPort: nullable(Type.Integer({ minimum: 1, maximum: 65_535, description: 'Port that peers connect to; null for that of the configuration' })),
  force: truth('Show a certificate of another key although a paired host cannot be told of it now'),
};
export const SERVER_CHANGE = Type.Partial(Type.Object(SERVER_CHANGES), { title: 'ServerChange', additionalProperties: false });

export const EVENT_VIEW = view('Event', {
  id: whole('Grows from event to event'),
  atMs: instant('When'),
  number: nullable(whole('Hyper-V\'s number of the event, where it has one')),
  severity: oneOf(['information', 'warning', 'error'], 'How bad it is'),
  machine: nullable(text('Name of the virtual machine')),
  message: text('What happened'),
  hint: nullable(text('What to do; null when there is nothing to do')),
});

export const ROLE = oneOf(['viewer', 'operator', 'administrator'], 'What the user may do');
export const USER_VIEW = view('User', { name: text('Name of the user'), role: ROLE });

export const CERTIFICATE_VIEW = view('Certificate', {
  user: text('The user that it stands for'),
  fingerprint: text('SHA-256 of the certificate'),
  subject: text('Whom the certificate names'),
  expiresAtMs: instant('When it ends'),
});

export const AUDIT_VIEW = view('AuditEntry', {
  atMs: instant('When'),
  who: text('The user'),
  from: text('The address that the user came from'),
  operation: text('What was asked for'),
  subject: nullable(text('The machine, host or user that it was about')),
  outcome: text('"done", or why not'),
});

export const CALLER_VIEW = view('Caller', { name: text('Name of the user'), role: ROLE, from: text('Address that the request came from') });

export const HOST_STATUS = view('HostStatus', {
  host: HOST_VIEW,
  machines: Type.Array(MACHINE_VIEW),
  relationships: Type.Array(RELATIONSHIP_VIEW),
  jobs: Type.Array(JOB_VIEW),
});

export const ERROR_VIEW = view('Error', {
  error: Type.Object({
    code: text('"refused", "request-invalid", "route-unknown", "busy", "bug", or a row of the fault table'),
    message: text('What happened'),
    hint: text('What to do'),
    allowed: Type.Optional(Type.Array(Type.String(), { description: 'For "refused": the operations that are allowed now' })),
    field: Type.Optional(text('For "request-invalid": the field that is wrong')),
    id: Type.Optional(text('For "bug": the id under which the log has it')),
  }),
});
export type ErrorView = Static<typeof ERROR_VIEW>;

export type SchemasAreTheViews = All<
  [
    Same<typeof MACHINE_VIEW, views.MachineView>,
    Same<typeof FAILOVER_NETWORK_VIEW, views.FailoverNetworkView>,
    Same<typeof POINT_VIEW, views.PointView>,
    Same<typeof JOB_VIEW, views.JobView>,
    Same<typeof HOST_VIEW, views.HostView>,
    Same<typeof AUTHORIZATION_VIEW, views.AuthorizationView>,
    Same<typeof SERVER_VIEW, views.ServerView>,
    Same<typeof SERVER_CHANGE, views.ServerChange>,
    Same<typeof SERVER_CERTIFICATE_VIEW, views.ServerCertificateView>,
    Same<typeof EVENT_VIEW, views.EventView>,
    Same<typeof USER_VIEW, access.UserView>,
    Same<typeof CERTIFICATE_VIEW, access.CertificateView>,
    Same<typeof AUDIT_VIEW, access.AuditView>,
    Same<typeof CALLER_VIEW, Omit<access.Caller, 'language'>>,
    Same<typeof HOST_STATUS, HostStatus>,
  ]
>;
