/** Use cases of looking back: a relationship's past for a chart, and what was achieved over a period. */
import { pieceUntil } from '../engine/chronicle.ts';
import type { EndedRelationship } from '../engine/ports/history.ts';
import { Fault } from '../errors/fault.ts';
import { reasonsOf } from '../health/health.ts';
import { inLanguage } from '../language/domain.ts';
import { clipped, objectiveMs } from '../history/piece.ts';
import type { Recovery } from '../history/recovery.ts';
import { ceilTo, floorTo, KEPT_MS, unitAt } from '../history/retention.ts';
import { bucketed, rasterOf, totalOf, type Past, type Raster } from '../history/series.ts';
import { lagWithin, meanLagMs, type Slot } from '../history/slot.ts';
import { say } from '../language/text.ts';
import type { Machine, Relationship } from '../machine/records.ts';
import { kindOf } from '../relationship/chain.ts';
import { cycleIntervalMs } from '../relationship/settings.ts';
import { audited, relationshipNamed, type Context } from './context.ts';
import { judgementOf } from './health.ts';
import type { HistoryRequest, Operations, ReportRequest } from './operations.ts';
import type { HistoryBucketView, HistoryView, RecoveryView, ReportRowView, ReportView } from './historyviews.ts';
import { DAY_MS } from '../language/lengths.ts';

type HistoryOperations = Pick<Operations, 'history' | 'report'>;

const DEFAULT_BUCKETS = 200;
const DEFAULT_REPORT_MS = 30 * DAY_MS;
/** Reading takes a moment for each; others are answered after so many. */
const ROWS_AT_ONCE = 20;

export function historyOperations(context: Context): HistoryOperations {
  return {
    history: (caller, machine, request) => audited(context, caller, 'viewer', 'history', machine, (context) => historyView(context, relationshipNamed(context, machine), request)),
    report: (caller, request) => audited(context, caller, 'viewer', 'report', null, (context) => reportView(context, request)),
  };
}

/** Nothing is known of what has not been, nor of what is too long ago. */
function periodOf(nowMs: number, { fromMs, untilMs = nowMs }: ReportRequest, lengthMs: number): { fromMs: number; untilMs: number } {
  const until = Math.min(untilMs, nowMs);
  const from = Math.max(fromMs ?? until - lengthMs, nowMs - KEPT_MS);
  if (from >= until) throw new Fault('settings-invalid', say('the period from {from} to {until} is empty: it has to begin before it ends and before now, and to end within the last 400 days', { from: iso(fromMs ?? from), until: iso(untilMs) }));
  return { fromMs: from, untilMs: until };
}

/** Any number may have been sent. */
const iso = (ms: number): string => (Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : String(ms));

/** With what has not ended yet. */
function pastOf({ engine: { host } }: Context, relationship: Relationship, { fromMs, untilMs }: Pick<Raster, 'fromMs' | 'untilMs'>, unitMs: number, nowMs: number): Past {
  const { pieces, stretches } = host.state.history.past(relationship.id, fromMs, untilMs, unitMs);
  const open = clipped(pieceUntil(relationship, nowMs), fromMs, untilMs);
  return { pieces: open ? [...pieces, open] : pieces, stretches };
}

function historyView(context: Context, relationship: Relationship, { buckets = DEFAULT_BUCKETS, ...request }: HistoryRequest): HistoryView {
  const { host } = context.engine;
  const nowMs = host.clock.nowMs();
  const intervalMs = cycleIntervalMs(relationship.settings);
  const raster = rasterOf({ ...periodOf(nowMs, request, DAY_MS), buckets }, nowMs, intervalMs);
  const slots = bucketed(raster, pastOf(context, relationship, raster, raster.bucketMs, nowMs));
  return {
    id: relationship.id, kind: kindOf(relationship), machineId: relationship.machineId, machine: host.state.machine(relationship.machineId)?.name ?? relationship.machineId,
    ...raster, intervalMs, objectiveMs: objectiveMs(intervalMs),
    buckets: slots.map((slot, index) => bucketView(raster.fromMs + index * raster.bucketMs, slot)),
    recoveries: host.state.history.recoveries(relationship.id, raster.fromMs, raster.untilMs).map(recoveryView),
  };
}

const whole = (value: number | null): number | null => (value === null ? null : Math.round(value));
const perCycle = ({ tookMs, cycles }: Slot): number | null => (cycles === 0 ? null : Math.round(tookMs / cycles));

const bucketView = (fromMs: number, slot: Slot): HistoryBucketView => ({
  fromMs, cycles: slot.cycles, missed: slot.missed, maxLagMs: whole(slot.maxLagMs), meanLagMs: whole(meanLagMs(slot)), bytesChanged: slot.bytesChanged, bytesShipped: slot.bytesShipped, durationMs: perCycle(slot), unprotectedMs: Math.round(slot.bareMs),
});

