/** From the failover command to QEMU running: against starting the same QEMU by hand. */
import { testGuest } from '../guest/build.ts';
import { makeGuestDisks } from '../guest/disks.ts';
import { startPlain } from '../guest/plain.ts';
import { figure, type Figure } from './figure.ts';
import type { Ours } from './ours.ts';
import { medians, timed } from './rounds.ts';
import type { Part, Scene } from './scene.ts';

const ROUNDS = 5;
const MANY_POINTS = 24;

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

async function run(scene: Scene, ours: Ours | undefined): Promise<readonly Figure[]> {
  const seconds = await medians(ROUNDS, {
    hand: () => byHand(scene),
    none: ours && (() => ours.failover(0)),
    many: ours && (() => ours.failover(MANY_POINTS)),
  }, { warmUp: true });
  const peer = 'QEMU started by hand, until running';
  const target = { of: 'difference', at: 'most', limit: 1 } as const;
  return [
    figure({ name: 'failover, no older recovery points', unit: 's', value: seconds.none, peer, peerValue: seconds.hand, target }),
    figure({ name: `failover, ${MANY_POINTS} recovery points`, unit: 's', value: seconds.many, peer, peerValue: seconds.hand, target }),
  ];
}

export const failover: Part = { name: 'failover', about: 'from the command to QEMU running, with 0 and 24 recovery points', run };
