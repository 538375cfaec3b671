/** Running a machine on the replica's host: to rehearse, planned, or because the primary is gone; and what follows. */
import type { PointView } from '../../../src/service/views.ts';
import { t } from '../language.ts';
import { instant, length } from '../moments.ts';
import { given, isTicked, numberIn, textIn, type Field, type Values } from './field.ts';
import { isOnward, peerOf, relationshipPath, type About, type Operation, type Situation } from './operation.ts';

const name = ({ machine }: Situation): string => machine.name;
const BRIDGE_CHARACTERS = 15;
const LONGEST_SHUTDOWN_SECONDS = 86_400;

export const isDamaged = ({ verification }: PointView): boolean => (verification?.damage.length ?? 0) > 0;

const KINDS: Readonly<Record<PointView['kind'], () => string>> = {
  standard: () => t('crash-consistent'),
  'application-consistent': () => t('application-consistent'),
  planned: () => t('of a planned failover'),
  divergence: () => t('set aside'),
};
export const isPointKind = (text: string): text is PointView['kind'] => Object.hasOwn(KINDS, text);
export const kindText = ({ kind }: Pick<PointView, 'kind'>): string => KINDS[kind]();

/** Of one recovery point, for a list of choices. */
export function pointText(point: PointView): string {
  const name = point.name === null ? '' : `, ${point.name}`;
  return `${instant(point.instantMs)}, ${kindText(point)}${name}${isDamaged(point) ? ` (${t('damaged')})` : ''}`;
}

export const pointField = ({ points, picked }: Situation): Field => ({
  kind: 'choice', name: 'point', label: t('Recovery point'), initial: picked?.id ?? '',
  choices: [{ value: '', label: t('The newest') }, ...points.map((point) => ({ value: point.id, label: pointText(point) }))],
});
export const startField = (): Field => ({ kind: 'tick', name: 'start', label: t('Start the guest'), initial: true });
export const timeoutField = (): Field => ({ kind: 'whole', name: 'timeoutSeconds', label: t('How long the guest may take to shut down, in seconds'), least: 1, most: LONGEST_SHUTDOWN_SECONDS, initial: '', isSeldom: true });
const commitAfterField = (isAsked?: (values: Values) => boolean): Field => ({
  kind: 'while', name: 'commitAfter', label: t('Commit by itself after'), hint: t('Such as 90m, 2h or 1d. As the settings say when this is empty.'), initial: '', isSeldom: true, ...(isAsked && { isAsked }),
});

/** The point that a failover would take. */
const pointOf = ({ points }: Situation, values: Values): PointView | undefined => points.find(({ id }) => id === textIn(values, 'point')) ?? points.find(({ newest }) => newest);

const test: Operation = {
  id: 'test', family: 'failover', command: 'test', api: ['testFailover'], verb: 'test', danger: () => 'none', answer: 'job',
  title: () => t('Test failover'),
  fields: (situation) => [
    pointField(situation),
    { kind: 'choice', name: 'network', label: t('Network of the copy'), initial: 'own', choices: [{ value: 'own', label: t('Each adapter\'s own test network, and none without one') }, { value: 'isolated', label: t('None at all') }, { value: 'bridge', label: t('One bridge of this host for all adapters') }] },
    { kind: 'line', name: 'bridge', label: t('Bridge'), longest: BRIDGE_CHARACTERS, initial: '', isNeeded: true, isAsked: (values) => values['network'] === 'bridge' },
    startField(),
  ],
  happens: (situation, values) => {
    const point = pointOf(situation, values);
    return [
      point ? t('A copy of {machine} as it was at {moment} is made on {host}. It is a machine of its own; replication goes on, and {machine} is not touched.', { machine: name(situation), moment: instant(point.instantMs), host: situation.host }) : t('A copy of {machine} is made on {host}. It is a machine of its own; replication goes on.', { machine: name(situation), host: situation.host }),
      t('End the test afterwards: that removes the copy with all that it wrote.'),
    ];
  },
  request: (situation, values) => ({ method: 'POST', path: relationshipPath(situation, '/failover/test'), body: given({ point: textIn(values, 'point'), start: isTicked(values, 'start'), network: textIn(values, 'bridge'), isolated: values['network'] === 'isolated' || undefined }) }),
};

