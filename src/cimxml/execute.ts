/** A call, carried out: every intrinsic operation by one table, every other name a method of the object. */
import { CimError } from '../cim/error.ts';
import type { CimCaller, ObjectManager } from '../cim/manager.ts';
import { document, type Markup } from '../xml/write.ts';
import { errorElement, responseTo, type CimCall, type IntrinsicCall } from './cimxml.ts';
import type { Enumerations } from './enumerations.ts';
import { ASSOCIATION_OPERATIONS } from './operations/associations.ts';
import { CLASS_OPERATIONS } from './operations/classes.ts';
import { INSTANCE_OPERATIONS } from './operations/instances.ts';
import { invoke } from './operations/methods.ts';
import type { Operation } from './operations/operation.ts';
import { PULL_OPERATIONS } from './operations/pulls.ts';
import { QUERY_OPERATIONS } from './operations/queries.ts';

const OPERATIONS: ReadonlyMap<string, Operation> = new Map(
  Object.entries({ ...CLASS_OPERATIONS, ...INSTANCE_OPERATIONS, ...ASSOCIATION_OPERATIONS, ...QUERY_OPERATIONS, ...PULL_OPERATIONS }).map(([name, run]) => [name.toLowerCase(), run]),
);

export interface Execution {
  readonly manager: ObjectManager;
  readonly enumerations: Enumerations;
  readonly caller: CimCaller;
  /** What this host is called in the paths of answers. */
  readonly host: string;
}

/** The response message; a CimError of the operation is in it. Whatever else is thrown is a bug. */
export async function execute(call: CimCall, execution: Execution): Promise<string> {
  return document(responseTo(call, await contentOf(call, execution)));
}

async function contentOf(call: CimCall, execution: Execution): Promise<readonly Markup[]> {
  try {
    return await (call.kind === 'intrinsic' ? intrinsic(call, execution) : invoke(call, execution));
  } catch (error) {
    if (error instanceof CimError) return [errorElement(error)];
    throw error;
  }
}

function intrinsic({ method, namespace, parameters }: IntrinsicCall, { manager, enumerations, caller, host }: Execution): Promise<readonly Markup[]> {
  const run = OPERATIONS.get(method.toLowerCase());
  if (run === undefined) throw new CimError('notSupported', `the operation ${method} is not supported`);
  if (!manager.hasNamespace(namespace)) throw new CimError('invalidNamespace', `there is no namespace ${namespace}`);
  return run({ manager, enumerations, caller, namespace, place: { host, namespace } }, parameters);
}
