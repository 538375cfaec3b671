/** GetSummaryInformation: what a console shows of machines and recovery points, in one call. */
import type { CimInstance, CimValue, ObjectPath } from '../../cim/instance.ts';
import type { MethodOutcome } from '../../cim/manager.ts';
import { isSameName } from '../../cim/name.ts';
import { say } from '../../language/text.ts';
import type { Job, Point } from '../../machine/records.ts';
import type { MachineSnapshot } from '../../service/inventory.ts';
import { enabledStateOf, replicationHealthOf, replicationModeOf } from '../computersystem.ts';
import { moment, type Values } from '../emission.ts';
import { jobValues } from '../job.ts';
import { guidOf, idIn, INSTANCE_IDS, keyText, machinePath, PROVIDER_ID } from '../objectpaths.ts';
import { pointSettings } from '../systemsettings.ts';
import { emit } from './embedded.ts';
import { done, type Call } from './invocation.ts';
import { badValue, wrongType } from './rejection.ts';
import type { Language } from '../../language/language.ts';

interface Subject {
  readonly snapshot: MachineSnapshot;
  readonly points: readonly Point[];
  readonly jobs: readonly Job[];
  readonly hostName: string;
  readonly nowMs: number;
  readonly language: Language;
  /** The point that is asked about, when it is not the machine itself. */
  readonly point: Point | null;
}

type Property = readonly [name: string, value: (subject: Subject) => CimValue];


const isOff = ({ snapshot }: Subject): boolean => snapshot.power === 'off';

/** By the number that asks for it. What nobody here knows stays null. Source: Msvm_VirtualSystemManagementService.GetSummaryInformation. */
const REQUESTED: Readonly<Record<number, Property>> = {
  0: ['Name', ({ snapshot, point }) => guidOf(point?.id ?? snapshot.machine.id)],
  1: ['ElementName', ({ snapshot, point }) => point?.name ?? snapshot.machine.name],
  2: ['CreationTime', ({ point, points }) => moment(point?.instantMs ?? points[0]?.instantMs ?? null)],
  3: ['Notes', () => ''],
  4: ['NumberOfProcessors', ({ snapshot, point }) => (point ?? snapshot.machine).definition.cpuCount],
  9: ['VirtualSwitchNames', ({ snapshot }) => snapshot.machine.definition.nics.flatMap(({ bridge }) => bridge ?? [])],
  11: ['Shielded', () => false],
  100: ['EnabledState', ({ snapshot }) => enabledStateOf(snapshot)],
  103: ['MemoryUsage', (subject) => (isOff(subject) ? null : BigInt(subject.snapshot.machine.definition.memoryMiB))],
  105: ['UpTime', (subject) => (isOff(subject) ? 0n : subject.snapshot.upMs === null ? null : BigInt(subject.snapshot.upMs))],
  107: ['Snapshots', ({ points, hostName }) => points.map((each, at) => emit('Msvm_VirtualSystemSettingData', pointSettings(each, points[at - 1], hostName)))],
  108: ['AsynchronousTasks', ({ jobs, snapshot, nowMs, language }) => jobs.filter(({ machineId, state }) => machineId === snapshot.machine.id && state === 'running').map((job) => emit('Msvm_ConcreteJob', jobValues(job, nowMs, language)))],
  109: ['HealthState', () => 5],
  110: ['OperationalStatus', () => [2]],
  111: ['StatusDescriptions', () => ['Operating normally']],
  114: ['ReplicationMode', ({ snapshot }) => replicationModeOf(snapshot)],
  115: ['ReplicationState', ({ snapshot }) => snapshot.relationship?.state ?? 0],
  116: ['ReplicationHealth', ({ snapshot }) => replicationHealthOf(snapshot)],
  118: ['ReplicationStateEx', ({ snapshot }) => [snapshot.relationship?.state ?? 0]],
  119: ['ReplicationHealthEx', ({ snapshot }) => [replicationHealthOf(snapshot)]],
  122: ['ReplicationProviderId', ({ snapshot }) => (snapshot.relationship ? [PROVIDER_ID] : [])],
};
const TEST_REPLICA = 116;
/** Numbers that are known to the class and not to us. */
const UNKNOWN_HERE = [5, 6, 7, 8, 10, 101, 102, 104, 106, 112, 113, 117, 120, 121, 123, 132];
const ALL = Object.keys(REQUESTED).map(Number);

function summaryOf(subject: Subject, requested: readonly number[]): CimInstance {
  const { snapshot: { machine, relationship }, point, hostName } = subject;
  const copy = relationship?.testCopy;
  const values: Values = {
    InstanceID: INSTANCE_IDS.Msvm_VirtualSystemSettingData(point?.id ?? machine.id),
    HostComputerSystemName: hostName,
    ...Object.fromEntries(requested.flatMap((number) => (REQUESTED[number] ? [[REQUESTED[number][0], REQUESTED[number][1](subject)]] : []))),
    ...(requested.includes(TEST_REPLICA) && copy && { TestReplicaSystem: machinePath(copy.instanceId) }),
  };
  return emit('Msvm_SummaryInformation', values);
}

function requestedOf({ parameters }: Call): readonly number[] {
  const numbers = (parameters.get('RequestedInformation') ?? ALL) as readonly number[];
  const unknown = numbers.find((number) => !(number in REQUESTED) && !UNKNOWN_HERE.includes(number));
  if (unknown !== undefined) throw badValue('RequestedInformation', unknown, ALL.join(', '));
  return numbers;
}

/** The machines and points that the references name; all machines when none is given. */
async function subjectsOf({ host, caller, parameters }: Call): Promise<readonly { snapshot: MachineSnapshot; point: Point | null }[]> {
  const references = (parameters.get('SettingData') ?? null) as readonly ObjectPath[] | null;
  if (references === null) return (await host.inventory.machines(caller)).map((snapshot) => ({ snapshot, point: null }));
  return Promise.all(references.map(async (path) => {
    if (!['Msvm_VirtualSystemSettingData', 'CIM_VirtualSystemSettingData'].some((name) => isSameName(name, path.className))) throw wrongType('SettingData', say('references to Msvm_VirtualSystemSettingData are expected, not to {className}.', { className: path.className }));
    const id = idIn(keyText(path, 'InstanceID') ?? '') ?? '';
    const point = (await host.inventory.point(caller, id)) ?? null;
    const snapshot = await host.inventory.machine(caller, point?.machineId ?? id);
    if (!snapshot) throw badValue('SettingData', keyText(path, 'InstanceID'), say('the settings of a virtual machine or of a recovery point of this host'));
    return { snapshot, point };
  }));
}

export async function summarize(call: Call): Promise<MethodOutcome> {
  const { host, caller } = call;
  const requested = requestedOf(call);
  const found = await subjectsOf(call);
  const { self } = await host.inventory.host(caller);
  const jobs = requested.includes(108) ? await host.inventory.jobs(caller) : [];
  const summaries = await Promise.all(found.map(async ({ snapshot, point }) => {
    const needsPoints = requested.some((number) => number === 2 || number === 107);
    const points = needsPoints ? await host.inventory.points(caller, snapshot.machine.id) : [];
    return summaryOf({ snapshot, point, points, jobs, hostName: self.name, nowMs: host.nowMs(), language: caller.language ?? 'en' }, requested);
  }));
  return done({ SummaryInformation: summaries });
}
