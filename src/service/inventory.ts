/**
 * What a host holds, as the records themselves, their texts in the caller's language: for interfaces that show more of them than the views do. Everything is read
 * in one go from the state; of the hypervisor only what runs is asked for its power.
 */
import { type Text, saidOf, hintOf } from '../language/text.ts';
import type { Job, Machine, Point, Relationship } from '../machine/records.ts';
import { startRefusal } from '../engine/power.ts';
import { entryFor } from '../relationship/authorization.ts';
import { isOnward } from '../relationship/chain.ts';
import type { ServiceSettings } from '../state/servicesettings.ts';
import { audited, type Context } from './context.ts';
import type { Issue } from '../health/health.ts';
import type { Pending } from '../engine/pending.ts';
import { judgementOf } from './health.ts';
import { hostView, selfView } from './presenting.ts';
import type { Caller } from './accessviews.ts';
import type { RelationshipView } from './relationshipviews.ts';
import type { AuthorizationView, HostView, MachineView } from './views.ts';
import type { Language } from '../language/language.ts';
import { inLanguage } from '../language/domain.ts';
import { failureText } from '../errors/fault.ts';

export interface MachineSnapshot {
  readonly machine: Machine;
  readonly relationship: Relationship | null;
  readonly power: MachineView['power'];
  /** A job that starts the guest is under way. */
  readonly isStarting: boolean;
  /** Why the guest may not be started here now, or null. */
  readonly startRefusal: Text | null;
  /** Of the machine's process, while there is one. */
  readonly pid: number | null;
  readonly upMs: number | null;
  readonly health: RelationshipView['health'];
  /** Why the health is not ok, and what to do; the worst first. */
  readonly issues: readonly Issue[];
  /** What has yet to be replicated, as last known. */
  readonly pending: Pending | null;
  /** Name of the relationship's other host, as this host knows it. */
  readonly peer: string | null;
  /** Of a replica: the entry by which it is here. */
  readonly authorization: AuthorizationView | null;
  /** In the middle of a chain: the same machine, seen by the relationship by which it is sent on. */
  readonly extended: MachineSnapshot | null;
}

export interface HostSnapshot {
  readonly self: HostView;
  /** That other hosts are shown: SHA-1 and SHA-256 of it. */
  readonly certificate: { readonly thumbprint: string; readonly fingerprint: string };
  readonly peers: readonly HostView[];
  readonly authorizations: readonly AuthorizationView[];
  /** Where replicas go when an entry names no place. */
  readonly defaultStorage: string;
  readonly service: ServiceSettings;
}

/** Ids are as the records have them: lower case. */
export interface Inventory {
  host(caller: Caller): Promise<HostSnapshot>;
  /** By name. */
  machines(caller: Caller): Promise<readonly MachineSnapshot[]>;
  machine(caller: Caller, id: string): Promise<MachineSnapshot | undefined>;
  /** Oldest first. */
  points(caller: Caller, machineId: string): Promise<readonly Point[]>;
  point(caller: Caller, id: string): Promise<Point | undefined>;
  /** Newest first. */
  jobs(caller: Caller): Promise<readonly Job[]>;
  job(caller: Caller, id: string): Promise<Job | undefined>;
}

