/** What keeps a replica up to date: cycles, standing still, comparing, settings' neighbours, and ending it. */
import { t } from '../language.ts';
import { instant, length } from '../moments.ts';
import { numberIn } from './field.ts';
import { beginField } from './firstcopy.ts';
import { isOnward, peerOf, relationshipPath, type About, type Operation, type Situation } from './operation.ts';

const isState = ({ relationship }: About, ...states: number[]): boolean => relationship !== null && states.includes(relationship.state);
const name = ({ machine }: Situation): string => machine.name;
const isScheduled = ({ relationship }: Situation): boolean => relationship?.startsAtMs !== null && relationship?.startsAtMs !== undefined;

const cycle: Operation = {
  id: 'cycle', family: 'replication', command: 'cycle', api: ['cycleNow'], verb: 'cycle', isOnwardToo: true, danger: () => 'none', answer: 'job',
  title: () => t('Replicate now'),
  happens: (situation) => [isOnward(situation) ? t('The newest recovery point of {machine} is sent on to {peer} now.', { machine: name(situation), peer: peerOf(situation) }) : t('What {machine} has written since the last recovery point travels to {peer} now and becomes a recovery point there.', { machine: name(situation), peer: peerOf(situation) })],
  request: (situation) => ({ method: 'POST', path: relationshipPath(situation, '/cycle') }),
};

const consistentCycle: Operation = {
  id: 'consistent-cycle', family: 'replication', command: 'cycle', api: ['consistentCycleNow'], verb: 'cycle', danger: () => 'none', answer: 'job',
  isOffered: ({ machine }) => machine.power === 'running',
  title: () => t('Replicate now, application-consistent'),
  happens: (situation) => [t('The guest agent of {machine} holds its file systems still for an instant; the recovery point that becomes of it is application-consistent.', { machine: name(situation) }), t('When the guest cannot be held still, the recovery point is crash-consistent, and the result says so.')],
  request: (situation) => ({ method: 'POST', path: relationshipPath(situation, '/cycle/application-consistent') }),
};

function suspended(situation: Situation): string {
  const names = { machine: name(situation), peer: peerOf(situation) };
  if (isState(situation, 10)) return t('The comparison of the disks of {machine} stands still; its place is kept.', names);
  if (situation.relationship?.side === 'replica') return t('This host accepts no more cycles of {machine}; {peer} goes on recording what changes.', names);
  return t('{machine} is not replicated to {peer} until it is resumed. What changes is still recorded, so that nothing has to be compared afterwards.', names);
}

const suspend: Operation = {
  id: 'suspend', family: 'replication', command: 'suspend', api: ['suspend'], verb: 'suspend', isOnwardToo: true, answer: 'done',
  danger: () => 'caution',
  title: () => t('Suspend'),
  happens: (situation) => [suspended(situation), t('The replica falls further behind meanwhile: a failover would lose that much.')],
  request: (situation) => ({ method: 'POST', path: relationshipPath(situation, '/suspend') }),
};

const resume: Operation = {
  id: 'resume', family: 'replication', command: 'resume', api: ['resume'], verb: 'resume', isOnwardToo: true, danger: () => 'none', answer: 'done',
  title: (situation) => (isState(situation, 11) ? t('Go on comparing') : t('Resume')),
  happens: (situation) => [
    isState(situation, 11) ? t('The comparison of the disks of {machine} goes on where it stood.', { machine: name(situation) })
      : isState(situation, 16) ? t('The copy of the new disks of {machine} begins again.', { machine: name(situation) })
        : t('Replication of {machine} goes on, with everything that has changed meanwhile.', { machine: name(situation) }),
  ],
  request: (situation) => ({ method: 'POST', path: relationshipPath(situation, '/resume') }),
};

const resynchronize: Operation = {
  id: 'resynchronize', family: 'replication', command: 'resynchronize', api: ['resynchronize', 'resynchronizeAt'], verb: 'resynchronize', isOnwardToo: true, danger: () => 'none',
  answer: (values) => (numberIn(values, 'at') === undefined ? 'job' : 'done'),
  title: () => t('Resynchronize'),
  fields: (situation) => [beginField(situation)],
  happens: (situation, values) => [
    ...(numberIn(values, 'at') === undefined ? [] : [t('It begins by itself at {moment}.', { moment: instant(numberIn(values, 'at')!) })]),
    t('The disks of {machine} are compared with the replica on {peer} while its guest runs, and only what differs travels. Recovery points stay.', { machine: name(situation), peer: peerOf(situation) }),
  ],
  request: (situation, values) => {
    const at = numberIn(values, 'at');
    return at === undefined ? { method: 'POST', path: relationshipPath(situation, '/resynchronize') } : { method: 'POST', path: relationshipPath(situation, '/resynchronize/at'), body: { startsAtMs: at } };
  },
};

const cancelResynchronization: Operation = {
  id: 'cancel-resynchronization', family: 'replication', command: 'cancel-resynchronization', api: ['resynchronizeCancel'], isOnwardToo: true, answer: 'done',
  isOffered: (situation) => situation.relationship?.allowed.includes('cancel-resynchronization') === true || (isScheduled(situation) && isState(situation, 7, 8, 9)),
  title: (situation) => (isState(situation, 10, 11) ? t('Give the resynchronization up') : t('Do not resynchronize at the chosen time')),
  danger: (situation) => (isState(situation, 10, 11) ? 'caution' : 'none'),
  happens: (situation) => (isState(situation, 10, 11)
    ? [t('What has been compared so far is dropped. Recovery points stay. Nothing is replicated until somebody begins the resynchronization again.')]
    : [t('It does not begin by itself any more.')]),
  request: (situation) => ({ method: 'POST', path: relationshipPath(situation, '/resynchronize/cancel') }),
};

