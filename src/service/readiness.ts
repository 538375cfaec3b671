/** Can the other host run this machine? Each finding names its cure. */
import { call, type Readiness } from '../engine/calls.ts';
import { overridden } from '../engine/spec.ts';
import type { Machine } from '../machine/records.ts';
import type { Overrides } from '../machine/records.ts';
import type { Context } from './context.ts';
import type { FindingView } from './views.ts';

const finding = (severity: FindingView['severity'], subject: string, message: string, cure: string): FindingView => ({ severity, subject, message, cure });

export async function readinessFindings({ engine }: Context, machine: Machine, peerId: string, overrides: Overrides, isNew: boolean, signal: AbortSignal): Promise<FindingView[]> {
  const { host } = engine;
  const definition = overridden(machine.definition, overrides);
  const readiness = await call(host.peers, peerId, 'readiness', { definition, storage: overrides.storage ?? null }, signal);
  const sizes = await host.hypervisor.sizes({ instanceId: machine.id, definition, stacks: machine.stacks, isolated: false });
  return [...hardware(machine, overrides, readiness, host.peerName(peerId)), ...place(machine, readiness, sizes.reduce((sum, disk) => sum + disk.sizeBytes, 0), isNew, host.peerName(peerId))];
}

function hardware(machine: Machine, overrides: Overrides, { capabilities }: Readiness, peer: string): FindingView[] {
  const definition = overridden(machine.definition, overrides);
  const findings: FindingView[] = [];
  if (definition.memoryMiB > capabilities.memoryMiB) findings.push(finding('refuse', 'memory', `${machine.name} needs ${definition.memoryMiB} MiB; ${peer} has ${capabilities.memoryMiB} MiB in all.`, 'Give the replica less memory: --memory MIB.'));
  else if (definition.memoryMiB > capabilities.freeMemoryMiB) findings.push(finding('force', 'memory', `${machine.name} needs ${definition.memoryMiB} MiB; ${peer} has ${capabilities.freeMemoryMiB} MiB free now.`, 'Free memory there, give the replica less (--memory MIB), or use --force when it will be free in time.'));
  const model = definition.cpuModel.split(',')[0]!;
  if (model === 'host') findings.push(finding('force', 'cpu', 'The CPU model "host" is whatever each host has: the guest may not run on the other one.', 'Choose a named model that both hosts have in the definition, or use --force when both hosts have the same processor.'));
  else if (!capabilities.cpuModels.includes(model)) findings.push(finding('refuse', 'cpu', `${peer} has no CPU model "${model}".`, 'Choose a model that both hosts have in the definition.'));
  if (!capabilities.machineTypes.includes(definition.machineType)) findings.push(finding('refuse', 'machine type', `QEMU ${capabilities.qemuVersion} on ${peer} does not offer "${definition.machineType}".`, 'Install a newer QEMU there, or choose an older machine type in the definition.'));
  for (const { kind, bridge } of definition.nics) {
    if (kind === 'bridge' && bridge && !capabilities.bridges.includes(bridge)) findings.push(finding('refuse', 'network', `${peer} has no bridge "${bridge}".`, `Make it there, or name another for the replica: --bridge ${bridge}=NAME.`));
  }
  return findings;
}

/** A thin replica may need less than the disks' size, so too little room for all of it is no refusal by itself. */
function place(machine: Machine, readiness: Readiness, sizeBytes: number, isNew: boolean, peer: string): FindingView[] {
  const findings: FindingView[] = [];
  if (readiness.storage === null) findings.push(finding('refuse', 'authorization', `${peer} takes no replicas from this host.`, 'Add an authorization entry there: understudy authorization add.'));
  else if (readiness.freeBytes < sizeBytes) findings.push(finding('force', 'space', `The disks may grow to ${Math.ceil(sizeBytes / 2 ** 30)} GiB; ${peer} has ${Math.floor(readiness.freeBytes / 2 ** 30)} GiB free for replicas.`, 'Free space there or choose another place (--storage DIR); --force when the disks will not fill.'));
  for (const path of readiness.missingFiles) findings.push(finding('refuse', 'file', `${peer} has no ${path}, which the definition names.`, 'Copy the file to the same place there.'));
  if (!isNew) return findings;
  if (readiness.machines.some(({ id }) => id === machine.id)) findings.push(finding('refuse', 'uuid', `${peer} has a machine with this UUID already.`, 'Undefine it there when it is an old replica.'));
  if (readiness.machines.some(({ id, name }) => id !== machine.id && name === machine.name)) findings.push(finding('refuse', 'name', `${peer} has another machine named ${machine.name}.`, 'Rename one of them.'));
  return findings;
}
