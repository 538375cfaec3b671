/** What the command line makes of a failure: an exit code, a hint where there is none, JSON. */
import { FAULTS, type FaultCode } from '../errors/fault.ts';
import type { Failure } from '../client/failure.ts';
import { t, translated } from './language.ts';

const OWN_EXIT_CODES: Record<string, number> = { bug: 1, usage: 2, 'request-invalid': 2, refused: 3, interrupted: 130 };

const OWN_HINTS: Record<string, string> = { usage: t('Try: understudy help, or the command with --help.') };

/** What each exit code means, for docs/cli.md. */
export const EXIT_CODES: readonly [code: number, meaning: string][] = [
  [0, 'done'],
  [1, 'a bug in Understudy, or an answer that was not understood'],
  [2, 'wrong usage: nothing was asked of the daemon, or it found a value that is not valid'],
  [3, 'refused now; what is allowed is printed'],
  [4, 'not found'],
  [5, 'not allowed to you, or not signed in'],
  [50, 'understudy doctor found what is a warning'],
  [51, 'understudy doctor found something critical'],
  [130, 'interrupted with Ctrl-C; the job goes on'],
];

const rowOf = (code: string) => (code in FAULTS ? FAULTS[code as FaultCode] : undefined);

/** What to do: the failure's own hint, or that of its code. */
export const hintOf = ({ code, hint }: Failure): string => (hint === '' ? translated(rowOf(code)?.hint ?? OWN_HINTS[code] ?? '') : hint);

export const exitCodeOf = ({ code }: Failure): number => OWN_EXIT_CODES[code] ?? rowOf(code)?.exitCode ?? 1;

/** What `--json` prints. */
export const failureJson = (failure: Failure): object => ({ error: { code: failure.code, message: failure.message, hint: hintOf(failure), allowed: failure.allowed } });
