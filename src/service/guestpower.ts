/** What can be asked of a guest's power over CIM: refused where the guest does not belong, and where it would change nothing. */
import { startRefusal } from '../engine/power.ts';
import { Refused, refuse } from '../errors/refusal.ts';
import type { Job } from '../machine/records.ts';
import type { Power } from '../engine/ports/hypervisor.ts';
import { machineNamed, type Context } from './context.ts';
import { checkFree } from './steps.ts';
import { say } from '../language/text.ts';
import { inText } from '../language/words.ts';
import type { Caller } from './accessviews.ts';

export type PowerRequest = 'run' | 'turnOff' | 'shutDown' | 'pause' | 'reset';

/** Kind of the job, by what the guest is now; what is not here is refused. */
const KINDS: Readonly<Record<PowerRequest, Partial<Record<Power, string>>>> = {
  run: { off: 'start', paused: 'goOn' },
  turnOff: { running: 'turnOff', paused: 'turnOff', stopping: 'turnOff' },
  shutDown: { running: 'shutDown' },
  pause: { running: 'pause' },
  reset: { running: 'reset', paused: 'reset' },
};

export async function powerJob(context: Context, caller: Caller, name: string, request: PowerRequest): Promise<Job> {
  const { engine } = context;
  const machine = machineNamed(context, name);
  const relationship = engine.host.state.relationshipOf(machine.id);
  const belongsElsewhere = relationship !== undefined && (relationship.side === 'primary' ? relationship.state === 4 : ![5, 6, 14].includes(relationship.state));
  const power = await engine.host.hypervisor.power(machine.id);
  const endsHeldGuest = request === 'turnOff' && power !== 'off';
  const refusal = (belongsElsewhere && !endsHeldGuest) || request === 'run' ? startRefusal(machine, relationship) : null;
  if (refusal !== null) throw new Refused(refuse(say('the power of {machine} may not be changed on {host}: {refusal}', { machine: machine.name, host: engine.host.hostName, refusal: [refusal] })));
  const kind = KINDS[request][power];
  const possible = Object.entries(KINDS).filter(([, kinds]) => kinds[power] !== undefined).map(([each]) => each);
  if (kind === undefined) throw new Refused(refuse(say('{machine} is {power}', { machine: machine.name, power: inText('power', power) }), possible));
  // Pulling the plug waits for nobody.
  if (request !== 'turnOff') checkFree(context, machine.id);
  return engine.jobs.start(kind, machine.id, {}, caller.name);
}
