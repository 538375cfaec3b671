import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, randomFillSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { Fault } from '../../src/errors/fault.ts';
import type { LoanedChunk } from '../../src/engine/ports/diskview.ts';
import { HEADROOM_BYTES, payloadOf } from '../../src/engine/ports/diskview.ts';
import { ReadAnswer } from '../../src/nbd/answer.ts';
import { Handshake } from '../../src/nbd/handshake.ts';
import { Link } from '../../src/nbd/link.ts';
import { NbdConnection } from '../../src/nbd/nbd.ts';
import { negotiation } from '../../src/nbd/negotiation.ts';
import { requestBytes } from '../../src/nbd/request.ts';
import type { FrameReader } from '../../src/nbd/slab.ts';
import { ALLOCATION_FLAG, DIRTY_FLAG } from '../../src/nbd/statusruns.ts';
import { Transmission } from '../../src/nbd/transmission.ts';
import { StorageDaemon } from '../../src/storagedaemon/storagedaemon.ts';

const MIB = 1024 * 1024;
const CLUSTER = 65_536;
const directory = mkdtempSync(join(tmpdir(), 'us-nbd-'));
const signal = AbortSignal.timeout(120_000);
let daemon: StorageDaemon;
before(async () => {
  daemon = await StorageDaemon.start({ runDir: directory, name: 'd', signal });
});
after(async () => {
  await daemon.stop();
  rmSync(directory, { recursive: true, force: true });
});

const BITMAP = 'us-k';
const DIRTY = `qemu:dirty-bitmap:${BITMAP}`;
const CONTEXTS = ['base:allocation', DIRTY];

/** A qcow2 export with a recording bitmap, open over NBD. */
async function exported(name: string, sizeBytes: number, options: { readonly preload?: Buffer; readonly maxInFlight?: number } = {}) {
  const path = join(directory, `${name}.qcow2`);
  if (options.preload) {
    writeFileSync(join(directory, `${name}.raw`), options.preload);
    execFileSync('qemu-img', ['convert', '-q', '-O', 'qcow2', join(directory, `${name}.raw`), path]);
  } else execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', path, String(sizeBytes)]);
  await daemon.blockdevAdd({ driver: 'qcow2', 'node-name': name, discard: 'unmap', file: { driver: 'file', filename: path } });
  await daemon.qmp.execute('block-dirty-bitmap-add', { node: name, name: BITMAP, granularity: CLUSTER });
  await daemon.exportAdd({ id: name, nodeName: name, name, writable: true, bitmaps: [{ node: name, name: BITMAP }] });
  return NbdConnection.connect({ socketPath: daemon.nbdSocketPath, exportName: name, metaContexts: CONTEXTS, signal, ...(options.maxInFlight && { maxInFlight: options.maxInFlight }) });
}

const chunkOf = (payload: Buffer, headroomBytes = HEADROOM_BYTES) => ({ memory: Buffer.concat([Buffer.alloc(headroomBytes), payload]), headroomBytes });
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

test('the export tells its size, what it can do and which contexts it has', async () => {
  const nbd = await exported('facts', 3 * MIB + 512);
  assert.equal(nbd.sizeBytes, 3 * MIB + 512);
  const { readOnly, canFlush, canWriteZeroes, canTrim, canDontFragment, canZeroFast, multiConn, structuredReplies, maxRequestBytes } = nbd.negotiated;
  assert.deepEqual([readOnly, canFlush, canWriteZeroes, canTrim, canDontFragment, canZeroFast, multiConn, structuredReplies], [false, true, true, true, true, true, true, true]);
  assert.equal(maxRequestBytes, 32 * MIB);
  assert.deepEqual([...nbd.negotiated.contexts.keys()].sort(), CONTEXTS);
  await nbd.close();
  const other = await NbdConnection.connect({ socketPath: daemon.nbdSocketPath, exportName: 'facts', metaContexts: ['qemu:dirty-bitmap:absent'] });
  assert.equal(other.negotiated.contexts.size, 0);
  await assert.rejects(other.blockStatus({ offsetBytes: 0, lengthBytes: 512 }, 'qemu:dirty-bitmap:absent', signal), { code: 'disk-io' });
  await other.close();
});

