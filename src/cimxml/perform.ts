/** A call, carried out: every intrinsic operation by one table, every other name a method of the object. */
import { CimError } from '../cim/error.ts';
import type { CimCaller, ObjectManager } from '../cim/manager.ts';
import { nameKey } from '../cim/name.ts';
import type { Schema } from '../cim/schema/classes.ts';
import type { Markup } from '../xml/write.ts';
import type { CimCall, IntrinsicCall } from './cimxml.ts';
import type { Enumerations } from './enumerations.ts';
import { ASSOCIATION_OPERATIONS } from './operations/associations.ts';
import { CLASS_OPERATIONS } from './operations/classes.ts';
import { INSTANCE_OPERATIONS } from './operations/instances.ts';
import { invoke } from './operations/methods.ts';
import type { Operation } from './operations/operation.ts';
import { PULL_OPERATIONS } from './operations/pulls.ts';
import { QUERY_OPERATIONS } from './operations/queries.ts';

const OPERATIONS: ReadonlyMap<string, Operation> = new Map(
  Object.entries({ ...CLASS_OPERATIONS, ...INSTANCE_OPERATIONS, ...ASSOCIATION_OPERATIONS, ...QUERY_OPERATIONS, ...PULL_OPERATIONS }).map(([name, run]) => [nameKey(name), run]),
);

const WRITES = new Set(['CreateInstance', 'ModifyInstance', 'DeleteInstance'].map(nameKey));

/** Whether the intrinsic operation changes anything. */
export const isWrite = (operation: string): boolean => WRITES.has(nameKey(operation));

export interface Execution {
  readonly manager: ObjectManager;
  readonly schema: Schema;
  readonly enumerations: Enumerations;
  readonly caller: CimCaller;
  /** What this host is called in the paths of answers. */
  readonly host: string;
}

export interface Performed {
  /** What the response element holds. */
  readonly content: readonly Markup[];
  /** What a method returned. */
  readonly returnValue?: number;
}

/** Rejects with CimError. */
export function perform(call: CimCall, execution: Execution): Promise<Performed> {
  return call.kind === 'extrinsic' ? invoke(call, execution) : intrinsic(call, execution);
}

async function intrinsic({ method, namespace, parameters }: IntrinsicCall, { manager, schema, enumerations, caller, host }: Execution): Promise<Performed> {
  const run = OPERATIONS.get(nameKey(method));
  if (run === undefined) throw new CimError('notSupported', `the operation ${method} is not supported`);
  if (!manager.hasNamespace(namespace)) throw new CimError('invalidNamespace', `there is no namespace ${namespace}`);
  return { content: await run({ manager, schema, enumerations, caller, namespace, place: { schema, host, namespace } }, parameters) };
}
