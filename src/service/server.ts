/** Use cases of a host as a replica server: whether it takes replicas, from whom, and when its statistics' intervals begin. */
import { Fault } from '../errors/fault.ts';
import { checkMonitoring } from '../health/monitoring.ts';
import { ANY_HOST, checkedEntry, DEFAULT_TRUST_GROUP } from '../relationship/authorization.ts';
import type { ServiceSettings } from '../state/servicesettings.ts';
import { audited, type Context } from './context.ts';
import type { Operations } from './operations.ts';
import type { Role, ServerView } from './views.ts';

type ServerOperations = Pick<Operations, 'serverShow' | 'serverSet'>;


export function serverOperations(context: Context): ServerOperations {
  return {
    serverShow: (caller) => audited(context, caller, 'viewer', 'server show', null, () => serverView(context)),
    serverSet: (caller, change) =>
      audited(context, caller, 'administrator', 'server set', null, () => {
        const { replicaServer, anyHost, storage, ...service } = change;
        checkMonitoring(service);
        setAnyHost(context, anyHost, storage);
        changeService(context, { ...service, ...(replicaServer !== undefined && { acceptsReplicas: replicaServer }) });
        return serverView(context);
      }),
  };
}

const anyHostEntry = ({ authorizations }: Context) => authorizations.list().find(({ host }) => host === ANY_HOST);

function serverView(context: Context): ServerView {
  const { acceptsReplicas, monitoringStartSeconds, monitoringIntervalSeconds } = context.serviceSettings.get();
  const entry = anyHostEntry(context);
  return {
    replicaServer: acceptsReplicas,
    anyHost: entry !== undefined,
    storage: entry?.storage ?? context.defaultStorage,
    authentication: 'certificate',
    peerAddress: context.network.self.address,
    monitoringStartSeconds,
    monitoringIntervalSeconds,
  };
}

/** Any paired host may send replicas, or only those that entries let in; the entries are kept meanwhile. */
function setAnyHost(context: Context, anyHost: boolean | undefined, storage: string | undefined): void {
  const { authorizations, defaultStorage, engine } = context;
  const before = anyHostEntry(context);
  if (anyHost === false && before) authorizations.remove(before.id);
  const isOn = anyHost ?? before !== undefined;
  if (!isOn && storage !== undefined) throw new Fault('settings-invalid', 'the storage location cannot be set by itself: it is that of any host (--any-host on); the place of one host is in its authorization entry');
  if (!isOn || (before && storage === undefined)) return;
  authorizations.put(checkedEntry({ id: before?.id ?? engine.host.newId(), host: ANY_HOST, storage: storage ?? defaultStorage, trustGroup: DEFAULT_TRUST_GROUP }));
}

/** An operator may change when statistics begin; who may replicate here is the administrator's. */
export function roleFor({ serviceSettings }: Context, change: Partial<ServiceSettings>): Role {
  const { monitoringStartSeconds: _start, monitoringIntervalSeconds: _interval, ...rest } = change;
  const before = serviceSettings.get();
  return Object.entries(rest).every(([name, value]) => value === before[name as keyof ServiceSettings]) ? 'operator' : 'administrator';
}

/** Replicas that are here stay when the server is switched off: nothing more is taken for them. */
export function changeService({ engine: { host }, serviceSettings }: Context, change: Partial<ServiceSettings>): ServiceSettings {
  checkMonitoring(change);
  const before = serviceSettings.get();
  const next = serviceSettings.put(change);
  if (before.acceptsReplicas && !next.acceptsReplicas) {
    const replicas = host.state.relationships().filter(({ side }) => side === 'replica').map(({ machineId }) => host.state.machine(machineId)?.name ?? machineId);
    const stopped = replicas.length > 0 ? `; nothing more is taken for ${replicas.join(', ')}, what is here stays` : '';
    host.state.addEvent({ atMs: host.clock.nowMs(), number: null, severity: 'warning', machine: null, message: `${host.hostName} is no replica server any more: it takes no replicas${stopped}` });
  }
  host.changed('host', host.hostId);
  return next;
}
