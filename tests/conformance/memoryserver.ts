/** The replica server of a host in memory: its settings, its certificates, and who may replicate here. */
import type { Caller, Role } from '../../src/service/accessviews.ts';
import type { Operations } from '../../src/service/operations.ts';
import type { AuthorizationView, ServerCertificateView, ServerView } from '../../src/service/views.ts';

type Enter = (needed: Role, caller: Caller, operation: string, ...received: unknown[]) => void;
type Kept = 'serverShow' | 'serverSet' | 'serverCertificates' | 'serverCertificateAdd' | 'serverCertificateRemove' | 'authorizationList' | 'authorizationAdd' | 'authorizationChange' | 'authorizationRemove' | 'authorizationAssign';

const EXPIRES_MS = 1_900_000_000_000;
const THUMBPRINT = 'AB'.repeat(20);
const SERVER: ServerView = {
  replicaServer: true, anyHost: false, storage: '/replicas', authentication: 'certificate', peerAddress: '10.0.0.1:7443', certificate: { thumbprint: THUMBPRINT, expiresAtMs: EXPIRES_MS, isOwn: true }, proxy: null, monitoringStartSeconds: 32_400, monitoringIntervalSeconds: 43_200,
};
const CERTIFICATE: ServerCertificateView = { thumbprint: THUMBPRINT, fingerprint: 'AB'.repeat(32), subject: 'CN=alpha', expiresAtMs: EXPIRES_MS, unfit: null, isOwn: true, isInForce: true };

export function memoryServer(enter: Enter): Pick<Operations, Kept> {
  const authorizations: AuthorizationView[] = [];
  return {
    serverShow: async (caller) => (enter('viewer', caller, 'serverShow'), SERVER),
    serverSet: async (caller, change) => (enter('administrator', caller, 'serverSet', change), SERVER),
    serverCertificates: async (caller) => (enter('viewer', caller, 'serverCertificates'), [CERTIFICATE]),
    serverCertificateAdd: async (caller, files) => (enter('administrator', caller, 'serverCertificateAdd', files), CERTIFICATE),
    serverCertificateRemove: async (caller, thumbprint) => enter('administrator', caller, 'serverCertificateRemove', thumbprint),
    authorizationList: async (caller) => (enter('viewer', caller, 'authorizationList'), authorizations),
    async authorizationAdd(caller, entry) {
      enter('administrator', caller, 'authorizationAdd', entry);
      const added = { trustGroup: 'default', storage: '/replicas', ...entry, id: `a-${authorizations.length + 1}` };
      authorizations.push(added);
      return added;
    },
    async authorizationChange(caller, entry, change) {
      enter('administrator', caller, 'authorizationChange', entry, change);
      return { id: entry, host: '*.example.org', storage: '/replicas', trustGroup: 'DEFAULT', ...change };
    },
    authorizationRemove: async (caller, id) => enter('administrator', caller, 'authorizationRemove', id),
    authorizationAssign: async (caller, machine, entry) => enter('administrator', caller, 'authorizationAssign', machine, entry),
  };
}
