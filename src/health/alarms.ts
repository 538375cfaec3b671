/** Rule 19: how many layers a disk may have and how full a storage may be before somebody is told. */
import { say, type Text } from '../language/text.ts';
import type { Alarm, Machine } from '../machine/records.ts';

export const MAX_LAYERS = 64;
const GIB = 1024 ** 3;
const MIN_FREE_FRACTION = 0.05;

export interface Fill {
  readonly layers: number;
  readonly freeBytes: number;
  readonly totalBytes: number;
  /** Recovery points that are marked as damaged. */
  readonly damagedPoints: number;
}

/** Less than a twentieth, or than 1 GiB. */
export const isAlmostFull = ({ freeBytes, totalBytes }: Pick<Fill, 'freeBytes' | 'totalBytes'>): boolean => freeBytes < Math.max(GIB, totalBytes * MIN_FREE_FRACTION);

export const alarmsOf = ({ layers, damagedPoints, ...space }: Fill): Alarm[] => [
  ...(layers > MAX_LAYERS ? (['chain-long'] as const) : []), ...(isAlmostFull(space) ? (['space-low'] as const) : []), ...(damagedPoints > 0 ? (['points-damaged'] as const) : []),
];

/** What each alarm means for the replica. */
export const alarmText = (alarm: Alarm, { storage }: Pick<Machine, 'storage'>): Text =>
  ({
    'chain-long': say('A disk of the replica has more than {layers} layers: merging does not keep up, and while it is failed over no further points are made here.', { layers: MAX_LAYERS }),
    'space-low': say('Less than 5 % or 1 GiB of {storage} is free: when it is full, no recovery point can be made.', { storage }),
    'points-damaged': 'Recovery points of the replica are damaged, or stand on a damaged one: its storage does not hold what arrived.',
  })[alarm];

export const ALARM_HINTS: Readonly<Record<Alarm, string>> = {
  'chain-long': 'Keep fewer recovery points, or end a test failover that holds them.',
  'space-low': 'Free space there or keep fewer recovery points.',
  'points-damaged': 'Look at this host\'s storage. understudy point verify tells of each point whether it is good. When the storage is sound again, disable replication and enable it anew.',
};
