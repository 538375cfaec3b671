/**
 * Msvm_ReplicationSettingData as a change of settings. A property that is left out is as before (on create: the default);
 * what only the host says is ignored. Source: Msvm_ReplicationSettingData.
 */
import { parsePath } from '../../cim/path.ts';
import type { CimValue } from '../../cim/instance.ts';
import { isSameName } from '../../cim/name.ts';
import { say } from '../../language/text.ts';
import type { HostSnapshot, MachineSnapshot } from '../../service/inventory.ts';
import type { AdditionalSettings, DeclaredSettings, SettingsChange } from '../../relationship/settings.ts';
import type { HostView } from '../../service/views.ts';
import { idIn, INSTANCE_IDS, keyText } from '../objectpaths.ts';
import { checkAuthentication, checkPort, checkThumbprint, isNamed, pairedHost } from './connection.ts';
import { given, type Fields } from './fields.ts';
import { isInstance } from './parameters.ts';
import { badValue } from './rejection.ts';

/** Reads the text of an instance, of this class or a subclass. */
export type ReadInstance = (name: string, className: string, value: CimValue) => Fields;

/** What the settings are about. */
export interface Subject {
  readonly host: HostSnapshot;
  readonly snapshot: MachineSnapshot;
  readonly read: ReadInstance;
}

export function settingsChangeOf(fields: Fields, subject: Subject): SettingsChange {
  const { machine } = subject.snapshot;
  const identity = fields.text('InstanceID');
  const id = identity === null ? undefined : idIn(identity);
  if (id !== undefined && id !== machine.id) throw badValue('InstanceID', identity, say('{settings}, the settings of {machine}', { settings: INSTANCE_IDS.Msvm_ReplicationSettingData(machine.id), machine: machine.name }));
  checkAuthentication('AuthenticationType', fields.number('AuthenticationType'));
  checkThumbprint('CertificateThumbPrint', fields.text('CertificateThumbPrint'), subject.host);
  return {
    ...given('intervalSeconds', intervalOf(fields)),
    ...given('compression', fields.truth('CompressionEnabled')),
    ...given('recoveryHistory', fields.number('RecoveryHistory')),
    ...given('disks', disksOf(fields, subject)),
    ...given('additional', additionalOf(fields)),
    ...given('declared', declaredOf(fields)),
  };
}

function intervalOf(fields: Fields): 30 | 300 | 900 | null {
  const value = fields.number('ReplicationInterval');
  if (value === null || value === 30 || value === 300 || value === 900) return value;
  throw badValue('ReplicationInterval', value, say('30, 300 or 900 seconds'));
}

function additionalOf(fields: Fields): AdditionalSettings | null {
  const text = fields.text('AdditionalSettings');
  if (text === null || text.trim() === '') return null;
  const value = parsed(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw badValue('AdditionalSettings', text, say('a JSON object'));
  return value as AdditionalSettings;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function declaredOf(fields: Fields): DeclaredSettings | null {
  const declared: DeclaredSettings = {
    ...given('applicationConsistentHours', fields.number('ApplicationConsistentSnapshotInterval')),
    ...given('autoResynchronize', fields.truth('AutoResynchronizeEnabled')),
    ...given('resynchronizeFromSeconds', fields.secondsOfDay('AutoResynchronizeIntervalStart')),
    ...given('resynchronizeUntilSeconds', fields.secondsOfDay('AutoResynchronizeIntervalEnd')),
    ...given('replicateHostItems', fields.truth('ReplicateHostKvpItems')),
    ...given('bypassProxy', fields.truth('BypassProxyServer')),
  };
  return Object.keys(declared).length > 0 ? declared : null;
}

/** Names of the disks; null stands for all of them, and left out for those that there are. */
function disksOf(fields: Fields, { snapshot: { machine }, read }: Subject): string[] | null {
  if (!fields.isGiven('IncludedDisks')) return null;
  const all = machine.definition.disks.map(({ name }) => name);
  const list = fields.list('IncludedDisks');
  if (list === null) return all;
  return list.map((entry) => {
    const instanceId = diskIdOf(entry, read);
    const disk = all.find((name) => isSameName(INSTANCE_IDS.Msvm_StorageAllocationSettingData(machine.id, name), instanceId));
    if (disk === undefined) throw badValue('IncludedDisks', instanceId, all.map((name) => INSTANCE_IDS.Msvm_StorageAllocationSettingData(machine.id, name)).join(', '));
    return disk;
  });
}

const looksEmbedded = (text: string): boolean => /^\s*(<|instance\s)/i.test(text.replace(/^\uFEFF/, ''));

/** Of an object path, or of the object itself as text. */
function diskIdOf(entry: CimValue, read: ReadInstance): string {
  if (isInstance(entry) || (typeof entry === 'string' && looksEmbedded(entry))) return read('IncludedDisks', 'CIM_StorageAllocationSettingData', entry).text('InstanceID') ?? '';
  return keyText(parsePath(String(entry)), 'InstanceID') ?? '';
}

/** The host that the replica is to be on. */
export function recoveryHostOf(fields: Fields, { host }: Subject): HostView {
  const text = fields.text('RecoveryConnectionPoint');
  if (text === null || text.trim() === '') throw badValue('RecoveryConnectionPoint', text, host.peers.length === 0 ? say('the name or address of a paired host: none is paired; understudy host invite') : say('the name or address of a paired host: {peers}', { peers: { list: host.peers.map(({ name }) => name) } }));
  const found = pairedHost(host, 'RecoveryConnectionPoint', text);
  checkPort('RecoveryServerPortNumber', fields.number('RecoveryServerPortNumber'), found);
  return found;
}

/**
 * The recovery host cannot be changed: when it is given it is the one that it is. `ofReverse`: the one that it is going to
 * be; settings that were read and sent back name this host, which cannot be meant.
 */
export function checkRecoveryHost(fields: Fields, { host, snapshot: { relationship } }: Subject, ofReverse: boolean): void {
  const peer = host.peers.find(({ id }) => id === relationship?.peerId);
  const expected = relationship?.side === 'primary' || ofReverse ? peer : host.self;
  if (!expected) return;
  const text = fields.text('RecoveryConnectionPoint')?.trim() ?? '';
  const isSelf = isNamed(host.self, text);
  const isAsExpected = text === '' || (isSelf ? ofReverse || expected.id === host.self.id : pairedHost(host, 'RecoveryConnectionPoint', text).id === expected.id);
  if (!isAsExpected) throw badValue('RecoveryConnectionPoint', text, expected.name);
  checkPort('RecoveryServerPortNumber', fields.number('RecoveryServerPortNumber'), isSelf ? host.self : expected);
}
