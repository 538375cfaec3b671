/**
 * The relationship's one table: which event is possible on which side in which state, what must hold, where it leads,
 * what runs afterwards and why. The step function, the allowed operations, the database's CHECK, the matrix and the
 * diagram in docs/generated/relationship.md are all derived from it.
 * Source: Hyper-V Replica's documented transitions; rows marked `ours` are where we go further.
 */
import type { Side, State } from './state.ts';

/** What must hold besides the state. Facts are gathered by the caller; the words are what a refusal says. */
export const CONDITIONS = {
  'guest-off': 'the guest must be off',
  'guest-off-here': 'the guest must be off on this host',
  'planned-point': 'the last cycle of a planned failover must have been acknowledged',
  'failed-over-planned': 'the failover must have been a planned one',
  'failed-over-unplanned': 'the failover must have been an unplanned one',
  'had-yielded': 'the host must have yielded before it failed over',
  'had-not-yielded': 'the host must have been a replica with recovery points of the other host',
  'has-point': 'there must be a recovery point',
  'peer-yielded': 'the old primary must have yielded',
  'has-extended': 'there must be a third host that the replica is sent on to',
  'no-extended': 'the extended relationship must be removed first',
  'newer-epoch': 'the other host must own a newer epoch',
  'no-failback': 'no failback may be under way: cancel it first',
  'peer-failed-over': 'the other host must have failed over, and own the machine',
  'peer-gave-up': 'the other host must have given the machine up',
  'was-replica': 'this host must have yielded before the failback',
  scheduled: 'a start must be scheduled',
  'not-exported': 'the export must not have finished: after that, import the media on the other host, or disable replication',
  'media-awaited': 'media with the first copy must be on their way',
  'was-prepared': 'this host must have prepared a planned failover before the failback',
} as const;
export type Condition = keyof typeof CONDITIONS;

/** Idempotent work that is recorded with the transition and runs after it, again after a crash. */
export type Effect =
  | 'forget-attempt' // the open attempt's layers, journal and bitmaps are undone
  | 'make-failover-layers' // the chosen point's active overlays exist
  | 'drop-failover-layers' // the failover's overlays are gone
  | 'forget-failback' // what came home with a failback is gone
  | 'drop-other-points' // only the chosen point and those made here since are left
  | 'tell-peer' // the peer learns our lineage
  | 'hold-guest' // a guest that runs here without the right to is paused
  | 'free-guest' // a guest that was held here goes on
  | 'merge-layers' // retired points' layers are merged
  | 'release-machine'; // tracking, maps and journals of the relationship are gone

export interface Row {
  readonly event: string;
  /** The verb that people use, when an operator may ask for it. */
  readonly verb: string | null;
  readonly side: Side;
  readonly from: readonly State[];
  readonly to: State;
  /** Set when the transition changes this host's side. */
  readonly becomes?: Side;
  readonly requires: readonly Condition[];
  readonly effects: readonly Effect[];
  readonly who: 'operator' | 'engine' | 'peer';
  readonly basis: 'documented' | 'inferred' | 'ours';
  /** False: the row is known, the operation answers "not supported" until later work brings it. */
  readonly supported: boolean;
  readonly why: string;
}

type Sketch = Partial<Omit<Row, 'event' | 'side' | 'from' | 'to' | 'why'>>;

const row = <E extends string>(event: E, side: Side, from: readonly State[], to: State, why: string, more: Sketch = {}) => ({
  verb: null,
  requires: [],
  effects: [],
  who: 'operator' as const,
  basis: 'documented' as const,
  supported: true,
  ...more,
  event,
  side,
  from,
  to,
  why,
});