const testEnd: Operation = {
  id: 'test-end', family: 'failover', command: 'test-end', api: ['testFailoverEnd'], verb: 'test-end', danger: () => 'caution', answer: 'job',
  title: () => t('End the test failover'),
  happens: (situation) => [t('The copy of {machine} is turned off and removed. Replication is not touched.', { machine: name(situation) })],
  loses: () => [t('What the copy wrote is gone.')],
  request: (situation) => ({ method: 'POST', path: relationshipPath(situation, '/failover/test-end') }),
};

const planned: Operation = {
  id: 'failover-planned', family: 'failover', command: 'failover', api: ['plannedFailover'], verb: 'failover', isOnwardToo: true, danger: () => 'loss', answer: 'job',
  isOffered: ({ relationship }) => relationship?.state === 3,
  title: () => t('Planned failover'),
  fields: () => [
    { kind: 'tick', name: 'reverse', label: t('Replicate back at once'), hint: t('The other direction is protected as soon as the guest runs there.'), initial: true },
    startField(),
    timeoutField(),
    commitAfterField((values) => values['reverse'] !== true),
    { kind: 'tick', name: 'force', label: t('Also when this host could not become the replica'), initial: false, isSeldom: true },
  ],
  happens: (situation, values) => {
    const { relationship, host } = situation;
    const [from, to] = relationship?.side === 'replica' ? [relationship.peer, host] : [host, peerOf(situation)];
    return [
      relationship?.kind === 'extended' ? t('The guest of {machine} is shut down where it runs, its last changes travel along the chain, and it is booted on {to}. It does not answer meanwhile.', { machine: name(situation), to }) : t('The guest of {machine} is shut down on {from}, its last changes travel, and it is booted on {to}. It does not answer meanwhile.', { machine: name(situation), from, to }),
      isTicked(values, 'reverse') ? t('{from} becomes the replica: from then on {to} replicates to it.', { from, to }) : t('It is not protected until replication is reversed; until then the failover can be reverted.'),
      t('Nothing that it wrote is lost.'),
    ];
  },
  loses: ({ relationship }, values) => (relationship?.kind === 'extended' && isTicked(values, 'reverse') ? [t('The first host of the chain has no part in it any more: what it has is kept there, and the relationship is to be removed there.')] : []),
  request: (situation, values) => ({
    method: 'POST', path: relationshipPath(situation, '/failover/planned'),
    body: given({ start: isTicked(values, 'start'), reverse: isTicked(values, 'reverse'), timeoutSeconds: numberIn(values, 'timeoutSeconds'), force: isTicked(values, 'force') || undefined, commitAfterSeconds: numberIn(values, 'commitAfter') }),
  }),
};

function unplannedLosses(situation: Situation, values: Values): string[] {
  const { nowMs, relationship } = situation;
  const point = pointOf(situation, values);
  const names = { machine: name(situation), peer: peerOf(situation) };
  const isLast = relationship?.kind === 'extended';
  const written = point && { ...names, length: length(Math.max(0, nowMs - point.instantMs)), moment: instant(point.instantMs) };
  const runsThere = written
    ? [isLast ? t('What {machine} wrote in the last {length} is not there: the recovery point is from {moment}.', written) : t('What {machine} wrote on {peer} in the last {length} is not there: the recovery point is from {moment}.', written)]
    : [];
  const later = point ? situation.points.filter(({ instantMs, kind }) => instantMs > point.instantMs && kind !== 'divergence').length : 0;
  return [
    ...(relationship?.peerConnected === false ? [t('{peer} does not answer, and from here nobody can tell whether it is gone or only the line to it. While it lives its guest may run there: then two run apart. Look at {peer} itself first.', names)] : []),
    ...runsThere,
    ...(later > 0 ? [t('{count} newer recovery points are not used. They stay until the failover is committed; a revert brings them back.', { count: later })] : []),
    ...(isLast ? [] : [relationship?.peerConnected ? t('{peer} answers: it keeps those writes as a named recovery point once it has yielded.', names) : t('If {peer} comes back, it keeps those writes as a named recovery point; if it does not, they are lost.', names)]),
    ...(isTicked(values, 'force') ? [t('This is done even if the guest still runs on {peer}: then two guests run apart, and only one of them can be kept as primary.', names)] : []),
    ...(point && isDamaged(point) ? [t('This recovery point was found damaged: its guest may not boot, or may read wrong data.')] : []),
  ];
}

