/** Disks that come, go and grow, whether the guest runs or not. */
import { t } from '../language.ts';
import { size } from '../moments.ts';
import { given, numberIn, textIn, type Field } from './field.ts';
import { absolutePath } from './firstcopy.ts';
import { machinePath, type Operation, type Situation } from './operation.ts';

const PATH_CHARACTERS = 4_096;
const NAME_CHARACTERS = 10;
const LONGEST_SECONDS = 3_600;
const name = ({ machine }: Situation): string => machine.name;

/** A replica's disks are changed on its primary. */
const isOwn = ({ machine }: Situation): boolean => machine.role !== 'replica' && machine.role !== 'test';

const diskField = ({ machine }: Situation): Field => ({
  kind: 'choice', name: 'disk', label: t('Disk'), initial: machine.disks[0]?.name ?? '', isNeeded: true,
  choices: machine.disks.map((disk) => ({ value: disk.name, label: t('{disk}, {size}', { disk: disk.name, size: size(disk.sizeBytes) }) })),
});

const diskName = (text: string): string | null => (/^[a-z][a-z0-9]*$/.test(text) ? null : t('Lower-case letters and digits, beginning with a letter.'));

const attach: Operation = {
  id: 'disk-attach', family: 'disks', command: 'vm disk attach', api: ['diskAttach'], danger: () => 'none', answer: 'job',
  isOffered: isOwn,
  title: () => t('Attach a disk'),
  fields: ({ host }) => [
    { kind: 'line', name: 'name', label: t('Short name of the disk'), longest: NAME_CHARACTERS, initial: '', isNeeded: true, isFit: diskName },
    { kind: 'line', name: 'path', label: t('Image or block device on {host}', { host }), longest: PATH_CHARACTERS, initial: '', isNeeded: true, isFit: absolutePath },
    { kind: 'size', name: 'size', label: t('Size, when the image is missing and is to be made'), hint: t('Such as 10 GiB.'), initial: '' },
    { kind: 'choice', name: 'format', label: t('Format of the image'), choices: [{ value: 'qcow2', label: 'qcow2' }, { value: 'raw', label: 'raw' }], initial: 'qcow2', isSeldom: true },
    { kind: 'choice', name: 'bus', label: t('Where the guest sees it'), choices: ['virtio', 'scsi', 'sata'].map((bus) => ({ value: bus, label: bus })), initial: 'virtio', isSeldom: true },
  ],
  happens: (situation) => [
    t('{machine} has this disk, and its guest sees it at once when it runs.', { machine: name(situation) }),
    ...(situation.relationship ? [t('It does not replicate until the settings include it.')] : []),
  ],
  request: (situation, values) => ({ method: 'POST', path: machinePath(situation, '/disks'), body: given({ name: textIn(values, 'name'), path: textIn(values, 'path'), format: textIn(values, 'format'), bus: textIn(values, 'bus'), sizeBytes: numberIn(values, 'size') }) }),
};

const detach: Operation = {
  id: 'disk-detach', family: 'disks', command: 'vm disk detach', api: ['diskDetach'], danger: () => 'loss', answer: 'job',
  isOffered: (situation) => isOwn(situation) && situation.machine.disks.length > 1,
  title: () => t('Detach a disk'),
  fields: (situation) => [diskField(situation), { kind: 'whole', name: 'timeoutSeconds', label: t('How long the guest may take to give it up, in seconds'), least: 1, most: LONGEST_SECONDS, initial: '', isSeldom: true }],
  happens: (situation, values) => {
    const disk = textIn(values, 'disk') ?? '';
    return [
      t('{machine} does not have disk {disk} any more. Its image stays.', { machine: name(situation), disk }),
      ...(situation.relationship?.settings.disks.includes(disk) ? [t('It does not replicate any more either; recovery points keep what they have of it.')] : []),
    ];
  },
  loses: (situation, values) => [t('What the guest of {machine} has not written to disk {disk} is lost.', { machine: name(situation), disk: textIn(values, 'disk') ?? '' })],
  request: (situation, values) => ({ method: 'POST', path: machinePath(situation, `/disks/${encodeURIComponent(textIn(values, 'disk') ?? '')}/detach`), body: given({ timeoutSeconds: numberIn(values, 'timeoutSeconds') }) }),
};

const grow: Operation = {
  id: 'disk-grow', family: 'disks', command: 'vm disk grow', api: ['diskGrow'], danger: () => 'caution', answer: 'job',
  isOffered: isOwn,
  title: () => t('Grow a disk'),
  fields: (situation) => [diskField(situation), { kind: 'size', name: 'size', label: t('New size'), hint: t('Such as 20 GiB. A disk cannot be made smaller.'), initial: '', isNeeded: true }],
  happens: (situation, values) => [
    t('Disk {disk} of {machine} has that size, also in a guest that runs; its partitions and file systems are for the guest to grow.', { machine: name(situation), disk: textIn(values, 'disk') ?? '' }),
    ...(situation.relationship ? [t('The replica follows with the next recovery point.')] : []),
  ],
  request: (situation, values) => ({ method: 'POST', path: machinePath(situation, `/disks/${encodeURIComponent(textIn(values, 'disk') ?? '')}/grow`), body: { sizeBytes: numberIn(values, 'size') } }),
};

export const DISKS: readonly Operation[] = [attach, detach, grow];
