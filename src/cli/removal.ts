/** What removing a relationship gives up, in words: for the question before it. */
import type { View } from '../client/operation.ts';
import { duration, printable } from './words.ts';

const AGAIN = 'Enabling it again begins with a comparison or a whole copy of the disks.';

export function removalConsequences(it: View<'Relationship'>): string[] {
  const lines = it.side === 'primary' ? onPrimary(it) : onReplica(it);
  return lines.map(printable);
}

function onPrimary({ machine, peer, state }: View<'Relationship'>): string[] {
  const under = state === 4 ? 'The planned failover that was prepared is given up: the guest may start here again. ' : [2, 10, 11].includes(state) ? 'The copy or comparison that is under way is given up. ' : '';
  return [
    `Replication of ${machine} ends on this host. Its guest and its disks stay as they are; what it writes from now on is on this host alone. ${under}`.trim(),
    `${peer} keeps the replica and its recovery points until it is removed there too (understudy disable ${machine} there). ${AGAIN}`,
  ];
}

function onReplica(it: View<'Relationship'>): string[] {
  const { machine, peer, state, points } = it;
  const older = points > 1 ? ` The other ${points - 1} recovery points here are given up.` : '';
  if (state === 14) return [`${machine} stays on this host as it came home, an ordinary machine that is not protected. The failback cannot be reverted any more.`, `${peer} keeps what it had when it handed the machine over, until it is removed there too.`];
  if (state === 5 || state === 6) return [`${machine} stays on this host with what its guest wrote since the failover, an ordinary machine that is not protected.${older} The failover cannot be reverted or reversed any more.`];
  const gaveUp = state === 13 ? 'The failback that is under way is given up first. ' : '';
  if (points === 0) return [`${gaveUp}There is no recovery point of ${machine} on this host yet: what stays has no content of its own and can be undefined.`, `${peer} goes on running it, without a replica here.`];
  return [
    `${gaveUp}${machine} becomes an ordinary machine on this host, as its newest recovery point has it${it.lagMs === null ? '' : ` (${duration(it.lagMs)} old)`}, and can be started here.${older}`,
    `Nothing stops two guests from running then: look that the one on ${peer} is off before you start this one.`,
    `The cycles of ${peer} fail until it is removed there too. ${AGAIN}`,
  ];
}
