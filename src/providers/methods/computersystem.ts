/** Methods of Msvm_ComputerSystem: the guest's power, and the state of the machine's replication. */
import type { MethodOutcome } from '../../cim/manager.ts';
import { Refused, refuse } from '../../errors/refusal.ts';
import type { MachineSnapshot } from '../../service/inventory.ts';
import type { PowerRequest } from '../../service/guestpower.ts';
import type { Step } from '../../service/steps.ts';
import { machinePath, ownerIdOf } from '../objectpaths.ts';
import { done, started, type Call, type Method } from './invocation.ts';
import { machineAt, numberOf, valueOf } from './parameters.ts';
import { badValue, Rejection, RETURNS } from './rejection.ts';
import { linkOf, referenceTo } from './relationship.ts';
import { say } from '../../language/text.ts';

/** Source: Msvm_ComputerSystem.RequestStateChange; 32768 is "paused" of the first generation's API. */
const POWER_REQUESTS: Readonly<Record<number, PowerRequest>> = { 2: 'run', 3: 'turnOff', 4: 'shutDown', 9: 'pause', 32768: 'pause', 10: 'reset', 11: 'reset' };

/** The machine that the method is called on. */
const machineHere = (call: Call): Promise<MachineSnapshot> => machineAt(call, 'The system', call.path);

async function requestPower(call: Call): Promise<MethodOutcome> {
  const { machine } = await machineHere(call);
  const state = numberOf(call, 'RequestedState');
  const request = state === null ? undefined : POWER_REQUESTS[state];
  if (request === undefined) throw new Rejection(RETURNS.invalidState, say('RequestedState {state} is not possible: 2 starts or resumes, 3 turns off, 4 shuts down, 9 pauses, 10 and 11 reset.', { state: String(state ?? 'null') }));
  const job = await call.host.management.power(call.caller, machine.id, request);
  call.host.requestedStates.set(machine.id, state!);
  return started(job);
}

/**
 * What a requested replication state asks for, by the state that the machine is in; `any` where it does not matter. Source:
 * Msvm_ComputerSystem.RequestReplicationStateChange.
 */
const STATE_REQUESTS: Readonly<Record<number, Readonly<Partial<Record<number, Step>> & { any: Step }>>> = {
  1: { any: 'stopInitial' },
  2: { any: 'startInitial' },
  3: { 4: 'cancelPlanned', any: 'resume' },
  4: { any: 'preparePlanned' },
  7: { any: 'suspend' },
  9: { any: 'cancelResync' },
};

function stepFor(state: number | null, { machine, relationship }: MachineSnapshot): Step {
  const requests = state === null ? undefined : STATE_REQUESTS[state];
  if (!requests) throw badValue('RequestedState', state, Object.keys(STATE_REQUESTS).join(', '));
  if (!relationship) throw new Refused(refuse(say('{machine} is not replicated', { machine: machine.name }), ['enable']));
  return requests[relationship.state] ?? requests.any;
}

async function requestReplication(call: Call, snapshot: MachineSnapshot): Promise<MethodOutcome> {
  const step = stepFor(numberOf(call, 'RequestedState'), snapshot);
  return started(await call.host.management.step(call.caller, referenceTo(snapshot), step));
}

/** The device is its machine's: no job is given back, so the shutdown goes on after the answer. Source: Msvm_ShutdownComponent.InitiateShutdown. */
async function initiateShutdown(call: Call): Promise<MethodOutcome> {
  const { machine } = await machineAt(call, 'SystemName', machinePath(ownerIdOf(call.path) ?? ''));
  const isForced = valueOf(call, 'Force') === true;
  await call.host.management.power(call.caller, machine.id, isForced ? 'turnOff' : 'shutDown');
  return done();
}

export const SHUTDOWN_METHODS: readonly Method[] = [{ name: 'InitiateShutdown', kind: null, run: initiateShutdown }];

export const SYSTEM_METHODS: readonly Method[] = [
  { name: 'RequestStateChange', kind: 'start', run: requestPower },
  { name: 'RequestReplicationStateChange', kind: 'replicationState', run: async (call) => requestReplication(call, await machineHere(call)) },
  {
    name: 'RequestReplicationStateChangeEx', kind: 'replicationState',
    run: async (call) => {
      const snapshot = await machineHere(call);
      return requestReplication(call, linkOf(call, snapshot));
    },
  },
];
