/** Opens a host's page as a browser does, far enough to know that nothing of it is missing. `node visit.ts ORIGIN` prints what it met. */
import assert from 'node:assert/strict';
import { basename } from 'node:path';

export interface Visited {
  readonly path: string;
  readonly status: number;
  readonly type: string;
  readonly caching: string;
  /** The page's own files that it names. */
  readonly names: readonly string[];
}

const ASSET = /(?:\bassets|\.)\/([\w.-]+\.(?:js|css|svg|json))\b/g;
const MAX_FILES = 500;

async function get(origin: string, path: string): Promise<Visited> {
  const answer = await fetch(origin + path);
  const names = [...(await answer.text()).matchAll(ASSET)].map(([, name]) => `/assets/${name!}`);
  return { path, status: answer.status, type: answer.headers.get('content-type') ?? '', caching: answer.headers.get('cache-control') ?? '', names };
}

/** Every file that the page can load came, as browsers may keep it for good; `files` are those below assets/ in the package. */
export function assertWhole(visited: readonly Visited[], files: readonly string[]): void {
  const [page, ...assets] = visited;
  assert.deepEqual({ ...page, names: undefined }, { path: '/', status: 200, type: 'text/html; charset=utf-8', caching: 'no-cache', names: undefined });
  for (const { path, status, caching } of assets) assert.deepEqual({ path, status, caching }, { path, status: 200, caching: 'public, max-age=31536000, immutable' });
  assert.deepEqual(assets.map(({ path }) => basename(path)).sort(), files.filter((file) => !/\.(br|gz)$/.test(file)).sort());
}

/** The document and every file that it or one of them names, each once. */
export async function visitPage(origin: string): Promise<readonly Visited[]> {
  const visited = new Map<string, Visited>();
  const waiting = ['/'];
  for (let path = waiting.pop(); path !== undefined && visited.size < MAX_FILES; path = waiting.pop()) {
    if (visited.has(path)) continue;
    const found = await get(origin, path);
    visited.set(path, found);
    waiting.push(...found.names);
  }
  return [...visited.values()];
}

if (import.meta.main) console.log(JSON.stringify(await visitPage(process.argv[2]!)));
