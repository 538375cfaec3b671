/**
 * Lane throughput beside plain Node TLS with `onread`, each with its sender in a process of its own, 512 KiB a frame.
 * Run by hand: node tests/conformance/lanethroughput.ts [GiB] [rounds]
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { connect, createServer } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { openIdentity } from '../../src/peer/identity.ts';
import { PeerNetwork } from '../../src/peer/peer.ts';
import type { PairedHost } from '../../src/peer/directory.ts';
import { tlsOptionsOf } from '../../src/peer/trust.ts';
import { MemoryDirectory, MemoryInvitations } from './memorydirectory.ts';

const FRAME_BYTES = 512 * 1024;
const TOKEN = 'lane';

async function startNetwork() {
  const stateDir = await mkdtemp(join(tmpdir(), 'lane-'));
  const identity = await openIdentity(stateDir, 'bench');
  await rm(stateDir, { recursive: true });
  const directory = new MemoryDirectory();
  const network = new PeerNetwork({ identity, directory, invitations: new MemoryInvitations(), reportBug: console.error });
  await network.listen({ host: '127.0.0.1', port: 0 }, () => Promise.resolve(null));
  const { hostId, name, pin, certificateExpiresMs } = identity;
  const row: PairedHost = { hostId, name, pin, certificateExpiresMs, address: `127.0.0.1:${network.port}` };
  return { network, identity, directory, row };
}

function cost(since: NodeJS.CpuUsage, totalBytes: number): string {
  const { user, system } = process.cpuUsage(since);
  return `${((user + system) / 1e6 / (totalBytes / 2 ** 30)).toFixed(2)} CPU s/GiB, ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB peak`;
}

const speed = (startedMs: number, totalBytes: number): string => `${(totalBytes / (performance.now() - startedMs) / 1e6).toFixed(2)} GB/s`;

async function sendLane(totalBytes: number): Promise<void> {
  const { network, directory, row } = await startNetwork();
  process.send!(row);
  const [receiver] = (await once(process, 'message')) as [PairedHost];
  directory.put(receiver);
  const waiting = network.acceptLane(receiver.hostId, TOKEN, new AbortController().signal);
  process.send!('waiting');
  const lane = await waiting;
  const startedMs = performance.now();
  const cpu = process.cpuUsage();
  const chunks = Array.from({ length: 8 }, () => ({ memory: randomBytes(28 + FRAME_BYTES), headroomBytes: 28 }));
  let sentBytes = 0;
  const send = async (chunk: (typeof chunks)[number]) => {
    while (sentBytes < totalBytes) {
      const frame = { disk: 0, offsetBytes: sentBytes, rawBytes: FRAME_BYTES, compressed: false };
      sentBytes += FRAME_BYTES;
      await lane.data(frame, chunk);
    }
  };
  await Promise.all(chunks.map(send));
  await lane.finish(new AbortController().signal);
  console.log(`lane, sender: ${speed(startedMs, totalBytes)}, ${cost(cpu, totalBytes)}`);
  process.disconnect();
  await network.close();
}

async function sendPlain(totalBytes: number): Promise<void> {
  const { network, identity } = await startNetwork();
  await network.close();
  const server = createServer({ ...tlsOptionsOf(identity), requestCert: true, rejectUnauthorized: false });
  server.listen(0, '127.0.0.1', () => process.send!((server.address() as AddressInfo).port));
  server.once('secureConnection', (socket) => {
    const startedMs = performance.now();
    const cpu = process.cpuUsage();
    const chunks = Array.from({ length: 8 }, () => randomBytes(28 + FRAME_BYTES));
    let sentBytes = 0;
    const send = () => {
      while (sentBytes < totalBytes && socket.writableLength <= 4 * 1024 * 1024) {
        socket.write(chunks[(sentBytes / FRAME_BYTES) % 8]!, send);
        sentBytes += FRAME_BYTES;
      }
      if (sentBytes >= totalBytes && !socket.writableEnded) socket.end();
    };
    socket.on('close', () => {
      console.log(`plain, sender: ${speed(startedMs, totalBytes)}, ${cost(cpu, totalBytes)}`);
      process.disconnect();
      server.close();
    });
    send();
  });
}

async function receiveLane(child: ReturnType<typeof fork>): Promise<void> {
  const { network, directory, row } = await startNetwork();
  const [sender] = (await once(child, 'message')) as [PairedHost];
  directory.put(sender);
  child.send(row);
  await once(child, 'message');
  await network.dialLane(sender.hostId, TOKEN, { data: () => Promise.resolve(), journal: () => Promise.resolve(undefined) }, new AbortController().signal);
  await network.close();
}

async function receivePlain(child: ReturnType<typeof fork>): Promise<void> {
  const { network, identity } = await startNetwork();
  await network.close();
  const [port] = (await once(child, 'message')) as [number];
  const onread = { buffer: Buffer.alloc(4 * 1024 * 1024), callback: () => true };
  const options = { ...tlsOptionsOf(identity), host: '127.0.0.1', port, rejectUnauthorized: false, checkServerIdentity: () => undefined, onread };
  await once(connect(options), 'close');
}

async function receive(kind: string, totalBytes: number): Promise<void> {
  const child = fork(fileURLToPath(import.meta.url), [kind, String(totalBytes)]);
  const ended = once(child, 'exit');
  const cpu = process.cpuUsage();
  await (kind === 'lane' ? receiveLane(child) : receivePlain(child));
  console.log(`${kind}, receiver: ${cost(cpu, totalBytes)}`);
  await ended;
}

const [first = '4', second = '3'] = process.argv.slice(2);
if (first === 'lane') await sendLane(Number(second));
else if (first === 'plain') await sendPlain(Number(second));
else {
  for (let round = 0; round < Number(second); round++) {
    await receive('lane', Number(first) * 2 ** 30);
    await receive('plain', Number(first) * 2 ** 30);
  }
}
