/** Why a command ended without doing what it was asked to: a code, what happened, what to do, what is allowed. */
import { FAULTS, type FaultCode } from '../errors/fault.ts';

const OWN_EXIT_CODES: Record<string, number> = { bug: 1, usage: 2, 'request-invalid': 2, refused: 3, interrupted: 130 };

const OWN_HINTS: Record<string, string> = { usage: 'Try: understudy help, or the command with --help.' };

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

const hintOf = (code: string): string => (code in FAULTS ? FAULTS[code as FaultCode].hint : (OWN_HINTS[code] ?? ''));

export class Failure extends Error {
  readonly code: string;
  readonly hint: string;
  readonly allowed: readonly string[];

  constructor(code: string, message: string, hint = '', allowed: readonly string[] = []) {
    super(message);
    this.name = 'Failure';
    this.code = code;
    this.hint = hint === '' ? hintOf(code) : hint;
    this.allowed = allowed;
  }

  get exitCode(): number {
    return OWN_EXIT_CODES[this.code] ?? (this.code in FAULTS ? FAULTS[this.code as FaultCode].exitCode : 1);
  }

  toJSON(): { error: { code: string; message: string; hint: string; allowed: readonly string[] } } {
    return { error: { code: this.code, message: this.message, hint: this.hint, allowed: this.allowed } };
  }
}
