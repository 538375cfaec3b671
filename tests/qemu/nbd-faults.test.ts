import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { after, test } from 'node:test';
import { payloadOf } from '../../src/engine/ports/diskview.ts';
import { NbdConnection } from '../../src/nbd/nbd.ts';

const MIB = 1024 * 1024;
const directory = mkdtempSync(join(tmpdir(), 'us-nbdf-'));
const children: ChildProcess[] = [];
const servers: Server[] = [];
const sockets: Socket[] = [];
after(() => {
  for (const child of children) child.kill('SIGKILL');
  for (const socket of sockets) socket.destroy();
  for (const server of servers) server.close();
  rmSync(directory, { recursive: true, force: true });
});

async function nbdkit(name: string, ...args: string[]): Promise<{ socketPath: string; process: ChildProcess }> {
  const socketPath = join(directory, `${name}.s`);
  // The socket is there before anybody listens on it; the pid file comes after that.
  const readyPath = join(directory, `${name}.pid`);
  const process = spawn('nbdkit', ['-f', '-U', socketPath, '-P', readyPath, ...args], { stdio: 'ignore' });
  children.push(process);
  while (!existsSync(readyPath)) {
    assert.equal(process.exitCode, null, 'nbdkit runs');
    await delay(5);
  }
  return { socketPath, process };
}

const open = (socketPath: string, more: { silenceTimeoutMs?: number; maxInFlight?: number } = {}) =>
  NbdConnection.connect({ socketPath, exportName: '', metaContexts: ['base:allocation'], ...more });
const chunkOf = (lengthBytes: number, fill = 1) => ({ memory: Buffer.alloc(28 + lengthBytes, fill), headroomBytes: 28 });

test('a server without structured replies reads, writes and flushes like any other', async () => {
  const { socketPath } = await nbdkit('simple', '--no-sr', 'memory', '4M');
  const nbd = await open(socketPath);
  assert.equal(nbd.negotiated.structuredReplies, false);
  await nbd.write(1000, chunkOf(100_000, 7));
  const reads = await Promise.all(Array.from({ length: 40 }, (_, i) => nbd.read({ offsetBytes: i * 4000, lengthBytes: 5000 })));
  for (const [i, read] of reads.entries()) {
    assert.ok(read.headroomBytes >= 28);
    payloadOf(read).forEach((byte, at) => assert.equal(byte, i * 4000 + at >= 1000 && i * 4000 + at < 101_000 ? 7 : 0));
    read.release();
  }
  await nbd.flush();
  await nbd.close();
});

test('a failed read rejects alone: the connection goes on, and a later read of the same place succeeds', async () => {
  const trigger = join(directory, 'fail-now');
  const { socketPath } = await nbdkit('error', '--filter=error', 'memory', '4M', 'error-pread=EIO', 'error-pread-rate=100%', `error-pread-file=${trigger}`);
  const nbd = await open(socketPath);
  (await nbd.read({ offsetBytes: 0, lengthBytes: MIB })).release();
  writeFileSync(trigger, '');
  await assert.rejects(nbd.read({ offsetBytes: 4096, lengthBytes: 512 }), { code: 'disk-io', message: /error\.s: read of 512 bytes at 4096: EIO/ });
  await nbd.write(4096, chunkOf(512));
  rmSync(trigger);
  const read = await nbd.read({ offsetBytes: 4096, lengthBytes: 512 });
  assert.equal(payloadOf(read)[0], 1);
  read.release();
  await nbd.close();
});

