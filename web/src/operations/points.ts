/** Looking after one recovery point: the one that was picked. */
import { t } from '../language.ts';
import { instant } from '../moments.ts';
import { relationshipPath, type Operation, type Situation } from './operation.ts';

const path = (situation: Situation, rest = ''): string => relationshipPath(situation, `/points/${encodeURIComponent(situation.picked?.id ?? '')}${rest}`);
const words = ({ machine, picked }: Situation) => ({ machine: machine.name, moment: picked ? instant(picked.instantMs) : '' });

const verify: Operation = {
  id: 'point-verify', family: 'points', command: 'point verify', api: ['pointVerify'], verb: 'point verify', danger: () => 'none', answer: 'job',
  isOffered: ({ picked }) => picked !== null && picked.kind !== 'divergence',
  title: () => t('Verify'),
  happens: (situation) => [t('The recovery point of {machine} from {moment} is read in whole and compared with what was recorded when it arrived. Replication goes on; the disks of this host are busy meanwhile.', words(situation))],
  request: (situation) => ({ method: 'POST', path: path(situation, '/verify') }),
};

const remove: Operation = {
  id: 'point-delete', family: 'points', command: 'point delete', api: ['pointDelete'], verb: 'point delete', danger: () => 'loss', answer: 'done',
  isOffered: ({ picked }) => picked !== null && !picked.newest,
  title: () => t('Delete'),
  happens: () => [t('Every other recovery point stays as it is.')],
  loses: (situation) => [t('Nobody can go back to {machine} as it was at {moment} any more.', words(situation))],
  request: (situation) => ({ method: 'DELETE', path: path(situation) }),
};

export const POINTS: readonly Operation[] = [verify, remove];
