/** What each action does, and the access it needs. Source: DSP0226 §7 to §10; MS-WSMV 3.1.4.1.28. */
import { ACTION } from '../../wsman/namespaces.ts';
import type { Access } from '../audit.ts';
import type { Call, Reply } from './call.ts';
import { enumerate, pull, release } from './enumerations.ts';
import { create, get, invoke, put, remove } from './transfer.ts';

export interface Operation {
  readonly access: Access;
  /** For the audit trail. */
  nameOf(call: Call): string;
  run(call: Call): Promise<Reply>;
}

const operation = (access: Access, name: string, run: (call: Call) => Promise<Reply>): Operation => ({ access, nameOf: () => name, run });

const OPERATIONS: Readonly<Record<string, Operation>> = {
  [ACTION.get]: operation('read', 'Get', get),
  [ACTION.put]: operation('write', 'Put', put),
  [ACTION.create]: operation('write', 'Create', create),
  [ACTION.delete]: operation('write', 'Delete', remove),
  [ACTION.enumerate]: operation('read', 'Enumerate', enumerate),
  [ACTION.pull]: operation('read', 'Pull', pull),
  [ACTION.release]: operation('read', 'Release', release),
  [ACTION.subscribe]: operation('read', 'Subscribe', (call) => call.subscriptions.subscribe(call)),
  [ACTION.unsubscribe]: operation('read', 'Unsubscribe', (call) => call.subscriptions.unsubscribe(call)),
  [ACTION.renew]: operation('read', 'Renew', (call) => call.subscriptions.renew(call)),
  [ACTION.subscriptionStatus]: operation('read', 'GetStatus', (call) => call.subscriptions.status(call)),
};

/** Any other action is a method of the class. */
const INVOKE: Operation = { access: 'execute', nameOf: ({ header }) => header.action.slice(header.action.lastIndexOf('/') + 1), run: invoke };

export const operationOf = (action: string): Operation => (Object.hasOwn(OPERATIONS, action) ? OPERATIONS[action]! : INVOKE);
