/** What removing a relationship gives up, in words: for the question before it. */
import type { View } from '../client/operation.ts';
import { language, t } from './language.ts';
import { duration, printable } from './words.ts';

const AGAIN = t('Enabling it again begins with a comparison or a whole copy of the disks.');

/** After another sentence; Chinese has no space between them. */
const following = (sentence: string): string => (sentence === '' || language === 'zh-Hant' ? sentence : ` ${sentence}`);

export function removalConsequences(it: View<'Relationship'>): string[] {
  const lines = it.side === 'primary' ? onPrimary(it) : onReplica(it);
  return lines.map(printable);
}

function onPrimary({ machine, peer, state }: View<'Relationship'>): string[] {
  const under = state === 4 ? t('The planned failover that was prepared is given up: the guest may start here again.') : [2, 10, 11].includes(state) ? t('The copy or comparison that is under way is given up.') : '';
  return [
    t('Replication of {machine} ends on this host. Its guest and its disks stay as they are; what it writes from now on is on this host alone.', { machine }) + following(under),
    t('{peer} keeps the replica and its recovery points until it is removed there too (understudy disable {machine} there).', { peer, machine }) + following(AGAIN),
  ];
}

function onReplica(it: View<'Relationship'>): string[] {
  const { machine, peer, state, points } = it;
  const older = points > 1 ? t('The other {count} recovery points here are given up.', { count: points - 1 }) : '';
  if (state === 14) return [t('{machine} stays on this host as it came home, an ordinary machine that is not protected. The failback cannot be reverted any more.', { machine }), t('{peer} keeps what it had when it handed the machine over, until it is removed there too.', { peer })];
  if (state === 5 || state === 6) return [t('{machine} stays on this host with what its guest wrote since the failover, an ordinary machine that is not protected.', { machine }) + following(older) + following(t('The failover cannot be reverted or reversed any more.'))];
  const gaveUp = state === 13 ? [t('The failback that is under way is given up first.')] : [];
  if (points === 0) return [...gaveUp, t('There is no recovery point of {machine} on this host yet: what stays has no content of its own and can be undefined.', { machine }), t('{peer} goes on running it, without a replica here.', { peer })];
  return [
    ...gaveUp,
    (it.lagMs === null
      ? t('{machine} becomes an ordinary machine on this host, as its newest recovery point has it, and can be started here.', { machine })
      : t('{machine} becomes an ordinary machine on this host, as its newest recovery point has it ({lag} old), and can be started here.', { machine, lag: duration(it.lagMs) })) + following(older),
    t('Nothing stops two guests from running then: look that the one on {peer} is off before you start this one.', { peer }),
    t('The cycles of {peer} fail until it is removed there too.', { peer }) + following(AGAIN),
  ];
}