const TABLE = [
  row('enable', 'primary', [0], 1, 'A relationship exists; nothing is tracked yet.', { verb: 'enable' }),
  row('accept', 'replica', [0], 2, 'The replica waits for the first recovery point.', { who: 'peer' }),
  row('offerSeed', 'replica', [0], 2, 'The machine here is a copy; it waits for its primary, which ships only what differs.', { verb: 'as-replica', requires: ['guest-off-here'] }),
  row('succeed', 'replica', [2], 2, 'Its primary begins anew, or another host of its trust group does; there is no point yet.', { who: 'peer' }),
  row('succeed', 'replica', [3, 7, 8], 3, 'As before there is a point; recovery points stay, and everything is compared.', { who: 'peer' }),
  row('startInitial', 'primary', [1], 2, 'Tracking starts, then the disks are copied while the guest runs.', { verb: 'start-replication' }),
  row('unscheduleInitial', 'primary', [1], 1, 'Nothing begins by itself any more.', { verb: 'stop-initial', requires: ['scheduled'], basis: 'inferred' }),
  row('stopInitial', 'primary', [2], 1, 'What was copied is dropped; the guest was never touched.', { verb: 'stop-initial', requires: ['not-exported'], effects: ['forget-attempt'] }),
  row('initialCompleted', 'primary', [2], 3, 'The first recovery point was acknowledged.', { who: 'engine' }),
  row('pointSealed', 'replica', [2, 3], 3, 'A recovery point exists.', { who: 'peer', effects: ['merge-layers'] }),
  row('exportInitial', 'primary', [1], 2, 'Media carry the first copy; changes flow meanwhile.', { verb: 'export' }),
  row('aheadSealed', 'replica', [2], 2, 'Changes since the exported point are here; they are no recovery point before the media are.', { who: 'peer', requires: ['media-awaited'], effects: ['merge-layers'], basis: 'ours' }),
  row('importInitial', 'replica', [2], 3, 'The media arrived, and were what they say.', { verb: 'import', effects: ['merge-layers'] }),

  row('suspend', 'primary', [3, 15, 16], 7, 'No cycles; changes are still tracked.', { verb: 'suspend' }),
  row('suspend', 'replica', [3], 7, 'No cycle is accepted; the primary still tracks.', { verb: 'suspend' }),
  row('resume', 'primary', [7, 8], 3, 'Cycles go on with everything that changed meanwhile.', { verb: 'resume' }),
  row('resume', 'replica', [7, 8], 3, 'Cycles are accepted again.', { verb: 'resume' }),
  row('failHard', 'primary', [3], 8, 'A fault that waiting cannot cure.', { who: 'engine' }),
  row('failHard', 'replica', [3], 8, 'A fault that waiting cannot cure.', { who: 'engine' }),

  row('requireResync', 'primary', [2, 3, 8, 15, 16], 9, 'The record of changes is gone or does not fit the replica.', { who: 'engine', effects: ['forget-attempt'] }),
  row('resynchronize', 'primary', [7, 8, 9], 10, 'The disks are compared while the guest runs; recovery points stay.', { verb: 'resynchronize' }),
  row('resynchronized', 'primary', [10], 3, 'A recovery point was acknowledged.', { who: 'engine' }),
  row('resynchronizedAhead', 'primary', [10], 2, 'The changes are acknowledged; the media are still on their way.', { who: 'engine', requires: ['media-awaited'], basis: 'ours' }),
  row('suspendResync', 'primary', [10], 11, 'The comparison stands still; its place is kept.', { verb: 'suspend' }),
  row('continueResync', 'primary', [11], 10, 'The comparison goes on.', { verb: 'resume' }),
  row('cancelResync', 'primary', [10, 11], 9, 'The comparison begins from the start when somebody asks for it again.', { verb: 'cancel-resynchronization', effects: ['forget-attempt'] }),

  row('preparePlanned', 'primary', [3], 4, 'The guest is off and its last change is on the replica; it stays off here.', {
    verb: 'failover',
    requires: ['guest-off', 'planned-point'],
  }),
  row('cancelPlanned', 'primary', [4], 3, 'The token came back: only this host may start the guest.', { verb: 'cancel-failover', effects: ['tell-peer'] }),

  row('failover', 'replica', [2, 3, 7, 8], 12, 'A new epoch is owned here; later seals are refused.', {
    verb: 'failover',
    requires: ['has-point'],
    effects: ['forget-attempt', 'make-failover-layers', 'tell-peer'],
  }),
  row('failedOver', 'replica', [12], 5, 'The chosen point can be started here.', { who: 'engine' }),
  row('failoverFailed', 'replica', [12], 3, 'The point could not be made ready; the replica is as before.', {
    who: 'engine',
    basis: 'ours',
    effects: ['drop-failover-layers', 'tell-peer'],
  }),
  row('revert', 'replica', [5], 3, 'What the guest wrote here is dropped; every received recovery point is there again.', {
    verb: 'revert',
    requires: ['guest-off-here', 'had-not-yielded', 'no-failback'],
    effects: ['drop-failover-layers', 'tell-peer'],
  }),
  row('failoverFailedYielded', 'replica', [12], 2, 'As failoverFailed, on a host that had yielded: it waits for the other host again.', {
    who: 'engine',
    basis: 'ours',
    effects: ['drop-failover-layers', 'tell-peer'],
  }),
  row('revertYielded', 'replica', [5], 2, 'As revert, on a host that had yielded: it waits for the other host again.', {
    verb: 'revert',
    requires: ['guest-off-here', 'had-yielded', 'no-failback'],
    effects: ['drop-failover-layers', 'tell-peer'],
    basis: 'ours',
  }),
  row('commit', 'replica', [5], 6, 'The chosen point is kept, and those made here since; all others are removed.', { verb: 'commit', requires: ['no-failback'], effects: ['drop-other-points'] }),

  row('reversePlanned', 'replica', [5, 6], 3, 'This host is primary; only what differs travels.', {
    verb: 'reverse',
    becomes: 'primary',
    requires: ['failed-over-planned', 'peer-yielded', 'no-failback'],
    effects: ['drop-other-points'],
  }),
  row('reverseUnplanned', 'replica', [6], 1, 'This host is primary; the return set is ready to travel.', {
    verb: 'reverse',
    becomes: 'primary',
    requires: ['failed-over-unplanned', 'peer-yielded', 'no-failback'],
  }),
  row('yieldPlanned', 'primary', [4], 3, 'The guest runs on the other host now; this host is its replica.', {
    who: 'peer',
    becomes: 'replica',
    requires: ['guest-off'],
  }),
  row('demote', 'primary', [1, 2, 3, 4, 7, 8, 9, 10, 11, 15, 16], 2, 'The other host owns a newer epoch: the guest here is held, what it wrote is kept.', {
    who: 'engine',
    verb: 'become-replica',
    becomes: 'replica',
    requires: ['newer-epoch'],
    effects: ['hold-guest'],
    basis: 'ours',
  }),
  row('yieldChain', 'primary', [1, 2, 3, 4, 7, 8, 9, 10, 11], 2, 'The next host of the chain is primary now: this host is its replica, with the points that it has.', {
    who: 'peer',
    becomes: 'replica',
    basis: 'ours',
  }),
  row('demote', 'replica', [5, 6, 14], 2, 'The other host failed over later, or was chosen after both went on alone: the guest here is held, what it wrote is kept.', {
    who: 'engine',
    verb: 'become-replica',
    requires: ['newer-epoch'],
    effects: ['hold-guest', 'drop-other-points'],
    basis: 'ours',
  }),
  row('yieldKept', 'replica', [3, 7, 8], 3, 'The other host failed over to what it had kept, while this one gave the machine back: everything is compared, the points here stay.', {
    who: 'peer',
    basis: 'ours',
  }),
  row('promote', 'replica', [2], 3, 'The other host reverted: its newest epoch names this host again.', {
    who: 'engine',
    becomes: 'primary',
    requires: ['newer-epoch'],
    effects: ['free-guest'],
    basis: 'ours',
  }),

  row('failback', 'replica', [2], 13, 'The difference comes home while the guest runs on there.', { verb: 'initiate-failback', requires: ['guest-off-here', 'peer-failed-over'] }),
  row('failback', 'primary', [4], 13, 'As on a replica, after a planned failover that was not reversed.', {
    verb: 'initiate-failback',
    becomes: 'replica',
    requires: ['guest-off-here', 'peer-failed-over'],
  }),
  row('failbackSealed', 'replica', [13], 13, 'A recovery point came home.', { who: 'peer', basis: 'ours' }),
  row('failedBack', 'replica', [13], 14, 'The guest can be started here, in a new epoch; the other host has shut it down and given it up.', { who: 'engine', requires: ['peer-gave-up'] }),
  row('commitFailback', 'replica', [14], 3, 'This host is primary again, the other its replica.', { verb: 'commit', becomes: 'primary', requires: ['peer-yielded'] }),
  row('yieldHome', 'replica', [5, 6], 3, 'The failback was committed: this host is the replica, and its points stay.', {
    who: 'peer',
    requires: ['guest-off-here'],
    effects: ['drop-other-points', 'merge-layers'],
  }),
  row('revertFailback', 'replica', [14], 2, 'The guest runs on over there; this host waits for it again.', {
    verb: 'revert',
    requires: ['guest-off-here', 'was-replica'],
    effects: ['forget-failback', 'tell-peer'],
    basis: 'inferred',
  }),
  row('revertFailbackPrepared', 'replica', [14], 4, 'As revertFailback, on a host that had prepared a planned failover.', {
    verb: 'revert',
    becomes: 'primary',
    requires: ['guest-off-here', 'was-prepared'],
    effects: ['forget-failback', 'tell-peer'],
    basis: 'inferred',
  }),
  row('cancelFailback', 'replica', [13], 2, 'The guest runs on over there, untouched; what came home is dropped.', {
    verb: 'cancel-failover',
    requires: ['was-replica'],
    effects: ['forget-failback', 'tell-peer'],
    basis: 'inferred',
  }),
  row('cancelFailbackPrepared', 'replica', [13], 4, 'As cancelFailback, on a host that had prepared a planned failover.', {
    verb: 'cancel-failover',
    becomes: 'primary',
    requires: ['was-prepared'],
    effects: ['forget-failback', 'tell-peer'],
    basis: 'inferred',
  }),

  row('changeMode', 'replica', [6], 3, 'The middle of a chain becomes primary.', {
    verb: 'change-mode',
    becomes: 'primary',
    requires: ['has-extended', 'no-failback'],
  }),
  row('updateDisks', 'primary', [3, 15, 16], 15, 'Disks are added to or taken from replication; the others go on replicating.', { verb: 'settings --disks' }),
  row('disksUpdated', 'primary', [15], 3, 'A recovery point with all the disks was acknowledged.', { who: 'engine' }),
  row('disksFailed', 'primary', [15], 16, 'A new disk could not be copied; the others go on replicating.', { who: 'engine', basis: 'inferred' }),
  row('retryDisks', 'primary', [16], 15, 'The copy of the new disks begins again.', { verb: 'resume', basis: 'inferred' }),
  row('repurpose', 'replica', [3, 7, 8], 18, 'An external provider\'s operation.', { supported: false }),
  row('repurposed', 'replica', [18], 3, 'An external provider\'s operation.', { who: 'engine', supported: false }),
  row('prepareSync', 'primary', [3], 19, 'An external provider\'s operation.', { supported: false }),
  row('syncPrepared', 'primary', [19], 3, 'An external provider\'s operation.', { who: 'engine', supported: false }),
  row('prepareGroup', 'replica', [5, 6], 20, 'Several machines reverse together.', { supported: false }),
  row('groupReversed', 'replica', [20], 3, 'Several machines reversed together.', { who: 'engine', becomes: 'primary', supported: false }),
  row('fireDrill', 'replica', [3], 21, 'An external provider\'s operation.', { supported: false }),
  row('fireDrillEnded', 'replica', [21], 3, 'An external provider\'s operation.', { who: 'engine', supported: false }),
  row('loseSight', 'primary', [3], 17, 'An external provider does not answer.', { who: 'engine', supported: false }),
  row('regainSight', 'primary', [17], 3, 'An external provider answers again.', { who: 'engine', supported: false }),

  row('disable', 'primary', [1, 2, 3, 4, 7, 8, 9, 10, 11, 15, 16], 0, 'The machine is an ordinary one again; the other side is removed there.', {
    verb: 'disable',
    requires: ['no-extended'],
    effects: ['release-machine'],
  }),
  row('disable', 'replica', [2, 3, 5, 6, 7, 8, 13], 0, 'The replica\'s disks stay as an ordinary machine; a failback that is under way is given up first.', {
    verb: 'disable',
    requires: ['no-extended', 'no-failback'],
    effects: ['release-machine'],
  }),
  row('disable', 'replica', [14], 0, 'What came home stays as an ordinary machine; the other side is removed there.', {
    verb: 'disable',
    requires: ['no-extended'],
    effects: ['release-machine'],
    basis: 'ours',
  }),
] as const satisfies readonly Row[];

export type Event = (typeof TABLE)[number]['event'];
export const ROWS: readonly (Row & { readonly event: Event })[] = TABLE;
