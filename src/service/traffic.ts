/** Use cases of what leaves this host for replicas: how much at once, and how fast. */
import { bytesPerSecond } from '../cycle/bandwidth.ts';
import { checkTraffic, DEFAULT_TRAFFIC } from '../engine/traffic/limits.ts';
import { audited, type Context } from './context.ts';
import { definedOnly } from './options.ts';
import type { Operations } from './operations.ts';
import type { TrafficView } from './views.ts';

type TrafficOperations = Pick<Operations, 'trafficShow' | 'trafficSet'>;

export function trafficOperations(context: Context): TrafficOperations {
  const { engine, serviceSettings } = context;
  return {
    trafficShow: (caller) => audited(context, caller, 'viewer', 'traffic show', null, (context) => trafficView(context)),
    trafficSet: (caller, change) =>
      audited(context, caller, 'operator', 'traffic set', null, (context) => {
        const given = definedOnly(change);
        checkTraffic(given);
        serviceSettings.put({ traffic: { ...serviceSettings.get().traffic, ...given } });
        engine.host.traffic.changed();
        engine.host.changed('host', engine.host.hostId);
        return trafficView(context);
      }),
  };
}

function trafficView({ engine: { host }, serviceSettings }: Context): TrafficView {
  const { transfers, resynchronizations, bandwidth } = { ...DEFAULT_TRAFFIC, ...serviceSettings.get().traffic };
  const now = bytesPerSecond(bandwidth, host.clock.nowMs(), (atMs) => host.clock.minutesEast(atMs));
  return { transfers, resynchronizations, bandwidth: [...bandwidth], mbitPerSecondNow: now === null ? null : now / 125_000, ...host.traffic.now() };
}