test('of many reads with errors at random each is right or a fault', async () => {
  const { socketPath } = await nbdkit('random', '--filter=error', 'pattern', '8M', 'error-pread-rate=30%');
  const nbd = await open(socketPath);
  const outcomes = await Promise.allSettled(Array.from({ length: 256 }, (_, i) => nbd.read({ offsetBytes: i * 32_768, lengthBytes: 32_768 })));
  let failed = 0;
  for (const [i, outcome] of outcomes.entries()) {
    if (outcome.status === 'rejected') failed++;
    else {
      assert.equal(payloadOf(outcome.value).readBigUInt64BE(0), BigInt(i * 32_768));
      assert.equal(payloadOf(outcome.value).readBigUInt64BE(32_760), BigInt(i * 32_768 + 32_760));
      outcome.value.release();
    }
  }
  assert.ok(failed > 0 && failed < 256, `${failed} of 256 failed`);
  await nbd.close();
});

test('no space on the target is a fault of its own', async () => {
  const { socketPath } = await nbdkit('full', '--filter=error', 'memory', '4M', 'error-pwrite=ENOSPC', 'error-pwrite-rate=100%', 'error-zero=ENOSPC', 'error-zero-rate=100%');
  const nbd = await open(socketPath);
  await assert.rejects(nbd.write(0, chunkOf(4096)), { code: 'space-exhausted', message: /write of 4096 bytes at 0: ENOSPC/ });
  await assert.rejects(nbd.writeZeroes(0, 4096), { code: 'space-exhausted' });
  await nbd.close();
});

test('a server that is killed rejects reads, writes and those that still wait in line', async () => {
  const { socketPath, process } = await nbdkit('killed', '--filter=delay', 'memory', '64M', 'rdelay=60', 'wdelay=60');
  const nbd = await open(socketPath);
  const requests = [
    ...Array.from({ length: 30 }, (_, i) => nbd.read({ offsetBytes: i * MIB, lengthBytes: MIB })),
    ...Array.from({ length: 4 }, (_, i) => nbd.write(i * MIB, chunkOf(MIB))),
  ];
  const outcomes = Promise.allSettled(requests);
  await (await open(socketPath)).close();
  process.kill('SIGKILL');
  for (const outcome of await outcomes) {
    assert.equal(outcome.status, 'rejected');
    assert.equal((outcome.reason as { code: string }).code, 'disk-io');
  }
  await nbd.closed;
  await assert.rejects(nbd.read({ offsetBytes: 0, lengthBytes: 1 }), { code: 'disk-io' });
});

test('an aborted read ends the waiting at once, in the server or in line, and the connection goes on', async () => {
  const { socketPath } = await nbdkit('slow', '--filter=delay', 'memory', '4M', 'rdelay=200ms');
  const nbd = await open(socketPath, { maxInFlight: 1 });
  const patience = new AbortController();
  const reads = Promise.allSettled([0, 1, 2].map((i) => nbd.read({ offsetBytes: i * MIB, lengthBytes: MIB }, patience.signal)));
  patience.abort(new Error('enough'));
  for (const outcome of await reads) assert.equal((outcome as PromiseRejectedResult).reason.message, 'enough');
  (await nbd.read({ offsetBytes: 0, lengthBytes: 4096 })).release();
  await nbd.close();
});

test('a server that falls silent with requests under way is given up', async () => {
  const { socketPath } = await nbdkit('silent', '--filter=delay', 'memory', '4M', 'rdelay=60');
  const nbd = await open(socketPath, { silenceTimeoutMs: 200 });
  await delay(300);
  await assert.rejects(nbd.read({ offsetBytes: 0, lengthBytes: 4096 }), { code: 'disk-io', message: /has not answered for 200 ms/ });
});

test('a block status larger than the memory that replies usually come in is read whole', async () => {
  const list = join(directory, 'extents');
  const count = 600_000;
  writeFileSync(list, Array.from({ length: count }, (_, i) => `${i * 512} 512 ${i % 2 === 0 ? 'hole,zero' : ''}`).join('\n'));
  const { socketPath } = await nbdkit('extents', '--filter=extentlist', 'null', String(count * 512), `extentlist=${list}`);
  const nbd = await open(socketPath);
  const runs = await nbd.blockStatus({ offsetBytes: 0, lengthBytes: nbd.sizeBytes }, 'base:allocation');
  assert.equal(runs.length, count);
  assert.ok(runs.every((run, i) => run.offsetBytes === i * 512 && run.lengthBytes === 512 && run.flags === (i % 2 === 0 ? 3 : 0)));
  (await nbd.read({ offsetBytes: 0, lengthBytes: MIB })).release();
  await nbd.close();
});

