/** Methods of Msvm_ConcreteJob: why it failed, and ending it. */
import { CimError } from '../../cim/error.ts';
import type { MethodOutcome } from '../../cim/manager.ts';
import type { Job } from '../../machine/records.ts';
import { ownerIdOf } from '../objectpaths.ts';
import { emit, instanceText } from './embedded.ts';
import { errorOfJob } from './failuretext.ts';
import { done, type Call, type Method } from './invocation.ts';
import { numberOf, valueOf } from './parameters.ts';

/** Source: Msvm_ConcreteJob.RequestStateChange, "Return value". */
const ENDING = { invalidParameter: 5, transitionStarted: 4_096, invalidTransition: 4_097, noTimeout: 4_098, failed: 4 } as const;
const TERMINATE = 4;
const KILL = 5;
/** Start, suspend, service: what a job of ours never is asked for with success. */
const OTHER_STATES: readonly number[] = [2, 3, 6];

async function jobHere({ host, caller, path }: Call): Promise<Job> {
  const job = await host.inventory.job(caller, ownerIdOf(path) ?? '');
  if (!job) throw new CimError('notFound', 'There is no such job any more.');
  return job;
}

const textsOf = async (call: Call): Promise<readonly string[]> => {
  const { error } = await jobHere(call);
  return error ? [instanceText(errorOfJob((values) => emit('Msvm_Error', values), error, call.caller.language))] : [];
};

const answer = (returnValue: number): MethodOutcome => ({ returnValue, out: new Map() });

async function end(call: Call): Promise<MethodOutcome> {
  const job = await jobHere(call);
  const state = numberOf(call, 'RequestedState');
  if (valueOf(call, 'TimeoutPeriod') !== null) return answer(ENDING.noTimeout);
  if (state !== null && OTHER_STATES.includes(state)) return answer(ENDING.invalidTransition);
  if (state !== TERMINATE && state !== KILL) return answer(ENDING.invalidParameter);
  if (job.state !== 'running' || !job.cancellable) return answer(ENDING.invalidTransition);
  await call.host.operations.jobCancel(call.caller, job.id);
  return answer(ENDING.transitionStarted);
}

export const JOB_METHODS: readonly Method[] = [
  { name: 'GetError', kind: null, isReading: true, run: async (call) => done({ Error: (await textsOf(call))[0] ?? null }) },
  { name: 'GetErrorEx', kind: null, isReading: true, run: async (call) => done({ Errors: [...(await textsOf(call))] }) },
  { name: 'RequestStateChange', kind: null, numbers: { 32768: ENDING.failed }, run: end },
];
