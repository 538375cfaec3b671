/** What people and programs see of a host, its machines, recovery points and jobs: plain JSON, the same for the API, the command line and the page. */

import type { RelationshipSummaryView } from './relationshipviews.ts';

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
