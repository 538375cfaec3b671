/** From the failover command to QEMU running: against starting the same QEMU by hand. */
import { testGuest } from '../guest/build.ts';
import { makeGuestDisks } from '../guest/disks.ts';
import { startPlain } from '../guest/plain.ts';
import { figure, type Figure } from './figure.ts';
import { lostPrimary, type OurPair } from './ours.ts';
import { medians, timed } from './rounds.ts';
import type { Part, Scene } from './scene.ts';

const ROUNDS = 5;
const MANY_POINTS = 24;
/** "The same": opening 24 more images takes some hundredths of a second. */
const MAX_POINTS_SECONDS = 0.25;

async function byHand(scene: Scene): Promise<number> {
  const guest = testGuest();
  const directory = scene.fresh('hand');
  const disks = makeGuestDisks(directory);
  let ended: Promise<unknown> | undefined;
  const seconds = await timed(async () => {
    const machine = await startPlain(directory, guest, disks);
    ended = machine.ended;
    machine.process.kill('SIGKILL');
  });
  await ended;
  return seconds;
}

/** Against starting by hand, in turns; the two hosts are gone afterwards. */
async function withPoints(scene: Scene, olderPoints: number): Promise<Record<'hand' | 'ours', number | null>> {
  const pair: OurPair = await lostPrimary(scene.fresh('o'), olderPoints);
  try {
    return await medians(ROUNDS, { hand: () => byHand(scene), ours: () => pair.failover() }, { warmUp: true });
  } finally {
    await pair.close();
  }
}

async function run(scene: Scene): Promise<readonly Figure[]> {
  const none = await withPoints(scene, 0);
  const many = await withPoints(scene, MANY_POINTS);
  const peer = 'QEMU started by hand, until running';
  const target = { of: 'difference', at: 'most', limit: 1 } as const;
  return [
    figure({ name: 'failover, no older recovery points', unit: 's', value: none.ours, peer, peerValue: none.hand, target }),
    figure({ name: `failover, ${MANY_POINTS} recovery points`, unit: 's', value: many.ours, peer, peerValue: many.hand, target }),
    figure({ name: `failover, ${MANY_POINTS} recovery points`, unit: 's', value: many.ours, peer: 'the same with none', peerValue: none.ours, target: { of: 'difference', at: 'most', limit: MAX_POINTS_SECONDS } }),
  ];
}

export const failover: Part = { name: 'failover', about: 'from the command to QEMU running, with 0 and 24 recovery points', run };
