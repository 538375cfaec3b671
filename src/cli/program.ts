/** The program `understudy`: its commands, and what they have in common. */
import { Command, Option } from 'commander';
import { FAMILIES, familiesBeginning, familiesNamed, GROUPS } from './commands.ts';
import { t } from './language.ts';
import { ownVersion } from './ownversion.ts';
import { parseUrl } from './run.ts';
import { speakOwnLanguage } from './speaking.ts';

export const DEFAULT_RUN_DIR = '/run/understudy';

function emptyProgram(): Command {
  return new Command('understudy')
    .description('Keeps a ready-to-run replica of a virtual machine on another host and takes it through failover, reverse replication and failback.')
    .version(`understudy ${ownVersion()}`, '--version', 'the version of this command')
    .option('--json', 'print exactly one JSON value on standard output')
    .addOption(new Option('--run-dir <dir>', 'where the sockets of understudyd are').default(DEFAULT_RUN_DIR).env('UNDERSTUDY_RUN_DIR'))
    .addOption(new Option('--host <url>', 'another daemon, for example http://host:7480 (sign in first)').argParser(parseUrl))
    .exitOverride();
}

async function programOf(families: typeof FAMILIES): Promise<Command> {
  const program = emptyProgram();
  const registrations = await Promise.all(families.map((family) => family.load()));
  registrations.forEach((register) => register(program));
  program.showHelpAfterError(t('Try: {command}', { command: 'understudy help' }));
  program.commands.forEach(inherit);
  return inGroups(program);
}

/** The help shows commands under what they are for; commander orders groups by their first command. */
function inGroups(program: Command): Command {
  const places = new Map(Object.entries(GROUPS).flatMap(([heading, names]) => names.map((name) => [name, heading] as const)).map(([name, heading], place) => [name, { heading, place }]));
  const placeOf = (command: Command): number => places.get(command.name())?.place ?? places.size;
  for (const command of program.commands) command.helpGroup(places.get(command.name())?.heading ?? '');
  (program.commands as Command[]).sort((a, b) => placeOf(a) - placeOf(b));
  return program.addHelpCommand(new Command('help').argument('[command]').description(t('what a command does, and its options')).helpGroup(Object.keys(GROUPS).at(-1)!));
}

/** With every command. Throws instead of ending the process; nothing is asked of a daemon before parsing. */
export const createProgram = (): Promise<Command> => programOf(FAMILIES);

/** With what these words, which are to be parsed, can need; in the reader's language. */
export const programFor = (words: readonly string[]): Promise<Command> => spokenProgram(familiesNamed(words));

/** With what can stand in place of the last of the words; in the reader's language. */
export function programCompleting(words: readonly string[]): Promise<Command> {
  const [first = ''] = words;
  return words.length === 1 && !first.startsWith('-') ? spokenProgram(familiesBeginning(first)) : programFor(words.slice(0, -1));
}

async function spokenProgram(families: typeof FAMILIES): Promise<Command> {
  const program = await programOf(families);
  speakOwnLanguage(program);
  return program;
}

/** Sub-commands throw and explain like the program. */
function inherit(command: Command): void {
  command.exitOverride().showHelpAfterError(t('Try: {command}', { command: `${fullNameOf(command)} --help` }));
  command.commands.forEach(inherit);
}

export const fullNameOf = (command: Command): string => (command.parent ? `${fullNameOf(command.parent)} ${command.name()}` : command.name());
