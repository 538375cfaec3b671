/** Use cases of the first copy: over the network, or beginning with a copy that is there; now, at a moment, stopped. */
import { beginInitialAt, transferOf } from '../engine/initial.ts';
import { offerSeed } from '../engine/replica/seeding.ts';
import { transition } from '../engine/transition.ts';
import { checkExportable } from '../engine/mediakinds.ts';
import { Fault } from '../errors/fault.ts';
import { Refused, refuse } from '../errors/refusal.ts';
import { sideWords, stateWords } from '../relationship/state.ts';
import { allowedVerbs } from '../relationship/step.ts';
import { aboutIt, audited, hostNamed, machineNamed, sendingNamed, type Context } from './context.ts';
import type { Operations } from './operations.ts';
import { jobView, relationshipView } from './presenting.ts';
import { checkFree } from './steps.ts';
import { say } from '../language/text.ts';

type InitialOperations = Pick<Operations, 'initialStart' | 'initialStartAt' | 'initialStop' | 'initialExport' | 'initialImport' | 'copyOffer'>;

const PEER_WITHIN_MS = 30_000;

export function initialOperations(context: Context): InitialOperations {
  const { engine } = context;
  const named = (machine: string) => sendingNamed(context, machine);
  return {
    initialStart: (caller, machine, { transfer }) =>
      audited(context, caller, 'operator', 'start-replication', machine, (context) => {
        const relationship = named(machine);
        const by = transferOf(relationship, transfer ?? null);
        // What needs no word of the other host is refused at once.
        if (by === 'network' || relationship.state !== 1) transition(engine.host, relationship.id, 'startInitial', { change: () => ({ initial: { by } }) });
        return jobView(context, engine.jobs.start('initial', relationship.machineId, { transfer: by, ...aboutIt(relationship) }, caller.name));
      }),
    initialStartAt: (caller, machine, startsAtMs, { transfer }) =>
      audited(context, caller, 'operator', 'start-replication at', machine, async (context) => {
        const relationship = await beginInitialAt(engine.host, named(machine).id, transfer ?? null, startsAtMs, engine.host.clock.timeout(PEER_WITHIN_MS));
        engine.workerOf(relationship).poke();
        return relationshipView(context, relationship);
      }),
    initialStop: (caller, machine) =>
      audited(context, caller, 'operator', 'stop-initial', machine, async (context) => {
        const relationship = named(machine);
        transition(engine.host, relationship.id, relationship.state === 1 ? 'unscheduleInitial' : 'stopInitial');
        await engine.workerOf(relationship).tended();
        return relationshipView(context, named(machine));
      }),
    initialExport: (caller, machine, directory) =>
      audited(context, caller, 'operator', 'export', machine, (context) => {
        const relationship = engine.relationshipOf(machineNamed(context, machine).id);
        checkExportable(engine, relationship, absolute(directory));
        return jobView(context, engine.jobs.start('export', relationship.machineId, { directory }, caller.name));
      }),
    initialImport: (caller, machine, directory) =>
      audited(context, caller, 'operator', 'import', machine, (context) => {
        const { machineId, side, state } = engine.relationshipOf(machineNamed(context, machine).id);
        const allowed = allowedVerbs({ side, state });
        if (!allowed.includes('import')) throw new Refused(refuse(say('no media can be imported while the relationship is in: {state} (state {number}, {side})', { state: stateWords(state), number: state, side: sideWords(side) }), allowed));
        checkFree(context, machineId);
        return jobView(context, engine.jobs.start('import', machineId, { directory: absolute(directory) }, caller.name));
      }),
    copyOffer: (caller, machine, host) =>
      audited(context, caller, 'operator', 'as-replica', machine, async (context) => relationshipView(context, await offerSeed(engine.host, machineNamed(context, machine).id, primaryFor(context, host)))),
  };
}

function absolute(directory: string): string {
  if (!directory.startsWith('/')) throw new Fault('parameter-invalid', say('the directory cannot be {directory}: allowed is an absolute path of this host', { directory: JSON.stringify(directory) }));
  return directory;
}

/** The host that the copy is for; the only one that there is when none is named. */
function primaryFor(context: Context, host: string | undefined): string {
  if (host !== undefined) return hostNamed(context, host).hostId;
  const [only, ...others] = context.hosts.list();
  if (only && others.length === 0) return only.hostId;
  throw new Fault('host-unknown', only ? say('say whose replica it is to be: one of {hosts}', { hosts: { list: [only, ...others].map(({ name }) => name) } }) : say('no host is paired'));
}
