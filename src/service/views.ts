/** What people and programs see of a host: plain JSON, the same for the API, the command line and the page. */

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
  /** Extensions: cycle interval below 30 s for tests, spacing of recovery points, budget of the fleecing file, demotion policy. */
  additional: {
    cycleIntervalMs?: number;
    pointIntervalSeconds?: number;
    compressionLevel?: number;
    fleecingBudgetMiB?: number;
    demotion?: 'pause' | 'stop';
    resynchronization?: 'automatic' | 'manual';
  };
}

export interface RelationshipView {
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
  nextCycleAtMs: number | null;
  /** When the initial replication, or the resynchronization, begins by itself, as somebody chose. */
  startsAtMs: number | null;
  /** What its work waits for now, in words: a moment, a window, its turn. */
  waitingFor: string | null;
  points: number;
  epoch: { number: number; id: string };
  settings: SettingsView;
  /** The operations that are allowed now. */
  allowed: string[];
  /** What to do next, in words; empty when nothing needs doing. */
  advice: string;
  /** The last failure that has not been made good since. */
  lastFault: { code: string; message: string; hint: string; atMs: number } | null;
}

export interface PointView {
  id: string;
  sequence: number;
  kind: 'standard' | 'application-consistent' | 'planned' | 'divergence';
  instantMs: number;
  sizeBytes: number;
  newest: boolean;
  name: string | null;
}

export interface JobView {
  id: string;
  kind: string;
  machine: string | null;
  state: 'running' | 'completed' | 'failed' | 'cancelled';
  percent: number;
  step: string;
  startedAtMs: number;
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

export interface EventView {
  id: number;
  atMs: number;
  number: number | null;
  severity: 'information' | 'warning' | 'error';
  machine: string | null;
  message: string;
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
}
