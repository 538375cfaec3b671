/** Use cases of looking after replication: health and statistics of each relationship, and from where on the health is bad. */
import { afterReset, nextIntervalMs } from '../engine/monitoring.ts';
import { update } from '../engine/transition.ts';
import { faultOf } from '../errors/fault.ts';
import { judge, lagMsOf, type Issue, type Judgement } from '../health/health.ts';
import { checkLimits, limitsOf, type HealthLimits } from '../health/limits.ts';
import { average, missedCycles } from '../health/statistics.ts';
import type { Machine, Relationship, Statistics } from '../machine/records.ts';
import { kindOf } from '../relationship/chain.ts';
import { stateName } from '../relationship/state.ts';
import { audited, relationshipNamed, type Context } from './context.ts';
import type { Operations } from './operations.ts';
import type { Caller } from './accessviews.ts';
import type { HealthView, IntervalView, IssueView } from './healthviews.ts';
import { inLanguage } from '../language/domain.ts';
import { saidOf, hintOf } from '../language/text.ts';
import { failureView } from './presenting.ts';

type HealthOperations = Pick<Operations, 'healthList' | 'healthShow' | 'statisticsReset' | 'healthLimits' | 'healthLimitsChange'>;

export function healthOperations(context: Context): HealthOperations {
  return {
    healthList: (caller) => audited(context, caller, 'viewer', 'health', null, (context) => healthViews(context)),
    healthShow: (caller, machine, { refresh }) =>
      audited(context, caller, 'viewer', 'health', machine, async (context) => {
        const relationship = relationshipNamed(context, machine);
        if (refresh) await askGuest(context, relationship);
        if (kindOf(relationship) === 'extended') await context.rosters.refresh([relationship.peerId], ASK_WITHIN_MS);
        return healthView(context, relationship);
      }),
    statisticsReset: (caller, machine) => resetStatistics(context, caller, machine),
    healthLimits: (caller) => audited(context, caller, 'viewer', 'health limits', null, (context) => limitsOf(context.serviceSettings.get().healthLimits)),
    healthLimitsChange: (caller, change) =>
      audited(context, caller, 'operator', 'health limits', null, (context) => {
        checkLimits(change);
        const { healthLimits } = context.serviceSettings.put({ healthLimits: { ...context.serviceSettings.get().healthLimits, ...change } });
        context.engine.host.changed('host', context.engine.host.hostId);
        return limitsOf(healthLimits);
      }),
  };
}

/** Counting begins anew, and what was only a warning is none any more; what still holds comes back. */
export function resetStatistics(context: Context, caller: Caller, machine: string): Promise<HealthView> {
  const { host } = context.engine;
  return audited(context, caller, 'operator', 'statistics reset', machine, (context) => {
    const { id } = relationshipNamed(context, machine);
    const after = update(host, id, (before) => ({ ...afterReset(host, before), ...(isForgettable(before) && { lastFault: null }) }));
    return healthView(context, after);
  });
}

/** A failure that is over, or a split brain, which no reset ends. */
const isForgettable = ({ failures, lastFault }: Relationship): boolean => failures === 0 && lastFault?.code !== 'split-brain';

/** A guest that does not answer leaves what was known of it. */
async function askGuest(context: Context, relationship: Relationship): Promise<void> {
  try {
    await context.engine.pending.look(relationship);
  } catch (thrown) {
    if (!faultOf(thrown)) throw thrown;
  }
}

/** The one in the middle of a chain answers sooner, or is out of reach. */
const ASK_WITHIN_MS = 1_500;

/** By the limits that are set on this host. */
export const judgementOf = ({ engine: { host } }: Context, relationship: Relationship, machine: Machine, peer: string): Judgement =>
  judge({ relationship, machine, peer, nowMs: host.clock.nowMs(), limits: limitsOf(host.monitoring().limits as Partial<HealthLimits>) });

/** All, read in one go. */
function healthViews(context: Context): HealthView[] {
  const { state } = context.engine.host;
  const machines = new Map(state.machines().map((machine) => [machine.id, machine]));
  return state.relationships().map((relationship) => healthView(context, relationship, machines.get(relationship.machineId)));
}

function healthView(context: Context, relationship: Relationship, machine: Machine = context.engine.host.state.machine(relationship.machineId)!): HealthView {
  const { engine: { host, pending } } = context;
  const peer = host.peerName(relationship.peerId);
  const nowMs = host.clock.nowMs();
  const { health, issues } = judgementOf(context, relationship, machine, peer);
  const { side, state, settings, statistics, previousStatistics, testCopy } = relationship;
  const known = pending.of(relationship);
  const isHere = side === 'primary' || relationship.failover !== null;
  return {
    id: relationship.id, kind: kindOf(relationship), machineId: machine.id, machine: machine.name, side, state, stateName: inLanguage(stateName(state), context.language), health,
    issues: issues.map((issue) => issueView(context, issue)),
    primaryHost: side === 'primary' ? host.hostName : peer,
    replicaHost: side === 'primary' ? peer : host.hostName,
    runsOn: isHere ? host.hostName : (firstOfChain(context, relationship) ?? peer),
    present: intervalView(statistics ?? null, statistics ? missedCycles(statistics, settings, nowMs) : 0, nowMs),
    previous: previousStatistics ? intervalView(previousStatistics, previousStatistics.missedCycles, previousStatistics.untilMs) : null,
    nextIntervalMs: nextIntervalMs(host),
    lagMs: lagMsOf(relationship, nowMs),
    lastSynchronizedMs: relationship.newestInstantMs,
    pendingBytes: known?.bytes ?? null,
    pendingKnownMs: known?.atMs ?? null,
    disksBytes: machine.stacks.filter(({ disk }) => settings.disks.includes(disk)).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    lastConsistentMs: relationship.lastConsistentMs ?? host.state.lastConsistentMs(machine.id),
    testCopy: testCopy ? (host.state.machine(testCopy.instanceId)?.name ?? null) : null,
    lastTestMs: relationship.lastTestMs ?? null,
    lastFault: failureView(context, relationship.lastFault),
  };
}

/** On the last host of a chain: the first one, as the one in the middle told. */
function firstOfChain({ rosters }: Context, relationship: Relationship): string | undefined {
  if (kindOf(relationship) !== 'extended') return undefined;
  const middle = rosters.of(relationship.peerId)?.machines.find(({ id }) => id === relationship.machineId);
  return middle?.relationships.find(({ kind, side }) => kind === 'simple' && side === 'replica')?.peer;
}

const issueView = ({ language }: Context, issue: Issue): IssueView => ({
  rule: issue.rule, severity: issue.severity, message: inLanguage(saidOf(issue), language), hint: inLanguage(hintOf(issue), language),
});

function intervalView(counted: Statistics | null, missed: number, untilMs: number): IntervalView {
  const { sinceMs = null, cycles = 0, bytes = 0, maxBytes = 0, latencyMs = 0, maxLatencyMs = 0, networkFailures = 0, otherFailures = 0, consistencyFailures = 0 } = counted ?? {};
  return {
    sinceMs, untilMs, cycles, missedCycles: missed, bytes, averageBytes: average(bytes, cycles), maxBytes, averageLatencyMs: average(latencyMs, cycles), maxLatencyMs,
    errors: networkFailures + otherFailures, networkFailures, otherFailures, consistencyFailures,
  };
}
