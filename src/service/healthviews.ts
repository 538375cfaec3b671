/** What people and programs see of a relationship's health and of what the doctor finds. */

import type { HealthLimit } from '../health/limits.ts';

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
