/** One machine's whole disk to another host: against nbdcopy over TLS, and against a compressing pipe. */
import { once } from 'node:events';
import type { ChildProcess } from 'node:child_process';
import { rmSync } from 'node:fs';
import { GIB, makeCompressibleDisk, makeRandomDisk, MIB } from './data.ts';
import { figure, type Figure } from './figure.ts';
import { OurPair } from './ours.ts';
import { medians, timed } from './rounds.ts';
import { untilPort, untilSocket, type Part, type Scene } from './scene.ts';
import { makeCertificates } from './tls.ts';
import { tlsAlone } from './tlsalone.ts';

const DISK_BYTES = 2 * GIB;
const DATA_BYTES = GIB;
const ROUNDS = 3;
const NBD_PORT = 10_909;
const PIPE_PORT = 10_910;

/** Serves the source on src.sock for as long as the scene lasts. */
async function serveSource(scene: Scene, source: string): Promise<void> {
  const server = scene.start('qemu-nbd', ['--read-only', '--persistent', '--shared=8', '-f', 'raw', '-k', scene.at('src.sock'), source]);
  await untilSocket(scene.at('src.sock'), server);
}

/** Serves a new, empty qcow2 until its client leaves; with TLS on a port, without on tgt.sock. */
async function serveTarget(scene: Scene, tls: boolean): Promise<ChildProcess> {
  const target = scene.at('target.qcow2');
  rmSync(target, { force: true });
  rmSync(scene.at('tgt.sock'), { force: true });
  await scene.run('qemu-img create -q -f qcow2 "$1" "$2"', target, String(DISK_BYTES));
  const secured = ['--object', `tls-creds-x509,id=tls0,endpoint=server,dir=${scene.at('tls')},verify-peer=on`, '--tls-creds', 'tls0', '-b', '127.0.0.1', '-p', String(NBD_PORT)];
  const server = scene.start('qemu-nbd', ['--shared=8', '--discard=unmap', '-f', 'qcow2', ...(tls ? secured : ['-k', scene.at('tgt.sock')]), target]);
  await (tls ? untilPort(NBD_PORT, server) : untilSocket(scene.at('tgt.sock'), server));
  return server;
}

/** Seconds of the work, which is over when the target's server has closed its image. */
async function untilClosed(server: ChildProcess, work: () => Promise<void>): Promise<number> {
  const ended = once(server, 'exit');
  return await timed(() => Promise.all([work(), ended]));
}

const source = (scene: Scene): string => `nbd+unix:///?socket=${scene.at('src.sock')}`;

async function nbdcopyTls(scene: Scene): Promise<number> {
  const server = await serveTarget(scene, true);
  return untilClosed(server, () => scene.run('nbdcopy --flush "$1" "$2"', source(scene), `nbds://127.0.0.1:${NBD_PORT}/?tls-certificates=${scene.at('tls')}`));
}

async function nbdcopyAlone(scene: Scene): Promise<number> {
  const server = await serveTarget(scene, false);
  return untilClosed(server, () => scene.run('nbdcopy --flush "$1" "$2"', source(scene), `nbd+unix:///?socket=${scene.at('tgt.sock')}`));
}

/** Source → zstd → TLS → zstd → target, as one would write it in a shell. */
async function compressingPipe(scene: Scene): Promise<number> {
  const server = await serveTarget(scene, false);
  const receiver = scene.start('bash', [
    '-c',
    `set -eo pipefail; socat -u -b 1048576 OPENSSL-LISTEN:${PIPE_PORT},bind=127.0.0.1,reuseaddr,cert=tls/server-both.pem,cafile=tls/ca-cert.pem,verify=1 - | zstd -dcq | nbdcopy --flush - "nbd+unix:///?socket=${scene.at('tgt.sock')}"`,
  ], { cwd: scene.directory });
  await untilPort(PIPE_PORT, receiver);
  const received = once(receiver, 'exit');
  return untilClosed(server, async () => {
    await scene.run(`nbdcopy "$1" - | zstd -1 -cq | socat -u -b 1048576 - OPENSSL:127.0.0.1:${PIPE_PORT},cert=tls/client-both.pem,cafile=tls/ca-cert.pem,verify=1`, source(scene));
    await received;
  });
}

async function withPair<T>(scene: Scene, work: (pair: OurPair) => Promise<T>): Promise<T> {
  const pair = await OurPair.open(scene.fresh('o'));
  try {
    return await work(pair);
  } finally {
    await pair.close();
  }
}

const speed = (seconds: number | null): number | null => (seconds === null ? null : DATA_BYTES / MIB / seconds);

async function plain(scene: Scene): Promise<readonly Figure[]> {
  await makeCertificates(scene);
  makeRandomDisk(scene.at('source.raw'), DISK_BYTES, DATA_BYTES);
  await serveSource(scene, scene.at('source.raw'));
  const seconds = await withPair(scene, (pair) => medians(ROUNDS, {
    ours: () => pair.fullCopy(scene.at('source.raw'), { compression: false }),
    tls: () => nbdcopyTls(scene),
    nbd: () => nbdcopyAlone(scene),
    wire: () => tlsAlone(scene.at('tls'), DATA_BYTES),
  }, { warmUp: true }));
  const value = speed(seconds.ours);
  return [
    figure({ name: 'whole disk, incompressible, TLS', unit: 'MiB/s', value, peer: 'nbdcopy over TLS', peerValue: speed(seconds.tls), target: { of: 'ratio', at: 'least', limit: 1 } }),
    figure({ name: 'whole disk: distance to NBD alone', unit: 'MiB/s', value, peer: 'nbdcopy, unix sockets, no TLS', peerValue: speed(seconds.nbd), target: { of: 'nothing' } }),
    figure({ name: 'whole disk: distance to TLS alone', unit: 'MiB/s', value, peer: 'TLS 1.3 from memory to memory', peerValue: speed(seconds.wire), target: { of: 'nothing' } }),
  ];
}

async function compressed(scene: Scene): Promise<readonly Figure[]> {
  await makeCertificates(scene);
  makeCompressibleDisk(scene.at('source.raw'), DISK_BYTES, DATA_BYTES);
  await serveSource(scene, scene.at('source.raw'));
  const seconds = await withPair(scene, (pair) => medians(ROUNDS, {
    ours: () => pair.fullCopy(scene.at('source.raw'), { compression: true }),
    pipe: () => compressingPipe(scene),
  }, { warmUp: true }));
  return [
    figure({
      name: 'whole disk, compressible, compression on, TLS', unit: 'MiB/s', value: speed(seconds.ours),
      peer: 'nbdcopy | zstd -1 | TLS pipe', peerValue: speed(seconds.pipe), target: { of: 'ratio', at: 'least', limit: 1.5 },
    }),
  ];
}

export const transfer: Part = { name: 'transfer', about: 'a whole disk of incompressible data over TLS', run: plain };
export const compression: Part = { name: 'compression', about: 'a whole disk of compressible data with compression on', run: compressed };
