/** The part of the host that one question is about, read once: all of it, or one machine with what belongs to it. */
import type { CimCaller } from '../cim/manager.ts';
import type { ObjectPath } from '../cim/instance.ts';
import type { Job, Point } from '../machine/records.ts';
import type { HostSnapshot, MachineSnapshot } from '../service/inventory.ts';
import type { Domain, Hardware } from './domain.ts';
import { ownerIdOf } from './objectpaths.ts';
import type { Language } from '../language/language.ts';

export type Need = 'machines' | 'points' | 'jobs';

/** A machine and its recovery points, oldest first; these are read only when they are needed. */
export interface Family {
  readonly snapshot: MachineSnapshot;
  readonly points: readonly Point[];
}

export interface Scope {
  readonly host: HostSnapshot;
  readonly families: readonly Family[];
  readonly jobs: readonly Job[];
  readonly hardware: Hardware;
  readonly requestedStates: ReadonlyMap<string, number>;
  readonly nowMs: number;
  /** The caller's. */
  readonly language: Language;
}

/** The machine by its own relationship, and in the middle of a chain by the one by which it is sent on. */
export const eachLink = (snapshot: MachineSnapshot): readonly MachineSnapshot[] => (snapshot.extended ? [snapshot, snapshot.extended] : [snapshot]);

/** Everything. */
export async function wholeScope(domain: Domain, caller: CimCaller, needs: readonly Need[]): Promise<Scope> {
  const { inventory } = domain;
  const needsMachines = needs.includes('machines') || needs.includes('points');
  return scopeOf(domain, caller, needs, needsMachines ? await inventory.machines(caller) : [], needs.includes('jobs') ? await inventory.jobs(caller) : []);
}

/** What the path's object is part of: its machine, or the machine that its point or job is of. Undefined for an object of the host. */
export async function scopeAround(domain: Domain, caller: CimCaller, path: ObjectPath, needs: readonly Need[]): Promise<Scope | undefined> {
  const { inventory } = domain;
  const id = ownerIdOf(path);
  if (id === undefined) return undefined;
  const machine = await inventory.machine(caller, id);
  if (machine) return scopeOf(domain, caller, needs, await withCopy(domain, caller, machine), needs.includes('jobs') ? await inventory.jobs(caller) : []);
  const job = await inventory.job(caller, id);
  const machineId = job ? job.machineId : (await inventory.point(caller, id))?.machineId;
  const owner = machineId ? await inventory.machine(caller, machineId) : undefined;
  if (!job && !owner) return undefined;
  return scopeOf(domain, caller, needs, owner ? await withCopy(domain, caller, owner) : [], job ? [job] : []);
}

/** Of the host alone, for what is neither a machine's nor a job's. */
export const hostScope = (domain: Domain, caller: CimCaller): Promise<Scope> => scopeOf(domain, caller, [], [], []);

async function scopeOf(domain: Domain, caller: CimCaller, needs: readonly Need[], machines: readonly MachineSnapshot[], jobs: readonly Job[]): Promise<Scope> {
  const { inventory, hardware, requestedStates } = domain;
  const pointsOf = (machineId: string) => (needs.includes('points') ? inventory.points(caller, machineId) : []);
  const families = await Promise.all(machines.map(async (snapshot) => ({ snapshot, points: await pointsOf(snapshot.machine.id) })));
  return { host: await inventory.host(caller), families, jobs, hardware, requestedStates, nowMs: domain.nowMs(), language: caller.language ?? 'en' };
}

/** A replica's test failover belongs to it. */
async function withCopy({ inventory }: Domain, caller: CimCaller, snapshot: MachineSnapshot): Promise<readonly MachineSnapshot[]> {
  const copyId = snapshot.relationship?.testCopy?.instanceId;
  const copy = copyId === undefined ? undefined : await inventory.machine(caller, copyId);
  return copy ? [snapshot, copy] : [snapshot];
}
