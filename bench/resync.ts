/**
 * A resynchronization with the fingerprint map: how fast this host's disk is read and compared, against nbdcopy of the same
 * kind of export to nothing, and how much travels of what differs.
 */
import { writeFileSync } from 'node:fs';
import { CLUSTER_BYTES, dirtyFile, dirtyScript, GIB, makeRandomDisk, MIB, randomClusters } from './data.ts';
import { figure, median, type Figure } from './figure.ts';
import { OurPair } from './ours.ts';
import { medians, timed } from './rounds.ts';
import { untilSocket, type Part, type Scene } from './scene.ts';

const DISK_BYTES = 2 * GIB;
const DIRTY_SHARE = 0.01;
const ROUNDS = 5;
const DIFFERING_BYTES = Math.round((DISK_BYTES / CLUSTER_BYTES) * DIRTY_SHARE) * CLUSTER_BYTES;
/** Headers, records and TLS besides. */
const MAX_SHARE = 1.05;

const FORMATS = ['raw', 'qcow2'] as const;
type Format = (typeof FORMATS)[number];

/** The disk as the daemon itself has it served while the machine is off. */
async function serveAsWeDo(scene: Scene, path: string, format: Format): Promise<string> {
  const socket = scene.at(`${format}.sock`);
  const file = { driver: 'file', filename: path, 'read-only': true, locking: 'off' };
  const node = format === 'raw' ? { ...file, 'node-name': 'disk' } : { driver: 'qcow2', 'node-name': 'disk', 'read-only': true, file };
  const server = scene.start('qemu-storage-daemon', [
    '--blockdev', JSON.stringify(node), '--nbd-server', `addr.type=unix,addr.path=${socket},max-connections=0`, '--export', 'type=nbd,id=disk,node-name=disk,name=disk',
  ]);
  await untilSocket(socket, server);
  return `nbd+unix:///disk?socket=${socket}`;
}

/** Other data in 1 % of the clusters, while the machine is off. */
async function change(scene: Scene, path: string, format: Format, generation: number): Promise<void> {
  const clusters = randomClusters(DISK_BYTES, DIRTY_SHARE);
  if (format === 'raw') return dirtyFile(path, clusters);
  writeFileSync(scene.at('script'), dirtyScript(clusters, generation));
  await scene.run('qemu-io -f qcow2 "$1" < script > io.log', path);
}

async function ofFormat(scene: Scene, format: Format): Promise<readonly Figure[]> {
  const path = scene.at(`disk.${format}`);
  makeRandomDisk(scene.at('random.raw'), DISK_BYTES, DISK_BYTES);
  await scene.run(`qemu-img convert -f raw -O ${format} random.raw "$1"; rm random.raw`, path);
  const uri = await serveAsWeDo(scene, path, format);
  const pair = await OurPair.open(scene.fresh('o'));
  try {
    await pair.defineDisk(path, format);
    await pair.replicate({ compression: false });
    const [whole, shares]: [number[], number[]] = [[], []];
    const seconds = await medians(ROUNDS, {
      ours: async () => {
        const { comparingMs, durationMs, bytesShipped } = await pair.resynchronize(() => change(scene, path, format, whole.length + 1));
        whole.push(durationMs / 1000);
        shares.push(bytesShipped / DIFFERING_BYTES);
        return comparingMs / 1000;
      },
      nbdcopy: () => timed(() => scene.run('nbdcopy "$1" null:', uri)),
    }, { warmUp: true });
    return figures(format, seconds, median(whole), Math.max(...shares));
  } finally {
    await pair.close();
    await scene.run('rm -f "$1"', path);
  }
}

const speed = (seconds: number | null): number | null => (seconds === null ? null : DISK_BYTES / MIB / seconds);

function figures(format: Format, { ours, nbdcopy: theirs }: Record<'ours' | 'nbdcopy', number | null>, wholeSeconds: number, share: number): readonly Figure[] {
  const name = `resynchronization with the map, ${format}`;
  const peer = { peer: 'nbdcopy of the same export to null:', peerValue: speed(theirs) };
  return [
    figure({ name: `${name}: reading and comparing`, unit: 'MiB/s', value: speed(ours), ...peer, target: { of: 'ratio', at: 'least', limit: 0.8 } }),
    figure({ name: `${name}: from its beginning to the point`, unit: 'MiB/s', value: speed(wholeSeconds), ...peer, target: { of: 'nothing' } }),
    figure({ name: `${name}: what travels, of what differs`, unit: '', value: share, target: { of: 'value', at: 'most', limit: MAX_SHARE } }),
  ];
}

async function run(scene: Scene): Promise<readonly Figure[]> {
  const found: Figure[] = [];
  for (const format of FORMATS) found.push(...(await ofFormat(scene, format)));
  return found;
}

export const resync: Part = { name: 'resync', about: 'a resynchronization with the fingerprint map', run };
