/** How the page's files are served: kept by browsers as long as they may be, never in place of the API's answers. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { createApi, type Api } from '../../src/api/api.ts';
import { pageRoutes } from '../../src/page/page.ts';
import { call, type Answer } from './apiclient.ts';
import { MemoryHost } from './memoryhost.ts';

const SCRIPT = `export const text = '${'x'.repeat(2_000)}';`;

describe('the files of the page', { timeout: 30_000 }, () => {
  let directory: string;
  let api: Api;
  let port: number;

  const get = (path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> => call({ port }, method, path, undefined, headers);
  const build = (): void => {
    mkdirSync(join(directory, 'assets'), { recursive: true });
    writeFileSync(join(directory, 'index.html'), '<!doctype html><title>page</title>');
    writeFileSync(join(directory, '.built-from'), 'secret');
    writeFileSync(join(directory, 'assets/index-a1.js'), SCRIPT);
    writeFileSync(join(directory, 'assets/index-a1.js.gz'), gzipSync(SCRIPT));
  };

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'us-page-'));
    const host = new MemoryHost();
    api = await createApi({ operations: host, changes: host, metrics: async () => '', version: '1.2.3' });
    pageRoutes(api.app, directory);
    ({ port } = await api.listenTcp({ host: '127.0.0.1', port: 0 }));
  });
  afterEach(async () => {
    await api.close();
    rmSync(directory, { recursive: true });
  });

  test('every address that is not the API\'s is the document, without signing in and never without asking again', async () => {
    build();
    for (const path of ['/', '/machines/web1', '/a.b/c?d=e', '/index.html']) {
      const answer = await get(path);
      assert.deepEqual([answer.status, answer.text, answer.headers['cache-control']], [200, '<!doctype html><title>page</title>', 'no-cache'], path);
      assert.match(String(answer.headers['content-security-policy']), /^default-src 'self'; frame-ancestors 'none'/);
      assert.doesNotMatch(String(answer.headers['content-security-policy']), /unsafe/);
      assert.equal(answer.headers['x-frame-options'], 'DENY');
    }
  });

  test('files with a hash in their name are kept for good, compressed for who takes that', async () => {
    build();
    const plain = await get('/assets/index-a1.js', { 'accept-encoding': 'identity, gzip;q=0' });
    assert.deepEqual([plain.text, plain.headers['content-encoding'], plain.headers['cache-control']], [SCRIPT, undefined, 'public, max-age=31536000, immutable']);
    assert.equal(plain.headers['content-type'], 'text/javascript; charset=utf-8');
    const small = await get('/assets/index-a1.js', { 'accept-encoding': 'deflate, gzip;q=0.5' });
    assert.deepEqual([small.headers['content-encoding'], Number(small.headers['content-length']), small.headers['vary']], ['gzip', gzipSync(SCRIPT).length, 'accept-encoding']);
  });

  test('what the browser has already is not sent again, and HEAD sends nothing', async () => {
    build();
    const { headers } = await get('/');
    const again = await get('/', { 'if-none-match': `"other", W/${String(headers['etag'])}` });
    assert.deepEqual([again.status, again.text], [304, '']);
    const head = await get('/assets/index-a1.js', {}, 'HEAD');
    assert.deepEqual([head.status, head.text, head.headers['content-length']], [200, '', String(SCRIPT.length)]);
  });

  test('what is unknown below /api and /assets stays an error in JSON, and no other file is served', async () => {
    build();
    for (const path of ['/api', '/api/none', '/assets/index-b2.js', '/assets/../../package.json', '/metrics/x']) assert.equal((await get(path)).json?.error.code, 'route-unknown', path);
    assert.doesNotMatch((await get('/.built-from')).text, /secret/);
    assert.equal((await get('/', {}, 'POST')).status, 404);
  });

  test('a page that was not built says how it is, and is there once it is', async () => {
    const before = await get('/');
    assert.equal(before.status, 503);
    assert.match(before.text, /npm run page/);
    build();
    assert.equal((await get('/')).status, 200);
  });
});