const recoveryView = ({ id, kind, askedMs, pointId, pointInstantMs, lostMs, recoveryMs, startedMs }: Recovery): RecoveryView => ({ id, kind, askedAtMs: askedMs, pointId, pointInstantMs, lostMs, recoveryMs, startedAtMs: startedMs });

async function reportView(context: Context, request: ReportRequest): Promise<ReportView> {
  const { host } = context.engine;
  const nowMs = host.clock.nowMs();
  const period = periodOf(nowMs, request, DEFAULT_REPORT_MS);
  const machines = new Map(host.state.machines().map((machine) => [machine.id, machine]));
  const rows: ReportRowView[] = [];
  for (const relationship of host.state.relationships()) {
    rows.push(presentRow(context, relationship, machines.get(relationship.machineId)!, period, nowMs));
    if (rows.length % ROWS_AT_ONCE === 0) await host.clock.sleep(0);
  }
  for (const ended of host.state.history.ended(period.fromMs)) {
    const bounds = bounded(period, nowMs, ended.intervalMs);
    const row = rowOf(context, ended, totalOf(host.state.history.past(ended.id, bounds.fromMs, bounds.untilMs, DAY_MS)), period);
    if (row.knownMs > 0) rows.push(row);
  }
  return { host: host.hostName, madeAtMs: nowMs, ...period, relationships: rows.sort((left, right) => left.machine.localeCompare(right.machine, 'en') || left.kind.localeCompare(right.kind, 'en')) };
}

/** What is long ago is known by whole hours, or days. */
const bounded = ({ fromMs, untilMs }: { fromMs: number; untilMs: number }, nowMs: number, intervalMs: number) => ({
  fromMs: floorTo(fromMs, unitAt(fromMs, nowMs, intervalMs)), untilMs: Math.min(nowMs, ceilTo(untilMs, unitAt(untilMs, nowMs, intervalMs))),
});

function presentRow(context: Context, relationship: Relationship, machine: Machine, period: { fromMs: number; untilMs: number }, nowMs: number): ReportRowView {
  const { host } = context.engine;
  const peer = host.peerName(relationship.peerId);
  const intervalMs = cycleIntervalMs(relationship.settings);
  const total = totalOf(pastOf(context, relationship, bounded(period, nowMs, intervalMs), DAY_MS, nowMs));
  const judgement = judgementOf(context, relationship, machine, peer);
  const { id, machineId, side } = relationship;
  const row = rowOf(context, { id, machineId, machine: machine.name, kind: kindOf(relationship), side, peer, intervalMs, endedMs: 0 }, total, period);
  return { ...row, endedAtMs: null, health: judgement.health, healthReasons: reasonsOf(judgement).map((reason) => inLanguage(reason, context.language)) };
}

function rowOf({ engine: { host } }: Context, of: EndedRelationship, total: Slot, period: { fromMs: number; untilMs: number }): ReportRowView {
  const recoveries = host.state.history.recoveries(of.id, period.fromMs, period.untilMs);
  const tests = recoveries.filter(({ kind }) => kind === 'test');
  return {
    id: of.id, kind: of.kind, machineId: of.machineId, machine: of.machine, side: of.side, peer: of.peer, endedAtMs: of.endedMs, health: 'none', healthReasons: [],
    intervalMs: of.intervalMs, objectiveMs: objectiveMs(of.intervalMs),
    knownMs: Math.round(total.coveredMs + total.bareMs), protectedMs: Math.round(total.coveredMs), unprotectedMs: Math.round(total.bareMs),
    withinObjectivePercent: total.coveredMs === 0 ? null : (100 * total.withinMs) / total.coveredMs,
    lag: { medianMs: whole(lagWithin(total, 0.5)), p95Ms: whole(lagWithin(total, 0.95)), p99Ms: whole(lagWithin(total, 0.99)), worstMs: whole(total.maxLagMs), worstAtMs: total.maxLagAtMs },
    outages: total.outages, cycles: total.cycles, missed: total.missed, resynchronizations: total.resynchronizations, bytesChanged: total.bytesChanged, bytesShipped: total.bytesShipped,
    durationMs: perCycle(total), maxDurationMs: total.cycles === 0 ? null : total.maxTookMs,
    tests: { count: tests.length, lastAtMs: tests.at(-1)?.askedMs ?? null, worstRecoveryMs: worstOf(tests) },
    failovers: recoveries.filter(({ kind }) => kind !== 'test').map(recoveryView),
  };
}

const worstOf = (recoveries: readonly Recovery[]): number | null => recoveries.reduce<number | null>((worst, { recoveryMs }) => (recoveryMs === null ? worst : Math.max(worst ?? 0, recoveryMs)), null);
