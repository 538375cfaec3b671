/**
 * What every method has in common: who may call it, the audit trail, and an answer in numbers. A request that is not begun
 * leaves a finished job, since a bare number names nothing. Invoking is "execute", which is the administrator's; methods
 * that only read are everybody's, and writing settings back as an instance is the operator's.
 */
import { CimError } from '../../cim/error.ts';
import type { CimValue, ObjectPath } from '../../cim/instance.ts';
import type { CimCaller, CimMethod, MethodOutcome } from '../../cim/manager.ts';
import type { Management } from '../../service/management.ts';
import type { JobView } from '../../service/views.ts';
import type { Domain } from '../domain.ts';
import { instancePath, ownerIdOf } from '../objectpaths.ts';
import { asRejection, reasonOf, RETURNS, type Reason } from './rejection.ts';
import type { Language } from '../../language/language.ts';
import { inLanguage } from '../../language/domain.ts';
import { failureText } from '../../errors/fault.ts';
import { inEnglish, say } from '../../language/text.ts';

/** What methods see of the host. */
export interface Host extends Domain {
  readonly management: Management;
}

/** One call, as the method's own work sees it. */
export interface Call {
  readonly host: Host;
  readonly caller: CimCaller;
  readonly path: ObjectPath;
  readonly parameters: ReadonlyMap<string, CimValue>;
}

type Numbers = Readonly<Record<number, number>>;

export interface Method {
  readonly name: string;
  /** Of the job that a request leaves which is not begun; null where the method returns no job. */
  readonly kind: string | null;
  readonly isReading?: boolean;
  /** Return values that the method words otherwise than Msvm_ReplicationService; those that it has no number for are faults. */
  readonly numbers?: Numbers;
  run(call: Call): Promise<MethodOutcome>;
}

export const done = (out: Readonly<Record<string, CimValue>> = {}): MethodOutcome => ({ returnValue: RETURNS.done, out: new Map(Object.entries(out)) });

export const started = ({ id }: JobView, out: Readonly<Record<string, CimValue>> = {}): MethodOutcome => ({
  returnValue: RETURNS.started,
  out: new Map<string, CimValue>([...Object.entries(out), ['Job', instancePath('Msvm_ConcreteJob', id)]]),
});

/** The method as the object manager calls it. A defect is thrown on. */
export function invocable(host: Host, className: string, method: Method, needs: CimCaller['role']): CimMethod {
  return async (caller, path, parameters) => {
    const call: Call = { host, caller, path, parameters };
    try {
      return await host.management.audited(caller, method.isReading ? 'viewer' : needs, `${className}.${method.name}`, subjectOf(call), () => method.run(call).catch(rethrown));
    } catch (thrown) {
      const reason = reasonOf(thrown);
      if (!reason) throw thrown;
      return answered(call, method, reason, thrown);
    }
  };
}

const rethrown = (thrown: unknown): never => {
  throw asRejection(thrown);
};

function answered({ host, caller, path, parameters }: Call, { kind, numbers }: Method, reason: Reason, thrown: unknown): MethodOutcome {
  const returnValue = numbers ? numbers[reason.returnValue] : reason.returnValue;
  if (returnValue === undefined && thrown instanceof Error && thrown.cause instanceof CimError) throw thrown.cause;
  if (returnValue === undefined) throw new CimError(reason.returnValue === RETURNS.accessDenied ? 'accessDenied' : 'failed', wordsOf(reason, caller.language));
  if (kind === null) return { returnValue, out: new Map() };
  const { returnValue: _returned, hint, ...error } = reason;
  const id = host.management.recordFailed({ kind, machineId: machineIdIn(path, parameters), error: { ...error, hint: inEnglish(hint) }, returnValue });
  return { returnValue, out: new Map([['Job', instancePath('Msvm_ConcreteJob', id)]]) };
}

const wordsOf = (reason: Reason, language: Language = 'en'): string =>
  [inLanguage(failureText(reason), language), inLanguage(reason.hint, language), reason.allowed.length > 0 ? inLanguage(say('Allowed now: {operations}.', { operations: { list: reason.allowed } }), language) : ''].filter((part) => part !== '').map((part) => (/[.!?]$/.test(part) ? part : `${part}.`)).join(' ');

/** The object that a reference among the parameters names, or the one that the method was called on. */
function subjectOf({ path, parameters }: Call): string | null {
  return machineIdIn(path, parameters) ?? ownerIdOf(path) ?? null;
}

function machineIdIn(path: ObjectPath, parameters: ReadonlyMap<string, CimValue>): string | null {
  const named = parameters.get('ComputerSystem') ?? parameters.get('AffectedSystem') ?? path;
  return typeof named === 'object' && named !== null && 'kind' in named && named.kind === 'path' ? (ownerIdOf(named) ?? null) : null;
}
