/** What can stand in place of the last word of a command line; whoever calls knows how to ask the daemon for names. */
import type { Argument, Command, Option } from 'commander';
import { t } from './language.ts';

/** What only the daemon knows the names of. */
export const NAMED = ['machine', 'host', 'point', 'job', 'user', 'disk', 'entry', 'target'] as const;
export type Named = (typeof NAMED)[number];

export interface Candidate {
  readonly word: string;
  readonly meaning: string;
}

/** Of files and directories the shell itself knows the names. */
export type Completion = { readonly kind: 'files' | 'directories' } | { readonly kind: 'words'; readonly candidates: readonly Candidate[] };

/** Names of that kind; `operands` stand before the word that is looked for. */
export type NamesOf = (kind: Named, operands: readonly string[], program: Given) => Promise<readonly string[]>;

/** Options of the program itself, as they were given. */
export type Given = ReadonlyMap<string, string>;

/** What stands in <…>, where the shell knows it. */
const PATHS: Readonly<Record<string, 'files' | 'directories'>> = { file: 'files', path: 'files', program: 'files', dir: 'directories', directory: 'directories' };
/** Disks, by what an option that takes several calls them. */
const SAME_AS: Readonly<Record<string, Named>> = { names: 'disk' };

const NOTHING: Completion = { kind: 'words', candidates: [] };
const ofWords = (candidates: readonly Candidate[]): Completion => ({ kind: 'words', candidates });
const withoutMeaning = (names: readonly string[]): Candidate[] => names.map((word) => ({ word, meaning: '' }));

interface Reading {
  readonly command: Command;
  readonly operands: readonly string[];
  /** Whose value the last word is. */
  readonly awaiting: Option | undefined;
  readonly onlyOperands: boolean;
  readonly given: Given;
}

const takesValue = (option: Option): boolean => option.required || option.optional;
const optionsOf = (command: Command): Option[] => [...command.options, ...(command.parent ? optionsOf(command.parent) : [])];
const optionNamed = (command: Command, name: string): Option | undefined => optionsOf(command).find((option) => option.long === name || option.short === name);
const defaultOf = (command: Command): Command | undefined => command.commands.find((each) => each.name() === (command as unknown as { _defaultCommandName?: string })._defaultCommandName);

/** The words before the last, read as the program reads them. */
function reading(program: Command, before: readonly string[]): Reading {
  let [command, awaiting, onlyOperands]: [Command, Option | undefined, boolean] = [program, undefined, false];
  const operands: string[] = [];
  const given = new Map<string, string>();
  for (const word of before) {
    if (awaiting) {
      given.set(awaiting.attributeName(), word);
      awaiting = undefined;
    } else if (onlyOperands || !word.startsWith('-') || word === '-') {
      const next = operands.length === 0 && !onlyOperands ? command.commands.find((each) => each.name() === word) : undefined;
      if (next) command = next;
      else if (command !== program || word !== 'help') operands.push(word);
    } else if (word === '--') onlyOperands = true;
    else {
      const [name = '', ...value] = word.split('=');
      const option = optionNamed(command, name);
      if (option && value.length > 0) given.set(option.attributeName(), value.join('='));
      else if (option && takesValue(option)) awaiting = option;
    }
  }
  return { command, operands, awaiting, onlyOperands, given };
}

const placeholderOf = ({ flags }: Option): string => /[<[]([^>\]]+)[>\]]/.exec(flags)?.[1] ?? '';

async function valueOf(option: Option, { operands, given }: Reading, names: NamesOf): Promise<Completion> {
  if (option.argChoices) return ofWords(withoutMeaning(option.argChoices));
  return valueCalled(placeholderOf(option), operands, given, names);
}

async function valueCalled(name: string, operands: readonly string[], given: Given, names: NamesOf): Promise<Completion> {
  const kind = SAME_AS[name] ?? NAMED.find((each) => each === name);
  if (kind) return ofWords(withoutMeaning(await names(kind, operands, given)));
  return Object.hasOwn(PATHS, name) ? { kind: PATHS[name]! } : NOTHING;
}

function subcommands(command: Command): Candidate[] {
  const help = command.parent ? [] : [{ word: 'help', meaning: t('what a command does, and its options') }];
  return command.commands.length === 0 ? [] : [...command.commands.map((each) => ({ word: each.name(), meaning: each.description() })), ...help];
}

const flagsOf = (command: Command): Candidate[] => [...optionsOf(command).filter(({ hidden }) => !hidden).map((option) => ({ word: option.long ?? option.flags, meaning: option.description })), { word: '--help', meaning: t('what it does, and its options') }];

async function operandOf({ command, operands, given }: Reading, names: NamesOf): Promise<Completion> {
  const own = operands.length === 0 ? subcommands(command) : [];
  const takes: readonly Argument[] = (defaultOf(command) ?? command).registeredArguments;
  const argument = takes[operands.length];
  if (!argument) return ofWords(own);
  if (argument.argChoices) return ofWords([...own, ...withoutMeaning(argument.argChoices)]);
  const value = await valueCalled(argument.name(), operands, given, names);
  return value.kind === 'words' ? ofWords([...own, ...value.candidates]) : value;
}

async function allOf(program: Command, words: readonly string[], names: NamesOf): Promise<Completion> {
  const last = words.at(-1) ?? '';
  const read = reading(program, words.slice(0, -1));
  if (read.awaiting) return valueOf(read.awaiting, read, names);
  if (read.onlyOperands || !last.startsWith('-')) return operandOf(read, names);
  const [name = '', ...value] = last.split('=');
  const option = value.length > 0 ? optionNamed(read.command, name) : undefined;
  if (!option) return ofWords(flagsOf(read.command));
  const found = await valueOf(option, read, names);
  return found.kind === 'words' ? ofWords(found.candidates.map(({ word, meaning }) => ({ word: `${name}=${word}`, meaning }))) : found;
}

/** Those that begin with the last word, whatever the case of the letters: some shells want that. */
export async function completionOf(program: Command, words: readonly string[], names: NamesOf): Promise<Completion> {
  const found = await allOf(program, words, names);
  if (found.kind !== 'words') return found;
  const begin = (words.at(-1) ?? '').toLowerCase();
  return ofWords(found.candidates.filter(({ word }) => word.toLowerCase().startsWith(begin)));
}