test('what is written with and without room before it reads back the same, whatever the request size', async () => {
  const nbd = await exported('sizes', 16 * MIB);
  const shadow = Buffer.alloc(16 * MIB);
  const extent = fc.record({ offsetBytes: fc.nat(8 * MIB - 1), lengthBytes: fc.oneof(fc.integer({ min: 1, max: 4096 }), fc.integer({ min: 1, max: 8 * MIB })) });
  await fc.assert(fc.asyncProperty(extent, extent, fc.constantFrom(0, 27, 28, 64), async (written, read, headroomBytes) => {
    const payload = randomFillSync(Buffer.alloc(written.lengthBytes));
    payload.copy(shadow, written.offsetBytes);
    await nbd.write(written.offsetBytes, chunkOf(payload, headroomBytes));
    const back: LoanedChunk = await nbd.read(read, signal);
    assert.ok(back.headroomBytes >= HEADROOM_BYTES);
    assert.ok(payloadOf(back).equals(shadow.subarray(read.offsetBytes, read.offsetBytes + read.lengthBytes)));
    back.release();
  }), { numRuns: 60 });
  await nbd.close();
});

test('many reads at once, released late and out of order, copy a disk without one wrong byte', async () => {
  const preload = randomFillSync(Buffer.alloc(48 * MIB + 4096));
  const from = await exported('copyfrom', preload.length, { preload });
  const to = await exported('copyto', preload.length);
  const held: LoanedChunk[] = [];
  let next = 0;
  const lane = async (lengthLimit: number) => {
    for (let offsetBytes = next; offsetBytes < preload.length; offsetBytes = next) {
      const lengthBytes = Math.min(lengthLimit, preload.length - offsetBytes);
      next += lengthBytes;
      const chunk = await from.read({ offsetBytes, lengthBytes }, signal);
      await to.write(offsetBytes, chunk);
      held.push(chunk);
      if (held.length > 20) held.splice(offsetBytes % held.length, 1)[0]!.release();
    }
  };
  await Promise.all([lane(512 * 1024), lane(512 * 1024), lane(100_000), lane(CLUSTER), lane(1), lane(MIB), lane(4096), lane(512 * 1024)]);
  for (const chunk of held) chunk.release();
  await to.flush();
  await to.close();
  execFileSync('qemu-img', ['convert', '-U', '-O', 'raw', join(directory, 'copyto.qcow2'), join(directory, 'copyto.back')]);
  assert.equal(sha256(readFileSync(join(directory, 'copyto.back'))), sha256(preload));
  await from.close();
});

test('a thousand requests at once wait in line instead of failing', async () => {
  const nbd = await exported('line', 4 * MIB, { maxInFlight: 3 });
  const reads = await Promise.all(Array.from({ length: 1000 }, (_, i) => nbd.read({ offsetBytes: i * 4096, lengthBytes: 4096 }, signal)));
  for (const read of reads) read.release();
  assert.equal(reads.length, 1000);
  await nbd.close();
});

