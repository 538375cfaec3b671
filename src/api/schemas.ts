/**
 * The JSON of the API: one schema per view of service/views.ts. `Same` makes the compiler refuse a schema that is not
 * exactly its view.
 */
import { Type, type Static, type TSchema } from '@fastify/type-provider-typebox';
import { HEALTH_LIMITS, LIMIT_NAMES } from '../health/limits.ts';
import type * as views from '../service/views.ts';
import type { EnablePlan, HostStatus } from '../service/operations.ts';

const NAME_CHARACTERS = 256;
const PATH_CHARACTERS = 4_096;

export const name = (description: string) => Type.String({ minLength: 1, maxLength: NAME_CHARACTERS, description });
export const path = (description: string) => Type.String({ minLength: 1, maxLength: PATH_CHARACTERS, description });
const text = (description: string) => Type.String({ description });
const whole = (description: string) => Type.Integer({ description });
const truth = (description: string) => Type.Boolean({ description });
const instant = (description: string) => Type.Number({ description: `${description}, in milliseconds since 1970` });
const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
/** The title becomes the schema's name in the OpenAPI document. Views may gain fields, so only requests are closed. */
const view = <P extends Record<string, TSchema>>(title: string, properties: P, description?: string) => Type.Object(properties, { title, ...(description === undefined ? {} : { description }) });

export const oneOf = <const T extends readonly string[]>(values: T, description: string) =>
  Type.Unsafe<T[number]>({ type: 'string', enum: [...values], description });

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

export const MACHINE_DETAIL = Type.Object({ ...MACHINE_VIEW.properties, definition: Type.Unknown({ description: 'The whole definition of the machine' }) }, { title: 'MachineDetail' });

const DISKS = Type.Array(Type.String({ minLength: 1, maxLength: 10 }), { maxItems: 64, description: 'Names of the disks that are replicated' });

const BANDWIDTH = Type.Array(
  Type.Object(
    { from: Type.Optional(Type.String({ maxLength: 5, description: 'Time of day, "08:00"; without it and "until" all day' })), until: Type.Optional(Type.String({ maxLength: 5, description: 'Time of day; before "from": across midnight' })), mbitPerSecond: Type.Number({ description: 'Mbit/s' }) },
    { title: 'BandwidthRule', additionalProperties: false },
  ),
  { maxItems: 24, description: 'Limits of what may leave, by time of day; of those that are open the lowest counts' },
);

const ADDITIONAL = Type.Object(
  {
    cycleIntervalMs: Type.Optional(whole('Cycle interval below 30 s, for tests and demanding machines; takes the place of intervalSeconds')),
    pointIntervalSeconds: Type.Optional(whole('Spacing of the recovery points that are kept; 3,600 when absent')),
    compressionLevel: Type.Optional(whole('zstd level')),
    fleecingBudgetMiB: Type.Optional(whole('Old data that may be kept aside for one cycle, over all disks')),
    commitAfterSeconds: Type.Optional(whole('A failover that nobody has committed by then commits itself: 60 to 2,592,000; never for 0, or when absent')),
    demotion: Type.Optional(oneOf(['pause', 'stop'], 'What happens to a guest that runs without the right to')),
    bandwidth: Type.Optional(BANDWIDTH),
    resynchronization: Type.Optional(oneOf(['automatic', 'manual'], 'Whether a resynchronization that is required begins by itself, or only when somebody asks; "automatic" when absent')),
  },
  { title: 'AdditionalSettings', additionalProperties: false, description: 'Settings that CIM has no property for' },
);

const RESYNCHRONIZATION_WINDOW = Type.Object(
  { fromSeconds: whole('Seconds after the host\'s midnight: 0 to 86,399'), untilSeconds: whole('The same; before "fromSeconds": across midnight') },
  { title: 'DailyWindow', additionalProperties: false, description: 'When a resynchronization that is required begins by itself; null: as soon as it is required' },
);

const SETTINGS_FIELDS = {
  intervalSeconds: whole('Seconds from cycle to cycle: 30, 300 or 900'),
  compression: truth('Whether what travels is compressed when that pays'),
  disks: DISKS,
  recoveryHistory: whole('Recovery points kept besides the newest: 0 to 24'),
  applicationConsistentHours: whole('Hours between application-consistent points: 1 to 12, 0 for none; only with a recovery history'),
  replicateHostItems: truth('Whether the guest is told which host it runs on'),
  bypassProxy: truth('Whether the two hosts reach each other past their proxies'),
  resynchronizationWindow: nullable(RESYNCHRONIZATION_WINDOW),
  additional: ADDITIONAL,
};
export const SETTINGS_VIEW = view('Settings', SETTINGS_FIELDS, 'How it is replicated');
export const SETTINGS_CHANGE = Type.Partial(Type.Object(SETTINGS_FIELDS), { title: 'SettingsChange', additionalProperties: false });

