/** docs/cli.md, made from the commands themselves. */
import type { Argument, Command, Option } from 'commander';
import { FAULTS, type FaultCode } from '../errors/fault.ts';
import { EXIT_CODES } from './failure.ts';
import { createProgram, fullNameOf } from './program.ts';

const cell = (text: string): string => text.replaceAll('|', '\\|');
const inTable = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n');

export const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

export const argumentWords = (argument: Argument): string => (argument.required ? `<${argument.name()}>` : `[${argument.name()}]`);

function optionMeaning(option: Option): string {
  const choices = option.argChoices ? ` (${option.argChoices.join(', ')})` : '';
  const variable = option.envVar === undefined ? '' : `; also in the environment as \`${option.envVar}\``;
  const isNeeded = option.mandatory ? '; needed' : '';
  return `${option.description}${choices}${variable}${isNeeded}`;
}

const optionTable = (options: readonly Option[]): string => inTable(['option', 'meaning'], options.map((option) => [`\`${option.flags}\``, optionMeaning(option)]));

function section(command: Command): string {
  const usage = [fullNameOf(command), ...command.registeredArguments.map(argumentWords), ...(command.options.length > 0 ? ['[options]'] : [])].join(' ');
  const described = command.registeredArguments.filter(({ description }) => description !== '');
  const parts = [`### ${fullNameOf(command).replace(/^understudy /, '')}`, '```\n' + usage + '\n```', `${sentence(command.description())}.`];
  if (described.length > 0) parts.push(described.map((argument) => `- \`${argumentWords(argument)}\`: ${argument.description}`).join('\n'));
  if (command.options.length > 0) parts.push(optionTable(command.options));
  return parts.join('\n\n');
}

export const leaves = (command: Command): Command[] => (command.commands.length === 0 ? [command] : command.commands.flatMap(leaves));

/** Every exit code with what it means; `fault` names the kind of failure that it stands for, where it is one. */
export function exitCodes(): { readonly code: number; readonly fault?: FaultCode; readonly meaning: string }[] {
  const known = new Set(EXIT_CODES.map(([code]) => code));
  const faults = (Object.keys(FAULTS) as FaultCode[]).filter((code) => !known.has(FAULTS[code].exitCode)).map((fault) => ({ code: FAULTS[fault].exitCode, fault, meaning: FAULTS[fault].hint }));
  return [...EXIT_CODES.map(([code, meaning]) => ({ code, meaning })), ...faults].sort((a, b) => a.code - b.code);
}

const exitCodeTable = (): string => inTable(['exit code', 'meaning'], exitCodes().map(({ code, fault, meaning }) => [String(code), fault === undefined ? meaning : `\`${fault}\`: ${meaning}`]));

/** Text of docs/cli.md. */
export async function cliMarkdown(): Promise<string> {
  const program = await createProgram();
  const parts = [
    '<!-- Made by src/cli/reference.ts (npm run docs). Do not edit. -->',
    '# The command line',
    `${program.description()}`,
    '`understudy` is a client of the daemon\'s API. On the host itself root uses the unix socket and needs no sign-in; over `--host` one signs in first (`understudy --host URL sign-in`).',
    'Standard output holds the result only: text, or with `--json` exactly one JSON value (an error too: `{"error": {"code", "message", "hint", "allowed"}}`). `status --watch` and `events --follow` print one JSON value a line, a lost connection as such an error. Progress, questions and errors go to standard error. Colours appear only on a terminal, and never when `NO_COLOR` is set; `FORCE_COLOR=1` wants them elsewhere, too.',
    'A command that starts a job follows it until it ends. Ctrl-C leaves the job running, or on a terminal asks whether to cancel it. What cannot be taken back says what will be lost and wants the name typed; `--yes` answers that beforehand.',
    '## Options of every command',
    optionTable(program.options),
    '## Commands',
    ...leaves(program).map(section),
    '## Exit codes',
    exitCodeTable(),
  ];
  return `${parts.join('\n\n')}\n`;
}
