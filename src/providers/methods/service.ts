/** Methods of Msvm_ReplicationService that are about the host: its entries, its settings, its certificate, other hosts. */
import type { MethodOutcome } from '../../cim/manager.ts';
import { say } from '../../language/text.ts';
import { idIn } from '../objectpaths.ts';
import type { HostSnapshot } from '../../service/inventory.ts';
import type { HostView } from '../../service/views.ts';
import { checkAuthentication, checkPort, checkThumbprint, isInForce, pairedHost, portIn } from './connection.ts';
import { embeddedOf } from './embedded.ts';
import { given } from './fields.ts';
import { done, started, type Call, type Method } from './invocation.ts';
import { machineOf, numberOf, textOf, truthOf } from './parameters.ts';
import { badValue, Rejection, RETURNS } from './rejection.ts';

const ENTRY = 'AuthorizationEntry';

interface Entry {
  readonly id: string | null;
  readonly host: string | null;
  readonly storage: string | null;
  readonly trustGroup: string | null;
}

function entryOf(call: Call): Entry {
  const fields = embeddedOf(call, ENTRY, 'Msvm_ReplicationAuthorizationSettingData');
  if (!fields) throw badValue(ENTRY, null, say('the text of a Msvm_ReplicationAuthorizationSettingData'));
  return {
    id: idIn(fields.text('InstanceID') ?? '') ?? null,
    host: fields.text('AllowedPrimaryHostSystem'),
    storage: fields.text('ReplicaStorageLocation') || null,
    trustGroup: fields.text('TrustGroup') || null,
  };
}

const hostOfEntry = ({ host }: Entry): string => {
  if (host === null || host === '') throw badValue('AllowedPrimaryHostSystem', host, say('a paired host\'s name, or *.domain'));
  return host;
};

async function addEntry(call: Call): Promise<MethodOutcome> {
  const entry = entryOf(call);
  await call.host.management.addEntry(call.caller, { ...entry, host: hostOfEntry(entry) });
  return done();
}

async function changeEntry(call: Call): Promise<MethodOutcome> {
  const entry = entryOf(call);
  await call.host.management.changeEntry(call.caller, entry.id, { ...entry, host: entry.id === null ? hostOfEntry(entry) : entry.host });
  return done();
}

async function removeEntry(call: Call): Promise<MethodOutcome> {
  const host = textOf(call, 'AllowedPrimaryHostSystem');
  if (host === null || host === '') throw badValue('AllowedPrimaryHostSystem', host, say('the host of an entry'));
  await call.host.management.removeEntry(call.caller, host);
  return done();
}

async function bindEntry(call: Call): Promise<MethodOutcome> {
  const { machine } = await machineOf(call);
  await call.host.management.bindEntry(call.caller, machine.id, entryOf(call));
  return done();
}

const CERTIFICATES = 2;

function checkAllowedAuthentication(value: number | null): void {
  if (value === null || value === CERTIFICATES) return;
  if (value === 1 || value === 3) throw new Rejection(RETURNS.notSupported, say('AllowedAuthenticationType {value} includes Kerberos, which is not supported: use 2 (certificates).', { value }));
  throw badValue('AllowedAuthenticationType', value, say('2 (certificates)'));
}

/** Nothing when it is left out or is the port already. */
function newPort(value: number | null, self: HostView): number | null {
  return value === null || value === 0 || value === portIn(self.address) ? null : value;
}

/** Peers are never met without TLS. */
function checkPlainPort(value: number | null): void {
  if (value !== null && value !== 0) throw badValue('HttpPort', value, say('0: nothing travels in clear between hosts'));
}

/** Nothing when it is left out or in force already; any that is installed can be chosen. */
function newCertificate(value: string | null, host: HostSnapshot): string | null {
  return value === null || value === '' || isInForce('CertificateThumbPrint', value, host) ? null : value;
}

async function changeSettings(call: Call): Promise<MethodOutcome> {
  const fields = embeddedOf(call, 'SettingData', 'Msvm_ReplicationServiceSettingData');
  if (!fields) throw badValue('SettingData', null, say('the text of a Msvm_ReplicationServiceSettingData'));
  const host = await call.host.inventory.host(call.caller);
  checkAllowedAuthentication(fields.number('AllowedAuthenticationType'));
  checkPlainPort(fields.number('HttpPort'));
  await call.host.management.changeService(call.caller, {
    ...given('acceptsReplicas', fields.truth('RecoveryServerEnabled')),
    ...given('certificate', newCertificate(fields.text('CertificateThumbPrint'), host)),
    ...given('peerPort', newPort(fields.number('HttpsPort'), host.self)),
    ...given('monitoringStartSeconds', fields.secondsOfDay('MonitoringStartTime')),
    ...given('monitoringIntervalSeconds', fields.number('MonitoringInterval')),
  });
  return done();
}

async function testConnection(call: Call): Promise<MethodOutcome> {
  const text = textOf(call, 'RecoveryConnectionPoint');
  if (text === null || text.trim() === '') throw badValue('RecoveryConnectionPoint', text, say('the name or address of a paired host'));
  const host = await call.host.inventory.host(call.caller);
  checkAuthentication('AuthenticationType', numberOf(call, 'AuthenticationType'));
  checkThumbprint('CertificateThumbPrint', textOf(call, 'CertificateThumbPrint'), host);
  const peer = pairedHost(host, 'RecoveryConnectionPoint', text);
  checkPort('RecoveryServerPortNumber', numberOf(call, 'RecoveryServerPortNumber'), peer);
  return started(await call.host.management.testConnection(call.caller, peer.id, { bypassProxy: truthOf(call, 'BypassProxyServer') === true }));
}

const ENABLED = 2;
const DISABLED = 3;
/** Of the methods that have no other number than done and "not supported". */
const PLAIN_NUMBERS = { [RETURNS.notSupported]: 1 };

async function accept(call: Call, acceptsReplicas: boolean): Promise<MethodOutcome> {
  await call.host.management.changeService(call.caller, { acceptsReplicas });
  return done();
}

async function requestState(call: Call): Promise<MethodOutcome> {
  const state = numberOf(call, 'RequestedState');
  if (state !== ENABLED && state !== DISABLED) throw new Rejection(RETURNS.notSupported, say('RequestedState {state} is not supported: 2 takes replicas, 3 takes none.', { state: String(state ?? 'null') }));
  return accept(call, state === ENABLED);
}

export const SERVICE_METHODS: readonly Method[] = [
  { name: 'AddAuthorizationEntry', kind: 'authorization', run: addEntry },
  { name: 'ModifyAuthorizationEntry', kind: 'authorization', run: changeEntry },
  { name: 'RemoveAuthorizationEntry', kind: 'authorization', run: removeEntry },
  { name: 'SetAuthorizationEntry', kind: 'authorization', run: bindEntry },
  { name: 'ModifyServiceSettings', kind: 'serviceSettings', run: changeSettings },
  { name: 'TestReplicationConnection', kind: 'connectionTest', run: testConnection },
  {
    name: 'GetSystemCertificates', kind: null, isReading: true,
    run: async ({ host, caller }) => done({ EncodedCertificates: [...(await host.management.certificates(caller))] }),
  },
  { name: 'StartService', kind: null, numbers: PLAIN_NUMBERS, run: (call) => accept(call, true) },
  { name: 'StopService', kind: null, numbers: PLAIN_NUMBERS, run: (call) => accept(call, false) },
  { name: 'RequestStateChange', kind: 'serviceSettings', numbers: PLAIN_NUMBERS, run: requestState },
];