const unplanned: Operation = {
  id: 'failover-unplanned', family: 'failover', command: 'failover', api: ['unplannedFailover'], verb: 'failover', danger: () => 'loss', answer: 'job',
  isOffered: ({ relationship }) => relationship?.side === 'replica' && relationship.points > 0,
  title: () => t('Unplanned failover'),
  fields: (situation) => [
    pointField(situation),
    startField(),
    commitAfterField(),
    { kind: 'tick', name: 'force', label: t('Also when the guest runs on {peer}, or the recovery point is damaged', { peer: peerOf(situation) }), initial: false, isSeldom: true },
  ],
  happens: (situation, values) => [
    isTicked(values, 'start')
      ? t('{machine} is started on {host} from a recovery point, because {peer} is gone. From then on {host} owns it.', { machine: name(situation), host: situation.host, peer: peerOf(situation) })
      : t('{machine} is made ready on {host} from a recovery point, because {peer} is gone. From then on {host} owns it.', { machine: name(situation), host: situation.host, peer: peerOf(situation) }),
    t('Look at the guest then. Until it is committed, it can be reverted to try another recovery point.'),
  ],
  loses: unplannedLosses,
  request: (situation, values) => ({
    method: 'POST', path: relationshipPath(situation, '/failover/unplanned'),
    body: given({ point: textIn(values, 'point'), start: isTicked(values, 'start'), force: isTicked(values, 'force') || undefined, commitAfterSeconds: numberIn(values, 'commitAfter') }),
  }),
};

const isHome = ({ relationship }: About): boolean => relationship?.state === 14;

const commit: Operation = {
  id: 'commit', family: 'failover', command: 'commit', api: ['commit'], verb: 'commit', danger: () => 'loss', answer: 'job',
  title: (situation) => (isHome(situation) ? t('Commit the failback') : t('Commit the failover')),
  happens: (situation) => [
    isHome(situation)
      ? t('{machine} stays on {host} as it came home, and {peer} is its replica again.', { machine: name(situation), host: situation.host, peer: peerOf(situation) })
      : t('{machine} keeps what it runs on now on {host}.', { machine: name(situation), host: situation.host }),
  ],
  loses: (situation) => (isHome(situation) ? [t('The failback cannot be reverted any more.')] : [t('The other recovery points on this host are removed, and the failover cannot be reverted any more.')]),
  request: (situation) => ({ method: 'POST', path: relationshipPath(situation, '/commit') }),
};

const commitAfter: Operation = {
  id: 'commit-after', family: 'failover', command: 'commit-after', api: ['commitAfter'], verb: 'commit-after', danger: () => 'none', answer: 'done',
  title: () => t('Commit by itself later'),
  fields: () => [{ kind: 'while', name: 'after', label: t('After'), hint: t('Such as 90m, 2h or 1d, from now on. Empty: never.'), initial: '' }],
  happens: (situation, values) => [
    numberIn(values, 'after') === undefined
      ? t('The failover of {machine} waits until somebody commits or reverts it.', { machine: name(situation) })
      : t('The failover of {machine} commits itself after that time; the other recovery points are removed then. A warning goes before.', { machine: name(situation) }),
  ],
  request: (situation, values) => ({ method: 'PUT', path: relationshipPath(situation, '/commit-after'), body: { seconds: numberIn(values, 'after') ?? 0 } }),
};

/** The newest recovery point is that of a planned failover: the other host has prepared one, and keeps its guest off. */
const wasPlanned = (situation: Situation): boolean => !isHome(situation) && situation.points.some(({ newest, kind }) => newest && kind === 'planned');

const revert: Operation = {
  id: 'revert', family: 'failover', command: 'revert', api: ['revert'], verb: 'revert', danger: () => 'loss', answer: 'job',
  title: (situation) => (isHome(situation) ? t('Revert the failback') : t('Revert the failover')),
  happens: (situation) => [
    isHome(situation)
      ? t('The guest of {machine} is stopped on {host}. It goes on over on {peer} as it was there: start it there.', { machine: name(situation), host: situation.host, peer: peerOf(situation) })
      : t('The guest of {machine} is stopped on {host}. Every recovery point that was received is there again, and another one can be chosen.', { machine: name(situation), host: situation.host }),
    ...(wasPlanned(situation) ? [t('Its guest runs nowhere then: to let it go on over on {peer}, cancel the planned failover there and start it.', { peer: peerOf(situation) })] : []),
  ],
  loses: (situation) => [isHome(situation) ? t('What {machine} wrote on {host} since it came home is lost.', { machine: name(situation), host: situation.host }) : t('What {machine} wrote on {host} since the failover is lost, with the recovery points made of it.', { machine: name(situation), host: situation.host })],
  request: (situation) => ({ method: 'POST', path: relationshipPath(situation, '/revert') }),
};

