/** The ceiling of anything that goes over TLS here: one process sends from memory, another reads and forgets. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import { timed } from './rounds.ts';

const PIECE_BYTES = 512 * 1024;

const certificate = (directory: string, who: string) => ({
  ca: readFileSync(join(directory, 'ca-cert.pem')),
  cert: readFileSync(join(directory, `${who}-cert.pem`)),
  key: readFileSync(join(directory, `${who}-key.pem`)),
  minVersion: 'TLSv1.3' as const,
  ciphers: 'TLS_AES_128_GCM_SHA256',
});

/** Seconds for this many bytes, the connection's start included. */
export async function tlsAlone(certificates: string, bytes: number): Promise<number> {
  const sender = fork(import.meta.filename, [certificates, String(bytes)]);
  const [port] = (await once(sender, 'message')) as [number];
  const seconds = await timed(() => receive(port, certificates));
  sender.disconnect();
  await once(sender, 'exit');
  return seconds;
}

async function receive(port: number, certificates: string): Promise<void> {
  const buffer = Buffer.alloc(2 ** 20);
  // The types lack tls.connect's onread, which net.connect's has.
  const onread = { onread: { buffer, callback: () => true } };
  const socket = connect({ host: '127.0.0.1', port, ...certificate(certificates, 'client'), ...onread });
  await once(socket, 'close');
}

/** The sending process. */
async function send(certificates: string, bytes: number): Promise<void> {
  const server = createServer({ ...certificate(certificates, 'server'), requestCert: true, rejectUnauthorized: true });
  server.on('secureConnection', async (socket) => {
    server.close();
    const piece = Buffer.alloc(PIECE_BYTES, 0x5a);
    for (let sent = 0; sent < bytes; sent += PIECE_BYTES) if (!socket.write(piece)) await once(socket, 'drain');
    socket.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.send!((server.address() as AddressInfo).port);
}

if (import.meta.main) await send(process.argv[2]!, Number(process.argv[3]));
