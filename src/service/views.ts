/** What people and programs see of a host: plain JSON, the same for the API, the command line and the page. */

import type { HealthLimit } from '../health/limits.ts';
import type { Language } from '../language/language.ts';

export interface MachineView {
  id: string;
  name: string;
  /** 'test' is a test failover's copy. */
  role: 'standalone' | 'primary' | 'replica' | 'test';
  power: 'off' | 'running' | 'paused' | 'stopping';
  /** Set when the guest may not be started here now, with the reason. */
  startRefusal: string | null;
  memoryMiB: number;
  cpuCount: number;
  autostart: boolean;
  disks: { name: string; path: string; format: string; sizeBytes: number }[];
  /** Paths of the serial console's and the monitor's sockets on this host. */
  consoleSocket: string | null;
  consoleLog: string | null;
  pid: number | null;
}

export interface SettingsView {
  intervalSeconds: number;
  compression: boolean;
  disks: string[];
  recoveryHistory: number;
  /** Hours between application-consistent points; 0 for none. */
  applicationConsistentHours: number;
  /** Whether the guest is told which host it runs on. */
  replicateHostItems: boolean;
  /** Whether the two hosts reach each other past their proxies. */
  bypassProxy: boolean;
  /** When a resynchronization that is required begins by itself, in seconds after the host's midnight; null: as soon as it is required. */
  resynchronizationWindow: { fromSeconds: number; untilSeconds: number } | null;
  /** Extensions: cycle interval below 30 s for tests, spacing of recovery points, budget of the fleecing file, demotion policy. */
  additional: {
    cycleIntervalMs?: number;
    pointIntervalSeconds?: number;
    compressionLevel?: number;
    fleecingBudgetMiB?: number;
    demotion?: 'pause' | 'stop';
    commitAfterSeconds?: number;
    resynchronization?: 'automatic' | 'manual';
    bandwidth?: { from?: string; until?: string; mbitPerSecond: number }[];
  };
}

export interface RelationshipView {
  /** Names the relationship where its machine has two. */
  id: string;
  /** In the middle of a chain a machine has one of each: the simple one, and the one by which it is sent on to a third host. */
  kind: 'simple' | 'extended';
  machineId: string;
  machine: string;
  side: 'primary' | 'replica';
  peer: string;
  peerConnected: boolean;
  state: number;
  stateName: string;
  health: 'ok' | 'warning' | 'critical' | 'none';
  healthReasons: string[];
  /** How far the replica is behind, now; null before the first recovery point. */
  lagMs: number | null;
  lastCycle: { pointId: string; finishedAtMs: number; durationMs: number; bytesChanged: number; bytesShipped: number } | null;
  /** The last resynchronization that ended in a recovery point. */
  lastResynchronization: { pointId: string; finishedAtMs: number; durationMs: number; bytesCompared: number; comparingMs: number; bytesChanged: number; bytesShipped: number } | null;
  /** Of the newest recovery point, and the instant of the last application-consistent one. */
  lastKind: PointView['kind'] | null;
  lastConsistentAtMs: number | null;
  nextCycleAtMs: number | null;
  /** When the initial replication, or the resynchronization, begins by itself, as somebody chose. */
  startsAtMs: number | null;
  /** What its work waits for now, in words: a moment, a window, its turn. */
  waitingFor: string | null;
  points: number;
  /** When the failover commits itself; null when it does not. */
  commitsAtMs: number | null;
  /** When a test failover was last made here; null before the first. */
  lastTestAtMs: number | null;
  epoch: { number: number; id: string };
  settings: SettingsView;
  /** The operations that are allowed now. */
  allowed: string[];
  /** What to do next, in words; empty when nothing needs doing. */
  advice: string;
  /** The last failure that has not been made good since. */
  lastFault: { code: string; message: string; hint: string; atMs: number } | null;
}

/** One relationship as a host tells of it. Instants are by the clock of the host that shows them. */
export interface RelationshipSummaryView {
  id: string;
  kind: 'simple' | 'extended';
  side: 'primary' | 'replica';
  peer: string;
  state: number;
  stateName: string;
  health: 'ok' | 'warning' | 'critical' | 'none';
  healthReasons: string[];
  /** How far the replica was behind when the host told it; null while there is no lag. */
  lagMs: number | null;
  intervalMs: number;
  lastCycle: { finishedAtMs: number; durationMs: number; bytesShipped: number } | null;
  nextCycleAtMs: number | null;
  points: number;
  advice: string;
}

/** A machine as one host has it. */
export interface MachineSideView {
  hostId: string;
  host: string;
  /** False for what a host told earlier that tells nothing now: `asOfMs` of the host says when. */
  isCurrent: boolean;
  role: MachineView['role'];
  power: MachineView['power'];
  relationships: RelationshipSummaryView[];
}

