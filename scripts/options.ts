/** The options on a script's command line: what is none ends the script with a sentence and 2, not with a stack trace. */
import { parseArgs, type ParseArgsConfig } from 'node:util';

export function optionsOf<T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (thrown) {
    const known = Object.keys(config.options ?? {}).map((name) => `--${name}`);
    return endWith(`${(thrown as Error).message.split('. ')[0]}. Options: ${known.join(', ')}`);
  }
}

/** Fault of whoever called: a whole number of at least 1 was wanted. */
export function wholeOption(name: string, text: string): number {
  const value = Number(text);
  return /^\d+$/.test(text) && value >= 1 && Number.isSafeInteger(value) ? value : endWith(`--${name} takes a whole number from 1, not ${text}`);
}

function endWith(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}