const LAST_CYCLE = view('Cycle', {
  pointId: text('The recovery point that it made'),
  finishedAtMs: instant('When the other host acknowledged it'),
  durationMs: Type.Number({ description: 'How long it took' }),
  bytesChanged: whole('Bytes of the clusters that had changed'),
  bytesShipped: whole('Bytes that travelled'),
}, 'The newest cycle that was acknowledged');

const LAST_RESYNCHRONIZATION = view('LastResynchronization', {
  pointId: text('The recovery point that it made'),
  finishedAtMs: instant('When the other host acknowledged it'),
  durationMs: Type.Number({ description: 'How long it took, waiting included' }),
  bytesCompared: whole('Bytes of the disks'),
  comparingMs: Type.Number({ description: 'How long reading and comparing them took' }),
  bytesChanged: whole('Bytes of the clusters that differed or were written meanwhile'),
  bytesShipped: whole('Bytes that travelled'),
}, 'The last resynchronization that ended in a recovery point');

const POINT_KINDS = ['standard', 'application-consistent', 'planned', 'divergence'] as const;

const LAST_FAULT = view('LastFault', {
  code: text('Row of the fault table'),
  message: text('What happened'),
  hint: text('What to do'),
  atMs: instant('When'),
}, 'The last failure that has not been made good since');

export const RELATIONSHIP_VIEW = view('Relationship', {
  id: text('Id of the relationship, the same on both hosts; it can stand in the place of the machine in a path'),
  kind: oneOf(['simple', 'extended'], 'In the middle of a chain a machine has one of each: the simple one, and the one by which it is sent on to a third host'),
  machineId: text('UUID of the virtual machine'),
  machine: text('Name of the virtual machine'),
  side: oneOf(['primary', 'replica'], 'What this host is in the relationship'),
  peer: text('Name of the other host'),
  peerConnected: truth('Whether the other host is connected now'),
  state: whole('State as CIM numbers it (Msvm_ReplicationRelationship.ReplicationState), 0 to 21'),
  stateName: text('State in words'),
  health: oneOf(['ok', 'warning', 'critical', 'none'], 'Health; "none" while nothing replicates'),
  healthReasons: Type.Array(text('One reason'), { description: 'Why the health is not ok' }),
  lagMs: nullable(Type.Number({ description: 'How far the replica is behind, now; null before the first recovery point' })),
  lastCycle: nullable(LAST_CYCLE),
  lastResynchronization: nullable(LAST_RESYNCHRONIZATION),
  lastKind: nullable(oneOf(POINT_KINDS, 'Kind of the newest recovery point')),
  lastConsistentAtMs: nullable(instant('The point in time of the last application-consistent recovery point')),
  nextCycleAtMs: nullable(instant('When the next cycle is due')),
  startsAtMs: nullable(instant('When the initial replication, or the resynchronization, begins by itself, as somebody chose')),
  waitingFor: nullable(text('What its work waits for now, in words: a moment, a window, its turn')),
  points: whole('Number of recovery points'),
  commitsAtMs: nullable(instant('When the failover commits itself; null when it does not')),
  lastTestAtMs: nullable(instant('When a test failover was last made on this host; null before the first')),
  epoch: Type.Object({ number: whole('Grows with every failover'), id: text('Random id') }, { description: 'Who may run the guest' }),
  settings: SETTINGS_VIEW,
  allowed: Type.Array(text('One operation'), { description: 'The operations that are allowed now' }),
  advice: text('What to do next, in words; empty when nothing needs doing'),
  lastFault: nullable(LAST_FAULT),
});

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
const ISSUE_VIEW = view('Issue', {
  rule: text('Name of the rule that holds: see docs/generated/health.md'),
  severity: oneOf(['critical', 'warning', 'advice'], 'Advice does not change the health'),
  message: text('What it means'),
  hint: text('What to do'),
});

const INTERVAL_FIELDS = {
  sinceMs: nullable(instant('When counting began')),
  untilMs: instant('Until when it was counted'),
  cycles: whole('Cycles that became recovery points'),
  missedCycles: whole('Intervals that passed without a cycle of their own'),
  bytes: whole('Bytes of all cycles: sent by a primary, kept by a replica'),
  averageBytes: nullable(whole('Per cycle; null before the first')),
  maxBytes: whole('Of the largest cycle'),
  averageLatencyMs: nullable(whole('Per cycle: from its start (primary) or its point in time (replica) to the recovery point')),
  maxLatencyMs: whole('Of the slowest cycle'),
  errors: whole('Attempts that failed'),
  networkFailures: whole('Of those, for the network'),
  otherFailures: whole('Of those, for another cause'),
  consistencyFailures: whole('Application-consistent points that came out crash-consistent'),
};

