/**
 * The rules of a relationship's health, one table: what holds, how bad that is, what it means, what to do. Source: Hyper-V
 * Replica's documented reasons for Warning and Critical; rows marked `ours` are where we go further.
 */
import type { Alarm, Machine, Relationship } from '../machine/records.ts';
import { failureText } from '../errors/fault.ts';
import { objectiveMs } from '../history/piece.ts';
import { say, type Text, phrase } from '../language/text.ts';
import { ADVICE_AFTER_HANDING_OVER, ADVICE_AFTER_YIELDING } from '../relationship/state.ts';
import type { EventName } from './events.ts';
import { ALARM_HINTS, alarmText } from './alarms.ts';
import type { HealthLimits } from './limits.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../language/lengths.ts';

/** What the rules look at. Times in milliseconds. */
export interface Facts {
  readonly relationship: Relationship;
  readonly machine: Pick<Machine, 'name' | 'storage'>;
  /** The other host's name. */
  readonly peer: string;
  readonly limits: HealthLimits;
  readonly intervalMs: number;
  /** How far the replica is behind; null before its first point, and where the machine runs failed over. */
  readonly lagMs: number | null;
  readonly missed: number;
  readonly missedPercent: number;
  /** Per cycle; null before the first in the interval. */
  readonly latencyMs: number | null;
  /** Since the last test failover, or since there was something to test. */
  readonly untestedMs: number | null;
}

export type Severity = 'critical' | 'warning' | 'advice';

export interface Rule {
  readonly id: string;
  readonly severity: Severity;
  readonly basis: 'documented' | 'inferred' | 'ours';
  /** For the page about the rules. */
  readonly when: string;
  /** Written to the log when the rule begins to hold; null where the change of state is an event itself. */
  readonly event: EventName | null;
  holds(facts: Facts): boolean;
  message(facts: Facts): Text;
  hint(facts: Facts): Text;
}

/** Below this much lateness nobody is warned, however short the interval: a cycle has to be possible first. */
const LATE_AT_LEAST_MS = 30_000;
/** One cycle alone tells nothing. */
const MISSED_AT_LEAST = 2;

/** Waiting for the other host's points, while the disks here are as its own guest left them. */
export const hasYielded = ({ side, state, yielded }: Relationship): boolean => side === 'replica' && [2, 3].includes(state) && yielded !== null;

/** The guest leaves this host by a failback, or has left it and waits at home. */
const goesHome = ({ relationship: { failback } }: Facts): boolean => failback?.at === 'away';
export const isHandedOver = ({ failback }: Relationship): boolean => failback?.at === 'away' && failback.phase === 'handedOver';

const isIn = (states: readonly number[], side?: Relationship['side']) => ({ relationship }: Facts): boolean => states.includes(relationship.state) && (side === undefined || relationship.side === side);
const isReplicating = isIn([3]);

/** How an initial replication goes on: by itself, or by whoever carries the media. */
function pendingHint({ relationship: { state, initial, awaited }, peer }: Facts): Text {
  if (state === 1) return phrase('Start it: understudy start-replication.');
  if (initial?.exported) return say('The first copy is on media: carry them to {peer} and take it in there (understudy import).', { peer });
  if (awaited) return say('The first copy of {peer} comes on media: take it in here (understudy import).', { peer });
  return phrase('It ends by itself once the disks are copied; start it on the primary if it was not.');
}

function failbackText({ relationship, peer }: Facts): Text {
  if (isHandedOver(relationship)) return say('The machine went home to {peer} and is not protected until the failback is committed there.', { peer });
  if (relationship.failback?.at === 'away') return say('The difference is on its way home to {peer}; the machine is not protected.', { peer });
  return relationship.state === 13 ? phrase('The difference is coming home; the machine runs on the other host and is not protected.') : phrase('The machine came home and is not protected until the failback is committed.');
}

function failbackHint({ relationship }: Facts): Text {
  if (isHandedOver(relationship)) return ADVICE_AFTER_HANDING_OVER;
  return relationship.state === 14 ? phrase('Look at the guest, then understudy commit, or understudy revert.') : phrase('Give it up with understudy cancel-failover.');
}