test('block status covers what was asked, gap-free, in both contexts', async () => {
  const sizeBytes = 300 * CLUSTER + 4096;
  const nbd = await exported('status', sizeBytes);
  const written = new Set<number>();
  const zeroed = new Set<number>();
  for (let cluster = 0; cluster < 300; cluster += 1 + (cluster * 7) % 5) {
    written.add(cluster);
    await nbd.write(cluster * CLUSTER, chunkOf(Buffer.alloc(CLUSTER, 1)));
  }
  for (let cluster = 1; cluster < 300; cluster += 50) {
    zeroed.add(cluster);
    await nbd.writeZeroes(cluster * CLUSTER, CLUSTER);
  }
  const window = { offsetBytes: 2 * CLUSTER, lengthBytes: sizeBytes - 2 * CLUSTER };
  const expand = async (context: string, bit: number) => {
    const runs = await nbd.blockStatus(window, context, signal);
    let at = window.offsetBytes;
    const set: number[] = [];
    for (const run of runs) {
      assert.equal(run.offsetBytes, at);
      for (let end = at + run.lengthBytes; at < end; at += Math.min(CLUSTER, end - at)) if ((run.flags & bit) !== 0) set.push(at / CLUSTER);
    }
    assert.equal(at, sizeBytes);
    return set;
  };
  const all = Array.from({ length: 299 }, (_, i) => i + 2);
  assert.deepEqual(await expand(DIRTY, DIRTY_FLAG), all.filter((cluster) => written.has(cluster) || zeroed.has(cluster)));
  assert.deepEqual(await expand('base:allocation', ALLOCATION_FLAG.zero), all.filter((cluster) => !written.has(cluster) || zeroed.has(cluster)));
  await nbd.close();
});

test('block status of more than one request holds covers all of it', async () => {
  const nbd = await exported('wide', 5 * 1024 * MIB);
  const written = [0, 1023, 1024, 2048, 4096, 5119].map((at) => at * MIB);
  for (const offsetBytes of written) await nbd.write(offsetBytes, chunkOf(Buffer.alloc(CLUSTER, 1)));
  const runs = await nbd.blockStatus({ offsetBytes: 0, lengthBytes: nbd.sizeBytes }, DIRTY, signal);
  assert.deepEqual(runs.filter((run) => run.flags === DIRTY_FLAG), written.map((offsetBytes) => ({ offsetBytes, lengthBytes: CLUSTER, flags: DIRTY_FLAG })));
  assert.equal(runs.reduce((sum, run) => sum + run.lengthBytes, 0), nbd.sizeBytes);
  await nbd.close();
});

test('zeroes punch holes unless told not to, over more than one request holds', async () => {
  const path = join(directory, 'zeroes.raw');
  writeFileSync(path, Buffer.alloc(3 * MIB, 9));
  truncateSync(path, 3 * 1024 * MIB);
  await daemon.blockdevAdd({ driver: 'file', 'node-name': 'zeroes', filename: path, discard: 'unmap' });
  await daemon.exportAdd({ id: 'zeroes', nodeName: 'zeroes', name: 'zeroes', writable: true });
  const nbd = await NbdConnection.connect({ socketPath: daemon.nbdSocketPath, exportName: 'zeroes', signal });
  await nbd.writeZeroes(0, MIB, { mayPunchHole: false });
  await nbd.writeZeroes(MIB, nbd.sizeBytes - MIB);
  await nbd.flush();
  const read = await nbd.read({ offsetBytes: 0, lengthBytes: 4 * MIB }, signal);
  assert.ok(payloadOf(read).every((byte) => byte === 0));
  read.release();
  await nbd.close();
  const allocatedBytes = statSync(path).blocks * 512;
  assert.ok(allocatedBytes >= MIB && allocatedBytes < 1.5 * MIB, `${allocatedBytes} bytes are allocated`);
});

test('an answer that QEMU sends in pieces with holes is put together', async () => {
  const preload = Buffer.alloc(MIB);
  for (const cluster of [1, 4, 5, 11]) randomFillSync(preload, cluster * CLUSTER, CLUSTER);
  await (await exported('pieced', MIB, { preload })).close();
  const chunkTypes: number[] = [];
  const transmission = new Transmission('export pieced', true, () => undefined);
  const ready = Promise.withResolvers<null>();
  let phase: FrameReader = new Handshake(negotiation('pieced', []), (bytes) => link.write(bytes), () => {
    phase = { measure: (...where) => transmission.measure(...where), take: (frame) => (chunkTypes.push(frame.memory.readUInt16BE(6)), transmission.take(frame)) };
    ready.resolve(null);
  });
  const link = new Link({ socketPath: daemon.nbdSocketPath }, { measure: (...where) => phase.measure(...where), take: (frame) => phase.take(frame) }, () => false, 60_000);
  await ready.promise;
  const extent = { offsetBytes: 1000, lengthBytes: MIB - 1000 };
  const request = { command: 'read', flags: 0, ...extent } as const;
  const { cookie, promise } = transmission.begin(request, new ReadAnswer(extent));
  link.write(requestBytes(request, cookie));
  assert.ok(payloadOf(await promise).equals(preload.subarray(1000)));
  assert.ok(new Set(chunkTypes).size >= 2 && chunkTypes.length > 4, `chunk types ${chunkTypes.join()}`);
  link.destroy(new Error('done'));
  await link.closed;
});

