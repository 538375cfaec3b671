/** The form of a machine's definition: what stands in it, the TOML that it makes, and which field a complaint is about. Pure. */
import { faultOf } from '../../../src/errors/fault.ts';
import type { Text } from '../../../src/language/text.ts';
import type { MachineDefinition } from '../../../src/machine/definition.ts';
import { parseDefinition } from '../../../src/machine/parse.ts';
import { sizeText } from '../../../src/machine/table.ts';

type Part<K extends string, Tick extends string = never> = Record<K, string> & Record<Tick, boolean>;

/** As it is typed: texts, but for ticks. What is empty is left out. */
export interface DefinitionForm {
  machine: Part<'name' | 'id' | 'machineType' | 'cpuModel' | 'cpuCount' | 'memoryMiB' | 'vga', 'guestAgent' | 'tpm' | 'autostart'>;
  disks: Part<'name' | 'path' | 'format' | 'bus' | 'size'>[];
  nics: Part<'kind' | 'bridge' | 'mac'>[];
  firmware: Part<'kind' | 'codePath' | 'variablesTemplatePath'>;
  directBoot: Part<'kernelPath' | 'initrdPath' | 'commandLine'>;
}

export const newDisk = (name: string): DefinitionForm['disks'][number] => ({ name, path: '', format: 'qcow2', bus: 'virtio', size: '' });
export const newNic = (): DefinitionForm['nics'][number] => ({ kind: 'bridge', bridge: 'br0', mac: '' });

export const newForm = (): DefinitionForm => ({
  machine: { name: '', id: '', machineType: 'pc-q35-7.2', cpuModel: 'max', cpuCount: '2', memoryMiB: '2048', vga: 'none', guestAgent: true, tpm: false, autostart: true },
  disks: [newDisk('root')], nics: [], firmware: { kind: 'bios', codePath: '', variablesTemplatePath: '' }, directBoot: { kernelPath: '', initrdPath: '', commandLine: '' },
});

/** A name that no disk has: data, data2 … */
export function freeName({ disks }: DefinitionForm): string {
  const names = new Set(disks.map(({ name }) => name));
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? 'data' : `data${number}`;
    if (!names.has(name)) return name;
  }
}

const numeric = (text: string): string => (/^\d+$/.test(text.trim()) ? text.trim() : JSON.stringify(text));
const line = (key: string, text: string): string[] => (text.trim() === '' ? [] : [`${key} = ${JSON.stringify(text.trim())}`]);
const table = (head: string, lines: readonly string[]): string[] => (lines.length === 0 ? [] : ['', head, ...lines]);

const machineLines = ({ name, id, machineType, cpuModel, cpuCount, memoryMiB, vga, guestAgent, tpm, autostart }: DefinitionForm['machine']): string[] => [
  ...line('name', name), ...line('id', id), ...line('machineType', machineType), ...line('cpuModel', cpuModel),
  ...(cpuCount.trim() === '' ? [] : [`cpuCount = ${numeric(cpuCount)}`]), ...(memoryMiB.trim() === '' ? [] : [`memoryMiB = ${numeric(memoryMiB)}`]),
  ...line('vga', vga), `guestAgent = ${guestAgent}`, `tpm = ${tpm}`, `autostart = ${autostart}`,
];

/** TOML of what stands in the form, whether it is right or not. */
export function tomlOf({ machine, disks, nics, firmware, directBoot }: DefinitionForm): string {
  const linesOf = (part: Readonly<Record<string, string>>, ...names: readonly string[]): string[] => names.flatMap((name) => line(name, part[name] ?? ''));
  const lines = [
    ...machineLines(machine),
    ...disks.flatMap((disk) => table('[[disks]]', linesOf(disk, 'name', 'path', 'format', 'bus', 'size'))),
    ...nics.flatMap((nic) => table('[[nics]]', linesOf(nic, 'kind', ...(nic.kind === 'bridge' ? ['bridge'] : []), 'mac'))),
    ...table('[firmware]', firmware.kind === 'uefi' ? linesOf(firmware, 'kind', 'codePath', 'variablesTemplatePath') : []),
    ...table('[directBoot]', linesOf(directBoot, 'kernelPath', 'initrdPath', 'commandLine')),
  ];
  return `${lines.join('\n')}\n`;
}

export interface Complaint {
  /** As a definition names it, such as disks[0].path; null when it is about the text as a whole. */
  readonly field: string | null;
  readonly message: Text;
}

/** Any: the host makes one where the text gives none. */
const SOME_ID = '00000000-0000-4000-8000-000000000000';

/** What the text defines, read as the host reads it, or what is wrong with it. */
export function read(toml: string): { readonly definition: MachineDefinition } | { readonly complaint: Complaint } {
  try {
    return { definition: parseDefinition(toml, SOME_ID) };
  } catch (thrown) {
    const fault = faultOf(thrown);
    if (!fault) throw thrown;
    return { complaint: { field: fieldOf(fault.message), message: fault.said } };
  }
}

const PARTS = Object.keys({ ...newForm(), ...newForm().machine });

/** Every complaint about a field begins with its name, in every language. */
export function fieldOf(message: string): string | null {
  const [, field, part] = /^(([A-Za-z]+)(?:\[\d+\])?(?:\.[A-Za-z]+)?) /.exec(message) ?? [];
  return PARTS.includes(part ?? '') ? field! : null;
}

/** What stands in a definition, back in the form. What the text left to the host is empty. */
export function formOf(definition: MachineDefinition, toml: string): DefinitionForm {
  const { name, id, machineType, cpuModel, cpuCount, memoryMiB, vga, guestAgent, tpm, autostart, disks, nics, firmware, directBoot } = definition;
  const given = (text: string): string => (toml.toLowerCase().includes(text) ? text : '');
  return {
    machine: { name, id: given(id), machineType, cpuModel, cpuCount: String(cpuCount), memoryMiB: String(memoryMiB), vga, guestAgent, tpm, autostart },
    disks: disks.map(({ name: disk, path, format, bus, sizeBytes }) => ({ name: disk, path, format, bus, size: sizeBytes === undefined ? '' : sizeText(sizeBytes) })),
    nics: nics.map(({ kind, bridge = '', mac }) => ({ kind, bridge, mac: given(mac) })),
    firmware: { kind: firmware.kind, codePath: firmware.codePath ?? '', variablesTemplatePath: firmware.variablesTemplatePath ?? '' },
    directBoot: { kernelPath: directBoot?.kernelPath ?? '', initrdPath: directBoot?.initrdPath ?? '', commandLine: directBoot?.commandLine ?? '' },
  };
}
