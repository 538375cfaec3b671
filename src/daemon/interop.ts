/** The Interop namespace of this host, with what clients subscribed to kept in the state file. */
import type { DatabaseSync } from 'node:sqlite';
import { SCHEMA } from '../cim/schema/published.ts';
import { interopProviders } from '../interop/interop.ts';
import { Records } from '../interop/records.ts';
import { Subscriptions } from '../interop/subscriptions.ts';
import { SubscriptionRows } from '../state/subscriptions.ts';
import type { Providers } from './cim.ts';

export const subscriptionsOf = (database: DatabaseSync, hostName: string): Subscriptions =>
  new Subscriptions({ schema: SCHEMA, hostName, records: new Records(SCHEMA, new SubscriptionRows(database)) });

export const interopOf = (subscriptions: Subscriptions, hostName: string, version: string): Providers => ({
  instances: [...interopProviders({ hostName, version, namespaces: SCHEMA.namespaces }), ...subscriptions.instances],
  associations: subscriptions.associations,
});
