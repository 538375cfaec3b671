/** Questions on the terminal. Each is asked on standard error, so that standard output holds the result only. */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { Failure } from '../client/failure.ts';
import { t } from './language.ts';

export const canAsk = (): boolean => process.stdin.isTTY === true && process.stderr.isTTY === true;

async function answered(question: string, secret: boolean): Promise<string> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: secret ? silent : process.stderr, terminal: true });
  const ended = new AbortController();
  lines.on('SIGINT', () => ended.abort());
  lines.on('close', () => ended.abort());
  // Only now: from here on the terminal does not show by itself what is typed.
  if (secret) process.stderr.write(question);
  try {
    return await lines.question(secret ? '' : question, { signal: ended.signal });
  } catch {
    process.stderr.write('\n');
    throw new Failure('cancelled', t('no answer was given'), t('Nothing was done.'));
  } finally {
    lines.close();
  }
}

export const ask = (question: string): Promise<string> => answered(question, false);

/** Typed without being shown. */
async function askSecretly(question: string): Promise<string> {
  const answer = await answered(question, true);
  process.stderr.write('\n');
  return answer;
}

/** Done when the answer is yes; asked on a terminal only. */
export async function agree(question: string): Promise<void> {
  if (!canAsk()) return;
  const answer = (await ask(`${question} ${t('[y/N]')} `)).trim().toLowerCase();
  if (!['y', 'yes', t('y'), t('yes')].includes(answer)) throw new Failure('cancelled', t('not confirmed'), t('Nothing was done.'));
}

/** What is lost, and whose name has to be typed. */
interface Confirmed {
  readonly name: string;
  readonly kind: 'machine' | 'host' | 'user' | 'target';
  readonly consequences: readonly string[];
  readonly yes: boolean | undefined;
}

const NAME_WANTED: Readonly<Record<Confirmed['kind'], (name: string) => string>> = {
  machine: (name) => t('Type the name of the machine ({name}) to go on:', { name }),
  host: (name) => t('Type the name of the host ({name}) to go on:', { name }),
  user: (name) => t('Type the name of the user ({name}) to go on:', { name }),
  target: (name) => t('Type the name of the target ({name}) to go on:', { name }),
};

/** For what cannot be taken back: says what will be lost and wants the name typed. */
export async function confirm(what: Confirmed): Promise<void> {
  if (what.yes) return;
  for (const line of what.consequences) process.stderr.write(`${line}\n`);
  if (!canAsk()) throw new Failure('usage', t('this needs a confirmation, and there is no terminal to ask on'), t('Give --yes when you are sure.'));
  const typed = await ask(`${NAME_WANTED[what.kind](what.name)} `);
  if (typed.trim() !== what.name) throw new Failure('cancelled', t('that is not {name}', { name: what.name }), t('Nothing was done.'));
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8').split('\n').map((line) => line.replace(/\r$/, ''));
  } catch (error) {
    throw new Failure('usage', t('the password file cannot be read: {reason}', { reason: error instanceof Error ? error.message : String(error) }), t('Give a file that is there and may be read, or - for standard input.'));
  }
}

/** The first line of the file ("-" is standard input), or what is typed; `twice` to find typing errors. */
export async function password(options: { file: string | undefined; name: string; twice: boolean }): Promise<string> {
  if (options.file !== undefined) return linesOf(options.file)[0]!;
  requireTerminal();
  return options.twice ? askTwice(t('Password of {name}:', { name: options.name })) : askSecretly(`${t('Password of {name}:', { name: options.name })} `);
}

/** The present password and the new one: the first two lines of the file, or what is typed. */
export async function passwords(options: { file: string | undefined; name: string }): Promise<{ password: string; newPassword: string }> {
  if (options.file !== undefined) {
    const [present = '', next = ''] = linesOf(options.file);
    if (next === '') throw new Failure('usage', t('the password file has no second line'), t('Its first line is the present password, its second the new one.'));
    return { password: present, newPassword: next };
  }
  requireTerminal();
  const present = await askSecretly(`${t('Present password of {name}:', { name: options.name })} `);
  return { password: present, newPassword: await askTwice(t('New password of {name}:', { name: options.name })) };
}

function requireTerminal(): void {
  if (!canAsk()) throw new Failure('usage', t('there is no terminal to ask for the password on'), t('Give --password-file FILE, or --password-file - for standard input.'));
}

async function askTwice(question: string): Promise<string> {
  const typed = await askSecretly(`${question} `);
  if ((await askSecretly(`${t('The same again:')} `)) !== typed) throw new Failure('usage', t('the two passwords differ'), t('Nothing was done.'));
  return typed;
}