const says = (text: string) => (): string => text;
const isPrimary = ({ relationship }: Facts): boolean => relationship.side === 'primary';
const hasAlarm = (alarm: Alarm) => ({ relationship }: Facts): boolean => relationship.side === 'replica' && (relationship.alarms ?? []).includes(alarm);
export const isSplit = ({ lastFault }: Pick<Relationship, 'lastFault'>): boolean => lastFault?.code === 'split-brain';
const faultText = ({ relationship, peer }: Facts): Text => (relationship.lastFault ? say('{failure} (with {peer}).', { failure: [failureText(relationship.lastFault)], peer }) : '');
const faultHint = ({ relationship }: Facts): Text => relationship.lastFault?.hint ?? '';
const hasFailedOften = ({ relationship, limits }: Facts): boolean => relationship.side === 'primary' && relationship.failures >= limits.failuresInARow;
const missedText = ({ missed, missedPercent }: Facts): Text => say('{missed} cycles of this monitoring interval were missed ({percent} %).', { missed, percent: Math.round(missedPercent) });
const LOOK_AT_THE_WAY = phrase('Look at the connection and at the storage of both hosts (understudy doctor), or choose a longer interval (understudy settings).');

const rule = (severity: Severity, basis: Rule['basis'], id: string, when: string, more: Pick<Rule, 'holds' | 'message' | 'hint'>, event: EventName | null = null): Rule => ({ severity, basis, id, when, event, ...more });

