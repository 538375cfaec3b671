/** Runs a command of `understudy` and ends with its exit code. Errors are sentences with hints, never a stack trace. */
import { CommanderError } from 'commander';
import { Failure } from '../client/failure.ts';
import { exitCodeOf, failureJson } from './failure.ts';
import { t } from './language.ts';
import { Output } from './output.ts';
import { programFor } from './program.ts';
import { exitCode } from './run.ts';

const USAGE = 2;

function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new Failure('bug', t('this is a bug in Understudy: {text}', { text }), t('Please report it with the command that you gave.'));
}

/** Commander has printed its own complaint already. */
const ofUsage = (error: CommanderError): number => (error.exitCode === 0 ? 0 : USAGE);

/** With no command at all commander prints its help and names that as the reason. */
const complaintOf = ({ code, message }: CommanderError): string => (code === 'commander.help' ? t('a command is missing') : message.replace(/^error: /, ''));

async function main(): Promise<number> {
  const out = new Output(process.argv.includes('--json'));
  try {
    const program = await programFor(process.argv.slice(2));
    await program.parseAsync();
    return exitCode();
  } catch (error) {
    if (error instanceof CommanderError) {
      if (out.isJson && error.exitCode !== 0) out.result(failureJson(new Failure('usage', complaintOf(error))), () => '');
      return ofUsage(error);
    }
    const failure = failureOf(error);
    out.failure(failure);
    return exitCodeOf(failure);
  }
}

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // The reader of a pipe has enough.
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});
process.exitCode = await main();
