/** The guest's power, and the machine's definition. */
import { t } from '../language.ts';
import { given, numberIn, textIn } from './field.ts';
import { timeoutField } from './failover.ts';
import { machinePath, type Operation, type Situation } from './operation.ts';

const DEFINITION_CHARACTERS = 131_072;
const name = ({ machine }: Situation): string => machine.name;
const words = (situation: Situation) => ({ machine: name(situation), host: situation.host });

const start: Operation = {
  id: 'vm-start', family: 'guest', command: 'vm start', api: ['machineStart'], danger: () => 'none', answer: 'job',
  isOffered: ({ machine }) => machine.power === 'off' && machine.startRefusal === null,
  title: () => t('Start the guest'),
  happens: (situation) => [t('The guest of {machine} boots on {host}. The other host is asked first whether it may.', words(situation))],
  request: (situation) => ({ method: 'POST', path: machinePath(situation, '/start'), body: {} }),
};

const stop: Operation = {
  id: 'vm-stop', family: 'guest', command: 'vm stop', api: ['machineStop'], danger: () => 'caution', answer: 'job',
  isOffered: ({ machine }) => machine.power === 'running',
  title: () => t('Shut the guest down'),
  fields: () => [timeoutField()],
  happens: (situation) => [t('The guest of {machine} is asked to shut down, through its agent or the power button. It does not answer until it is started again.', words(situation))],
  request: (situation, values) => ({ method: 'POST', path: machinePath(situation, '/stop'), body: given({ timeoutSeconds: numberIn(values, 'timeoutSeconds') }) }),
};

const cutPower: Operation = {
  id: 'vm-cut-power', family: 'guest', command: 'vm stop', api: ['machineStop'], danger: () => 'loss', answer: 'job',
  isOffered: ({ machine }) => machine.power !== 'off',
  title: () => t('Cut the power'),
  happens: (situation) => [t('The power of {machine} is cut at once.', words(situation))],
  loses: (situation) => [t('What the guest of {machine} has not written to its disks is lost.', words(situation))],
  request: (situation) => ({ method: 'POST', path: machinePath(situation, '/stop'), body: { force: true } }),
};

const define: Operation = {
  id: 'vm-define', family: 'guest', command: 'vm define', api: ['machineDefine'], danger: () => 'caution', answer: 'done',
  isOffered: ({ machine, toml }) => toml !== null && machine.role !== 'replica' && machine.role !== 'test',
  title: () => t('Change the definition'),
  fields: ({ toml }) => [{ kind: 'text', name: 'toml', label: t('Definition'), hint: t('Of the same id: another id is another machine.'), longest: DEFINITION_CHARACTERS, initial: toml ?? '', isNeeded: true }],
  happens: (situation) => [
    t('The definition of {machine} is this one. A guest that runs gets it when it is started the next time.', words(situation)),
    ...(situation.relationship ? [t('The other host is asked whether it could run that; its replica follows with the next recovery point.')] : []),
  ],
  request: (_situation, values) => ({ method: 'POST', path: '/api/machines', body: { toml: textIn(values, 'toml') } }),
};

const undefine: Operation = {
  id: 'vm-undefine', family: 'guest', command: 'vm undefine', api: ['machineUndefine'], danger: () => 'loss', answer: 'done',
  isOffered: ({ machine, relationship }) => relationship === null && machine.role === 'standalone' && machine.power === 'off',
  title: () => t('Forget the machine'),
  happens: (situation) => [t('{machine} is not defined on {host} any more. Its disks stay where they are.', words(situation))],
  loses: () => [t('The definition is gone: keep a copy of it to define the machine again.')],
  request: (situation) => ({ method: 'DELETE', path: machinePath(situation) }),
};

export const GUEST: readonly Operation[] = [start, stop, cutPower, define, undefine];
