/**
 * The NBD client against nbdcopy, on the same servers: one qemu-nbd per file, files in memory, unix sockets.
 * Rounds are interleaved and medians compared, for absolute figures drift. Needs qemu-nbd, nbdcopy and twice the size
 * in /dev/shm. Usage: node bench/nbd.ts [size in MiB] [rounds]
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { existsSync, mkdtempSync, openSync, closeSync, rmSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { NbdConnection } from '../src/nbd/nbd.ts';

const MIB = 1024 * 1024;
const sizeBytes = Number(process.argv[2] ?? 1024) * MIB;
const rounds = Number(process.argv[3] ?? 5);
const directory = mkdtempSync('/dev/shm/us-bench-');
const servers: ChildProcess[] = [];

/** Incompressible data in the source; the target is allocated too, so that the first round is not slower. */
function makeFile(name: string): string {
  const path = join(directory, name);
  const block = randomFillSync(Buffer.alloc(8 * MIB));
  const file = openSync(path, 'w');
  for (let at = 0; at < sizeBytes; at += block.length) writeSync(file, block, 0, Math.min(block.length, sizeBytes - at), at);
  closeSync(file);
  truncateSync(path, sizeBytes);
  return path;
}

async function serve(name: string): Promise<string> {
  const socketPath = join(directory, `${name}.s`);
  servers.push(spawn('qemu-nbd', ['-t', '-e', '16', '-f', 'raw', '--cache=writeback', '--discard=unmap', '-x', 'a', '-k', socketPath, makeFile(name)], { stdio: 'inherit' }));
  while (!existsSync(socketPath)) await delay(10);
  return socketPath;
}

const uriOf = (socketPath: string): string => `nbd+unix:///a?socket=${socketPath}`;
const open = (socketPath: string) => NbdConnection.connect({ socketPath, exportName: 'a' });

/** Does the work for every request of the disk, `lanes` at a time. */
async function spread(lanes: number, requestBytes: number, work: (offsetBytes: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async () => {
    for (let offsetBytes = next; offsetBytes < sizeBytes; offsetBytes = next) {
      next += requestBytes;
      await work(offsetBytes);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

async function readAll(source: string, lanes: number, requestBytes: number): Promise<void> {
  const connection = await open(source);
  await spread(lanes, requestBytes, async (offsetBytes) => (await connection.read({ offsetBytes, lengthBytes: Math.min(requestBytes, sizeBytes - offsetBytes) })).release());
  await connection.close();
}

async function copyAll(source: string, target: string, lanes: number, requestBytes: number): Promise<void> {
  const [from, to] = await Promise.all([open(source), open(target)]);
  await spread(lanes, requestBytes, async (offsetBytes) => {
    const chunk = await from.read({ offsetBytes, lengthBytes: Math.min(requestBytes, sizeBytes - offsetBytes) });
    await to.write(offsetBytes, chunk);
    chunk.release();
  });
  await Promise.all([from.close(), to.close()]);
}

type Contender = readonly [name: string, run: () => unknown];

/** The first contender is what the others are compared with. */
async function compare(title: string, contenders: readonly Contender[]): Promise<void> {
  const times = contenders.map((): number[] => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [index, [, run]] of contenders.entries()) {
      const start = performance.now();
      await run();
      if (round > 0) times[index]!.push(performance.now() - start);
    }
  }
  const medians = times.map((each) => each.sort((a, b) => a - b)[each.length >> 1]!);
  console.log(`\n${title}, ${sizeBytes / MIB} MiB, median of ${rounds}`);
  contenders.forEach(([name], index) => {
    console.log(`${name.padEnd(28)} ${(sizeBytes / medians[index]! / 1e6).toFixed(2)} GB/s   × ${(medians[0]! / medians[index]!).toFixed(2)}`);
  });
}

try {
  const [source, target] = await Promise.all([serve('source'), serve('target')]);
  const shapes = [[8, 256], [8, 512], [16, 256], [4, 1024]] as const;
  const nbdcopy = (to: string, ...more: string[]) => execFileSync('nbdcopy', [...more, uriOf(source), to]);
  await compare('read to nothing', [
    ['nbdcopy', () => nbdcopy('null:')],
    ['nbdcopy -C 1 -T 1', () => nbdcopy('null:', '-C', '1', '-T', '1')],
    ...shapes.map(([lanes, kib]): Contender => [`NbdConnection ${lanes} × ${kib} KiB`, () => readAll(source, lanes, kib * 1024)]),
  ]);
  await compare('copy NBD to NBD', [
    ['nbdcopy', () => nbdcopy(uriOf(target))],
    ...shapes.map(([lanes, kib]): Contender => [`NbdConnection ${lanes} × ${kib} KiB`, () => copyAll(source, target, lanes, kib * 1024)]),
  ]);
  execFileSync('cmp', [join(directory, 'source'), join(directory, 'target')]);
  console.log(`\nthe copy is identical; peak RSS ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB`);
} finally {
  for (const server of servers) server.kill();
  rmSync(directory, { recursive: true, force: true });
}
