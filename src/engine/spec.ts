/** What the hypervisor is asked to run or read: a machine's definition on its stacks. */
import { assert } from '../errors/bug.ts';
import { Fault } from '../errors/fault.ts';
import type { MachineDefinition, DiskStack } from '../machine/definition.ts';
import { plugged } from '../machine/guestnetwork.ts';
import type { Failover, Machine, Overrides, Relationship, Stack } from '../machine/records.ts';
import { groundOf, prefixOf, withTop } from '../points/stack.ts';
import type { Host } from './host.ts';
import type { LaunchSpec } from './ports/hypervisor.ts';

export function machineOf(host: Host, machineId: string): Machine {
  const machine = host.state.machine(machineId);
  if (!machine) throw new Fault('machine-unknown', `there is no machine ${machineId} on this host`);
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

export function pointStacks(machine: Machine, pointId: string): DiskStack[] {
  return machine.stacks.map((stack) => {
    const prefix = prefixOf(stack, pointId);
    assert(prefix, `point ${pointId} has no layer on disk ${stack.disk}`);
    return prefix;
  });
}

/** The chosen point's stacks, each under what the guest wrote there; the active layer is on top. */
export function activeStacks(machine: Machine, failover: Pick<Failover, 'pointId' | 'layers'>): Stack[] {
  return machine.stacks.map((stack) => {
    const ground = groundOf(stack, failover.pointId);
    const active = failover.layers.find((layer) => layer.disk === stack.disk);
    assert(ground && active, `disk ${stack.disk} has no layers of the failover`);
    return withTop(ground, active.layer);
  });
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
