/**
 * Setting a guest's addresses after a failover, through its agent: the failover is done by then and does not wait for it. Every
 * wait has an end; how it went is recorded with the machine and told as an event.
 */
import { failureText, Fault, faultOf } from '../../errors/fault.ts';
import { type Said, saidOf, say, told } from '../../language/text.ts';
import type { MachineDefinition } from '../../machine/definition.ts';
import { addressed, type AddressOutcome, type GuestAddresses, type GuestNetwork } from '../../machine/guestnetwork.ts';
import type { Host } from '../host.ts';
import type { JobContext, JobResult } from '../jobs.ts';
import { machineOf, specOf } from '../spec.ts';
import { runInGuest } from './guestcommand.ts';
import { interfacesIn, missingFrom, type GuestInterface } from './interfaces.ts';
import { linuxCommand } from './linux.ts';
import { windowsCommands } from './windows.ts';

export const ADDRESSING_JOB = 'network';

/** A guest may boot, check its disks and start its services before its agent answers. */
const AGENT_WITHIN_MS = 5 * 60_000;
const ASK_EVERY_MS = 2_000;
/** A guest that is being started is off until it is not. */
const OFF_AFTER_MS = 30_000;
const THERE_WITHIN_MS = 20_000;
const LOOK_EVERY_MS = 500;
/** What the guest starts while it boots may take the addresses away again. */
const SETTLED_AFTER_MS = 3_000;
const ROUNDS = 3;

/** Recorded before the guest starts: its addresses are going to be set. Nothing where no failover brought it here, or none are wanted. */
export function expectAddresses(host: Host, machineId: string, definition: MachineDefinition): void {
  const { network } = machineOf(host, machineId);
  if (!network?.hasArrived || addressed(definition, network).length === 0) return;
  record(host, machineId, { state: 'waiting', atMs: host.clock.nowMs(), ...told(say('the addresses are set once the guest\'s agent answers')), hint: '' });
}

function record(host: Host, machineId: string, outcome: AddressOutcome): void {
  host.state.transaction(() => {
    const machine = host.state.machine(machineId);
    if (machine?.network) host.state.putMachine({ ...machine, network: { ...machine.network, outcome } });
  });
}

/** The guest has the addresses, and keeps them. Fault agent-silent or addresses-not-set says why it has not. */
export async function setAddresses(host: Host, job: JobContext): Promise<JobResult> {
  const { machineId } = job;
  const { name } = machineOf(host, machineId);
  try {
    const count = await settle(host, job);
    finish(host, machineId, { state: 'applied', atMs: host.clock.nowMs(), ...told(appliedText(name, host.hostName, count)), hint: '' });
    return { adapters: count };
  } catch (thrown) {
    const fault = faultOf(thrown);
    if (fault && host.state.machine(machineId)) finish(host, machineId, { state: 'failed', atMs: host.clock.nowMs(), ...told(say('{name}: the addresses for {host} could not be set in the guest: {reason}', { name, host: host.hostName, reason: [failureText(fault)] })), hint: fault.hint });
    throw thrown;
  }
}

const appliedText = (name: string, host: string, count: number): Said =>
  count === 1 ? say('{name}: the guest has its addresses for {host}, on 1 network adapter', { name, host }) : say('{name}: the guest has its addresses for {host}, on {count} network adapters', { name, host, count });

function finish(host: Host, machineId: string, outcome: AddressOutcome): void {
  const { name } = machineOf(host, machineId);
  host.state.transaction(() => {
    record(host, machineId, outcome);
    host.state.addEvent({ atMs: outcome.atMs, number: null, severity: outcome.state === 'applied' ? 'information' : 'warning', machine: name, ...told(saidOf(outcome)) });
  });
  host.changed('machine', machineId);
}

/** How many adapters were set. */
async function settle(host: Host, { machineId, signal, progress }: JobContext): Promise<number> {
  const machine = machineOf(host, machineId);
  const { definition } = specOf(host, machine, host.state.relationshipOf(machineId));
  if (!definition.guestAgent) throw new Fault('agent-silent', say('the machine has no port for a guest agent (guestAgent = false in its definition)'));
  const wanted = addressed(definition, machine.network);
  progress(5, 'waiting for the guest\'s agent');
  await agentAnswers(host, machineId, signal);
  const guest = { host, machineId, signal, isWindows: await isWindows(host, machineId, signal) };
  for (let round = 1; ; round += 1) {
    progress(30 + 15 * round, 'setting the addresses');
    const found = await interfaces(guest);
    for (const [index, each] of wanted.entries()) await setOne(guest, found, each, index, wanted.flatMap(({ addresses }) => addresses.dnsServers));
    const missing = await whatIsMissing(guest, wanted);
    if (missing.length === 0) return wanted.length;
    if (round === ROUNDS) throw new Fault('addresses-not-set', say('the guest does not keep {missing}', { missing: { list: missing } }));
  }
}

