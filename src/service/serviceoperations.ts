/** Use cases of a host's replication as a whole: whether it takes replicas, its certificate, whether another host answers. */
import { call } from '../engine/calls.ts';
import { Fault } from '../errors/fault.ts';
import { audited, hostNamed, type Context } from './context.ts';
import type { Management } from './management.ts';
import { jobView } from './presenting.ts';
import { changeService, roleFor } from './server.ts';

type ServiceOperations = Pick<Management, 'changeService' | 'testConnection' | 'certificates'>;

const PEER_WITHIN_MS = 15_000;

export function serviceOperations(context: Context): ServiceOperations {
  const { engine, network } = context;
  const { host } = engine;
  engine.jobs.define({
    connectionTest: async (job) => {
      const { hostId, name } = hostNamed(context, String(job.args['host']));
      const { accepts } = await call(host.peers, hostId, 'acceptance', {}, AbortSignal.any([job.signal, host.clock.timeout(PEER_WITHIN_MS)]));
      if (!accepts) throw new Fault('peer-not-authorized', `${name} answers, and takes no replicas from ${host.hostName}`);
      return {};
    },
  });
  return {
    changeService: (caller, change) => audited(context, caller, roleFor(context, change), 'server set', null, () => changeService(context, change)),
    testConnection: (caller, name) =>
      audited(context, caller, 'operator', 'host test', name, () => jobView(context, engine.jobs.start('connectionTest', null, { host: hostNamed(context, name).hostId }))),
    certificates: (caller) =>
      audited(context, caller, 'viewer', 'host certificates', null, () => [network.self.certificatePem.replaceAll(/-----[A-Z ]+-----|\s/g, '')]),
  };
}
