/** Use cases of machines: define, start, stop, undefine, look at. */
import { Fault, faultOf, isOutOfReach } from '../errors/fault.ts';
import { checkReady, readinessFindings } from '../engine/readiness.ts';
import { Refused, refuse } from '../errors/refusal.ts';
import { founded } from '../relationship/epoch.ts';
import { allowedVerbs } from '../relationship/step.ts';
import type { Machine, Relationship } from '../machine/records.ts';
import { audited, machineNamed, type Context } from './context.ts';
import type { Operations } from './operations.ts';
import { jobView, machineView, machineViews } from './presenting.ts';
import { say } from '../language/text.ts';

type MachineOperations = Pick<Operations, 'machineList' | 'machineShow' | 'machineDefine' | 'machineStart' | 'machineStop' | 'machineUndefine'>;

const ASK_WITHIN_MS = 10_000;

export function machineOperations(context: Context): MachineOperations {
  const { engine } = context;
  return {
    machineList: (caller) => audited(context, caller, 'viewer', 'vm list', null, (context) => machineViews(context)),
    machineShow: (caller, name) =>
      audited(context, caller, 'viewer', 'vm show', name, async (context) => {
        const machine = machineNamed(context, name);
        return { ...(await machineView(context, machine)), definition: machine.definition, toml: context.machines.render(machine.definition) };
      }),
    machineDefine: (caller, toml) => audited(context, caller, 'operator', 'vm define', null, async (context) => machineView(context, await define(context, toml))),
    machineStart: (caller, name, { force }) =>
      audited(context, caller, 'operator', 'vm start', name, (context) => jobView(context, engine.jobs.start('start', machineNamed(context, name).id, { force: force === true }, caller.name))),
    machineStop: (caller, name, { force, timeoutSeconds }) =>
      audited(context, caller, 'operator', 'vm stop', name, (context) => {
        const machine = machineNamed(context, name);
        return jobView(context, engine.jobs.start('stop', machine.id, { force: force === true, ...(timeoutSeconds !== undefined && { timeoutSeconds }) }, caller.name));
      }),
    machineUndefine: (caller, name) => audited(context, caller, 'operator', 'vm undefine', name, (context) => undefine(context, name)),
  };
}

/** A machine of this definition exists; an existing one of the same id has the new definition from its next start on. */
async function define(context: Context, toml: string): Promise<Machine> {
  const { engine, machines } = context;
  const { state } = engine.host;
  const definition = machines.parse(toml);
  const existing = state.machine(definition.id);
  const namesake = state.machines().find(({ name, id }) => name === definition.name && id !== definition.id);
  if (namesake) throw new Fault('machine-exists', say('{host} has a machine named "{machine}" already, with UUID {id}', { host: engine.host.hostName, machine: definition.name, id: namesake.id }));
  const relationship = existing && state.relationshipOf(existing.id);
  if (relationship?.side === 'replica') throw new Refused(refuse(say('{machine} is a replica here: its definition comes with its recovery points', { machine: definition.name }), allowedVerbs(relationship)));
  const isSameDisks = existing && JSON.stringify(existing.definition.disks.map(({ name, path, format }) => [name, path, format])) === JSON.stringify(definition.disks.map(({ name, path, format }) => [name, path, format]));
  if (relationship && !isSameDisks) throw new Refused(refuse(say('{machine} is replicated: its disks cannot be changed now', { machine: definition.name }), ['disable']));
  if (existing && !isSameDisks && (await engine.host.hypervisor.power(existing.id)) !== 'off') throw new Refused(refuse(say('{machine} runs: its disks can be changed only while it is off', { machine: definition.name }), ['vm stop']));
  const stacks = existing && isSameDisks ? existing.stacks : await machines.probeDisks(definition);
  const machine: Machine = existing
    ? { ...existing, name: definition.name, definition, stacks }
    : { id: definition.id, name: definition.name, definition, stacks, lineage: founded(engine.host.newId(), engine.host.hostId), powerLock: null, storage: context.defaultStorage, copyOf: null };
  if (relationship) await checkPeer(context, machine, relationship);
  state.putMachine(machine);
  engine.host.changed('machine', machine.id);
  return machine;
}

/** A definition that the replica's host could not run is refused; when that host cannot be asked, the failover's own check will tell. */
async function checkPeer({ engine }: Context, machine: Machine, { peerId }: Relationship): Promise<void> {
  try {
    checkReady(await readinessFindings(engine.host, machine, peerId, {}, false, engine.host.clock.timeout(ASK_WITHIN_MS)), true);
  } catch (thrown) {
    if (!isOutOfReach(faultOf(thrown)?.code)) throw thrown;
  }
}

/** The machine is not known here any more; its disks stay where they are. */
async function undefine(context: Context, name: string): Promise<void> {
  const { host } = context.engine;
  const machine = machineNamed(context, name);
  const relationship = host.state.relationshipOf(machine.id);
  if (relationship) throw new Refused(refuse(say('{machine} is replicated: disable that first', { machine: machine.name }), allowedVerbs(relationship)));
  if (machine.copyOf !== null) throw new Refused(refuse(say('{machine} is a test failover\'s copy', { machine: machine.name }), ['test-end']));
  if ((await host.hypervisor.power(machine.id)) !== 'off') throw new Refused(refuse(say('{machine} runs', { machine: machine.name }), ['vm stop']));
  await host.hypervisor.forget(machine.id);
  host.state.removeMachine(machine.id);
  host.changed('machine', machine.id);
}
