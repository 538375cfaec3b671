/**
 * Makes tests/fixtures/state/<tag>.tar.zst: what a pair of hosts of that version leaves on disk, with relationships in several states.
 * The version's own daemons and command line make it, from the tag: node scripts/statefixture.ts v0.1.0
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { makeGuestDisks } from '../guest/disks.ts';
import type { testGuest } from '../guest/build.ts';
import type { guestDefinition } from '../guest/definition.ts';
import type { TestHost, until } from '../tests/flow/testhost.ts';
import { FIXTURES, placeOf, PORT_OFFSETS } from './statefixtures.ts';

const ROOT = dirname(import.meta.dirname);

/** The benches of a version. */
interface Version {
  readonly TestHost: typeof TestHost;
  readonly until: typeof until;
  readonly makeGuestDisks: typeof makeGuestDisks;
  readonly testGuest: typeof testGuest;
  readonly guestDefinition: typeof guestDefinition;
}

async function versionIn(tree: string): Promise<Version> {
  const parts = ['tests/flow/testhost.ts', 'guest/disks.ts', 'guest/build.ts', 'guest/definition.ts'];
  return Object.assign({}, ...(await Promise.all(parts.map((part) => import(join(tree, part)) as Promise<object>)))) as Version;
}

async function makeState(version: Version, place: string): Promise<void> {
  const host = (name: 'a' | 'b') => new version.TestHost({ name: `host-${name}`, directory: join(place, name), portOffset: PORT_OFFSETS[name] });
  const [a, b] = [host('a'), host('b')];
  try {
    await Promise.all([a.start(), b.start()]);
    const { invitation } = await a.run<{ invitation: string }>('host', 'invite', '--address', a.peerAddress);
    await b.run('host', 'join', invitation, '--address', b.peerAddress);
    await fill(version, place, a, b);
  } finally {
    await Promise.all([a.end(), b.end()]);
  }
}

async function fill(version: Version, place: string, a: TestHost, b: TestHost): Promise<void> {
  const guest = await guestAt(version, place);
  for (const name of ['web1', 'web2', 'web3']) {
    const directory = join(place, name);
    mkdirSync(directory);
    const file = join(directory, 'machine.toml');
    writeFileSync(file, version.guestDefinition({ name, guest, disks: version.makeGuestDisks(directory), memoryMiB: 128 }));
    await a.run('vm', 'define', file);
    await a.run('enable', name, '--to', b.name, '--history', '4', '--additional', '{"cycleIntervalMs": 2000, "pointIntervalSeconds": 1}', '--yes');
  }
  for (const name of ['web1', 'web2']) {
    await a.run('vm', 'start', name);
    await (await a.console(name)).next('wrote');
    await a.run('start-replication', name);
    await version.until(`${name} has points`, async () => ((await b.points(name)).length >= 3 ? true : undefined), 120_000);
    await a.run('suspend', name);
    await a.run('vm', 'stop', name);
  }
  await a.run('resume', 'web1');
  await b.run('failover', 'web2', '--unplanned', '--yes');
  await (await b.console('web2')).next('wrote');
  await b.run('vm', 'stop', 'web2');
  await settle(place, a, b);
}

async function settle(place: string, a: TestHost, b: TestHost): Promise<void> {
  const password = join(place, 'password');
  writeFileSync(password, 'a password of a fixture\n');
  await b.run('user', 'add', 'anna', '--role', 'administrator', '--password-file', password);
  await b.run('authorization', 'add', '*.example.org', '--storage', join(place, 'elsewhere'), '--trust-group', 'north');
  await a.reaches('a last cycle of a guest that is off', ({ state }) => state === 3, 60_000, 'web1');
  await Promise.all([a.stop(), b.stop()]);
}

/** At a place that the test can make again: the machines' definitions name it. */
async function guestAt(version: Version, place: string): Promise<ReturnType<typeof testGuest>> {
  const { kernelPath, initrdPath, agentInitrdPath } = version.testGuest();
  const at = (name: string): string => join(place, 'guest', name);
  mkdirSync(join(place, 'guest'));
  copyFileSync(kernelPath, at('vmlinuz'));
  copyFileSync(initrdPath, at('initrd'));
  copyFileSync(agentInitrdPath, at('initrd-agent'));
  return { kernelPath: at('vmlinuz'), initrdPath: at('initrd'), agentInitrdPath: at('initrd-agent') };
}

/** The tag's files, with this checkout's packages. */
function checkOut(tag: string): string {
  const tree = mkdtempSync(join(tmpdir(), 'understudy-tag-'));
  execFileSync('git', ['-C', ROOT, 'worktree', 'add', '--detach', tree, tag], { stdio: 'inherit' });
  for (const name of ['node_modules', '.cache']) symlinkSync(join(ROOT, name), join(tree, name));
  return tree;
}

const tag = process.argv[2];
if (tag === undefined) throw new Error('which tag? node scripts/statefixture.ts v0.1.0');
const place = placeOf(tag);
rmSync(place, { recursive: true, force: true });
mkdirSync(place);
const tree = checkOut(tag);
try {
  await makeState(await versionIn(tree), place);
  rmSync(join(place, 'guest'), { recursive: true });
  mkdirSync(FIXTURES, { recursive: true });
  execFileSync('tar', ['--create', '--sparse', '--use-compress-program=zstd -19', '--exclude=run', '--exclude=log', '--file', join(FIXTURES, `${tag}.tar.zst`), '--directory', place, '.'], { stdio: 'inherit' });
} finally {
  execFileSync('git', ['-C', ROOT, 'worktree', 'remove', '--force', tree], { stdio: 'inherit' });
  rmSync(place, { recursive: true, force: true });
}