test('an export that does not exist is a fault that names it', async () => {
  await assert.rejects(NbdConnection.connect({ socketPath: daemon.nbdSocketPath, exportName: 'nowhere', metaContexts: CONTEXTS, signal }), { code: 'disk-io', message: /nowhere.*no such export/ });
});

test('an export that QEMU removes while it is read rejects what is under way, and all that follows', async () => {
  const nbd = await exported('removed', 64 * MIB);
  const reads = Promise.allSettled(Array.from({ length: 64 }, (_, i) => nbd.read({ offsetBytes: i * MIB, lengthBytes: MIB }, signal)));
  await daemon.exportDel('removed');
  await nbd.closed;
  for (const outcome of await reads) if (outcome.status === 'rejected') assert.equal((outcome.reason as { code: string }).code, 'disk-io');
  await assert.rejects(nbd.flush(), { code: 'disk-io', message: /export removed/ });
});

/** A socket that passes on what the server says up to the given byte, and closes then. */
async function cutOff(afterBytes: number): Promise<{ socketPath: string; end: () => void }> {
  const socketPath = join(directory, 'cut.s');
  rmSync(socketPath, { force: true });
  const server = createServer((client) => {
    const upstream = connect({ path: daemon.nbdSocketPath });
    let restBytes = afterBytes;
    client.pipe(upstream).on('error', () => client.destroy());
    client.on('error', () => undefined).on('close', () => upstream.destroy());
    upstream.on('data', (bytes: Buffer) => {
      client.write(bytes.subarray(0, restBytes));
      restBytes -= Math.min(restBytes, bytes.length);
      if (restBytes === 0) client.destroySoon();
    });
  });
  await once(server.listen(socketPath), 'listening');
  return { socketPath, end: () => server.close() };
}

test('a connection that breaks after any byte gives right reads before and faults after it, never wrong bytes', async () => {
  const preload = randomFillSync(Buffer.alloc(2 * MIB));
  await (await exported('cut', preload.length, { preload })).close();
  await fc.assert(fc.asyncProperty(fc.oneof(fc.integer({ min: 1, max: 600 }), fc.integer({ min: 1, max: 2 * MIB })), async (afterBytes) => {
    const relay = await cutOff(afterBytes);
    const nbd = await NbdConnection.connect({ socketPath: relay.socketPath, exportName: 'cut', metaContexts: CONTEXTS, signal }).catch((thrown: unknown) => thrown);
    relay.end();
    if (!(nbd instanceof NbdConnection)) return assert.ok(nbd instanceof Fault);
    const reads = Array.from({ length: 40 }, (_, i) => ({ offsetBytes: i * 50_000, lengthBytes: 60_000 }));
    const outcomes = await Promise.allSettled(reads.map((extent) => nbd.read(extent, signal)));
    assert.ok(outcomes.some((outcome) => outcome.status === 'rejected'));
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome.status === 'rejected') assert.equal((outcome.reason as Fault).code, 'disk-io');
      else assert.ok(payloadOf(outcome.value).equals(preload.subarray(index * 50_000, index * 50_000 + 60_000)));
    }
    await nbd.close();
  }), { numRuns: 40 });
});
