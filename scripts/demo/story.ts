/** The story of the demo, told by what the guests themselves verify and by comparisons that share no code with the engine. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { testGuest } from '../../guest/build.ts';
import { GuestConsole } from '../../guest/console.ts';
import { guestDefinition } from '../../guest/definition.ts';
import { makeGuestDisks } from '../../guest/disks.ts';
import { compareHosts } from './disks.ts';
import type { DemoHost } from './hosts.ts';

const MACHINE = 'web1';
const DISK_BYTES = 256 * 2 ** 20;
const CYCLE_MS = 2_000;
/** No cycle of its own accord while something is measured. */
const LONG_CYCLE_MS = 29_000;
const DIVERGENCE_MIB = 2;
const QUIET_CYCLES = 3;

export interface Figures {
  verified: boolean;
  recordsLost: { planned: number; unplanned: number };
  lagSecondsAtFailure: number;
  failoverSeconds: { test: number; planned: number; unplanned: number };
  reverse: { bytesChanged: number; bytesShipped: number };
  failback: { bytesChanged: number; bytesShipped: number };
  seconds: number;
}

interface MachineFacts {
  readonly id: string;
  readonly pid: number | null;
  readonly consoleLog: string;
  readonly consoleSocket: string | null;
}

export class Story {
  readonly #a: DemoHost;
  readonly #b: DemoHost;
  readonly #directory: string;
  readonly #tell: (line: string) => void;
  readonly #checks: { what: string; ok: boolean }[] = [];
  #machineId = '';

  constructor(a: DemoHost, b: DemoHost, directory: string, tell: (line: string) => void) {
    this.#a = a;
    this.#b = b;
    this.#directory = directory;
    this.#tell = tell;
  }

  async play(): Promise<Figures> {
    const startedMs = performance.now();
    await this.#pair();
    await this.#protect();
    const test = await this.#testFailover();
    const { lost: unplannedLost, seconds: unplanned, lagSeconds } = await this.#unplannedFailover();
    const reverse = await this.#reverse();
    const failback = await this.#failback();
    const { lost: plannedLost, seconds: planned } = await this.#plannedFailover();
    const failed = this.#checks.filter(({ ok }) => !ok);
    for (const { what } of failed) this.#tell(`  FAILED: ${what}`);
    return {
      verified: failed.length === 0,
      recordsLost: { planned: plannedLost, unplanned: unplannedLost },
      lagSecondsAtFailure: lagSeconds,
      failoverSeconds: { test, planned, unplanned },
      reverse,
      failback,
      seconds: (performance.now() - startedMs) / 1_000,
    };
  }

