/** Commander's own words, and those of the commands, in the reader's language: for all commands in one place. */
import type { Argument, Command, Option } from 'commander';
import { language, t, translated } from './language.ts';

/** What commander complains of, and how that is worded. Its groups, in order, are the values. */
const COMPLAINTS: readonly (readonly [pattern: RegExp, worded: (...groups: string[]) => string])[] = [
  [/^unknown option '(.*)'$/s, (option) => t('unknown option {option}', { option })],
  [/^unknown command '(.*)'$/s, (command) => t('unknown command {command}', { command })],
  [/^missing required argument '(.*)'$/s, (argument) => t('the argument {argument} is missing', { argument })],
  [/^option '(.*)' argument missing$/s, (option) => t('the option {option} needs a value', { option })],
  [/^required option '(.*)' not specified$/s, (option) => t('the option {option} is needed', { option })],
  [/^too many arguments.* Expected (\d+) arguments? but got (\d+)\.$/s, (expected, given) => t('too many arguments: {given} were given, {expected} at most are expected', { expected, given })],
  [/^option '(.*?)' (?:argument|value) '(.*?)'(?: from env '.*?')? is invalid\. (.*)$/s, (option, value, why) => t('the value {value} of the option {option} is not valid. {why}', { option, value, why: choicesIn(why) })],
  [/^command-argument value '(.*?)' is invalid for argument '(.*?)'\. (.*)$/s, (value, argument, why) => t('the value {value} of the argument {argument} is not valid. {why}', { argument, value, why: choicesIn(why) })],
];

const choicesIn = (why: string): string => {
  const choices = /^Allowed choices are (.*)\.$/.exec(why)?.[1];
  return choices === undefined ? why : t('It must be one of {choices}.', { choices });
};

/** A complaint of commander, with what it takes the word for. */
function complaint(text: string): string {
  const [, wrong = '', similar] = /^error: (.*?)(?:\n\(Did you mean (?:one of )?(.*)\?\))?\n?$/s.exec(text) ?? [];
  for (const [pattern, worded] of COMPLAINTS) {
    const groups = pattern.exec(wrong)?.slice(1);
    if (groups) return [t('error: {message}', { message: worded(...groups) }), ...(similar === undefined ? [] : [t('(Did you mean {similar}?)', { similar })]), ''].join('\n');
  }
  return text;
}

const choicesOf = ({ argChoices }: Option | Argument): string[] => (argChoices ? [t('choices: {choices}', { choices: argChoices.join(', ') })] : []);
const withRemarks = (description: string, remarks: readonly string[]): string => (remarks.length === 0 ? description : `${description} (${remarks.join(', ')})`);

function optionText(option: Option): string {
  const hasDefault = option.defaultValue !== undefined && (option.required || option.optional);
  const defaults = hasDefault ? [t('default: {value}', { value: JSON.stringify(option.defaultValue) })] : [];
  return withRemarks(option.description, [...choicesOf(option), ...defaults, ...(option.envVar === undefined ? [] : [t('environment: {variable}', { variable: option.envVar })])]);
}

/** The command and those below it speak the reader's language. */
export function speakOwnLanguage(command: Command): void {
  if (language === 'en') return;
  command.description(translated(command.description())).helpOption('-h, --help', t('display help for command'));
  command.helpGroup(translated(command.helpGroup()));
  if (command.parent && command.commands.length > 0) command.helpCommand('help [command]', t('display help for command'));
  for (const argument of command.registeredArguments) argument.description = translated(argument.description);
  for (const option of command.options) option.description = translated(option.description);
  command.configureHelp({ styleTitle: translated, optionDescription: optionText, argumentDescription: (argument) => withRemarks(argument.description, choicesOf(argument)) });
  command.configureOutput({ outputError: (text, write) => write(complaint(text)) });
  command.commands.forEach(speakOwnLanguage);
}

/** What commander says by itself, for the catalogues. */
export const OWN_TITLES = ['Usage:', 'Arguments:', 'Options:', 'Commands:'] as const;