/** What a host has of machines, and how well that is known here. */
export interface OverviewHostView {
  id: string;
  name: string;
  self: boolean;
  connected: boolean;
  /** When the host told it; null before its first answer. */
  asOfMs: number | null;
  isCurrent: boolean;
  /** Why nothing newer is known. */
  failure: string | null;
  version: string | null;
  /** Of its page, when that can be reached from elsewhere. */
  pageUrl: string | null;
  /** Machines that it left out, because there are too many to tell. */
  omitted: number;
}

/** The machines of this host and of those that it is paired with; one that several hosts have is there once. */
export interface OverviewView {
  atMs: number;
  hosts: OverviewHostView[];
  machines: {
    id: string;
    name: string;
    /** A replica follows it: by what is known, something could be failed over to. */
    isProtected: boolean;
    /** Where it belongs first. */
    sides: MachineSideView[];
  }[];
}

/** Addresses for a guest: each with its prefix length, 192.0.2.10/24. */
export interface FailoverAddressesView {
  protocol: 'unknown' | 'other' | 'ipv4' | 'ipv6' | 'both';
  dhcp: boolean;
  addresses: string[];
  gateways: string[];
  dnsServers: string[];
}

/** What a machine's adapters are like on this host once it has failed over to it. */
export interface FailoverNetworkView {
  machineId: string;
  machine: string;
  guestAgent: boolean;
  /** It came to this host by a failover: its guest gets the addresses when it starts here. */
  hasArrived: boolean;
  adapters: {
    index: number;
    mac: string;
    /** What it is plugged into without a choice: a bridge of this host, "user" or "none". */
    network: string;
    bridge: string | null;
    testBridge: string | null;
    addresses: FailoverAddressesView | null;
  }[];
  outcome: { state: 'waiting' | 'applied' | 'failed'; atMs: number; message: string; hint: string } | null;
}

export interface IssueView {
  rule: string;
  severity: 'critical' | 'warning' | 'advice';
  message: string;
  hint: string;
}

/** What was counted from `sinceMs` to `untilMs`. */
export interface IntervalView {
  sinceMs: number | null;
  untilMs: number;
  cycles: number;
  missedCycles: number;
  bytes: number;
  averageBytes: number | null;
  maxBytes: number;
  averageLatencyMs: number | null;
  maxLatencyMs: number;
  errors: number;
  networkFailures: number;
  otherFailures: number;
  consistencyFailures: number;
}

export interface HealthView {
  /** Of the relationship. */
  id: string;
  kind: 'simple' | 'extended';
  machineId: string;
  machine: string;
  side: 'primary' | 'replica';
  state: number;
  stateName: string;
  health: 'ok' | 'warning' | 'critical' | 'none';
  issues: IssueView[];
  primaryHost: string;
  replicaHost: string;
  runsOn: string;
  present: IntervalView;
  previous: IntervalView | null;
  nextIntervalMs: number;
  lagMs: number | null;
  lastSynchronizedMs: number | null;
  pendingBytes: number | null;
  pendingKnownMs: number | null;
  disksBytes: number;
  lastConsistentMs: number | null;
  testCopy: string | null;
  lastTestMs: number | null;
  lastFault: { code: string; message: string; hint: string; atMs: number } | null;
}

export interface DiagnosisView {
  host: string;
  atMs: number;
  findings: {
    check: string;
    practice: number | null;
    severity: 'critical' | 'warning' | 'advice';
    host: string;
    machine: string | null;
    message: string;
    /** What that means, and what to do. */
    meaning: string;
    cure: string;
  }[];
  checks: { check: string; practice: number | null; title: string; fired: number }[];
}

/** By name: see docs/generated/health.md. */
export type HealthLimitsView = Record<HealthLimit, number>;

/** The last of what a guest wrote on its serial console. */
export interface ConsoleTextView {
  text: string;
  atMs: number | null;
}

/** What the last test failover showed; all null when none has left anything. */
export interface TestResultView {
  atMs: number | null;
  moment: 'booted' | 'ended' | null;
  pointId: string | null;
  hasPicture: boolean;
  text: string;
}

/** What leaves this host for replicas. */
export interface TrafficView {
  transfers: number;
  resynchronizations: number;
  bandwidth: { from?: string; until?: string; mbitPerSecond: number }[];
  /** By the windows that are open now; null for no limit. */
  mbitPerSecondNow: number | null;
  /** Names of the machines that are sent, and that resynchronize, now. */
  transferring: string[];
  resynchronizing: string[];
}

export interface PointView {
  id: string;
  sequence: number;
  kind: 'standard' | 'application-consistent' | 'planned' | 'divergence';
  instantMs: number;
  sizeBytes: number;
  newest: boolean;
  name: string | null;
  /** The last one: good when there is no damage. */
  verification: { atMs: number; clusters: number; uncheckedClusters: number; damage: { disk: string; clusters: number; firstOffsetBytes: number }[] } | null;
}

export interface JobView {
  id: string;
  kind: string;
  machine: string | null;
  state: 'running' | 'completed' | 'failed' | 'cancelled';
  percent: number;
  step: string;
  startedAtMs: number;
  /** The user, or the other host, that asked for it; null for what the host began by itself. */
  startedBy: string | null;
  finishedAtMs: number | null;
  cancellable: boolean;
  error: { code: string; message: string; hint: string; allowed: string[] } | null;
  /** Figures of the finished job, by name (bytesShipped, seconds …). */
  result: { [name: string]: number | string | boolean | null } | null;
}

