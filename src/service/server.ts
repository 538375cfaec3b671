/** Use cases of a host as a replica server: whether it takes replicas, from whom, and how others meet it. */
import { Fault } from '../errors/fault.ts';
import { Refused, refuse } from '../errors/refusal.ts';
import { checkMonitoring } from '../health/monitoring.ts';
import { ANY_HOST, checkedEntry, DEFAULT_TRUST_GROUP } from '../relationship/authorization.ts';
import type { ServiceSettings } from '../state/servicesettings.ts';
import { audited, type Context, type HostCertificate } from './context.ts';
import type { Operations } from './operations.ts';
import { certificateCalled, changePeerPort, chooseCertificate } from './peering.ts';
import type { Role } from './accessviews.ts';
import type { ServerCertificateView, ServerView } from './views.ts';
import { inLanguage } from '../language/domain.ts';
import type { Language } from '../language/language.ts';
import { say, told } from '../language/text.ts';

type ServerOperations = Pick<Operations, 'serverShow' | 'serverSet' | 'serverCertificates' | 'serverCertificateAdd' | 'serverCertificateRemove'>;

export function serverOperations(context: Context): ServerOperations {
  const { network } = context;
  const viewOf = (certificate: HostCertificate, { language }: Context): ServerCertificateView => certificateView(certificate, network.self.thumbprint, language);
  return {
    serverShow: (caller) => audited(context, caller, 'viewer', 'server show', null, (context) => serverView(context)),
    serverSet: (caller, change) =>
      audited(context, caller, 'administrator', 'server set', null, async (context) => {
        const { replicaServer, anyHost, storage, force, ...service } = change;
        const setAnyHost = anyHostChange(context, anyHost, storage);
        await applyService(context, { ...service, ...(replicaServer !== undefined && { acceptsReplicas: replicaServer }) }, force === true);
        setAnyHost();
        return serverView(context);
      }),
    serverCertificates: (caller) => audited(context, caller, 'viewer', 'server certificate list', null, async (context) => (await network.certificates.list()).map((each) => viewOf(each, context))),
    serverCertificateAdd: (caller, files) => audited(context, caller, 'administrator', 'server certificate add', null, async (context) => viewOf(await network.certificates.install(files), context)),
    serverCertificateRemove: (caller, thumbprint) =>
      audited(context, caller, 'administrator', 'server certificate remove', thumbprint, async (context) => {
        const certificate = await certificateCalled(context, thumbprint);
        if (certificate.isOwn) throw new Refused(refuse('the certificate that this host made itself stays: it is what other hosts are shown when no other is chosen', []));
        if (certificate.thumbprint === network.self.thumbprint) throw new Refused(refuse('other hosts are shown this certificate: choose another first', ['server set --certificate own']));
        await network.certificates.remove(certificate.thumbprint);
      }),
  };
}

const certificateView = ({ thumbprint, fingerprint, subject, expiresMs, unfit, isOwn }: HostCertificate, inForce: string, language: Language | undefined): ServerCertificateView => ({
  thumbprint, fingerprint, subject: subject.replaceAll('\n', ', '), expiresAtMs: expiresMs, unfit: unfit && inLanguage(unfit, language), isOwn, isInForce: thumbprint === inForce,
});

export type ServiceChange = Partial<Omit<ServiceSettings, 'certificate' | 'portChange' | 'lastPeerPort'>> & { readonly certificate?: string };

/** By a certificate's thumbprint or "own". What can be refused comes first: then nothing else has changed. */
export async function applyService(context: Context, { certificate, peerPort, ...rest }: ServiceChange, force: boolean): Promise<ServiceSettings> {
  checkMonitoring(rest);
  if (certificate !== undefined) await chooseCertificate(context, certificate, force);
  if (peerPort !== undefined) await changePeerPort(context, peerPort);
  return changeService(context, rest);
}

const anyHostEntry = ({ authorizations }: Context) => authorizations.list().find(({ host }) => host === ANY_HOST);

function serverView(context: Context): ServerView {
  const { acceptsReplicas, monitoringStartSeconds, monitoringIntervalSeconds, certificate } = context.serviceSettings.get();
  const { self } = context.network;
  const entry = anyHostEntry(context);
  return {
    replicaServer: acceptsReplicas,
    anyHost: entry !== undefined,
    storage: entry?.storage ?? context.defaultStorage,
    authentication: 'certificate',
    peerAddress: self.address,
    certificate: { thumbprint: self.thumbprint, expiresAtMs: self.certificateExpiresMs, isOwn: certificate === null },
    proxy: context.proxy,
    monitoringStartSeconds,
    monitoringIntervalSeconds,
  };
}

/** What makes it so that any paired host may send replicas, or only those that entries let in; the entries are kept meanwhile. Refused now if at all. */
function anyHostChange(context: Context, anyHost: boolean | undefined, storage: string | undefined): () => void {
  const { authorizations, defaultStorage, engine } = context;
  const before = anyHostEntry(context);
  const isOn = anyHost ?? before !== undefined;
  if (!isOn && storage !== undefined) throw new Fault('settings-invalid', say('the storage location cannot be set by itself: it is that of any host (--any-host on); the place of one host is in its authorization entry'));
  if (!isOn) return () => before && authorizations.remove(before.id);
  if (before && storage === undefined) return () => undefined;
  const entry = checkedEntry({ id: before?.id ?? engine.host.newId(), host: ANY_HOST, storage: storage ?? defaultStorage, trustGroup: DEFAULT_TRUST_GROUP });
  return () => authorizations.put(entry);
}

/** An operator may change when statistics begin; who may replicate here is the administrator's. */
export function roleFor({ serviceSettings }: Context, change: ServiceChange): Role {
  const { monitoringStartSeconds: _start, monitoringIntervalSeconds: _interval, ...rest } = change;
  const before = serviceSettings.get();
  return Object.entries(rest).every(([name, value]) => value === before[name as keyof ServiceSettings]) ? 'operator' : 'administrator';
}

/** Replicas that are here stay when the server is switched off: nothing more is taken for them. */
function changeService({ engine: { host }, serviceSettings }: Context, change: Partial<ServiceSettings>): ServiceSettings {
  const before = serviceSettings.get();
  const next = serviceSettings.put(change);
  if (before.acceptsReplicas && !next.acceptsReplicas) {
    const replicas = host.state.relationships().filter(({ side }) => side === 'replica').map(({ machineId }) => host.state.machine(machineId)?.name ?? machineId);
    const stopped = replicas.length > 0 ? `; nothing more is taken for ${replicas.join(', ')}, what is here stays` : '';
    host.state.addEvent({ atMs: host.clock.nowMs(), number: null, severity: 'warning', machine: null, ...told(say('{host} is no replica server any more: it takes no replicas{stopped}', { host: host.hostName, stopped })) });
  }
  host.changed('host', host.hostId);
  return next;
}
