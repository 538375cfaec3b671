/** What people and programs see of a relationship. */

import type { PointView } from './views.ts';

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

export interface FindingView {
  /** 'refuse' stops the operation, 'force' needs --force, 'advice' does not stop anything. */
  severity: 'refuse' | 'force' | 'advice';
  subject: string;
  message: string;
  cure: string;
}