export interface HostView {
  id: string;
  name: string;
  address: string;
  fingerprint: string;
  self: boolean;
  connected: boolean;
  lastContactMs: number | null;
  certificateExpiresMs: number | null;
}

export interface FindingView {
  /** 'refuse' stops the operation, 'force' needs --force, 'advice' does not stop anything. */
  severity: 'refuse' | 'force' | 'advice';
  subject: string;
  message: string;
  cure: string;
}

export interface AuthorizationView {
  id: string;
  /** A paired host's name, or `*.domain`. */
  host: string;
  storage: string;
  trustGroup: string;
}

/** What is set for the host as a replica server. */
export interface ServerView {
  /** Whether this host takes replicas at all. */
  replicaServer: boolean;
  /** Any paired host may send replicas; otherwise those that authorization entries let in. */
  anyHost: boolean;
  /** Where replicas are kept when no entry says another place. */
  storage: string;
  authentication: 'certificate';
  /** Where peers reach this host. */
  peerAddress: string;
  /** What they are shown. */
  certificate: { thumbprint: string; expiresAtMs: number; isOwn: boolean };
  /** Address of the proxy on the way to other hosts. */
  proxy: string | null;
  /** When the statistics' intervals begin, after the host's midnight, and how long one lasts. */
  monitoringStartSeconds: number;
  monitoringIntervalSeconds: number;
}

/** What is not named stays. */
export interface ServerChange {
  replicaServer?: boolean;
  anyHost?: boolean;
  /** Of any host. */
  storage?: string;
  monitoringStartSeconds?: number;
  monitoringIntervalSeconds?: number;
  /** Thumbprint of an installed certificate that other hosts are shown, or "own". */
  certificate?: string;
  /** Null for that of the configuration. */
  peerPort?: number | null;
  /** A certificate with another key although hosts that cannot be told of it will take this one for a stranger. */
  force?: boolean;
}

export interface ServerCertificateView {
  /** SHA-1 of the certificate, as Windows names it. */
  thumbprint: string;
  /** SHA-256 of it. */
  fingerprint: string;
  subject: string;
  expiresAtMs: number;
  /** Why other hosts cannot be shown it. */
  unfit: string | null;
  /** This host made it itself. */
  isOwn: boolean;
  /** Other hosts are shown it. */
  isInForce: boolean;
}

export interface EventView {
  id: number;
  atMs: number;
  number: number | null;
  severity: 'information' | 'warning' | 'error';
  machine: string | null;
  message: string;
  /** What to do; null when there is nothing to do. */
  hint: string | null;
}

/** When notifications are told. */
export interface NotificationSettingsView {
  /** How long a change must hold before it is told. */
  delaySeconds: number;
  /** After how long what is still bad is told again; 0 for never. */
  repeatSeconds: number;
}

/** Who is told. Secrets are never shown. */
export interface NotificationTargetView {
  id: string;
  name: string;
  kind: 'webhook' | 'mail';
  minimum: 'warning' | 'critical';
  enabled: boolean;
  /** The mail address; of a webhook its origin only, since such URLs are keys themselves. */
  address: string;
  from: string | null;
  signed: boolean;
  /** Names of the headers that are sent along. */
  headers: string[];
  /** It is trusted by an authority of its own, too. */
  ownAuthority: boolean;
  state: 'disabled' | 'untried' | 'working' | 'retrying' | 'failing';
  /** Notifications that wait for it. */
  waiting: number;
  lastSuccessAtMs: number | null;
  lastFailure: { code: string; message: string; hint: string; atMs: number } | null;
}

export interface NotificationsView extends NotificationSettingsView {
  targets: NotificationTargetView[];
}

export interface NotificationTargetChange {
  name?: string;
  minimum?: 'warning' | 'critical';
  enabled?: boolean;
  /** Of a webhook. Null takes a secret or an authority away. */
  url?: string;
  secret?: string | null;
  headers?: { [name: string]: string };
  authority?: string | null;
  /** Of mail. */
  address?: string;
  from?: string | null;
}

export interface NotificationTargetRequest extends NotificationTargetChange {
  kind: 'webhook' | 'mail';
}

export interface UserView {
  name: string;
  role: Role;
}

export interface CertificateView {
  user: string;
  fingerprint: string;
  subject: string;
  expiresAtMs: number;
}

export type Role = 'viewer' | 'operator' | 'administrator';

export interface AuditView {
  atMs: number;
  who: string;
  from: string;
  operation: string;
  subject: string | null;
  outcome: string;
}

/** Who asks. The unix socket's local root is an administrator. */
export interface Caller {
  readonly name: string;
  readonly role: Role;
  readonly from: string;
  /** What the caller reads; English when absent. */
  readonly language?: Language;
}
