/** What a host in memory shows of itself: its tables, health, and an overview without hosts that answer. */
import type { HealthView } from '../../src/service/healthviews.ts';
import type { RelationshipView, SettingsView } from '../../src/service/relationshipviews.ts';
import type { EventView, HostView, MachineView, OverviewView } from '../../src/service/views.ts';

export const DEFAULTS: SettingsView = { intervalSeconds: 300, compression: true, disks: ['vda'], recoveryHistory: 0, applicationConsistentHours: 0, replicateHostItems: true, bypassProxy: false, resynchronizationWindow: null, additional: {} };
export const STATE_NAMES: Record<number, string> = { 1: 'Ready for initial replication', 2: 'Initial replication in progress', 3: 'Replicating', 4: 'Prepared for planned failover', 5: 'Failed over, not committed', 6: 'Failed over, committed', 7: 'Suspended', 9: 'Resynchronization required', 10: 'Resynchronizing' };
export const ALLOWED: Record<number, string[]> = { 1: ['start-replication', 'disable'], 2: ['stop-initial', 'initiate-failback'], 3: ['suspend', 'cycle', 'test', 'failover', 'disable'], 4: ['cancel-failover', 'failover'], 5: ['commit', 'revert', 'reverse'], 6: ['reverse', 'failback'], 7: ['resume', 'disable'], 9: ['resynchronize'], 10: ['suspend', 'cancel-resynchronization'] };

export const NOW_MS = 1_700_000_000_000;
const NOTHING: HealthView['present'] = { sinceMs: NOW_MS, untilMs: NOW_MS, cycles: 0, missedCycles: 0, bytes: 0, averageBytes: null, maxBytes: 0, averageLatencyMs: null, maxLatencyMs: 0, errors: 0, networkFailures: 0, otherFailures: 0, consistencyFailures: 0 };

export const healthOf = ({ machineId, machine, side, peer, state, stateName, health, healthReasons, lagMs, lastFault }: RelationshipView): HealthView => ({
  id: machineId, kind: 'simple', machineId, machine, side, state, stateName, health, issues: healthReasons.map((message) => ({ rule: 'late', severity: 'warning', message, hint: 'Look at the network.' })),
  primaryHost: 'alpha', replicaHost: peer, runsOn: 'alpha', present: NOTHING, previous: null, nextIntervalMs: NOW_MS, lagMs, lastSynchronizedMs: lagMs === null ? null : NOW_MS - lagMs,
  pendingBytes: 65_536, pendingKnownMs: NOW_MS, disksBytes: 1_073_741_824, lastConsistentMs: null, testCopy: null, lastTestMs: null, lastFault,
});

export const overviewOf = ({ id, name }: HostView, machines: readonly MachineView[], atMs: number): OverviewView => ({
  atMs,
  hosts: [{ id, name, self: true, connected: true, asOfMs: atMs, isCurrent: true, failure: null, version: '0.1.0', pageUrl: null, omitted: 0 }],
  machines: machines.map((machine) => ({ id: machine.id, name: machine.name, isProtected: false, sides: [{ hostId: id, host: name, isCurrent: true, role: machine.role, power: machine.power, relationships: [] }] })),
});

const SEVERITIES: readonly EventView['severity'][] = ['information', 'warning', 'error'];

export const isSuch = (event: EventView, machine: string | undefined, severity: EventView['severity']): boolean =>
  (machine === undefined || event.machine === machine) && SEVERITIES.indexOf(event.severity) >= SEVERITIES.indexOf(severity);
