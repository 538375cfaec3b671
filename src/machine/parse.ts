/**
 * Reads a machine definition that a person wrote as TOML (docs/machine.toml shows every field), and writes one back.
 * Nothing is guessed: what cannot be understood is a fault definition-invalid that says what is allowed.
 */
import { parse as parseToml, stringify as tomlOf } from 'smol-toml';
import { Fault } from '../errors/fault.ts';
import { phrase, say } from '../language/text.ts';
import type { DirectBoot, DiskDefinition, FirmwareDefinition, MachineDefinition, NicDefinition } from './definition.ts';
import { sizeText, TomlTable, type Pattern, type Values } from './table.ts';

const FIELDS = {
  machine: [
    'name', 'id', 'machineType', 'cpuModel', 'cpuCount', 'memoryMiB', 'tpm', 'vga', 'guestAgent', 'autostart',
    'disks', 'nics', 'firmware', 'directBoot',
  ],
  disk: ['name', 'path', 'format', 'bus', 'size'],
  nic: ['kind', 'mac', 'bridge'],
  firmware: ['kind', 'codePath', 'variablesTemplatePath'],
  directBoot: ['kernelPath', 'initrdPath', 'commandLine'],
} as const;

/** Each device has a fixed place on its bus, so that the replica offers the same hardware. */
/** What a machine can have. */
export const MEMORY_MIB = { min: 16, max: 16_777_216 } as const;

const LIMITS = { virtio: 14, scsi: 64, sata: 6, nics: 8, cpuCount: 1_024 } as const;

const NAME: Pattern = {
  matches: /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
  meaning: phrase('1 to 64 letters, digits, dots, dashes and underscores, starting with a letter or digit'),
};
const UUID: Pattern = { matches: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, meaning: phrase('a UUID') };
const MACHINE_TYPE: Pattern = {
  matches: /^pc-(q35|i440fx)-\d{1,3}\.\d{1,3}$/,
  meaning: phrase('a versioned machine type such as "pc-q35-7.2" or "pc-i440fx-7.2": the replica must offer exactly the same hardware'),
};
const CPU_MODEL: Pattern = {
  matches: /^[A-Za-z0-9][A-Za-z0-9._-]*(,[+-]?[A-Za-z0-9._-]+(=[A-Za-z0-9._-]+)?)*$/,
  meaning: phrase('a CPU model that both hosts have, such as "max" or "Skylake-Server", with features if need be ("max,-avx512f")'),
};
const DISK_NAME: Pattern = { matches: /^[a-z][a-z0-9]{0,9}$/, meaning: phrase('1 to 10 lower-case letters and digits, starting with a letter') };
/** A control character would break the records that hold one path a line. */
const PATH: Pattern = {
  matches: /^\/[^\u0000-\u001f\u007f]*[^/\u0000-\u001f\u007f]$/,
  meaning: phrase('an absolute path without control characters'),
};
const MAC: Pattern = {
  matches: /^[0-9a-f][02468ace](:[0-9a-f]{2}){5}$/i,
  meaning: phrase('a unicast MAC address such as "52:54:00:12:34:56"'),
};
const BRIDGE: Pattern = { matches: /^[A-Za-z0-9][A-Za-z0-9._-]{0,14}$/, meaning: phrase('the name of a bridge of the host, at most 15 characters') };
const ONE_LINE: Pattern = { matches: /^[^\u0000-\u001f\u007f]{0,4096}$/, meaning: phrase('one line of at most 4096 characters') };

/** The definition in the text. `freshId` becomes the machine's UUID when the text gives none. */
export function parseDefinition(text: string, freshId: string): MachineDefinition {
  const table = new TomlTable(toml(text), '', FIELDS.machine);
  const id = (table.optionalText('id', UUID) ?? freshId).toLowerCase();
  const directBoot = directBootOf(table.optionalTable('directBoot', FIELDS.directBoot));
  return {
    id,
    name: table.text('name', NAME),
    machineType: table.text('machineType', MACHINE_TYPE),
    cpuModel: table.optionalText('cpuModel', CPU_MODEL) ?? 'max',
    cpuCount: table.integer('cpuCount', { min: 1, max: LIMITS.cpuCount }, 1),
    memoryMiB: table.integer('memoryMiB', MEMORY_MIB),
    disks: disksOf(table),
    nics: nicsOf(table, id),
    firmware: firmwareOf(table.optionalTable('firmware', FIELDS.firmware)),
    tpm: table.flag('tpm', false),
    vga: table.choice('vga', ['none', 'std', 'virtio'], 'none'),
    guestAgent: table.flag('guestAgent', true),
    ...(directBoot && { directBoot }),
    autostart: table.flag('autostart', false),
  };
}

