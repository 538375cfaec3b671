/** What the hypervisor is asked to run or read: a machine's definition on its stacks. */
import { assert } from '../errors/bug.ts';
import { Fault } from '../errors/fault.ts';
import { say } from '../language/text.ts';
import type { MachineDefinition, DiskStack } from '../machine/definition.ts';
import { plugged } from '../machine/guestnetwork.ts';
import type { Failover, Machine, Overrides, Relationship, Stack } from '../machine/records.ts';
import { groundOf, prefixOf, withoutLabels, withTop } from '../points/stack.ts';
import type { Host } from './host.ts';
import type { LaunchSpec } from './ports/hypervisor.ts';

export function machineOf(host: Host, machineId: string): Machine {
  const machine = host.state.machine(machineId);
  if (!machine) throw new Fault('machine-unknown', say('there is no machine {machineId} on this host', { machineId }));
  return machine;
}

/** As the machine was defined at home: on a failed-over replica, the chosen point's, without what this host overrides; of a point that is sent on, that point's. */
export function definitionOf(host: Host, relationship: Relationship): MachineDefinition {
  const source = relationship.attempt?.source;
  if (source) return host.state.point(source.pointId)?.definition ?? machineOf(host, relationship.machineId).definition;
  const failover = relationship.side === 'replica' ? relationship.failover : null;
  return (failover && host.state.point(failover.pointId)?.definition) ?? machineOf(host, relationship.machineId).definition;
}

/** The machine as this host runs it now: on a failed-over replica, the chosen point under its active overlays. */
export function specOf(host: Host, machine: Machine, relationship?: Relationship): LaunchSpec {
  const failover = relationship?.side === 'replica' ? relationship.failover : null;
  if (!failover) return { instanceId: machine.id, definition: definitionHere(machine, relationship, machine.definition), stacks: machine.stacks, isolated: false };
  const point = host.state.point(failover.pointId);
  return {
    instanceId: machine.id,
    definition: definitionHere(machine, relationship, point?.definition ?? machine.definition),
    stacks: activeStacks(machine, failover),
    isolated: false,
  };
}

/** With what this host has for the machine once it has come here by a failover: memory, bridges. Home's own definition has nothing replaced. */
export function definitionHere(machine: Machine, relationship: Pick<Relationship, 'overrides'> | undefined, definition: MachineDefinition): MachineDefinition {
  const here = overridden(definition, relationship?.overrides ?? {});
  return machine.network?.hasArrived ? plugged(here, machine.network) : here;
}

/** Only the disks that replicate. */
export const replicatedSpec = (spec: LaunchSpec, disks: readonly string[]): LaunchSpec => ({ ...spec, stacks: spec.stacks.filter((stack) => disks.includes(stack.disk)) });

/** Of the disks that the point has: not every disk replicates at every time. */
export function pointStacks(machine: Machine, pointId: string): DiskStack[] {
  const stacks = machine.stacks.flatMap((stack) => prefixOf(stack, pointId) ?? []);
  assert(stacks.length > 0, `point ${pointId} has no layer on any disk`);
  return stacks;
}

/** The chosen point's stacks, each under what the guest wrote there; the active layer is on top. */
export function activeStacks(machine: Machine, failover: Pick<Failover, 'pointId' | 'layers'>): Stack[] {
  return failover.layers.map(({ disk, layer }) => {
    const stack = machine.stacks.find((each) => each.disk === disk);
    const ground = stack && groundOf(stack, failover.pointId);
    assert(ground, `disk ${disk} has no layers of the failover`);
    return withTop(ground, layer);
  });
}

/** Disks that are no part of what runs: the chosen point does not have them. */
export const otherStacks = (machine: Machine, active: readonly Stack[]): readonly Stack[] => machine.stacks.filter(({ disk }) => !active.some((stack) => stack.disk === disk));

/** The machine's disks once it runs on the failover's layers for good: those, and the disks of its definition that do not replicate and are here. */
export function settledStacks(machine: Machine, failover: Failover, { disks }: MachineDefinition): Stack[] {
  const active = activeStacks(machine, failover);
  const others = otherStacks(machine, active).filter(({ disk }) => disks.some(({ name }) => name === disk));
  return [...active, ...others].map(withoutLabels);
}
/** As `definitionHere`, of a machine that is about to come here. */
export const arriving = (machine: Machine, { overrides }: Pick<Relationship, 'overrides'>, definition: MachineDefinition): MachineDefinition =>
  plugged(overridden(definition, overrides), machine.network);

export function overridden(definition: MachineDefinition, overrides: Overrides): MachineDefinition {
  return {
    ...definition,
    memoryMiB: overrides.memoryMiB ?? definition.memoryMiB,
    nics: definition.nics.map((nic) => (nic.bridge && overrides.bridges?.[nic.bridge] ? { ...nic, bridge: overrides.bridges[nic.bridge]! } : nic)),
  };
}
