/** Can the other host run this machine? Each finding names its cure. */
import { Fault } from '../errors/fault.ts';
import type { MachineDefinition } from '../machine/definition.ts';
import type { Machine, Overrides } from '../machine/records.ts';
import { call, type Readiness } from './calls.ts';
import type { Host } from './host.ts';
import { overridden } from './spec.ts';
import { inEnglish, saidOf, say, type Text, textFrom, told } from '../language/text.ts';

export interface Finding {
  /** 'refuse' stops the operation, 'force' needs force, 'advice' stops nothing. */
  readonly severity: 'refuse' | 'force' | 'advice';
  readonly subject: string;
  /** In English, and so that it can be said in other languages. */
  readonly message: string;
  readonly said?: Text;
  readonly cure: string;
  readonly cureSaid?: Text;
}

export const finding = (severity: Finding['severity'], subject: string, message: Text, cure: Text): Finding => ({ severity, subject, ...told(message), cure: inEnglish(cure), ...(typeof cure !== 'string' && { cureSaid: cure }) });

/** Fault readiness-failed names every finding that stops the operation, each with its cure. */
export function checkReady(findings: readonly Finding[], force: boolean): void {
  const stopping = findings.filter(({ severity }) => severity === 'refuse' || (severity === 'force' && !force));
  if (stopping.length > 0) throw new Fault('readiness-failed', stopping.flatMap((found): Text[] => [saidOf(found), found.cureSaid ?? found.cure]));
}

export async function readinessFindings(host: Host, machine: Machine, peerId: string, overrides: Overrides, isNew: boolean, signal: AbortSignal, bypassProxy?: boolean): Promise<Finding[]> {
  const definition = overridden(machine.definition, overrides);
  const readiness = await call(host.peers, peerId, 'readiness', { definition, storage: overrides.storage ?? null, machineId: machine.id, ...(bypassProxy !== undefined && { bypassProxy }) }, signal);
  const sizes = await host.hypervisor.sizes({ instanceId: machine.id, definition, stacks: machine.stacks, isolated: false });
  return [...hardwareFindings(readiness.definition ?? definition, readiness, host.peerName(peerId)), ...place(machine, readiness, sizes.reduce((sum, disk) => sum + disk.sizeBytes, 0), isNew, host.peerName(peerId))];
}

/** Before a failover: can this host run the definition that it is about to? */
export async function checkReadyHere(host: Host, definition: MachineDefinition): Promise<void> {
  const capabilities = await host.hypervisor.capabilities();
  const missingFiles = await host.missingFiles(definition);
  // What only --force lets pass at enabling was decided then; on the worst day it does not stand in the way.
  checkReady([...hardwareFindings(definition, { capabilities }, host.hostName), ...fileFindings(missingFiles, host.hostName)], true);
}

const fileFindings = (paths: readonly string[], peer: string): Finding[] =>
  paths.map((path) => finding('refuse', 'file', say('{peer} has no {path}, which the definition names.', { peer, path }), 'Copy the file to the same place there.'));

function hardwareFindings(definition: MachineDefinition, { capabilities }: Pick<Readiness, 'capabilities'>, peer: string): Finding[] {
  const findings: Finding[] = [];
  if (definition.memoryMiB > capabilities.memoryMiB) findings.push(finding('refuse', 'memory', say('{machine} needs {needed} MiB; {peer} has {total} MiB in all.', { machine: definition.name, needed: definition.memoryMiB, peer, total: capabilities.memoryMiB }), 'Give the replica less memory: --memory MIB.'));
  else if (definition.memoryMiB > capabilities.freeMemoryMiB) findings.push(finding('force', 'memory', say('{machine} needs {needed} MiB; {peer} has {free} MiB free now.', { machine: definition.name, needed: definition.memoryMiB, peer, free: capabilities.freeMemoryMiB }), 'Free memory there, give the replica less (--memory MIB), or use --force when it will be free in time.'));
  const model = definition.cpuModel.split(',')[0]!;
  if (model === 'host') findings.push(finding('force', 'cpu', 'The CPU model "host" is whatever each host has: the guest may not run on the other one.', 'Choose a named model that both hosts have in the definition, or use --force when both hosts have the same processor.'));
  else if (!capabilities.cpuModels.includes(model)) findings.push(finding('refuse', 'cpu', say('{peer} has no CPU model "{model}".', { peer, model }), 'Choose a model that both hosts have in the definition.'));
  if (!capabilities.machineTypes.includes(definition.machineType)) findings.push(finding('refuse', 'machine type', say('QEMU {qemuVersion} on {peer} does not offer "{machineType}".', { qemuVersion: capabilities.qemuVersion, peer, machineType: definition.machineType }), 'Install a newer QEMU there, or choose an older machine type in the definition.'));
  for (const { kind, bridge } of definition.nics) {
    if (kind === 'bridge' && bridge && !capabilities.bridges.includes(bridge)) findings.push(finding('refuse', 'network', say('{peer} has no bridge "{bridge}".', { peer, bridge }), say('Make it there, or name another for the replica: --bridge {bridge}=NAME.', { bridge })));
  }
  return findings;
}

