/** Use cases of resynchronizing: now, at a moment, given up. */
import { cancelResynchronization, startAt } from '../engine/starts.ts';
import { transition } from '../engine/transition.ts';
import { aboutIt, audited, sendingNamed, type Context } from './context.ts';
import type { Operations } from './operations.ts';
import { jobView, relationshipView } from './presenting.ts';

type ResynchronizationOperations = Pick<Operations, 'resynchronize' | 'resynchronizeAt' | 'resynchronizeCancel'>;

export function resynchronizationOperations(context: Context): ResynchronizationOperations {
  const { engine } = context;
  const named = (machine: string) => sendingNamed(context, machine);
  return {
    resynchronize: (caller, machine) =>
      audited(context, caller, 'operator', 'resynchronize', machine, (context) => {
        const relationship = named(machine);
        const { id, machineId, state } = relationship;
        if (state !== 10) transition(engine.host, id, state === 11 ? 'continueResync' : 'resynchronize');
        return jobView(context, engine.jobs.start('resynchronize', machineId, aboutIt(relationship), caller.name));
      }),
    resynchronizeAt: (caller, machine, startsAtMs) =>
      audited(context, caller, 'operator', 'resynchronize at', machine, (context) => {
        const relationship = startAt(engine.host, named(machine).id, 'resynchronize', startsAtMs);
        // It may be waiting for another moment just now.
        engine.workerOf(relationship).poke();
        return relationshipView(context, relationship);
      }),
    resynchronizeCancel: (caller, machine) =>
      audited(context, caller, 'operator', 'cancel-resynchronization', machine, async (context) => {
        const relationship = cancelResynchronization(engine.host, named(machine).id);
        await engine.workerOf(relationship).tended();
        return relationshipView(context, named(machine));
      }),
  };
}
