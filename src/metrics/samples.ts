/** What the state and the counters say now, as samples of the families. */
import { lastCycleOf } from '../engine/roster/roster.ts';
import { cycleIntervalMs } from '../relationship/settings.ts';
import { lagMsOf, type Health } from '../health/health.ts';
import { objectiveMs } from '../history/piece.ts';
import { missedCycles } from '../health/statistics.ts';
import type { Machine, Relationship } from '../machine/records.ts';
import { isFailing } from '../notifier/courier.ts';
import { kindOf } from '../relationship/chain.ts';
import { newestOf } from '../relationship/epoch.ts';
import { stateName } from '../relationship/state.ts';
import { judgementOf } from '../service/health.ts';
import { hostView, selfView } from '../service/presenting.ts';
import type { Context } from '../service/context.ts';
import type { Counters } from './counters.ts';
import { labelsText, type Exposition, type Labels } from './exposition.ts';
import { CYCLE_BUCKETS, FAMILIES, type FamilyName } from './families.ts';

const HEALTHS: readonly Health[] = ['ok', 'warning', 'critical', 'none'];
const RESYNCHRONIZING = 10;

/** Adds samples: nothing for a value that is not known. */
class Samples {
  readonly #exposition: Exposition;

  constructor(exposition: Exposition) {
    this.#exposition = exposition;
    for (const [name, { type, help }] of Object.entries(FAMILIES)) exposition.begin({ name, type, help });
  }

  add(family: FamilyName, labels: Labels | string, value: number | null | undefined): void {
    if (value !== null && value !== undefined) this.#exposition.add(family, typeof labels === 'string' ? labels : labelsText(labels), value);
  }

  seconds(family: FamilyName, labels: Labels | string, ms: number | null | undefined): void {
    this.add(family, labels, ms === null || ms === undefined ? null : ms / 1_000);
  }

  histogram(family: FamilyName, labels: Labels, { buckets, sum, count }: { readonly buckets: readonly number[]; readonly sum: number; readonly count: number }): void {
    for (const [at, bound] of CYCLE_BUCKETS.entries()) this.#exposition.add(family, labelsText({ ...labels, le: Number.isInteger(bound) ? `${bound}.0` : String(bound) }), buckets[at]!, `${family}_bucket`);
    this.#exposition.add(family, labelsText({ ...labels, le: '+Inf' }), count, `${family}_bucket`);
    this.#exposition.add(family, labelsText(labels), sum, `${family}_sum`);
    this.#exposition.add(family, labelsText(labels), count, `${family}_count`);
  }
}

/** Everything of this program, read in one go; `running`: the guests that run. */
export function sample(context: Context, counters: Counters, exposition: Exposition, running: readonly string[]): void {
  const samples = new Samples(exposition);
  const { host } = context.engine;
  samples.add('understudy_build_info', { version: host.version, host: host.hostName, host_id: host.hostId }, 1);
  const relationships = host.state.relationships();
  sampleRelationships(context, counters, samples, relationships);
  for (const [cycle, durations] of counters.durations) samples.histogram('understudy_cycle_duration_seconds', { cycle }, durations);
  sampleJobs(context, counters, samples);
  samples.add('understudy_guests_running', '', running.length);
  samples.add('understudy_guests_frozen', '', relationships.filter(({ standsStillSinceMs }) => (standsStillSinceMs ?? null) !== null).length);
  samplePeers(context, samples, relationships);
  sampleStorages(context, samples);
  sampleDoors(counters, samples);
  sampleNotifications(context, counters, samples);
}

function sampleRelationships(context: Context, counters: Counters, samples: Samples, relationships: readonly Relationship[]): void {
  const { state } = context.engine.host;
  const machines = new Map(state.machines().map((machine) => [machine.id, machine]));
  const peers = new Map(context.hosts.list().map(({ hostId, name }) => [hostId, name]));
  const points = state.pointFigures();
  const labels = new Map<string, Labels>();
  counters.keepOnly(new Set(relationships.map(({ id }) => id)));
  for (const relationship of relationships) {
    const machine = machines.get(relationship.machineId);
    if (!machine) continue;
    const of = { machine: machine.name, peer: peers.get(relationship.peerId) ?? relationship.peerId, kind: kindOf(relationship) };
    labels.set(relationship.id, of);
    sampleStanding(context, samples, relationship, machine, of);
    samplePace(context, counters, samples, relationship, labelsText(of));
    samplePoints(samples, relationship, points.get(machine.id), labelsText(of));
  }
  sampleCounts(counters, samples, labels);
}

function sampleStanding(context: Context, samples: Samples, relationship: Relationship, machine: Machine, of: Labels & { readonly peer: string }): void {
  const { health, issues } = judgementOf(context, relationship, machine, of.peer);
  const text = labelsText(of);
  samples.add('understudy_relationship_info', { ...of, side: relationship.side, machine_id: machine.id, relationship_id: relationship.id }, 1);
  samples.add('understudy_relationship_state', text, relationship.state);
  samples.add('understudy_relationship_state_info', { ...of, state: stateName(relationship.state) }, 1);
  for (const each of HEALTHS) samples.add('understudy_relationship_health', { ...of, health: each }, each === health ? 1 : 0);
  for (const { rule, severity } of issues) samples.add('understudy_relationship_issue', { ...of, rule, severity }, 1);
  samples.add('understudy_relationship_resynchronizing', text, relationship.state === RESYNCHRONIZING ? 1 : 0);
  samples.add('understudy_relationship_pending_bytes', text, context.engine.pending.of(relationship)?.bytes);
  samples.add('understudy_relationship_epoch', text, newestOf(machine.lineage).number);
}

