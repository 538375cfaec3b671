/** root/cimv2: what monitors and virtualization tools look at first. Memory is in KiB there except in Win32_ComputerSystem. */
import { CIMV2 } from '../cim/schema/published.ts';
import type { Hardware, Processor } from './domain.ts';
import { moment, type Values } from './emission.ts';
import { guidOf, pathOf } from './objectpaths.ts';

/** Source: Win32_OperatingSystem.OSType; Win32_Processor.Architecture; Win32_ComputerSystem.DomainRole. */
const LINUX = 36;
const ARCHITECTURES: Readonly<Record<string, number>> = { x64: 9, arm64: 12, ia32: 0, ppc64: 3 };
const SYSTEM_TYPES: Readonly<Record<string, string>> = { x64: 'x64-based PC', arm64: 'ARM64-based PC', ia32: 'X86-based PC' };
const STANDALONE_SERVER = 2;
const ENTERPRISE_SERVER = 4;
const SERVER = 3;
const CENTRAL_PROCESSOR = 3;
const OTHER_FAMILY = 1;
const RUNNING_AT_FULL_POWER = 3;
const CPU_ENABLED = 1;

const kib = (bytes: number): bigint => BigInt(Math.floor(bytes / 1_024));
const sum = (processors: readonly Processor[], of: (processor: Processor) => number): number => processors.reduce((total, processor) => total + of(processor), 0);

const deviceId = (index: number): string => `CPU${index}`;
export const computerSystemPath = (hostName: string) => pathOf('Win32_ComputerSystem', { Name: hostName }, CIMV2);
export const processorPath = (index: number) => pathOf('Win32_Processor', { DeviceID: deviceId(index) }, CIMV2);

export const computerSystem = (hostName: string, { manufacturer, model, processors, memoryBytes, system }: Hardware): Values => ({
  Caption: hostName,
  CreationClassName: 'Win32_ComputerSystem',
  Name: hostName,
  DNSHostName: hostName.split('.')[0]!,
  Domain: hostName.includes('.') ? hostName.slice(hostName.indexOf('.') + 1) : 'WORKGROUP',
  DomainRole: STANDALONE_SERVER,
  PartOfDomain: false,
  Workgroup: 'WORKGROUP',
  Manufacturer: manufacturer,
  Model: model,
  Description: 'AT/AT COMPATIBLE',
  Status: 'OK',
  BootupState: 'Normal boot',
  HypervisorPresent: true,
  NumberOfProcessors: processors.length,
  NumberOfLogicalProcessors: sum(processors, ({ threads }) => threads),
  PCSystemType: ENTERPRISE_SERVER,
  PCSystemTypeEx: ENTERPRISE_SERVER,
  SystemType: SYSTEM_TYPES[system.architecture] ?? null,
  TotalPhysicalMemory: BigInt(memoryBytes),
  CurrentTimeZone: 0,
  DaylightInEffect: false,
  PrimaryOwnerName: null,
});

export const product = ({ manufacturer, model, serialNumber, uuid }: Hardware): Values => ({
  Caption: 'Computer System Product',
  Description: 'Computer System Product',
  IdentifyingNumber: serialNumber ?? 'None',
  Name: model ?? 'Unknown',
  Vendor: manufacturer,
  Version: 'None',
  UUID: guidOf(uuid),
});

/** Clients take the version apart as three numbers, of which the last is the build's. */
export function operatingSystem(hostName: string, { system, memoryBytes, freeMemoryBytes }: Hardware, nowMs: number): Values {
  const numbers = [...(system.kernel.match(/\d+/g) ?? []), '0', '0', '0'].slice(0, 3);
  return {
    Caption: system.name,
    CreationClassName: 'Win32_OperatingSystem',
    CSCreationClassName: 'Win32_ComputerSystem',
    CSName: hostName,
    Name: system.name,
    Version: numbers.join('.'),
    BuildNumber: numbers.at(-1)!,
    Description: '',
    InstallDate: moment(system.installedMs),
    LastBootUpTime: moment(system.bootedMs),
    LocalDateTime: moment(nowMs),
    CurrentTimeZone: 0,
    Status: 'OK',
    OSType: LINUX,
    OSArchitecture: '64-bit',
    Primary: true,
    ProductType: SERVER,
    Distributed: false,
    Debug: false,
    ServicePackMajorVersion: 0,
    ServicePackMinorVersion: 0,
    TotalVisibleMemorySize: kib(memoryBytes),
    FreePhysicalMemory: kib(freeMemoryBytes()),
  };
}

export const processors = (hostName: string, { processors: sockets, loadPercent }: Hardware): readonly Values[] =>
  sockets.map((socket, at) => ({
    Caption: socket.name,
    CreationClassName: 'Win32_Processor',
    DeviceID: deviceId(at),
    SocketDesignation: `CPU ${at}`,
    SystemCreationClassName: 'Win32_ComputerSystem',
    SystemName: hostName,
    Name: socket.name,
    Description: socket.name,
    Manufacturer: socket.manufacturer,
    Architecture: ARCHITECTURES[socket.architecture] ?? null,
    Family: OTHER_FAMILY,
    ProcessorType: CENTRAL_PROCESSOR,
    Role: 'CPU',
    Status: 'OK',
    CpuStatus: CPU_ENABLED,
    Availability: RUNNING_AT_FULL_POWER,
    AddressWidth: 64,
    DataWidth: 64,
    CurrentClockSpeed: socket.clockMhz,
    MaxClockSpeed: socket.clockMhz,
    NumberOfCores: socket.cores,
    NumberOfEnabledCore: socket.cores,
    NumberOfLogicalProcessors: socket.threads,
    ThreadCount: socket.threads,
    LoadPercentage: loadPercent(),
  }));
