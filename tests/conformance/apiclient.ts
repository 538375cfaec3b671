/** The API with a host in memory behind it, on real sockets, and the smallest client for it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApi, type Api } from '../../src/api/api.ts';
import { MemoryHost } from './memoryhost.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into whatever came
  readonly json: any;
}

type Where = { readonly socketPath: string } | { readonly port: number };

export function call(where: Where, method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const payload = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
    const sent = { ...(payload === undefined ? {} : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(payload)) }), ...headers };
    const outgoing = request({ host: '127.0.0.1', ...where, method, path, headers: sent, agent: false }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', reject);
      incoming.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const isJson = String(incoming.headers['content-type']).startsWith('application/json');
        resolve({ status: incoming.statusCode!, headers: incoming.headers, text, json: isJson && text !== '' ? JSON.parse(text) : undefined });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(payload);
  });
}

export interface Bug {
  readonly id: string;
  readonly request: string;
  readonly error: unknown;
}

export interface Rig {
  readonly host: MemoryHost;
  readonly api: Api;
  readonly directory: string;
  readonly socketPath: string;
  readonly port: number;
  readonly bugs: Bug[];
  /** As local root. */
  local(method: string, path: string, body?: unknown): Promise<Answer>;
  /** Over TCP, with these headers. */
  tcp(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  close(): Promise<void>;
}

export async function openRig(heartbeatMs = 15_000): Promise<Rig> {
  const directory = mkdtempSync(join(tmpdir(), 'us-api-'));
  const host = new MemoryHost();
  const bugs: Bug[] = [];
  const api = await createApi({
    operations: host,
    changes: host,
    metrics: async () => 'understudy_up 1\n',
    version: '1.2.3',
    hostNames: ['alpha', 'alpha.example'],
    endSession: (token) => host.accounts.endSession(token),
    onBug: (bug) => bugs.push(bug),
    heartbeatMs,
  });
  const socketPath = join(directory, 'api.sock');
  await api.listenLocal(socketPath);
  const { port } = await api.listenTcp({ host: '127.0.0.1', port: 0 });
  return {
    host,
    api,
    directory,
    socketPath,
    port,
    bugs,
    local: (method, path, body) => call({ socketPath }, method, path, body),
    tcp: (method, path, body, headers) => call({ port }, method, path, body, headers),
    close: async () => {
      await api.close();
      rmSync(directory, { recursive: true });
    },
  };
}