/** TOML that `parseDefinition` reads back as the same definition. */
export function renderDefinition(definition: MachineDefinition): string {
  const { disks, nics, firmware, directBoot, ...plain } = definition;
  const rendered = {
    ...plain,
    disks: disks.map(({ sizeBytes, ...disk }) => ({ ...disk, ...(sizeBytes !== undefined && { size: sizeText(sizeBytes) }) })),
    nics,
    firmware,
    ...(directBoot && { directBoot }),
  };
  return `${tomlOf(rendered)}\n`;
}

/** A locally made MAC address that depends on the machine's UUID and the NIC's place only. */
export function macOf(machineId: string, nicIndex: number): string {
  const hash = fnv1a(`${machineId}/nic/${nicIndex}`);
  const bytes = [hash >>> 16, hash >>> 8, hash].map((part) => (part & 0xff).toString(16).padStart(2, '0'));
  return `52:54:00:${bytes.join(':')}`;
}

/** Source: the FNV hash (Fowler, Noll, Vo), variant 1a, 32 bits. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return (hash ^ (hash >>> 24)) >>> 0;
}

function toml(text: string): Values {
  try {
    return parseToml(text);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new Fault('definition-invalid', say('the definition is not valid TOML: {reason}', { reason: message.trim() }), { cause });
  }
}

function disksOf(machine: TomlTable): readonly DiskDefinition[] {
  const tables = machine.tables('disks', FIELDS.disk);
  if (tables.length === 0) throw machine.missing('disks', say('at least one disk: write {head} on a line of its own, its fields below', { head: '[[disks]]' }));
  const disks = tables.map(diskOf);
  for (const [index, table] of tables.entries()) {
    const { name, path, bus } = disks[index]!;
    const earlier = disks.slice(0, index);
    if (earlier.some((disk) => disk.name === name)) throw table.invalid('name', phrase('unique among the disks'));
    if (earlier.some((disk) => disk.path === path)) throw table.invalid('path', phrase('unique among the disks'));
    if (earlier.filter((disk) => disk.bus === bus).length >= LIMITS[bus]) throw table.invalid('bus', say('another: at most {count} disks fit on {bus}', { count: LIMITS[bus], bus }));
  }
  return disks;
}

function diskOf(table: TomlTable): DiskDefinition {
  const sizeBytes = table.optionalSize('size');
  return {
    name: table.text('name', DISK_NAME),
    path: table.text('path', PATH),
    format: table.choice('format', ['qcow2', 'raw'], 'qcow2'),
    bus: table.choice('bus', ['virtio', 'scsi', 'sata'], 'virtio'),
    ...(sizeBytes !== undefined && { sizeBytes }),
  };
}

function nicsOf(machine: TomlTable, machineId: string): readonly NicDefinition[] {
  const tables = machine.tables('nics', FIELDS.nic);
  if (tables.length > LIMITS.nics) throw machine.invalid('nics', say('at most {count} tables', { count: LIMITS.nics }));
  const nics = tables.map((table, index) => nicOf(table, machineId, index));
  for (const [index, nic] of nics.entries()) {
    if (nics.findIndex((other) => other.mac === nic.mac) !== index) throw tables[index]!.invalid('mac', phrase('unique among the nics'));
  }
  return nics;
}

function nicOf(table: TomlTable, machineId: string, index: number): NicDefinition {
  const kind = table.choice('kind', ['user', 'bridge', 'none'], 'user');
  const bridge = table.optionalText('bridge', BRIDGE);
  if (kind === 'bridge' && bridge === undefined) throw table.missing('bridge', BRIDGE.meaning);
  if (kind !== 'bridge' && bridge !== undefined) throw table.invalid('bridge', say('absent, or kind must be {kind}', { kind: '"bridge"' }));
  const mac = (table.optionalText('mac', MAC) ?? macOf(machineId, index)).toLowerCase();
  return { kind, mac, ...(bridge !== undefined && { bridge }) };
}

function firmwareOf(table: TomlTable | undefined): FirmwareDefinition {
  if (!table) return { kind: 'bios' };
  const kind = table.choice('kind', ['bios', 'uefi'], 'bios');
  if (kind === 'bios') {
    const extra = (['codePath', 'variablesTemplatePath'] as const).find((key) => table.has(key));
    if (extra) throw table.invalid(extra, say('absent, or kind must be {kind}', { kind: '"uefi"' }));
    return { kind };
  }
  return { kind, codePath: table.text('codePath', PATH), variablesTemplatePath: table.text('variablesTemplatePath', PATH) };
}

function directBootOf(table: TomlTable | undefined): DirectBoot | undefined {
  if (!table) return undefined;
  const initrdPath = table.optionalText('initrdPath', PATH);
  return {
    kernelPath: table.text('kernelPath', PATH),
    ...(initrdPath !== undefined && { initrdPath }),
    commandLine: table.optionalText('commandLine', ONE_LINE) ?? '',
  };
}