/** The worst first. */
export const RULES: readonly Rule[] = [
  rule('critical', 'ours', 'split-brain', 'both hosts began an epoch without knowing of the other\'s', { holds: ({ relationship }) => isSplit(relationship), message: faultText, hint: faultHint }, 'health-changed'),
  rule('critical', 'ours', 'guest-stands-still', 'a freeze for a recovery point is long over, and the guest\'s agent has not confirmed that the guest goes on', {
    holds: ({ relationship }) => (relationship.standsStillSinceMs ?? null) !== null,
    message: ({ relationship, machine }) => say('The file systems of {machine} may stand still since {time}: they were frozen for a recovery point, and the guest agent does not answer since.', { machine: machine.name, time: { atMs: relationship.standsStillSinceMs! } }),
    hint: ({ machine }) => say('Look at the guest (understudy vm console {machine}): run fsfreeze --unfreeze on each file system, or restart its guest agent. Where its agent is not to be relied on, set kernel.sysrq=1 in the guest, so that it can be let go without, or do without: understudy settings {machine} --application-consistent 0.', { machine: machine.name }),
  }, 'health-changed'),
  rule('critical', 'documented', 'replication-failed', 'state 8', { holds: isIn([8]), message: says('Critical: replication stopped for a cause that does not pass by itself.'), hint: says('Mend the cause shown, then understudy resume.') }),
  rule('critical', 'documented', 'resynchronization-required', 'state 9', { holds: isIn([9]), message: says('Resynchronization required: nothing is sent until the disks were compared.'), hint: says('understudy resynchronize compares the disks and ships what differs; it begins by itself where the settings say so.') }),
  rule('critical', 'documented', 'resynchronizing', 'state 10', { holds: isIn([10]), message: says('Resynchronizing: the disks are being compared.'), hint: says('It ends by itself. How far it is: understudy jobs.') }),
  rule('critical', 'documented', 'resynchronization-suspended', 'state 11', { holds: isIn([11]), message: says('Resynchronization suspended: nothing is sent.'), hint: says('Go on with understudy resume.') }),
  rule('critical', 'inferred', 'disks-failed', 'state 16', { holds: isIn([16]), message: says('A disk that is to replicate could not be copied; the other disks go on replicating.'), hint: ({ machine }) => say('Mend the cause shown, then understudy resume {machine}; or leave the disk out again: understudy settings {machine} --disks.', { machine: machine.name }) }),
  rule('critical', 'documented', 'paused-on-replica', 'state 7 on the replica', { holds: isIn([7], 'replica'), message: says('Replication is suspended on the replica: the primary cannot send.'), hint: says('Go on with understudy resume on this host.') }),
  rule('critical', 'documented', 'cannot-send', 'state 3 or initial replication on the primary, and tries failed one after the other (failuresInARow)', {
    holds: (facts) => isIn([2, 3])(facts) && !isSplit(facts.relationship) && hasFailedOften(facts),
    message: (facts) => say('The last {failures} tries to replicate failed: {failure}', { failures: facts.relationship.failures, failure: [faultText(facts)] }),
    hint: faultHint,
  }),
  rule('critical', 'ours', 'peer-removed', 'the other host removed its side of the relationship', {
    holds: ({ relationship }) => relationship.peerRemovedMs !== undefined,
    message: ({ peer }) => say('{peer} removed its side of the relationship: nothing is replicated any more.', { peer }),
    hint: ({ machine }) => say('Remove it here too (understudy disable {machine}): the machine and its disks stay. Or enable it again from its primary.', { machine: machine.name }),
  }),
  rule('critical', 'ours', 'points-damaged', 'recovery points on the replica were found damaged, or stand on one that was', { holds: hasAlarm('points-damaged'), message: ({ machine }) => alarmText('points-damaged', machine), hint: says(ALARM_HINTS['points-damaged']) }),
  rule('critical', 'ours', 'missed-critical', 'state 3, and of the cycles in the monitoring interval a share was missed (missedCriticalPercent)', {
    holds: (facts) => isReplicating(facts) && facts.missed >= MISSED_AT_LEAST && facts.missedPercent >= facts.limits.missedCriticalPercent,
    message: missedText,
    hint: says(LOOK_AT_THE_WAY),
  }, 'health-changed'),
  rule('critical', 'ours', 'stalled', 'state 3, and nothing was sent or received for long (stalledHours)', {
    holds: (facts) => isReplicating(facts) && facts.lagMs !== null && facts.lagMs > facts.limits.stalledHours * HOUR_MS,
    message: (facts) => {
      const lag = { lengthMs: facts.lagMs! };
      return isPrimary(facts) ? say('Nothing was sent for {lag}: a failover would lose that much.', { lag }) : say('Nothing was received for {lag}: a failover would lose that much.', { lag });
    },
    hint: says(LOOK_AT_THE_WAY),
  }, 'health-changed'),

  rule('warning', 'ours', 'held', 'the other host runs the machine in a newer epoch', {
    holds: ({ relationship }) => hasYielded(relationship),
    message: ({ peer }) => say('{peer} runs this machine now, in a newer epoch: the guest here is held and may not run.', { peer }),
    hint: says(ADVICE_AFTER_YIELDING),
  }),
  rule('warning', 'ours', 'disks-undecided', 'a disk was attached, and nobody has said since whether it replicates', {
    holds: ({ relationship }) => relationship.side === 'primary' && (relationship.undecidedDisks ?? []).length > 0,
    message: ({ relationship }) => say('Not replicated since it was attached: {disks}.', { disks: { list: relationship.undecidedDisks ?? [] } }),
    hint: ({ relationship, machine }) => say('Include it: understudy settings {machine} --disks {disks}. To leave it out on purpose, name the disks that replicate now.', { machine: machine.name, disks: [...relationship.settings.disks, ...(relationship.undecidedDisks ?? [])].join(',') }),
  }),
  rule('warning', 'documented', 'initial-replication-pending', 'state 1 or 2', {
    holds: (facts) => isIn([1, 2])(facts) && !hasYielded(facts.relationship),
    message: says('There is no current recovery point yet: the initial replication is not complete.'),
    hint: pendingHint,
  }),
  rule('warning', 'documented', 'reverse-not-configured', 'state 5 or 6 on the replica, and no failback is under way', {
    holds: (facts) => isIn([5, 6])(facts) && !goesHome(facts),
    message: says('The machine runs here and is not protected until replication is reversed.'),
    hint: says('Protect the guest again: understudy reverse. Or bring it home: understudy failback.'),
  }),
  rule('warning', 'documented', 'failover-begun', 'state 4 on the primary, state 12 on the replica', {
    holds: isIn([4, 12]),
    message: says('A failover was begun and replication is not reversed: nothing is replicated meanwhile.'),
    hint: ({ relationship }) => (relationship.state === 4 ? phrase('Fail over on the other host, then reverse there; or cancel: understudy cancel-failover.') : phrase('It ends by itself; then understudy reverse.')),
  }),
  rule('warning', 'ours', 'failback-begun', 'state 13 or 14, or the failback of the other host', { holds: (facts) => isIn([13, 14])(facts) || goesHome(facts), message: failbackText, hint: failbackHint }),
  rule('warning', 'documented', 'paused-on-primary', 'state 7 on the primary', { holds: isIn([7], 'primary'), message: says('Replication is suspended.'), hint: says('Go on with understudy resume.') }),
  rule('warning', 'documented', 'missed-cycles', 'state 3, and of the cycles in the monitoring interval more than a share was missed (missedWarningPercent)', {
    holds: (facts) => isReplicating(facts) && facts.missed >= MISSED_AT_LEAST && facts.missedPercent > facts.limits.missedWarningPercent && facts.missedPercent < facts.limits.missedCriticalPercent,
    message: missedText,
    hint: says(LOOK_AT_THE_WAY),
  }, 'health-changed'),
  rule('warning', 'documented', 'out-of-sync', 'state 3, and nothing was sent (primary) or received (replica) for a time (silentMinutes)', {
    holds: (facts) => isReplicating(facts) && facts.lagMs !== null && facts.lagMs > facts.limits.silentMinutes * MINUTE_MS,
    message: (facts) => (isPrimary(facts) ? say('Nothing was sent for {lag}.', { lag: { lengthMs: facts.lagMs! } }) : say('Nothing was received for {lag}.', { lag: { lengthMs: facts.lagMs! } })),
    hint: ({ relationship, peer }) => (relationship.side === 'primary' ? LOOK_AT_THE_WAY : say('Look on {peer} why it sends nothing: understudy health there.', { peer })),
  }, 'out-of-sync'),
  rule('warning', 'ours', 'late', 'state 3, and the replica is several intervals behind (lateIntervals)', {
    holds: (facts) => isReplicating(facts) && facts.lagMs !== null && facts.lagMs > Math.max(LATE_AT_LEAST_MS, facts.limits.lateIntervals * facts.intervalMs) && facts.lagMs <= facts.limits.silentMinutes * MINUTE_MS,
    message: (facts) => say('The replica is {lag} behind; its objective is {objective}.', { lag: { lengthMs: facts.lagMs! }, objective: { lengthMs: objectiveMs(facts.intervalMs) } }),
    hint: says(LOOK_AT_THE_WAY),
  }),
  rule('warning', 'inferred', 'latency', 'state 3, and cycles took long on average (latencySeconds)', {
    holds: (facts) => isReplicating(facts) && facts.latencyMs !== null && facts.latencyMs > facts.limits.latencySeconds * 1_000,
    message: (facts) => say('A cycle took {latency} on average.', { latency: { lengthMs: facts.latencyMs! } }),
    hint: says('More bandwidth, compression, or a longer interval (understudy settings) brings it down.'),
  }, 'health-changed'),
  rule('warning', 'ours', 'chain-long', 'a disk of the replica has too many layers', { holds: hasAlarm('chain-long'), message: ({ machine }) => alarmText('chain-long', machine), hint: says(ALARM_HINTS['chain-long']) }),
  rule('warning', 'ours', 'space-low', 'the replica\'s storage is almost full', { holds: hasAlarm('space-low'), message: ({ machine }) => alarmText('space-low', machine), hint: says(ALARM_HINTS['space-low']) }),
  rule('warning', 'ours', 'last-failure', 'the last try failed, and none has succeeded since', {
    holds: (facts) => facts.relationship.lastFault !== null && !isSplit(facts.relationship) && !(isIn([2, 3])(facts) && hasFailedOften(facts)),
    message: faultText,
    hint: faultHint,
  }),

  rule('advice', 'ours', 'consistency-failed', 'application-consistent points of this monitoring interval came out crash-consistent', {
    holds: ({ relationship }) => (relationship.statistics?.consistencyFailures ?? 0) > 0,
    message: ({ relationship }) => say('{points} application-consistent points of this monitoring interval are crash-consistent only.', { points: relationship.statistics?.consistencyFailures ?? 0 }),
    hint: says('Look whether the guest agent runs in the guest and can freeze its file systems.'),
  }),
  rule('advice', 'documented', 'test-due', 'a replica in state 3 without a test failover for a month (testDays)', {
    holds: (facts) => isIn([3], 'replica')(facts) && facts.untestedMs !== null && facts.untestedMs > facts.limits.testDays * DAY_MS,
    message: (facts) => say('No test failover was made for {days} days.', { days: Math.floor(facts.untestedMs! / DAY_MS) }),
    hint: ({ machine }) => say('understudy test {machine} boots an isolated copy; understudy test-end {machine} removes it.', { machine: machine.name }),
  }, 'test-due'),
];