test('block sizes that a server insists on are reported', async () => {
  const { socketPath } = await nbdkit('sizes', '--filter=blocksize-policy', 'memory', '4M', 'blocksize-minimum=4096', 'blocksize-preferred=65536', 'blocksize-maximum=1M');
  const nbd = await open(socketPath);
  assert.deepEqual([nbd.negotiated.minBlockBytes, nbd.negotiated.maxRequestBytes], [4096, MIB]);
  await nbd.close();
});

test('what a read-only server cannot do is refused before it is asked', async () => {
  const { socketPath } = await nbdkit('readonly', 'pattern', '1M');
  const nbd = await open(socketPath);
  assert.equal(nbd.negotiated.readOnly, true);
  await assert.rejects(nbd.writeZeroes(0, 512), { code: 'not-supported' });
  await assert.rejects(nbd.flush(), { code: 'not-supported' });
  await nbd.close();
});

/** A TCP server that says what it is told to, whatever it hears. */
async function liar(greet: (socket: Socket) => void): Promise<{ host: string; port: number }> {
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.resume();
    greet(socket);
  });
  servers.push(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

test('a server that accepts and says nothing is given up in time', async () => {
  const address = await liar(() => undefined);
  await assert.rejects(NbdConnection.connect({ ...address, exportName: 'a', connectTimeoutMs: 100 }), { code: 'disk-io', message: /did not answer within 100 ms/ });
});

test('giving up a connection attempt gives the reason that it was given up for', async () => {
  const address = await liar(() => undefined);
  await assert.rejects(NbdConnection.connect({ ...address, exportName: 'a', signal: AbortSignal.abort(new Error('early')) }), /early/);
  const patience = new AbortController();
  const attempt = NbdConnection.connect({ ...address, exportName: 'a', signal: patience.signal });
  patience.abort(new Error('late'));
  await assert.rejects(attempt, /late/);
});

test('a server of another protocol, and one that closes at once, are faults', async () => {
  const chatty = await liar((socket) => socket.write('220 mail.example ESMTP, how do you do?\r\n'.repeat(100_000)));
  await assert.rejects(NbdConnection.connect({ ...chatty, exportName: 'a' }), { code: 'disk-io', message: /is no NBD server/ });
  const shy = await liar((socket) => socket.end());
  await assert.rejects(NbdConnection.connect({ ...shy, exportName: 'a' }), { code: 'disk-io', message: /closed the connection/ });
  const absent = await liar(() => undefined);
  servers.at(-1)!.close();
  await assert.rejects(NbdConnection.connect({ ...absent, exportName: 'a' }), { code: 'disk-io', message: /ECONNREFUSED/ });
});

test('TCP carries the same as a unix socket, and close ends the connection', async () => {
  const port = 20_000 + (process.pid % 20_000);
  const child = spawn('nbdkit', ['-f', '-i', '127.0.0.1', '-p', String(port), 'pattern', '16M'], { stdio: 'ignore' });
  children.push(child);
  let nbd: NbdConnection | undefined;
  while (!nbd) nbd = await NbdConnection.connect({ host: '127.0.0.1', port, exportName: '' }).catch(() => delay(5).then(() => undefined));
  const read = await nbd.read({ offsetBytes: MIB, lengthBytes: 8 * MIB });
  for (let at = 0; at < 8 * MIB; at += 65_536) assert.equal(payloadOf(read).readBigUInt64BE(at), BigInt(MIB + at));
  read.release();
  await nbd.close();
  await nbd.closed;
});
