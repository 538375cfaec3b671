/** Settings that a client writes back as instances: the same as calling the service's method for them. */
import { CimError } from '../cim/error.ts';
import type { CimInstance, CimValue, ObjectPath } from '../cim/instance.ts';
import type { CimCaller, InstanceProvider, MethodOutcome } from '../cim/manager.ts';
import { isPath } from '../cim/path.ts';
import type { Domain } from './domain.ts';
import type { MethodTable } from './methods/methods.ts';
import { machinePath, ownerIdOf, servicePath } from './objectpaths.ts';

interface Modification {
  readonly method: string;
  /** The parameter that takes the settings. */
  readonly parameter: string;
  /** Set where the method also wants the machine that the settings are of. */
  readonly isOfMachine?: boolean;
}

const MODIFICATIONS: Readonly<Record<string, Modification>> = {
  Msvm_ReplicationSettingData: { method: 'ModifyReplicationSettings', parameter: 'ReplicationSettingData', isOfMachine: true },
  Msvm_ReplicationServiceSettingData: { method: 'ModifyServiceSettings', parameter: 'SettingData' },
  Msvm_ReplicationAuthorizationSettingData: { method: 'ModifyAuthorizationEntry', parameter: 'AuthorizationEntry' },
};
const DONE = 0;
const STARTED = 4_096;
const ACCESS_DENIED = 32_769;
const JOB_ENDS_WITHIN_MS = 30_000;
const LOOK_AGAIN_MS = 50;

export type Modifications = Readonly<Record<string, Required<Pick<InstanceProvider, 'modify'>>>>;

/** By class. What is not written stays as it is. CimError with the reason when the change was not made. */
export const createModifications = (domain: Domain, methods: MethodTable, sleep: (ms: number) => Promise<void>): Modifications =>
  Object.fromEntries(
    Object.entries(MODIFICATIONS).map(([className, modification]) => [
      className,
      {
        modify: async (caller: CimCaller, path: ObjectPath, change: CimInstance) => {
          const { self } = await domain.inventory.host(caller);
          const service = servicePath('Msvm_ReplicationService', self.name);
          const parameters = parametersOf(modification, path, change);
          const outcome = await methods['Msvm_ReplicationService']![modification.method]!(caller, service, parameters);
          await checkDone(domain, caller, outcome, sleep);
        },
      },
    ]),
  );

/** The instance names itself: what was left out of the change is its key at most. */
function parametersOf({ parameter, isOfMachine }: Modification, path: ObjectPath, change: CimInstance): ReadonlyMap<string, CimValue> {
  const whole: CimInstance = { ...change, properties: new Map<string, CimValue>([...change.properties, ...(path.keys as ReadonlyMap<string, CimValue>)]) };
  return new Map<string, CimValue>([[parameter, whole], ...(isOfMachine ? [['ComputerSystem', machinePath(ownerIdOf(path)!)] as const] : [])]);
}

/** A client that writes has no job to look at: the answer is the job's. */
async function checkDone({ inventory, nowMs }: Domain, caller: CimCaller, { returnValue, out }: MethodOutcome, sleep: (ms: number) => Promise<void>): Promise<void> {
  if (returnValue === DONE) return;
  const reference = out.get('Job') ?? null;
  const jobId = isPath(reference) ? (ownerIdOf(reference) ?? '') : '';
  const deadlineMs = nowMs() + JOB_ENDS_WITHIN_MS;
  let job = await inventory.job(caller, jobId);
  while (job?.state === 'running' && nowMs() < deadlineMs) {
    await sleep(LOOK_AGAIN_MS);
    job = await inventory.job(caller, jobId);
  }
  if (returnValue === STARTED && job?.state === 'completed') return;
  const reason = job?.error?.message ?? (job?.state === 'running' ? 'the change is still under way' : 'the change was not made');
  throw new CimError(returnValue === ACCESS_DENIED ? 'accessDenied' : 'failed', `${reason} (${returnValue})`);
}
