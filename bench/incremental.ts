/** A cycle with 1 % of an 8 GiB disk dirty: against rsync between the two files, and against QEMU's own bitmap backup. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Qmp } from '../src/qmp/qmp.ts';
import { dirtyFile, dirtyScript, GIB, makeRandomDisk, randomClusters } from './data.ts';
import { figure, type Figure } from './figure.ts';
import { dirtyInGuest, OurPair } from './ours.ts';
import { medians, timed } from './rounds.ts';
import { untilPort, untilSocket, type Part, type Scene } from './scene.ts';
import { makeCertificates } from './tls.ts';

const DISK_BYTES = 8 * GIB;
const DATA_BYTES = GIB / 2;
const DIRTY_SHARE = 0.01;
const ROUNDS = 3;
const NBD_PORT = 10_911;
const NODE = 'disk';

/** A QEMU without a guest that has the disk, and behind TLS a server that has its copy: both in step before each round. */
class BitmapBackup {
  readonly #scene: Scene;
  readonly #qmp: Qmp;
  #generation = 0;

  private constructor(scene: Scene, qmp: Qmp) {
    this.#scene = scene;
    this.#qmp = qmp;
  }

  static async start(scene: Scene, original: string): Promise<BitmapBackup> {
    await scene.run('qemu-img convert -f raw -O qcow2 "$1" qemu.qcow2; cp qemu.qcow2 backup.qcow2', original);
    const tls = (endpoint: string) => `tls-creds-x509,id=tls0,endpoint=${endpoint},dir=${scene.at('tls')},verify-peer=on`;
    const target = scene.start('qemu-nbd', [
      '--persistent', '-f', 'qcow2', '--object', tls('server'), '--tls-creds', 'tls0', '-b', '127.0.0.1', '-p', String(NBD_PORT), scene.at('backup.qcow2'),
    ]);
    await untilPort(NBD_PORT, target);
    const disk = { driver: 'qcow2', 'node-name': NODE, file: { driver: 'file', filename: scene.at('qemu.qcow2') } };
    const qemu = scene.start('qemu-system-x86_64', [
      '-machine', 'none', '-nodefaults', '-display', 'none', '-S', '-object', tls('client'), '-blockdev', JSON.stringify(disk),
      '-qmp', `unix:${scene.at('qmp.sock')},server=on,wait=off`,
    ]);
    await untilSocket(scene.at('qmp.sock'), qemu);
    const qmp = await Qmp.connect(scene.at('qmp.sock'));
    await qmp.execute('nbd-server-start', { addr: { type: 'unix', data: { path: scene.at('write.sock') } } });
    await qmp.execute('block-export-add', { type: 'nbd', id: 'write', 'node-name': NODE, name: 'disk', writable: true });
    await qmp.execute('block-dirty-bitmap-add', { node: NODE, name: 'bitmap', granularity: 65_536 });
    return new BitmapBackup(scene, qmp);
  }

  async dirty(): Promise<void> {
    writeFileSync(this.#scene.at('script'), dirtyScript(randomClusters(DISK_BYTES, DIRTY_SHARE), ++this.#generation));
    await this.#scene.run('qemu-io -f raw "$1" < script > io.log', `nbd+unix:///disk?socket=${this.#scene.at('write.sock')}`);
  }

  /** Seconds from connecting to the server until the job has ended; the bitmap is empty then. */
  round(): Promise<number> {
    return timed(async () => {
      const server = { type: 'inet', host: '127.0.0.1', port: String(NBD_PORT) };
      await this.#qmp.execute('blockdev-add', { driver: 'nbd', 'node-name': 'remote', server, 'tls-creds': 'tls0' });
      const ended = this.#qmp.waitFor(({ event }) => event === 'BLOCK_JOB_COMPLETED', 120_000);
      await this.#qmp.execute('blockdev-backup', { 'job-id': 'backup', device: NODE, target: 'remote', sync: 'bitmap', bitmap: 'bitmap', 'bitmap-mode': 'on-success' });
      const { data } = await ended;
      if (data['error'] !== undefined) throw new Error(`blockdev-backup: ${String(data['error'])}`);
      await this.#removeRemote();
    });
  }

  /** A job lets go of its target a moment after it has ended. */
  async #removeRemote(): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        await this.#qmp.execute('blockdev-del', { 'node-name': 'remote' });
        return;
      } catch (error) {
        if (attempt === 1000) throw error;
        await delay(1);
      }
    }
  }
}

async function rsyncRound(scene: Scene): Promise<number> {
  dirtyFile(scene.at('original.raw'), randomClusters(DISK_BYTES, DIRTY_SHARE));
  return timed(() => scene.run('rsync --inplace --no-whole-file original.raw copy.raw'));
}

/** Our contestant: a running machine whose guest, idle otherwise, dirties its disk before each round. */
async function ourCycles(scene: Scene, pair: OurPair): Promise<() => Promise<number>> {
  const path = join(pair.directory, 'a.qcow2');
  await scene.run('qemu-img convert -f raw -O qcow2 original.raw "$1"', path);
  const guest = await pair.boot([{ name: 'a', path, format: 'qcow2' }], 'idle');
  await pair.replicate({ compression: false });
  let generation = 0;
  return async () => {
    await dirtyInGuest(guest, DISK_BYTES, DIRTY_SHARE, ++generation);
    return pair.cycle();
  };
}

async function run(scene: Scene): Promise<readonly Figure[]> {
  await makeCertificates(scene);
  makeRandomDisk(scene.at('original.raw'), DISK_BYTES, DATA_BYTES);
  const backup = await BitmapBackup.start(scene, scene.at('original.raw'));
  await scene.run('cp --sparse=always original.raw copy.raw');
  const pair = await OurPair.open(scene.fresh('o'));
  try {
    const seconds = await medians(ROUNDS, {
      ours: await ourCycles(scene, pair),
      backup: async () => {
        await backup.dirty();
        return backup.round();
      },
      rsync: () => rsyncRound(scene),
    }, { warmUp: true });
    return figures(seconds);
  } finally {
    await pair.close();
  }
}

const figures = (seconds: Record<'ours' | 'backup' | 'rsync', number | null>): readonly Figure[] => [
  figure({ name: 'cycle, 1 % of 8 GiB dirty', unit: 's', value: seconds.ours, peer: 'rsync --inplace --no-whole-file', peerValue: seconds.rsync, target: { of: 'ratio', at: 'most', limit: 0.1 } }),
  figure({ name: 'cycle, 1 % of 8 GiB dirty', unit: 's', value: seconds.ours, peer: 'QEMU blockdev-backup sync=bitmap over TLS', peerValue: seconds.backup, target: { of: 'ratio', at: 'most', limit: 2 } }),
];

export const incremental: Part = { name: 'incremental', about: 'a cycle with 1 % of an 8 GiB disk dirty', run };
