/** Replicating a machine, or sending a replica on to a third host: settings, and what the other host lacks, before anything is done. */
import type { SettingsView } from '../../../src/service/relationshipviews.ts';
import { t } from '../language.ts';
import { given, isTicked, numberIn, textIn, type Field, type Values } from './field.ts';
import { absolutePath } from './firstcopy.ts';
import { type About, type Operation, type Situation } from './operation.ts';
import { settingsChange, settingsFields } from './settings.ts';

const ADVISED_HISTORY = 24;
const LEAST_MEMORY_MIB = 16;
const MOST_MEMORY_MIB = 16_777_216;
const PATH_CHARACTERS = 4_096;
const SENDABLE: readonly number[] = [2, 3, 7, 8];

/** A replica is sent on by a relationship of its own. */
const isExtending = ({ relationship }: About): boolean => relationship?.side === 'replica';

function canBegin({ machine, relationship, other, hosts }: Situation): boolean {
  if (relationship === null) return machine.role === 'standalone' && hosts.some(({ self }) => !self);
  const isSendable = relationship.side === 'replica' && relationship.kind === 'simple' && SENDABLE.includes(relationship.state) && other === null;
  return isSendable && hosts.some(({ self, name }) => !self && name !== relationship.peer);
}

/** What the daemon would set by itself; the history is the advised one. */
const defaults = ({ machine, relationship }: Situation): SettingsView => ({
  intervalSeconds: relationship?.settings.intervalSeconds === 900 ? 900 : 300, compression: relationship?.settings.compression ?? true, disks: relationship?.settings.disks ?? machine.disks.map(({ name }) => name),
  recoveryHistory: 0, applicationConsistentHours: 0, replicateHostItems: true, bypassProxy: false, resynchronizationWindow: null, additional: {},
});

function enableFields(situation: Situation): Field[] {
  const others = situation.hosts.filter(({ self, name }) => !self && name !== situation.relationship?.peer);
  const settings = settingsFields({ ...defaults(situation), recoveryHistory: ADVISED_HISTORY }, situation.machine.disks.map(({ name }) => name), isExtending(situation));
  const place: Field[] = [
    { kind: 'whole', name: 'memoryMiB', label: t('Memory of the replica in MiB'), hint: t('As here when this is empty.'), least: LEAST_MEMORY_MIB, most: MOST_MEMORY_MIB, initial: '', isSeldom: true },
    { kind: 'pairs', name: 'bridges', label: t('Bridges of the replica, one a line'), hint: t('The bridge here, an equals sign, the bridge there: br0=br1.'), initial: '', isSeldom: true },
    { kind: 'line', name: 'storage', label: t('Directory of the replica on the other host'), hint: t('As its authorization entry says when this is empty.'), longest: PATH_CHARACTERS, initial: '', isSeldom: true, isFit: absolutePath },
    { kind: 'tick', name: 'useExisting', label: t('Begin with what the other host kept of it as a former replica'), initial: false, isSeldom: true },
    { kind: 'tick', name: 'force', label: t('Also when a finding speaks against it'), initial: false, isSeldom: true },
  ];
  return [
    { kind: 'choice', name: 'host', label: t('Host that gets the replica'), choices: others.map(({ name }) => ({ value: name, label: name })), initial: others[0]?.name ?? '', isNeeded: true },
    ...settings,
    ...place,
  ];
}

function body(situation: Situation, values: Values): object {
  const overrides = given({ memoryMiB: numberIn(values, 'memoryMiB'), bridges: values['bridges'] ?? undefined, storage: textIn(values, 'storage') });
  return {
    machine: situation.machine.id, host: textIn(values, 'host') ?? '', settings: settingsChange(values, defaults(situation)),
    ...(Object.keys(overrides).length > 0 && { overrides }),
    ...(isTicked(values, 'force') && { force: true }),
    ...(isTicked(values, 'useExisting') && { useExisting: true }),
  };
}

const enable: Operation = {
  id: 'enable', family: 'replication', command: 'enable', api: ['enable', 'enablePlan'], danger: () => 'none', answer: 'done',
  isOffered: canBegin,
  title: (situation) => (isExtending(situation) ? t('Send on to a third host') : t('Enable replication')),
  fields: enableFields,
  happens: (situation, values) => {
    const names = { machine: situation.machine.name, peer: textIn(values, 'host') ?? '' };
    const onward = names.peer === '' ? t('The recovery points of {machine} are sent on to a third host.', names) : t('The recovery points of {machine} are sent on to {peer}.', names);
    const first = names.peer === '' ? t('A replica of {machine} is kept on another host.', names) : t('A replica of {machine} is kept on {peer}.', names);
    return [
      isExtending(situation) ? onward : first,
      t('Nothing is copied yet: start the initial replication afterwards.'),
    ];
  },
  plan: (situation, values) => ({ method: 'POST', path: '/api/relationships/plan', body: body(situation, values) }),
  request: (situation, values) => ({ method: 'POST', path: '/api/relationships', body: body(situation, values) }),
};

export const ENABLING: readonly Operation[] = [enable];
