/** The small files of a machine that travel with each recovery point: UEFI variables and the TPM's state. */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Fault } from '../../errors/fault.ts';
import { say } from '../../language/text.ts';
import type { Attachment, MachineDefinition } from '../../machine/definition.ts';
import type { StatePaths } from './directories.ts';
import { replaceFile } from './files.ts';
import { mustExist } from './program.ts';

const VARIABLES = 'uefi-variables';
const TPM_PREFIX = 'tpm/';

export function readAttachments(definition: MachineDefinition, state: StatePaths): readonly Attachment[] {
  const variables = definition.firmware.kind === 'uefi' && existsSync(state.variables) ? [{ name: VARIABLES, bytes: readFileSync(state.variables) }] : [];
  return definition.tpm ? [...variables, ...readTpm(state)] : variables;
}

/** Hidden files are the TPM's lock. */
function readTpm({ tpmDirectory }: StatePaths): readonly Attachment[] {
  if (!existsSync(tpmDirectory)) return [];
  const files = readdirSync(tpmDirectory, { withFileTypes: true }).filter((entry) => entry.isFile() && !entry.name.startsWith('.'));
  return files.map(({ name }) => name).sort().map((name) => ({ name: TPM_PREFIX + name, bytes: readFileSync(join(tpmDirectory, name)) }));
}

/** The machine's small files are exactly these. Names that are none of ours are refused: they may come from another host. */
export function writeAttachments(machine: string, attachments: readonly Attachment[], state: StatePaths): void {
  const targets = attachments.map((attachment) => ({ path: pathOf(machine, attachment.name, state), bytes: attachment.bytes }));
  rmSync(state.tpmDirectory, { recursive: true, force: true });
  rmSync(state.variables, { force: true });
  for (const { path, bytes } of targets) replaceFile(path, bytes);
}

function pathOf(machine: string, name: string, state: StatePaths): string {
  if (name === VARIABLES) return state.variables;
  const file = name.startsWith(TPM_PREFIX) ? name.slice(TPM_PREFIX.length) : '';
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(file)) throw new Fault('integrity', say('{machine}: "{name}" is no attachment of a machine', { machine, name }));
  return join(state.tpmDirectory, basename(file));
}

/** A UEFI machine has variables of its own from its first start on: copied from the machine itself for a test copy, else the template. */
export function placeVariables({ name, firmware }: MachineDefinition, state: StatePaths, original: StatePaths): void {
  if (firmware.kind !== 'uefi' || firmware.variablesTemplatePath === undefined || existsSync(state.variables)) return;
  const source = existsSync(original.variables) ? original.variables : firmware.variablesTemplatePath;
  mustExist(name, say('template of UEFI variables'), source);
  replaceFile(state.variables, readFileSync(source));
}
