/** What a machine's definition asks for, group by group; the meanings are those of docs/machine.toml. */
import { t } from '../language.ts';
import type { Field } from '../operations/field.ts';

const LONGEST = 4_096;

const line = (name: string, label: string, hint?: string): Field => ({ kind: 'line', name, label, initial: '', longest: LONGEST, ...(hint !== undefined && { hint }) });
const tick = (name: string, label: string, hint: string): Field => ({ kind: 'tick', name, label, hint, initial: false });
const choice = (name: string, label: string, choices: Readonly<Record<string, string>>, hint?: string): Field => ({ kind: 'choice', name, label, initial: '', choices: Object.entries(choices).map(([value, text]) => ({ value, label: text })), ...(hint !== undefined && { hint }) });

export const machineFields = (): readonly Field[] => [
  line('name', t('Name'), t('1 to 64 letters, digits, dots, dashes and underscores.')),
  line('memoryMiB', t('Memory in MiB')),
  line('cpuCount', t('Processors')),
  tick('guestAgent', t('A port for the QEMU guest agent'), t('For a clean shutdown and application-consistent points.')),
  tick('tpm', t('A TPM 2.0'), t('Its state travels with every recovery point.')),
  tick('autostart', t('Start with the daemon'), t('After the other host was asked whether it runs the machine.')),
  line('machineType', t('Machine type'), t('Versioned, so that an upgrade of QEMU does not change the guest\'s hardware: pc-q35-… or pc-i440fx-….')),
  line('cpuModel', t('CPU model'), t('One that both hosts have.')),
  choice('vga', t('Screen'), { none: t('None: the serial console is always there'), std: t('Standard VGA'), virtio: 'virtio' }),
  line('id', t('UUID'), t('A new one when this is empty. That of a machine of this host changes its definition.')),
];

export const diskFields = (): readonly Field[] => [
  line('name', t('Name'), t('1 to 10 lower-case letters and digits. The order of disks is the boot order.')),
  line('path', t('Path on this host'), t('Absolute: a file, or a block device.')),
  line('size', t('Size'), t('Such as 20 GiB: the file is made when it is missing. Empty: it must be there.')),
  choice('format', t('Format'), { qcow2: 'qcow2', raw: t('raw: a raw file or a block device') }),
  choice('bus', t('Bus'), { virtio: 'virtio', scsi: 'SCSI', sata: 'SATA' }),
];

export const nicFields = (): readonly Field[] => [
  choice('kind', t('Plugged into'), { bridge: t('A bridge of the host'), user: t('The host\'s own connections, outgoing only'), none: t('Nothing') }),
  { ...line('bridge', t('Bridge'), t('The other host must have one of the same name.')), isAsked: (values) => values['kind'] === 'bridge' },
  line('mac', t('MAC address'), t('Made from the UUID when this is empty.')),
];

export const firmwareFields = (): readonly Field[] => [
  choice('kind', t('Firmware'), { bios: 'BIOS', uefi: 'UEFI' }),
  { ...line('codePath', t('Firmware\'s code'), t('Such as /usr/share/OVMF/OVMF_CODE_4M.fd.')), isAsked: (values) => values['kind'] === 'uefi' },
  { ...line('variablesTemplatePath', t('Template of its variables'), t('Such as /usr/share/OVMF/OVMF_VARS_4M.fd.')), isAsked: (values) => values['kind'] === 'uefi' },
];

const boots = (values: Readonly<Record<string, unknown>>): boolean => ['kernelPath', 'initrdPath', 'commandLine'].some((name) => values[name] !== '');

export const bootFields = (): readonly Field[] => [
  line('kernelPath', t('Kernel'), t('Empty: the guest boots from its disks. It must be on both hosts at the same path.')),
  { ...line('initrdPath', t('Its initrd')), isAsked: boots },
  { ...line('commandLine', t('Its command line')), isAsked: boots },
];