  async #pair(): Promise<void> {
    this.#tell('Two hosts start and are paired.');
    await Promise.all([this.#a.start(), this.#b.start()]);
    const { invitation } = await this.#a.command<{ invitation: string }>('host', 'invite', '--address', this.#a.peerAddress);
    await this.#b.command('host', 'join', invitation, '--address', this.#b.peerAddress);
  }

  async #protect(): Promise<void> {
    const disks = join(this.#directory, 'disks');
    mkdirSync(disks, { recursive: true });
    const definition = join(this.#directory, `${MACHINE}.toml`);
    writeFileSync(definition, guestDefinition({ name: MACHINE, guest: await testGuest(), disks: makeGuestDisks(disks, { sizeBytes: DISK_BYTES }), mode: 'write', rate: 10 }));
    this.#tell('A guest starts on host-a: it writes numbered, checksummed records on two disks.');
    this.#machineId = (await this.#a.command<{ id: string }>('vm', 'define', definition)).id;
    await this.#a.command('vm', 'start', MACHINE);
    await (await this.#console(this.#a)).wrote(20);
    const additional = JSON.stringify({ cycleIntervalMs: CYCLE_MS, pointIntervalSeconds: 3 });
    await this.#a.command('enable', MACHINE, '--to', this.#b.name, '--history', '4', '--additional', additional, '--yes');
    const initial = await this.#a.job('start-replication', MACHINE);
    this.#tell(`  Initial replication while it runs: ${mib(initial['bytesShipped'])} shipped.`);
    await this.#quietCompare(this.#a, this.#b, 'after a quiet cycle the replica is the primary, byte for byte');
  }

  async #testFailover(): Promise<number> {
    this.#tell('Test failover on host-b, while replication goes on.');
    const startedMs = performance.now();
    const { machineId } = await this.#b.job('test', MACHINE);
    const copy = await this.#b.command<MachineFacts>('vm', 'show', String(machineId));
    const verified = await new GuestConsole(copy.consoleLog).verified();
    const seconds = (performance.now() - startedMs) / 1_000;
    this.#check(`the test copy verified its ${verified.lastB} records`, verified.ok);
    await this.#b.job('test-end', MACHINE);
    this.#tell(`  The copy verified ${verified.lastB} records after ${seconds.toFixed(1)} s.`);
    return seconds;
  }

  async #unplannedFailover(): Promise<{ lost: number; seconds: number; lagSeconds: number }> {
    this.#tell('The disaster: QEMU and the daemon of host-a are killed with kill -9.');
    const console = await this.#console(this.#a);
    // What nobody will see on host-b again: the way back has to undo it on host-a's disks.
    await console.run(`dd if=/dev/urandom of=/disk/a/lost bs=1M count=${DIVERGENCE_MIB} 2>/dev/null; sync`);
    const { pid } = await this.#machine(this.#a);
    process.kill(pid!, 'SIGKILL');
    this.#a.kill();
    const killedAtMs = Date.now();
    const last = (await console.last('wrote'))!;
    const since = await this.#position(this.#b);
    const startedMs = performance.now();
    await this.#b.job('failover', MACHINE, '--unplanned', '--yes');
    const verified = await (await this.#console(this.#b)).verified({ since });
    const seconds = (performance.now() - startedMs) / 1_000;
    const lost = last.number - verified.lastB;
    const lagSeconds = (killedAtMs - verified.atMs) / 1_000;
    this.#check(`the guest verified its ${verified.lastB} records after the failover`, verified.ok);
    this.#tell(`  host-b's guest verified ${verified.lastB} records after ${seconds.toFixed(1)} s; ${lost} records (${lagSeconds.toFixed(1)} s) are lost.`);
    return { lost, seconds, lagSeconds };
  }

  async #reverse(): Promise<{ bytesChanged: number; bytesShipped: number }> {
    this.#tell('host-a comes back, yields, and replication is reversed.');
    const console = await this.#console(this.#b);
    await console.wrote((await console.last('verified'))!.lastB + 20);
    await this.#a.start();
    const since = await console.position();
    await console.quiet({ since });
    const { bytesChanged } = await compareHosts(this.#a, this.#b, this.#machineId);
    const { bytesShipped } = await this.#b.job('reverse', MACHINE, '--yes');
    this.#shipped('reverse', Number(bytesShipped), bytesChanged);
    this.#check('after the reverse both hosts hold the same, byte for byte', await this.#identicalAfterCycle(this.#b, this.#a));
    await console.write(10);
    return { bytesChanged, bytesShipped: Number(bytesShipped) };
  }

  async #failback(): Promise<{ bytesChanged: number; bytesShipped: number }> {
    this.#tell('Failback: home in one command.');
    await this.#b.command('settings', MACHINE, '--additional', JSON.stringify({ cycleIntervalMs: LONG_CYCLE_MS }));
    await this.#b.job('cycle', MACHINE);
    const console = await this.#console(this.#b);
    await console.wrote((await console.last('wrote'))!.number + 20);
    const quiet = await console.quiet({ since: await console.position() });
    const { bytesChanged } = await compareHosts(this.#a, this.#b, this.#machineId);
    const since = await this.#position(this.#a);
    const { bytesShipped } = await this.#b.job('failback', MACHINE, '--yes');
    const verified = await (await this.#console(this.#a)).verified({ since });
    this.#check('failback lost no record', verified.ok && verified.lastB === quiet.lastB);
    this.#shipped('failback', Number(bytesShipped), bytesChanged);
    await this.#quietCompare(this.#a, this.#b, 'after the failback both hosts hold the same, byte for byte');
    return { bytesChanged, bytesShipped: Number(bytesShipped) };
  }

  async #plannedFailover(): Promise<{ lost: number; seconds: number }> {
    this.#tell('Planned failover: the guest is shut down, its last change ships, it starts on host-b.');
    const console = await this.#console(this.#a);
    const position = await console.position();
    await console.wrote((await console.last('wrote'))!.number + 10);
    const since = await this.#position(this.#b);
    const startedMs = performance.now();
    await this.#a.job('failover', MACHINE, '--planned', '--reverse', '--yes');
    const verified = await (await this.#console(this.#b)).verified({ since });
    const seconds = (performance.now() - startedMs) / 1_000;
    const last = (await console.last('power-off', position))!;
    const lost = last.lastB - verified.lastB;
    this.#check('the planned failover lost no record', verified.ok && lost === 0);
    this.#tell(`  host-b's guest verified ${verified.lastB} records after ${seconds.toFixed(1)} s; ${lost} are lost.`);
    await this.#quietCompare(this.#b, this.#a, 'at the end both hosts hold the same, byte for byte');
    return { lost, seconds };
  }

  /** The guest stops writing, a cycle ships, and the two hosts' disks are compared; then it writes on. */
  async #quietCompare(primary: DemoHost, replica: DemoHost, what: string): Promise<void> {
    const console = await this.#console(primary);
    await console.quiet({ since: await console.position() });
    this.#check(what, await this.#identicalAfterCycle(primary, replica));
    await console.write(10);
  }

  /** A quiet guest's file systems write once more, seconds later: then another cycle has to make it good. What was lost stays lost. */
  async #identicalAfterCycle(primary: DemoHost, replica: DemoHost): Promise<boolean> {
    for (let cycle = 0; cycle < QUIET_CYCLES; cycle++) {
      await primary.job('cycle', MACHINE);
      if ((await compareHosts(primary, replica, this.#machineId)).identical) return true;
    }
    return false;
  }

  #shipped(name: string, bytesShipped: number, bytesChanged: number): void {
    this.#check(`${name}: shipped at most 1.05 × what differs, and 1 MiB`, bytesShipped <= 1.05 * bytesChanged + 2 ** 20);
    this.#tell(`  ${mib(bytesChanged)} differed, ${mib(bytesShipped)} travelled.`);
  }

  #check(what: string, ok: boolean): void {
    this.#checks.push({ what, ok });
  }

  #machine(host: DemoHost): Promise<MachineFacts> {
    return host.command<MachineFacts>('vm', 'show', MACHINE);
  }

  async #console(host: DemoHost): Promise<GuestConsole> {
    const { consoleLog, consoleSocket } = await this.#machine(host);
    return new GuestConsole(consoleLog, consoleSocket ?? undefined);
  }

  async #position(host: DemoHost): Promise<number> {
    return (await this.#console(host)).position();
  }
}

const mib = (bytes: unknown): string => `${(Number(bytes) / 2 ** 20).toFixed(1)} MiB`;
