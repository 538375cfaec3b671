/** The first copy of a machine's disks: over the network, from a copy that is there, on media, now or later. */
import { t } from '../language.ts';
import { instant } from '../moments.ts';
import { given, numberIn, textIn, type Field } from './field.ts';
import { isOnward, peerOf, relationshipPath, type Operation, type Situation } from './operation.ts';

const name = ({ machine }: Situation): string => machine.name;
const DIRECTORY_CHARACTERS = 4_096;

export const absolutePath = (text: string): string | null => (text.startsWith('/') ? null : t('An absolute path, beginning with a slash.'));

const AHEAD_MS = 7 * 86_400_000;
export const beginField = ({ nowMs }: Situation): Field => ({ kind: 'moment', name: 'at', label: t('Begin at'), hint: t('Within the next seven days; at once when this is empty.'), fromMs: nowMs, untilMs: nowMs + AHEAD_MS, initial: '' });

const directory = (label: string, hint: string): Field => ({ kind: 'line', name: 'directory', label, hint, longest: DIRECTORY_CHARACTERS, initial: '', isNeeded: true, isFit: absolutePath });

const start: Operation = {
  id: 'start-replication', family: 'replication', command: 'start-replication', api: ['initialStart', 'initialStartAt'], verb: 'start-replication', isOnwardToo: true, danger: () => 'none',
  answer: (values) => (numberIn(values, 'at') === undefined ? 'job' : 'done'),
  title: () => t('Start the initial replication'),
  fields: (situation) => [
    {
      kind: 'choice', name: 'transfer', label: t('First copy'), initial: '',
      choices: [
        { value: '', label: t('As it was chosen when replication was enabled') },
        { value: 'network', label: t('Copy everything over the network') },
        { value: 'seed', label: t('Begin with the copy that is on {peer}: only what differs travels', { peer: peerOf(situation) }) },
      ],
    },
    beginField(situation),
  ],
  happens: (situation, values) => [
    ...(numberIn(values, 'at') === undefined ? [] : [t('It begins by itself at {moment}.', { moment: instant(numberIn(values, 'at')!) })]),
    isOnward(situation)
      ? t('The newest recovery point of {machine} is copied to {peer}; recovery points go on arriving here meanwhile.', { machine: name(situation), peer: peerOf(situation) })
      : textIn(values, 'transfer') === 'seed'
        ? t('The disks of {machine} are compared with the copy on {peer} while its guest runs, and what differs travels.', { machine: name(situation), peer: peerOf(situation) })
        : t('The disks of {machine} are copied to {peer} while its guest runs. When that is done the first recovery point is there, and cycles begin.', { machine: name(situation), peer: peerOf(situation) }),
  ],
  request: (situation, values) => {
    const [at, transfer] = [numberIn(values, 'at'), textIn(values, 'transfer')];
    if (at !== undefined) return { method: 'POST', path: relationshipPath(situation, '/start-replication/at'), body: given({ startsAtMs: at, transfer }) };
    return { method: 'POST', path: relationshipPath(situation, `/start-replication${transfer === undefined ? '' : `?transfer=${transfer}`}`) };
  },
};

const stop: Operation = {
  id: 'stop-initial', family: 'replication', command: 'stop-initial', api: ['initialStop'], verb: 'stop-initial', isOnwardToo: true, answer: 'done',
  isOffered: ({ relationship }) => relationship?.state === 2 || relationship?.startsAtMs !== null,
  title: ({ relationship }) => (relationship?.state === 2 ? t('Stop the initial replication') : t('Do not start at the chosen time')),
  danger: ({ relationship }) => (relationship?.state === 2 ? 'caution' : 'none'),
  happens: (situation) => [situation.relationship?.state === 2 ? t('What was copied of {machine} so far is dropped; its guest is not touched.', { machine: name(situation) }) : t('The initial replication of {machine} does not begin by itself any more.', { machine: name(situation) })],
  request: (situation) => ({ method: 'POST', path: relationshipPath(situation, '/stop-initial') }),
};

const exported: Operation = {
  id: 'export', family: 'replication', command: 'export', api: ['initialExport'], verb: 'export', danger: () => 'none', answer: 'job',
  title: () => t('Write the first copy onto media'),
  fields: (situation) => [directory(t('Directory on {host}', { host: situation.host }), t('It gets a subdirectory of its own for this machine.'))],
  happens: (situation) => [
    t('The disks of {machine} are written into that directory while its guest runs. Changes are recorded and sent to {peer} meanwhile.', { machine: name(situation), peer: peerOf(situation) }),
    t('Carry the subdirectory to {peer} and import it on the page of {machine} there.', { machine: name(situation), peer: peerOf(situation) }),
  ],
  request: (situation, values) => ({ method: 'POST', path: relationshipPath(situation, '/export'), body: { directory: textIn(values, 'directory') } }),
};

const imported: Operation = {
  id: 'import', family: 'replication', command: 'import', api: ['initialImport'], verb: 'import', danger: () => 'none', answer: 'job',
  title: () => t('Take the first copy in from media'),
  fields: (situation) => [directory(t('Directory on {host}', { host: situation.host }), t('Where the media with the first copy are.'))],
  happens: (situation) => [t('The first copy of {machine} is read from there, checked whole, and becomes the first recovery point with all changes that were sent meanwhile.', { machine: name(situation) })],
  request: (situation, values) => ({ method: 'POST', path: relationshipPath(situation, '/import'), body: { directory: textIn(values, 'directory') } }),
};

const asReplica: Operation = {
  id: 'as-replica', family: 'replication', command: 'as-replica', api: ['copyOffer'], danger: () => 'caution', answer: 'done',
  isOffered: ({ machine, relationship, hosts }) => relationship === null && machine.role === 'standalone' && machine.power === 'off' && hosts.some(({ self }) => !self),
  title: () => t('Offer as a copy'),
  fields: ({ hosts }) => [{ kind: 'choice', name: 'host', label: t('Whose replica it is to be'), choices: hosts.filter(({ self }) => !self).map((host) => ({ value: host.name, label: host.name })), initial: hosts.find(({ self }) => !self)?.name ?? '', isNeeded: true }],
  happens: (situation, values) => [
    t('{machine} on this host is a copy of the machine on {peer} and waits to become its replica. It may not be started meanwhile.', { machine: name(situation), peer: textIn(values, 'host') ?? '' }),
    t('Enable replication on {peer} then: only what differs travels.', { peer: textIn(values, 'host') ?? '' }),
  ],
  loses: (situation) => [t('What only this copy of {machine} has is replaced when its first recovery point arrives.', { machine: name(situation) })],
  request: (situation, values) => ({ method: 'POST', path: '/api/relationships/copies', body: { machine: situation.machine.id, host: textIn(values, 'host') } }),
};

export const FIRST_COPY: readonly Operation[] = [start, stop, exported, imported, asReplica];
