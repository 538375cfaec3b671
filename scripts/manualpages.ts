/** The manual pages understudy(1) and understudyd(8), made from the programs themselves. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command, Option } from 'commander';
import { GROUPS } from '../src/cli/commands.ts';
import { createProgram, DEFAULT_RUN_DIR, fullNameOf } from '../src/cli/program.ts';
import { argumentWords, exitCodes, leaves, sentence } from '../src/cli/reference.ts';
import { DEFAULTS, daemonCommand, FILE_KEYS } from '../src/daemon/config.ts';
import { bold, heading, indented, italic, page, paragraph, roff, subheading, tagged } from './roff.ts';

/** Of the newest release. */
function releaseDate(version: string): string {
  const changes = readFileSync(join(import.meta.dirname, '../CHANGELOG.md'), 'utf8');
  const found = /^## \S+ \((\d{4}-\d{2}-\d{2})\)$/m.exec(changes)?.[1];
  if (found === undefined) throw new Error(`CHANGELOG.md does not say when ${version} or a version before it was released`);
  return found;
}

/** `--to <host>`: what is typed as it is stands out from what stands for something. */
const flagsOf = ({ flags }: Option): string => flags.split(/(<[^>]*>|\[[^\]]*\])/).filter((part) => part.trim() !== '').map((part) => (/^[<[]/.test(part) ? italic(part) : bold(part))).join(' ');

function meaningOf(option: Option): string {
  const choices = option.argChoices ? [`One of ${option.argChoices.join(', ')}.`] : [];
  const normal: unknown = option.defaultValue;
  const isShown = typeof normal === 'string' || typeof normal === 'number';
  return [`${sentence(option.description)}.`, ...choices, ...(isShown ? [`Default: ${normal}.`] : []), ...(option.mandatory ? ['Needed.'] : [])].map(roff).join(' ');
}

const optionsOf = (command: Command): string[] => command.options.filter(({ hidden }) => !hidden).map((option) => tagged(flagsOf(option), meaningOf(option)));

function commandEntry(command: Command): string[] {
  const usage = [bold(fullNameOf(command)), ...command.registeredArguments.map((argument) => italic(argumentWords(argument)))].join(' ');
  const described = command.registeredArguments.filter(({ description }) => description !== '').map((argument) => tagged(italic(argumentWords(argument)), roff(`${sentence(argument.description)}.`)));
  return [tagged(usage, roff(`${sentence(command.description())}.`)), ...indented([...described, ...optionsOf(command)])];
}

function commandsIn(program: Command): string[] {
  return Object.entries(GROUPS).flatMap(([title, names]) => {
    const commands = program.commands.filter((command) => names.includes(command.name()));
    return [subheading(title.replace(/:$/, '')), ...commands.flatMap(leaves).flatMap(commandEntry)];
  });
}

const variables = (rows: readonly (readonly [name: string, meaning: string])[]): string[] => [heading('ENVIRONMENT'), ...rows.map(([name, meaning]) => tagged(bold(name), roff(meaning)))];
const files = (rows: readonly (readonly [path: string, meaning: string])[]): string[] => [heading('FILES'), ...rows.map(([path, meaning]) => tagged(italic(path), roff(meaning)))];

function clientEnvironment(program: Command): [string, string][] {
  const named = program.options.filter(({ envVar }) => envVar !== undefined).map((option): [string, string] => [option.envVar!, `As ${option.long!}: ${option.description}.`]);
  return [
    ...named,
    ['NO_COLOR', 'When it is set and not empty, nothing is coloured.'],
    ['FORCE_COLOR', 'When it is 1, what is no terminal is coloured, too.'],
    ['LC_ALL, LC_MESSAGES, LANG, LANGUAGE', 'The language of what the daemon says: English, German, French, Italian or Traditional Chinese. With --json it is English.'],
    ['XDG_CONFIG_HOME', 'Where configuration of the user is, ~/.config when absent.'],
  ];
}

/** understudy(1). */
export async function clientManual(version: string): Promise<string> {
  const program = await createProgram();
  return page({ name: 'understudy', section: 1, date: releaseDate(version), source: `Understudy ${version}` }, [
    heading('NAME'),
    `understudy \\- ${roff('keep a replica of a virtual machine on another host, and fail over to it')}`,
    heading('SYNOPSIS'),
    `.B understudy\n[${italic('options')}] ${italic('command')} [${italic('arguments')}]`,
    heading('DESCRIPTION'),
    roff(program.description()),
    paragraph(roff('It is a client of the daemon, understudyd(8). On the host itself root uses its unix socket and needs no sign-in; over --host one signs in first (understudy --host URL sign-in).')),
    paragraph(roff('Standard output holds the result only: text, or with --json exactly one JSON value, an error too. Progress, questions and errors go to standard error. A command that starts a job follows it until it ends; Ctrl-C leaves the job running, or on a terminal asks whether to cancel it. What cannot be taken back says what will be lost and wants the name typed; --yes answers that beforehand.')),
    heading('OPTIONS'),
    ...optionsOf(program),
    tagged(bold('--help'), roff('What the command does, and its options.')),
    heading('COMMANDS'),
    ...commandsIn(program),
    heading('EXIT STATUS'),
    ...exitCodes().map(({ code, fault, meaning }) => tagged(bold(String(code)), fault === undefined ? roff(`${sentence(meaning)}.`) : `${italic(fault)}: ${roff(meaning)}`)),
    ...variables(clientEnvironment(program)),
    ...files([
      [`${DEFAULT_RUN_DIR}/api.sock`, 'Where the daemon of this host is asked.'],
      ['~/.config/understudy/tokens.json', 'Sign-ins to other hosts. Only its owner can read it.'],
    ]),
    heading('SEE ALSO'),
    `.BR understudyd (8),\n.BR qemu\\-img (1)`,
  ]);
}

const keyOf = (option: Option): string => option.attributeName();

/** understudyd(8). */
export function daemonManual(version: string): string {
  const program = daemonCommand(version);
  const inFile = program.options.filter((option) => FILE_KEYS.some((key) => key === keyOf(option)));
  const onlyInFile = FILE_KEYS.filter((key) => !inFile.some((option) => keyOf(option) === key));
  if (onlyInFile.length > 0) throw new Error(`understudyd has no option for ${onlyInFile.join(', ')}: the manual would not explain the key`);
  return page({ name: 'understudyd', section: 8, date: releaseDate(version), source: `Understudy ${version}` }, [
    heading('NAME'),
    `understudyd \\- ${roff('daemon that replicates virtual machines to other hosts')}`,
    heading('SYNOPSIS'),
    `.B understudyd\n[${italic('options')}]`,
    heading('DESCRIPTION'),
    roff(program.description()),
    paragraph(roff('It serves the web page, the API and the metrics, listens for other hosts, and for management by WS-Management and CIM-XML. It is asked with understudy(1). Under systemd it is the unit understudyd.service.')),
    heading('OPTIONS'),
    ...optionsOf(program),
    heading('CONFIGURATION'),
    roff('The configuration file is in TOML. What is given as an option wins. The keys are those options without their hyphens:'),
    ...inFile.map((option) => tagged(`${bold(keyOf(option))}`, `As ${bold(option.long!)}.`)),
    heading('EXIT STATUS'),
    tagged(bold('0'), roff('It was told to end (SIGTERM, SIGINT), and guests run on.')),
    tagged(bold('other'), roff('It could not start, or had to end: standard error, or the journal, says why.')),
    ...variables([
      ['HTTPS_PROXY, NO_PROXY', 'The proxy on the way to other hosts, when none is configured.'],
      ['NOTIFY_SOCKET', 'Set by systemd: told when the daemon is ready.'],
    ]),
    ...files([
      [DEFAULTS.config, 'The configuration.'],
      [DEFAULTS.stateDir, 'What the host remembers, its key, and replicas unless another place was chosen.'],
      [DEFAULTS.runDir, 'Sockets.'],
    ]),
    heading('SEE ALSO'),
    `.BR understudy (1),\n.BR systemctl (1)`,
  ]);
}
