/** Use cases of a host's replication as a whole: whether it takes replicas, its certificate, whether another host answers. */
import { testConnection } from './connectiontest.ts';
import { audited, hostNamed, type Context } from './context.ts';
import type { Management } from './management.ts';
import { jobView } from './presenting.ts';
import { applyService, roleFor } from './server.ts';
import type { Caller } from './accessviews.ts';
import type { JobView } from './views.ts';

type ServiceOperations = Pick<Management, 'changeService' | 'testConnection' | 'certificates'>;

const CONNECTION_TEST = 'connectionTest';

export function serviceOperations(context: Context): ServiceOperations {
  const { engine, network } = context;
  engine.jobs.define({ [CONNECTION_TEST]: (job) => testConnection(context, job) });
  return {
    changeService: (caller, change) => audited(context, caller, roleFor(context, change), 'server set', null, (context) => applyService(context, change, false)),
    testConnection: (caller, name, options) => startTest(context, caller, name, options),
    certificates: (caller) =>
      audited(context, caller, 'viewer', 'host certificates', null, async () => (await network.certificates.list()).filter(({ unfit }) => unfit === null).map(({ certificatePem }) => leafOf(certificatePem))),
  };
}

/** A job that tries each step of the way to the host, and asks it whether it would take replicas from this one. */
export const startTest = (context: Context, caller: Caller, name: string, { bypassProxy = false }: { bypassProxy?: boolean } = {}): Promise<JobView> =>
  audited(context, caller, 'operator', 'host test', name, (context) => jobView(context, context.engine.jobs.start(CONNECTION_TEST, null, { host: hostNamed(context, name).hostId, bypassProxy }, caller.name)));

/** Base64 of the first certificate's DER: the others lead to the authority. */
const leafOf = (pem: string): string => (/-----BEGIN CERTIFICATE-----([^-]+)-----END/.exec(pem)?.[1] ?? '').replaceAll(/\s/g, '');
