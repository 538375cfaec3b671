/** Bringing a machine home to the host that it came from. */
import { t } from '../language.ts';
import { given, isTicked, numberIn, textIn } from './field.ts';
import { startField, timeoutField } from './failover.ts';
import { peerOf, relationshipPath, type Operation, type Situation } from './operation.ts';

const POINT_CHARACTERS = 64;
const name = ({ machine }: Situation): string => machine.name;

const failback: Operation = {
  id: 'failback', family: 'failback', command: 'failback', api: ['failback'], verb: 'failback', danger: () => 'loss', answer: 'job',
  title: () => t('Fail back'),
  fields: () => [startField(), timeoutField()],
  happens: (situation) => [
    t('What {machine} has written away from home travels while its guest runs; then the guest is shut down, its last changes travel, and it is booted at home. It does not answer meanwhile.', { machine: name(situation) }),
    t('Replication goes on in the old direction. Nothing that it wrote is lost.'),
  ],
  loses: ({ relationship }) => (relationship?.state === 5 ? [t('The failover is committed first: it cannot be reverted any more.')] : []),
  request: (situation, values) => ({ method: 'POST', path: relationshipPath(situation, '/failback'), body: given({ start: isTicked(values, 'start'), timeoutSeconds: numberIn(values, 'timeoutSeconds') }) }),
};

const initiate: Operation = {
  id: 'initiate-failback', family: 'failback', command: 'initiate-failback', api: ['failbackStart'], verb: 'initiate-failback', danger: () => 'loss', answer: 'job',
  title: () => t('Bring home and look at it first'),
  fields: (situation) => [
    { kind: 'line', name: 'point', label: t('Recovery point of {peer}', { peer: peerOf(situation) }), hint: t('Its id, from the page of the machine there. Empty: everything comes home.'), longest: POINT_CHARACTERS, initial: '', isSeldom: true },
    timeoutField(),
  ],
  happens: (situation, values) => (textIn(values, 'point') === undefined
    ? [t('{machine} comes home to {host} with everything. Its guest runs on over on {peer} meanwhile; for the last changes it is shut down, and you start it here.', { machine: name(situation), host: situation.host, peer: peerOf(situation) }), t('Look at it then, and commit or revert.')]
    : [t('{machine} comes home to {host} as it was at that recovery point. Its guest over on {peer} is shut down.', { machine: name(situation), host: situation.host, peer: peerOf(situation) })]),
  loses: (situation, values) => (textIn(values, 'point') === undefined ? [] : [t('What {machine} wrote on {peer} after that recovery point is given up; it is kept there as a named recovery point.', { machine: name(situation), peer: peerOf(situation) })]),
  request: (situation, values) => ({ method: 'POST', path: relationshipPath(situation, '/failback/start'), body: given({ point: textIn(values, 'point'), timeoutSeconds: numberIn(values, 'timeoutSeconds') }) }),
};

export const FAILBACKS: readonly Operation[] = [failback, initiate];
