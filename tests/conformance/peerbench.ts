/** Two hosts on the loopback with identities of their own, paired or not, and a relay between them that can fall silent. */
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Chunk } from '../../src/engine/ports/diskview.ts';
import type { PeerHandler } from '../../src/engine/ports/peers.ts';
import { faultOf, type FaultCode } from '../../src/errors/fault.ts';
import { openIdentity, type Identity } from '../../src/peer/identity.ts';
import { PeerNetwork, type PeerOptions } from '../../src/peer/peer.ts';
import { MemoryDirectory, MemoryInvitations } from './memorydirectory.ts';

export interface BenchHost {
  readonly network: PeerNetwork;
  readonly directory: MemoryDirectory;
  readonly invitations: MemoryInvitations;
  readonly identity: Identity;
  readonly stateDir: string;
  /** What handlers threw that was neither fault nor refusal. */
  readonly bugs: unknown[];
  readonly paired: { readonly name: string; readonly storage: string | null }[];
}

/** A second of patience is a tenth here, so that silence is noticed within a second. */
export const HASTE = { tickMs: 50, connectMs: 2_000, greetMs: 1_000, lingerMs: 500, laneTokenMs: 1_000, reconnectMs: [100, 200] };

export const never = (): AbortSignal => AbortSignal.timeout(60_000);

export async function startHost(t: TestContext, name: string, handler: PeerHandler = () => Promise.resolve(null), options: Partial<PeerOptions> = {}): Promise<BenchHost> {
  const stateDir = await mkdtemp(join(tmpdir(), 'peer-'));
  const identity = await openIdentity(stateDir, name);
  const directory = new MemoryDirectory();
  const invitations = new MemoryInvitations();
  const bugs: unknown[] = [];
  const paired: { name: string; storage: string | null }[] = [];
  const onPaired: PeerOptions['onPaired'] = (host, storage) => paired.push({ name: host.name, storage });
  const network = new PeerNetwork({ identity, directory, invitations, reportBug: (error) => bugs.push(error), onPaired, patience: HASTE, ...options });
  await network.listen({ host: '127.0.0.1', port: 0 }, handler);
  t.after(async () => {
    await network.close();
    await rm(stateDir, { recursive: true });
  });
  return { network, directory, invitations, identity, stateDir, bugs, paired };
}

/** Each knows the other, `addressOfB` being where A finds B. */
export function pairByHand(a: BenchHost, b: BenchHost, addressOfB = `127.0.0.1:${b.network.port}`): void {
  a.directory.put(rowOf(b, addressOfB));
  b.directory.put(rowOf(a, `127.0.0.1:${a.network.port}`));
}

export const rowOf = (host: BenchHost, address = `127.0.0.1:${host.network.port}`) => ({
  hostId: host.identity.hostId,
  name: host.identity.name,
  address,
  pin: host.identity.pin,
  certificateExpiresMs: host.identity.certificateExpiresMs,
});

/** For assert.rejects. */
export const isFault = (code: FaultCode, message?: RegExp) => (error: unknown): boolean => {
  if (faultOf(error)?.code === code && (message?.test((error as Error).message) ?? true)) return true;
  throw error;
};

export interface Relay {
  readonly port: number;
  /** Bytes are swallowed from now on, both ways, and connections stay open. */
  drop(): void;
  /** Bytes that passed from clients. */
  readonly fromClients: number;
}

/** Passes bytes on to the port until told to drop them. */
export async function startRelay(t: TestContext, toPort: number): Promise<Relay> {
  const sockets = new Set<Socket>();
  let dropping = false;
  let fromClients = 0;
  const pass = (from: Socket, to: Socket, count: (bytes: number) => void) => {
    sockets.add(from);
    from.on('data', (bytes) => {
      count(bytes.length);
      if (!dropping && !to.write(bytes)) from.pause();
    });
    to.on('drain', () => from.resume());
    from.on('error', () => undefined);
    from.on('close', () => dropping || to.destroy());
  };
  const server = createServer((client) => {
    const upstream = connect(toPort, '127.0.0.1');
    pass(client, upstream, (bytes) => (fromClients += bytes));
    pass(upstream, client, () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return {
    port: (server.address() as AddressInfo).port,
    drop: () => (dropping = true),
    get fromClients() {
      return fromClients;
    },
  };
}

/** A chunk of `payload` with the headroom that lanes ask for. */
export function chunkOf(payload: Uint8Array, headroomBytes = 28): Chunk {
  const memory = Buffer.alloc(headroomBytes + payload.length);
  memory.set(payload, headroomBytes);
  return { memory, headroomBytes };
}
