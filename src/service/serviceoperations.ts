/** Use cases of a host's replication as a whole: whether it takes replicas, its certificate, whether another host answers. */
import { call } from '../engine/calls.ts';
import { Fault } from '../errors/fault.ts';
import { audited, hostNamed, type Context } from './context.ts';
import type { Management } from './management.ts';
import { jobView } from './presenting.ts';

type ServiceOperations = Pick<Management, 'changeService' | 'testConnection' | 'certificates'>;

const PEER_WITHIN_MS = 15_000;
const HOUR_SECONDS = 3_600;
const WEEK_SECONDS = 7 * 24 * HOUR_SECONDS;

const checkWhole = (name: string, value: number | undefined, min: number, max: number): void => {
  if (value !== undefined && !(Number.isInteger(value) && value >= min && value <= max)) throw new Fault('settings-invalid', `${name} cannot be ${value}: allowed is a whole number from ${min} to ${max}`);
};

export function serviceOperations(context: Context): ServiceOperations {
  const { engine, network, serviceSettings } = context;
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
    changeService: (caller, change) =>
      audited(context, caller, 'operator', 'service settings', null, () => {
        checkWhole('the monitoring interval in seconds', change.monitoringIntervalSeconds, HOUR_SECONDS, WEEK_SECONDS);
        checkWhole('the monitoring start in seconds after midnight', change.monitoringStartSeconds, 0, 24 * HOUR_SECONDS - 1);
        const next = serviceSettings.put(change);
        host.changed('host', host.hostId);
        return next;
      }),
    testConnection: (caller, name) =>
      audited(context, caller, 'operator', 'host test', name, () => jobView(context, engine.jobs.start('connectionTest', null, { host: hostNamed(context, name).hostId }))),
    certificates: (caller) =>
      audited(context, caller, 'viewer', 'host certificates', null, () => [network.self.certificatePem.replaceAll(/-----[A-Z ]+-----|\s/g, '')]),
  };
}