interface Guest {
  readonly host: Host;
  readonly machineId: string;
  readonly signal: AbortSignal;
  readonly isWindows: boolean;
}

interface Wanted {
  readonly mac: string;
  readonly addresses: GuestAddresses;
}

async function agentAnswers(host: Host, machineId: string, signal: AbortSignal): Promise<void> {
  const deadlineMs = host.clock.monotonicMs() + AGENT_WITHIN_MS;
  let offSinceMs: number | null = null;
  for (;;) {
    try {
      await host.hypervisor.askAgent(machineId, 'guest-ping', {}, signal);
      return;
    } catch (thrown) {
      signal.throwIfAborted();
      if (!faultOf(thrown)) throw thrown;
      offSinceMs = (await host.hypervisor.power(machineId)) === 'off' ? (offSinceMs ?? host.clock.monotonicMs()) : null;
      if (offSinceMs !== null && host.clock.monotonicMs() - offSinceMs >= OFF_AFTER_MS) throw new Fault('agent-silent', say('the guest is off'), { cause: thrown });
      if (host.clock.monotonicMs() > deadlineMs) throw new Fault('agent-silent', say('no agent answered in {minutes} minutes', { minutes: AGENT_WITHIN_MS / 60_000 }), { cause: thrown });
    }
    await host.clock.sleep(ASK_EVERY_MS, signal);
  }
}

/** An agent that does not tell is taken for one of Linux. */
async function isWindows(host: Host, machineId: string, signal: AbortSignal): Promise<boolean> {
  try {
    const told = (await host.hypervisor.askAgent(machineId, 'guest-get-osinfo', {}, signal)) as { readonly id?: unknown } | null;
    return told?.id === 'mswindows';
  } catch (thrown) {
    if (faultOf(thrown)?.code !== 'agent-refused') throw thrown;
    return false;
  }
}

const interfaces = async ({ host, machineId, signal }: Guest): Promise<readonly GuestInterface[]> =>
  interfacesIn(await host.hypervisor.askAgent(machineId, 'guest-network-get-interfaces', {}, signal));

async function setOne({ host, machineId, signal, isWindows }: Guest, found: readonly GuestInterface[], { mac, addresses }: Wanted, index: number, allServers: readonly string[]): Promise<void> {
  const device = found.find((each) => each.mac === mac)?.name;
  if (device === undefined) throw new Fault('addresses-not-set', say('the guest shows no network adapter {mac}: has it a driver for it?', { mac }));
  const commands = isWindows ? windowsCommands(device, addresses) : [linuxCommand({ device, mac, addresses, index, allServers })];
  for (const command of commands) {
    const { exitCode, said } = await runInGuest(host, machineId, command, signal);
    if (exitCode === 0) continue;
    const about = { device, mac, exitCode: String(exitCode) };
    throw new Fault('addresses-not-set', said === '' ? say('a command in the guest failed for {device} ({mac}) with {exitCode}', about) : say('a command in the guest failed for {device} ({mac}) with {exitCode}: {said}', { ...about, said }));
  }
}

/** Looked at until everything is there, and once more after a while; what is not there then. */
async function whatIsMissing(guest: Guest, wanted: readonly Wanted[]): Promise<readonly string[]> {
  const { clock } = guest.host;
  const deadlineMs = clock.monotonicMs() + THERE_WITHIN_MS;
  const look = async () => {
    const found = await interfaces(guest);
    return wanted.flatMap(({ mac, addresses }) => missingFrom(found.find((each) => each.mac === mac) ?? { name: '', mac, addresses: [] }, addresses));
  };
  for (let missing = await look(); missing.length > 0; missing = await look()) {
    if (clock.monotonicMs() > deadlineMs) return missing;
    await clock.sleep(LOOK_EVERY_MS, guest.signal);
  }
  await clock.sleep(SETTLED_AFTER_MS, guest.signal);
  return look();
}

/** A machine whose guest waits for its addresses. */
export const isWaiting = (network: GuestNetwork | undefined): boolean => network?.outcome?.state === 'waiting';
