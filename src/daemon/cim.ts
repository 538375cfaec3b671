/** The CIM side of the host: the schema, the providers that read the host, the methods, and what changes for those who watch. */
import { randomUUID } from 'node:crypto';
import type { AssociationProvider, InstanceProvider } from '../cim/manager.ts';
import { createObjectManager, type PublishingObjectManager } from '../cim/objectmanager.ts';
import { SCHEMA } from '../cim/schema/published.ts';
import { associationProviders } from '../providers/associations.ts';
import { InstanceChanges } from '../providers/changes.ts';
import { instanceProviders } from '../providers/classes.ts';
import type { Hardware } from '../providers/domain.ts';
import type { Host } from '../providers/methods/invocation.ts';
import { createMethods } from '../providers/methods/methods.ts';
import { createModifications } from '../providers/modifications.ts';
import type { Context } from '../service/context.ts';
import { createInventory } from '../service/inventory.ts';
import { createManagement } from '../service/management.ts';
import type { Changes, Operations } from '../service/operations.ts';

/** The host as providers and methods see it. Before the engine starts: methods define kinds of jobs, which may have to go on. */
export const cimHostOf = (context: Context, operations: Operations, hardware: Hardware): Host => ({
  operations, hardware, inventory: createInventory(context), management: createManagement(context), requestedStates: new Map(), newId: randomUUID, nowMs: () => context.engine.host.clock.nowMs(),
});

export interface Providers {
  readonly instances: readonly InstanceProvider[];
  readonly associations: readonly AssociationProvider[];
}

interface Surroundings {
  /** Of namespaces that are not about the host's machines. */
  readonly others?: Providers;
  /** What queries and events call this host. */
  readonly hostName?: string;
  readonly changes: Changes;
  sleep(ms: number): Promise<void>;
  onBug(bug: unknown): void;
}

/** The object manager of the host. */
export function objectManagerOf(host: Host, { others = { instances: [], associations: [] }, hostName, changes, sleep, onBug }: Surroundings): PublishingObjectManager {
  const methods = createMethods(host);
  const modifications = createModifications(host, createMethods(host, 'operator'), sleep);
  const manager = createObjectManager({
    schema: SCHEMA,
    instances: [...instanceProviders(host).map((provider) => ({ ...provider, ...modifications[provider.className], methods: methods[provider.className] ?? {} })), ...others.instances],
    associations: [...associationProviders(host), ...others.associations],
    ...(hostName === undefined ? {} : { host: hostName }),
    onWatched: (isWatched) => watching.watched(isWatched),
  });
  const watching = new InstanceChanges({ manager, publish: (change) => manager.publish(change), nowMs: host.nowMs, onBug });
  changes.subscribe(({ kind, id }) => watching.changed(kind, id));
  return manager;
}
