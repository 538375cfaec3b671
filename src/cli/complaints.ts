/** Commander's complaints, in the reader's language: for all commands in one place. */
import type { Command } from 'commander';
import { language, t } from './language.ts';

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

/** The command and those below it complain in the reader's language. */
export function complainInOwnLanguage(command: Command): void {
  if (language === 'en') return;
  command.configureOutput({ outputError: (text, write) => write(complaint(text)) });
  command.commands.forEach(complainInOwnLanguage);
}
