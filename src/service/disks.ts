/** Use cases of a machine's disks: attach, detach, grow. Each is refused at once where it is not possible; otherwise it is a job. */
import { attachDisk, checkDetachable, checkGrowable, checkOwnDisks, detachDisk, growDisk } from '../engine/machinedisks.ts';
import { heldBy, type JobWork } from '../engine/jobs.ts';
import { Fault } from '../errors/fault.ts';
import { say } from '../language/text.ts';
import type { DiskDefinition, MachineDefinition } from '../machine/definition.ts';
import type { Machine } from '../machine/records.ts';
import { audited, machineNamed, type Context } from './context.ts';
import type { DiskRequest, Operations } from './operations.ts';
import { jobView } from './presenting.ts';
import { checkFree } from './steps.ts';

type DiskOperations = Pick<Operations, 'diskAttach' | 'diskDetach' | 'diskGrow'>;

const GIVE_UP_DEFAULT_SECONDS = 30;

export function diskOperations(context: Context): DiskOperations {
  const { engine } = context;
  engine.jobs.define(diskKinds(context));
  return {
    diskAttach: (caller, name, request) =>
      audited(context, caller, 'operator', 'vm disk attach', name, (context) => {
        const machine = machineNamed(context, name);
        checkOwnDisks(engine.host, machine);
        definitionWith(context, machine, request);
        checkFree(context, machine.id);
        return jobView(context, engine.jobs.start('diskAttach', machine.id, { disk: { ...request } }, caller.name));
      }),
    diskDetach: (caller, name, disk, { timeoutSeconds = GIVE_UP_DEFAULT_SECONDS }) =>
      audited(context, caller, 'operator', 'vm disk detach', name, (context) => {
        const machine = machineNamed(context, name);
        checkDetachable(engine.host, machine, disk);
        checkFree(context, machine.id);
        return jobView(context, engine.jobs.start('diskDetach', machine.id, { disk, timeoutSeconds }, caller.name));
      }),
    diskGrow: (caller, name, disk, sizeBytes) =>
      audited(context, caller, 'operator', 'vm disk grow', name, async (context) => {
        const machine = machineNamed(context, name);
        await checkGrowable(engine.host, machine, disk, sizeBytes);
        checkFree(context, machine.id);
        return jobView(context, engine.jobs.start('diskGrow', machine.id, { disk, sizeBytes }, caller.name));
      }),
  };
}

/** The machine's definition with the disk, as if somebody had written it. Fault definition-invalid when it cannot be. */
function definitionWith({ engine, machines }: Context, machine: Machine, { name, path, format = 'qcow2', bus = 'virtio', sizeBytes }: DiskRequest): MachineDefinition {
  const disk: DiskDefinition = { name, path, format, bus, ...(sizeBytes !== undefined && { sizeBytes }) };
  const user = engine.host.state.machines().find(({ definition }) => definition.disks.some((each) => each.path === path));
  if (user && user.id !== machine.id) throw new Fault('disk-in-use', say('{path} is a disk of {user}', { path, user: user.name }));
  return machines.parse(machines.render({ ...machine.definition, disks: [...machine.definition.disks, disk] }));
}

function diskKinds(context: Context): Readonly<Record<string, JobWork>> {
  const { engine, machines } = context;
  const { host } = engine;
  return {
    diskAttach: async (job) => {
      const request = job.args['disk'] as DiskRequest;
      await engine.worker(job.machineId).exclusive(heldBy(job, 'attach disk'), async () => {
        const machine = machineNamed(context, job.machineId);
        const known = machine.definition.disks.find(({ name, path }) => name === request.name && path === request.path);
        const disk = known ?? definitionWith(context, machine, request).disks.at(-1)!;
        const stack = machine.stacks.find((each) => known && each.disk === disk.name) ?? (await machines.probeDisks({ ...machine.definition, disks: [disk] }))[0]!;
        await attachDisk(host, machine.id, disk, stack);
      }, job.signal);
      return {};
    },
    diskDetach: async (job) => {
      job.progress(10, 'waiting for the guest to give the disk up');
      await engine.worker(job.machineId).exclusive(heldBy(job, 'detach disk'), (signal) => detachDisk(host, job.machineId, String(job.args['disk']), 1_000 * Number(job.args['timeoutSeconds']), signal), job.signal);
      return {};
    },
    diskGrow: async (job) => {
      await engine.worker(job.machineId).exclusive(heldBy(job, 'grow disk'), (signal) => growDisk(host, job.machineId, String(job.args['disk']), Number(job.args['sizeBytes']), signal), job.signal);
      engine.worker(job.machineId).poke();
      return {};
    },
  };
}