function samplePace({ engine: { host } }: Context, counters: Counters, samples: Samples, relationship: Relationship, of: string): void {
  const nowMs = host.clock.nowMs();
  const { totals, statistics, settings } = relationship;
  const lastCycle = lastCycleOf(relationship);
  samples.seconds('understudy_replica_lag_seconds', of, lagMsOf(relationship, nowMs));
  samples.seconds('understudy_replica_lag_objective_seconds', of, objectiveMs(cycleIntervalMs(settings)));
  samples.seconds('understudy_relationship_last_cycle_timestamp_seconds', of, lastCycle?.finishedMs);
  samples.seconds('understudy_relationship_last_cycle_duration_seconds', of, lastCycle?.durationMs);
  samples.add('understudy_relationship_last_cycle_shipped_bytes', of, lastCycle?.bytesShipped);
  samples.add('understudy_relationship_last_cycle_changed_bytes', of, lastCycle?.bytesChanged);
  samples.add('understudy_relationship_shipped_bytes_total', of, totals.bytesShipped);
  samples.add('understudy_relationship_changed_bytes_total', of, totals.bytesChanged);
  if (statistics) counters.missedNow(relationship.id, statistics.sinceMs, missedCycles(statistics, settings, nowMs));
}

function samplePoints(samples: Samples, { side, newestInstantMs, lastTestMs, testableSinceMs }: Relationship, figures: { readonly points: number; readonly damaged: number } | undefined, of: string): void {
  if (side === 'replica' || figures) {
    samples.add('understudy_recovery_points', of, figures?.points ?? 0);
    samples.add('understudy_recovery_points_damaged', of, figures?.damaged ?? 0);
  }
  samples.seconds('understudy_recovery_point_newest_timestamp_seconds', of, newestInstantMs);
  samples.seconds('understudy_test_failover_timestamp_seconds', of, lastTestMs);
  if (side === 'replica') samples.seconds('understudy_replica_testable_since_timestamp_seconds', of, testableSinceMs);
}

function sampleCounts(counters: Counters, samples: Samples, labels: ReadonlyMap<string, Labels>): void {
  for (const { key: [id, side, cycle, outcome], count } of counters.cycles.all()) samples.add('understudy_relationship_cycles_total', { ...labels.get(id), side, cycle, outcome }, count);
  for (const { key: [id, code], count } of counters.errors.all()) samples.add('understudy_relationship_errors_total', { ...labels.get(id), code }, count);
  for (const { key: [id], count } of counters.missed.all()) samples.add('understudy_relationship_missed_cycles_total', { ...labels.get(id) }, count);
}

function sampleJobs({ engine: { jobs } }: Context, counters: Counters, samples: Samples): void {
  const running = Map.groupBy(jobs.running(), ({ kind }) => kind);
  for (const kind of new Set([...running.keys(), ...[...counters.jobs.all()].map(({ key: [job] }) => job)])) samples.add('understudy_jobs_running', { job: kind }, running.get(kind)?.length ?? 0);
  for (const { key: [job, outcome], count } of counters.jobs.all()) samples.add('understudy_jobs_finished_total', { job, outcome }, count);
}

function samplePeers(context: Context, samples: Samples, relationships: readonly Relationship[]): void {
  for (const host of context.hosts.list().map((row) => hostView(context, row))) {
    const of = labelsText({ peer: host.name });
    samples.add('understudy_peer_connected', of, host.connected ? 1 : 0);
    samples.seconds('understudy_peer_last_contact_timestamp_seconds', of, host.lastContactMs);
    samples.add('understudy_peer_relationships', of, relationships.filter(({ peerId }) => peerId === host.id).length);
    samples.seconds('understudy_certificate_expiry_timestamp_seconds', { certificate_of: host.name, self: 'false' }, host.certificateExpiresMs);
  }
  const self = selfView(context);
  samples.seconds('understudy_certificate_expiry_timestamp_seconds', { certificate_of: self.name, self: 'true' }, self.certificateExpiresMs);
}

function sampleStorages({ storages }: Context, samples: Samples): void {
  for (const { use, path, freeBytes, totalBytes } of storages.known()) {
    samples.add('understudy_storage_free_bytes', { use, path }, freeBytes);
    samples.add('understudy_storage_size_bytes', { use, path }, totalBytes);
  }
}

function sampleDoors(counters: Counters, samples: Samples): void {
  for (const { key: [method, route, status], count } of counters.requests.all()) samples.add('understudy_api_requests_total', { method, route, status }, count);
  for (const { key: [door], count } of counters.signInFailures.all()) samples.add('understudy_sign_in_failures_total', { door }, count);
}

const NOTIFICATION_FAMILIES = { sent: 'understudy_notifications_sent_total', failed: 'understudy_notification_failures_total', lost: 'understudy_notifications_lost_total' } as const;

function sampleNotifications({ notifications }: Context, counters: Counters, samples: Samples): void {
  const targets = notifications.targets();
  // From 0 on, or else nobody sees the first one that is lost as an increase.
  for (const { name } of targets) for (const kind of ['sent', 'failed', 'lost'] as const) counters.notifications.add([name, kind], 0);
  for (const { key: [target, kind], count } of counters.notifications.all()) samples.add(NOTIFICATION_FAMILIES[kind], { target }, count);
  for (const { id, name, isEnabled } of targets) {
    samples.add('understudy_notifications_waiting', { target: name }, notifications.waiting(id));
    samples.add('understudy_notification_target_failing', { target: name }, isEnabled && isFailing(notifications.delivery(id)) ? 1 : 0);
  }
}