/** Subject of the finding that the other host has a former replica of this machine. */
export const FORMER_REPLICA = 'former replica';

export const usedCopy = (peer: string): Finding => finding('advice', 'copy', say('{peer} has a copy of this machine.', { peer }), 'The initial replication ships only what differs from it.');

/** A replica whose relationship was removed on this side alone, or that another host of the trust group had. */
function ofReplica({ name }: Machine, { points, refusal, said }: NonNullable<Readiness['succession']>, peer: string): Finding {
  if (refusal === null) return finding('advice', 'replica', say('{peer} keeps a replica of {name} with {points} recovery points: it is gone on with, and only what differs travels.', { peer, name, points }), 'To begin from nothing, remove and undefine it there first.');
  return finding('refuse', 'replica', say('{peer} keeps a replica of {name} already: {refusal}.', { peer, name, refusal: [textFrom(said) ?? refusal] }), say('Remove it there (understudy disable {name}), or put both hosts into one trust group there (understudy authorization set HOST --trust-group GROUP).', { name }));
}

function ofSameId(machine: Machine, seed: Readiness['seed'], peer: string): Finding {
  if (seed === 'offered') return usedCopy(peer);
  if (seed === 'former') return finding('refuse', FORMER_REPLICA, say('{peer} kept {machine} when its replication was removed.', { peer, machine: machine.name }), 'Begin with it: --use-existing. Or undefine it there.');
  return finding('refuse', 'uuid', say('{peer} has a machine with this UUID already.', { peer }), say('When it is a copy of this one, begin with it: on {peer}, understudy as-replica {machine}. Otherwise undefine it there.', { peer, machine: machine.name }));
}

/** A thin replica may need less than the disks' size, so too little room for all of it is no refusal by itself. */
function place(machine: Machine, readiness: Readiness, sizeBytes: number, isNew: boolean, peer: string): Finding[] {
  const findings: Finding[] = [];
  if (readiness.isServerOff === true) findings.push(finding('refuse', 'replica server', say('{peer} takes no replicas: its replica server is switched off.', { peer }), 'Switch it on there: understudy server set --replica-server on.'));
  else if (readiness.storage === null) findings.push(finding('refuse', 'authorization', say('{peer} takes no replicas from this host.', { peer }), 'Add an authorization entry there: understudy authorization add.'));
  else if (readiness.isStorageRefused === true) findings.push(finding('refuse', 'storage', say('{peer} keeps replicas of this host in {storage} and below it.', { peer, storage: readiness.storage }), 'Choose a directory there (--storage DIR), or change the entry on that host: understudy authorization set.'));
  else if (readiness.freeBytes < sizeBytes) findings.push(finding('force', 'space', say('The disks may grow to {size}; {peer} has {free} free for replicas.', { size: { sizeBytes }, peer, free: { sizeBytes: readiness.freeBytes } }), 'Free space there or choose another place (--storage DIR); --force when the disks will not fill.'));
  findings.push(...fileFindings(readiness.missingFiles, peer));
  if (!isNew) return findings;
  if (readiness.succession) findings.push(ofReplica(machine, readiness.succession, peer));
  else if (readiness.machines.some(({ id }) => id === machine.id)) findings.push(ofSameId(machine, readiness.seed ?? null, peer));
  if (readiness.machines.some(({ id, name }) => id !== machine.id && name === machine.name)) findings.push(finding('refuse', 'name', say('{peer} has another machine named {machine}.', { peer, machine: machine.name }), 'Rename one of them.'));
  return findings;
}