const reverse: Operation = {
  id: 'reverse', family: 'failover', command: 'reverse', api: ['reverse'], verb: 'reverse', danger: () => 'loss', answer: 'job',
  title: () => t('Reverse replication'),
  happens: (situation) => [
    t('{host} becomes the primary of {machine}, and {peer} its replica. Only what differs travels; the guest runs on.', { machine: name(situation), host: situation.host, peer: peerOf(situation) }),
    t('What the guest on {peer} wrote after the failover is kept there as a named recovery point.', { peer: peerOf(situation) }),
  ],
  loses: (situation) => (situation.relationship?.state === 5 ? [t('The failover is committed first: it cannot be reverted any more.')] : [t('The disks of {machine} on {peer} follow this host from now on.', { machine: name(situation), peer: peerOf(situation) })]),
  request: (situation) => ({ method: 'POST', path: relationshipPath(situation, '/reverse') }),
};

const cancel: Operation = {
  id: 'cancel-failover', family: 'failover', command: 'cancel-failover', api: ['plannedFailoverCancel'], verb: 'cancel-failover', isOnwardToo: true, answer: 'done',
  title: ({ relationship }) => (relationship?.state === 13 ? t('Give the failback up') : t('Cancel the planned failover')),
  fields: () => [{ kind: 'tick', name: 'force', label: t('Also while the other host cannot be asked'), initial: false, isSeldom: true }],
  danger: (_situation, values) => (isTicked(values, 'force') ? 'loss' : 'caution'),
  happens: (situation) => (situation.relationship?.state === 13
    ? [t('The guest of {machine} runs on over on {peer}, untouched; what came home so far is dropped.', { machine: name(situation), peer: peerOf(situation) })]
    : [t('{machine} may start on {host} again, and replication goes on.', { machine: name(situation), host: situation.host })]),
  loses: (situation, values) => (isTicked(values, 'force') ? [t('{peer} may not hear of it. If it has failed over already, both hosts went on alone, and you have to choose between them.', { peer: peerOf(situation) })] : []),
  request: (situation, values) => ({ method: 'POST', path: relationshipPath(situation, `/failover/cancel${isTicked(values, 'force') ? '?force=true' : ''}`) }),
};

const changeMode: Operation = {
  id: 'change-mode', family: 'failover', command: 'change-mode', api: ['changeMode'], verb: 'change-mode', danger: () => 'loss', answer: 'job',
  title: () => t('Make this host the primary of the third'),
  happens: (situation) => [t('{machine} is primary on {host}, and {third} is its replica.', { machine: name(situation), host: situation.host, third: situation.other?.peer ?? '' })],
  loses: (situation) => [t('{peer} has no part in it any more: what it has is kept there, and the relationship is to be removed there.', { peer: peerOf(situation) })],
  request: (situation) => ({ method: 'POST', path: relationshipPath(situation, '/change-mode') }),
};

const becomeReplica: Operation = {
  id: 'become-replica', family: 'failover', command: 'become-replica', api: ['becomeReplica'], verb: 'become-replica', danger: () => 'loss', answer: 'job',
  isOffered: (situation) => !isOnward(situation),
  title: () => t('Yield to the other host'),
  happens: (situation) => [t('The guest of {machine} is held on {host} and does not run here any more; {peer} is its primary.', { machine: name(situation), host: situation.host, peer: peerOf(situation) })],
  loses: (situation) => [t('What {machine} wrote on {host} alone is not on {peer}. It is kept here as a named recovery point; the disks here follow {peer} from now on.', { machine: name(situation), host: situation.host, peer: peerOf(situation) })],
  request: (situation) => ({ method: 'POST', path: relationshipPath(situation, '/become-replica') }),
};

export const FAILOVERS: readonly Operation[] = [test, testEnd, planned, unplanned, commit, revert, reverse, commitAfter, cancel, changeMode, becomeReplica];