const resetStatistics: Operation = {
  id: 'reset-statistics', family: 'more', command: 'health reset', api: ['statisticsReset'], isOnwardToo: true, danger: () => 'none', answer: 'done',
  isOffered: ({ relationship }) => relationship !== null,
  title: () => t('Count the statistics anew'),
  happens: () => [t('Cycles, misses and failures are counted from now on; a warning that no longer holds goes away. The history of the charts stays.')],
  request: (situation) => ({ method: 'POST', path: relationshipPath(situation, '/statistics/reset') }),
};

const assign: Operation = {
  id: 'assign', family: 'more', command: 'authorization assign', api: ['authorizationAssign'], role: 'administrator', danger: () => 'caution', answer: 'done',
  isOffered: ({ relationship, entries }) => relationship?.side === 'replica' && entries.length > 0,
  title: () => t('Give to an authorization entry'),
  fields: ({ entries }) => [{ kind: 'choice', name: 'entry', label: t('Authorization entry'), choices: entries.map(({ id, host }) => ({ value: id, label: host })), initial: entries[0]?.id ?? '', isNeeded: true }],
  happens: (situation) => [t('The replica of {machine} belongs to this entry alone from now on: its cycles are accepted as long as the entry is there. Its files stay where they are.', { machine: name(situation) })],
  request: (situation, values) => ({ method: 'PUT', path: relationshipPath(situation, '/authorization'), body: { authorization: values['entry'] } }),
};

const AGAIN = (): string => t('Enabling it again begins with a comparison, or with a whole copy of the disks.');

function endsOnPrimary({ machine, relationship }: Situation): string[] {
  const { peer, state } = relationship!;
  return [
    t('Replication of {machine} ends on this host. Its guest and its disks stay as they are; what it writes from now on is on this host alone.', { machine: machine.name }),
    ...(state === 4 ? [t('The planned failover that was prepared is given up: the guest may start here again.')] : []),
    ...([2, 10, 11].includes(state) ? [t('The copy or comparison that is under way is given up.')] : []),
    t('{peer} keeps the replica and its recovery points until it is removed there too.', { peer }),
  ];
}

function endsOnReplica({ machine, relationship, lagMs }: Situation): string[] {
  const { peer, state, points } = relationship!;
  const names = { machine: machine.name, peer };
  if (state === 14) return [t('{machine} stays on this host as it came home, an ordinary machine that is not protected.', names), t('{peer} keeps what it had when it handed the machine over, until it is removed there too.', names)];
  if (state === 5 || state === 6) return [t('{machine} stays on this host with what its guest wrote since the failover, an ordinary machine that is not protected.', names)];
  if (points === 0) return [t('There is no recovery point of {machine} on this host yet: what stays has no content of its own and can be undefined.', names), t('{peer} goes on running it, without a replica here.', names)];
  return [
    lagMs === null ? t('{machine} becomes an ordinary machine on this host, as its newest recovery point has it, and can be started here.', names) : t('{machine} becomes an ordinary machine on this host, as its newest recovery point has it ({length} old), and can be started here.', { ...names, length: length(lagMs) }),
    t('Nothing stops two guests from running then: look that the one on {peer} is off before you start this one.', names),
    t('The cycles of {peer} fail until it is removed there too.', names),
  ];
}

function givenUp({ relationship }: Situation): string[] {
  const { side, state, points } = relationship!;
  return [
    ...(state === 14 ? [t('The failback cannot be reverted any more.')] : []),
    ...(state === 13 ? [t('The failback that is under way is given up.')] : []),
    ...(state === 5 || state === 6 ? [t('The failover cannot be reverted or reversed any more.')] : []),
    ...(side === 'replica' && state !== 14 && points > 1 ? [t('The other {count} recovery points on this host are given up.', { count: points - 1 })] : []),
    AGAIN(),
  ];
}

const disable: Operation = {
  id: 'disable', family: 'more', command: 'disable', api: ['disable'], verb: 'disable', isOnwardToo: true, danger: () => 'loss', answer: 'done',
  title: (situation) => (isOnward(situation) ? t('End sending on') : t('End replication')),
  happens: (situation) => (isOnward(situation)
    ? [t('The recovery points of {machine} are not sent on to {peer} any more. {peer} keeps its replica until it is removed there too.', { machine: name(situation), peer: peerOf(situation) })]
    : situation.relationship?.side === 'primary' ? endsOnPrimary(situation) : endsOnReplica(situation)),
  loses: (situation) => (isOnward(situation) ? [AGAIN()] : givenUp(situation)),
  request: (situation) => ({ method: 'DELETE', path: relationshipPath(situation) }),
};

export const REPLICATION: readonly Operation[] = [cycle, consistentCycle, suspend, resume, resynchronize, cancelResynchronization];
export const UPKEEP: readonly Operation[] = [resetStatistics, assign, disable];