export function createInventory(context: Context): Inventory {
  const { engine, hosts, authorizations, serviceSettings, defaultStorage } = context;
  const { state, hypervisor } = engine.host;
  const seen = <T>(caller: Caller, what: string, subject: string | null, work: (context: Context) => Promise<T> | T): Promise<T> => audited(context, caller, 'viewer', what, subject, work);
  return {
    host: (caller) =>
      seen(caller, 'host show', null, () => ({
        self: selfView(context), certificate: context.network.self, peers: hosts.list().map((host) => hostView(context, host)), authorizations: [...authorizations.list()], defaultStorage, service: serviceSettings.get(),
      })),
    machines: (caller) =>
      seen(caller, 'vm list', null, async (context) => {
        const live = new Set(await hypervisor.instances());
        const byMachine = (all: readonly Relationship[]) => new Map(all.map((relationship) => [relationship.machineId, relationship]));
        const all = state.relationships();
        const [relationships, onward] = [byMachine(all.filter((each) => !isOnward(each))), byMachine(all.filter(isOnward))];
        const surroundings = surroundingsOf(context);
        return Promise.all(
          state.machines().map(async (machine) => {
            const power = live.has(machine.id) ? await hypervisor.power(machine.id) : 'off';
            return snapshotOf(context, machine, relationships.get(machine.id), onward.get(machine.id), power, surroundings);
          }),
        );
      }),
    machine: (caller, id) =>
      seen(caller, 'vm show', id, async (context) => {
        const machine = state.machine(id);
        return machine && snapshotOf(context, machine, state.relationshipOf(id), state.extendedOf(id), await hypervisor.power(id), surroundingsOf(context));
      }),
    points: (caller, machineId) => seen(caller, 'points', machineId, () => state.points(machineId)),
    point: (caller, id) => seen(caller, 'points', id, () => state.point(id)),
    jobs: (caller) => seen(caller, 'jobs', null, ({ language }) => state.jobs().map((job) => worded(job, language))),
    job: (caller, id) =>
      seen(caller, 'jobs show', id, ({ language }) => {
        const job = state.job(id);
        return job && worded(job, language);
      }),
  };
}

/** The record with its texts in that language. */
const worded = (job: Job, language: Language = 'en'): Job => ({
  ...job,
  step: inLanguage(job.stepSaid ?? job.step, language),
  error: job.error && { ...job.error, message: inLanguage(failureText(job.error), language), hint: inLanguage(job.error.hint, language) },
});

const issueIn = (issue: Issue, language: Language = 'en'): Issue => ({ ...issue, message: inLanguage(saidOf(issue), language), hint: inLanguage(hintOf(issue), language) });

/** What many machines share, read once. */
interface Surroundings {
  /** Ids of the machines whose guest is being started. */
  readonly starting: ReadonlySet<string | null>;
  readonly entries: readonly AuthorizationView[];
  /** By id. */
  readonly hostNames: ReadonlyMap<string, string>;
}

const surroundingsOf = ({ engine, authorizations, hosts }: Context): Surroundings => ({
  starting: new Set(engine.jobs.running().filter(({ kind }) => kind === 'start').map(({ machineId }) => machineId)),
  entries: authorizations.list(),
  hostNames: new Map(hosts.list().map(({ hostId, name }) => [hostId, name])),
});

function snapshotOf(context: Context, machine: Machine, relationship: Relationship | undefined, onward: Relationship | undefined, power: MachineSnapshot['power'], surroundings: Surroundings): MachineSnapshot {
  const { starting, entries, hostNames } = surroundings;
  const isOff = power === 'off';
  const standing = {
    extended: onward ? snapshotOf(context, machine, onward, undefined, power, surroundings) : null,
    machine, power, isStarting: isOff && starting.has(machine.id), startRefusal: startRefusal(machine, relationship),
    pid: isOff ? null : context.machines.pid(machine.id), upMs: isOff ? null : context.machines.upMs(machine.id),
  };
  if (!relationship) return { ...standing, relationship: null, health: 'none', issues: [], pending: null, peer: null, authorization: null };
  const peer = hostNames.get(relationship.peerId) ?? relationship.peerId;
  const { health, issues } = judgementOf(context, relationship, machine, peer);
  const authorization = relationship.side === 'replica' ? (entries.find(({ id }) => id === relationship.entryId) ?? entryFor(entries, peer) ?? null) : null;
  return { ...standing, relationship, health, issues: issues.filter(({ severity }) => severity !== 'advice').map((issue) => issueIn(issue, context.language)), pending: context.engine.pending.of(relationship), peer, authorization };
}