export const HEALTH_VIEW = view('Health', {
  id: text('Id of the relationship'),
  kind: oneOf(['simple', 'extended'], 'The extended one sends a replica on to a third host'),
  machineId: text('UUID of the virtual machine'),
  machine: text('Name of the virtual machine'),
  side: oneOf(['primary', 'replica'], 'What this host is in the relationship'),
  state: whole('State as CIM numbers it'),
  stateName: text('State in words'),
  health: oneOf(['ok', 'warning', 'critical', 'none'], 'The worst of the issues'),
  issues: Type.Array(ISSUE_VIEW, { description: 'The rules that hold now, the worst first' }),
  primaryHost: text('Name of the primary'),
  replicaHost: text('Name of the replica\'s host'),
  runsOn: text('The host whose guest is the machine now'),
  present: view('StatisticsInterval', INTERVAL_FIELDS, 'Counted in the present monitoring interval, or since the last reset'),
  previous: nullable(view('StatisticsInterval', INTERVAL_FIELDS, 'Counted in the monitoring interval before')),
  nextIntervalMs: instant('When the next monitoring interval begins'),
  lagMs: nullable(Type.Number({ description: 'How far the replica is behind, now' })),
  lastSynchronizedMs: nullable(instant('The point in time of the newest recovery point: what came after it would be lost')),
  pendingBytes: nullable(whole('Bytes that are yet to be replicated, at most; null when nobody can tell')),
  pendingKnownMs: nullable(instant('When that was known')),
  disksBytes: whole('Size of the replicated disks: what an initial replication reads'),
  lastConsistentMs: nullable(instant('The newest application-consistent recovery point on this host')),
  testCopy: nullable(text('Name of the test failover\'s copy, while there is one')),
  lastTestMs: nullable(instant('When a test failover was last made here')),
  lastFault: nullable(LAST_FAULT),
});

export const DIAGNOSIS_VIEW = view('Diagnosis', {
  host: text('The host that ran the checks'),
  atMs: instant('When'),
  findings: Type.Array(
    view('DoctorFinding', {
      check: text('Name of the check: see docs/generated/doctor.md'),
      practice: nullable(whole('Number of the practice that Hyper-V has for it, 37 to 54')),
      severity: oneOf(['critical', 'warning', 'advice'], 'How bad it is'),
      host: text('The host that it is about'),
      machine: nullable(text('The virtual machine that it is about')),
      message: text('What was found'),
      meaning: text('What that means'),
      cure: text('What to do'),
    }),
    { description: 'The worst first' },
  ),
  checks: Type.Array(view('DoctorCheck', { check: text('Name of the check'), practice: nullable(whole('Number of the practice')), title: text('What it looks for'), fired: whole('How often it fired') })),
});

export const HEALTH_LIMITS_VIEW = Type.Unsafe<views.HealthLimitsView>(view('HealthLimits', Object.fromEntries(LIMIT_NAMES.map((limit) => [limit, whole(HEALTH_LIMITS[limit].meaning)]))));

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

export const FINDING_VIEW = view('Finding', {
  severity: oneOf(['refuse', 'force', 'advice'], '"refuse" stops the operation, "force" needs --force, "advice" stops nothing'),
  subject: text('What was looked at'),
  message: text('What was found'),
  cure: text('What to do about it'),
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

export const ENABLE_PLAN = view('EnablePlan', {
  settings: SETTINGS_VIEW,
  findings: Type.Array(FINDING_VIEW),
  advice: Type.Array(Type.String()),
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

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Assignable<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
type Same<S extends TSchema, View> = Equal<keyof Static<S>, keyof View> extends true ? Assignable<Static<S>, View> : false;
type All<T extends readonly true[]> = T;
export type SchemasAreTheViews = All<
  [
    Same<typeof MACHINE_VIEW, views.MachineView>,
    Same<typeof SETTINGS_VIEW, views.SettingsView>,
    Same<typeof RELATIONSHIP_VIEW, views.RelationshipView>,
    Same<typeof FAILOVER_NETWORK_VIEW, views.FailoverNetworkView>,
    Same<typeof HEALTH_VIEW, views.HealthView>,
    Same<typeof DIAGNOSIS_VIEW, views.DiagnosisView>,
    Same<typeof HEALTH_LIMITS_VIEW, views.HealthLimitsView>,
    Same<typeof POINT_VIEW, views.PointView>,
    Same<typeof JOB_VIEW, views.JobView>,
    Same<typeof HOST_VIEW, views.HostView>,
    Same<typeof FINDING_VIEW, views.FindingView>,
    Same<typeof AUTHORIZATION_VIEW, views.AuthorizationView>,
    Same<typeof SERVER_VIEW, views.ServerView>,
    Same<typeof SERVER_CHANGE, views.ServerChange>,
    Same<typeof SERVER_CERTIFICATE_VIEW, views.ServerCertificateView>,
    Same<typeof EVENT_VIEW, views.EventView>,
    Same<typeof USER_VIEW, views.UserView>,
    Same<typeof CERTIFICATE_VIEW, views.CertificateView>,
    Same<typeof AUDIT_VIEW, views.AuditView>,
    Same<typeof CALLER_VIEW, views.Caller>,
    Same<typeof HOST_STATUS, HostStatus>,
    Same<typeof ENABLE_PLAN, EnablePlan>,
  ]
>;
