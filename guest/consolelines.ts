/** What the test guest says on its serial console, line by line (init.sh writes it). Pure. */

interface LastNumbers {
  /** Number of the last record on disk a and on disk b. */
  readonly lastA: number;
  readonly lastB: number;
}

export type GuestEvent =
  /** The disks are mounted. */
  | { readonly kind: 'ready'; readonly bootId: string }
  /** `atMs` is the guest's clock in the last record on disk a, in ms since 1970; 0 when there is none. */
  | ({ readonly kind: 'verified'; readonly ok: boolean; readonly atMs: number; readonly why: string } & LastNumbers)
  /** The record is on both disks. */
  | { readonly kind: 'wrote'; readonly number: number; readonly atMs: number }
  | ({ readonly kind: 'quiet' } & LastNumbers)
  | { readonly kind: 'ran'; readonly status: number }
  | { readonly kind: 'failed'; readonly why: string }
  | ({ readonly kind: 'power-off' } & LastNumbers);

type Read = (match: RegExpExecArray) => GuestEvent;

const lastNumbers = (match: RegExpExecArray): LastNumbers => ({ lastA: Number(match[1]), lastB: Number(match[2]) });

const LINES: readonly (readonly [RegExp, Read])[] = [
  [/^READY boot=([0-9a-f-]{36})$/, (match) => ({ kind: 'ready', bootId: match[1]! })],
  [
    /^VERIFIED a=(\d+) b=(\d+) ok=(yes|no) at=(\d+)(.*)$/,
    (match) => ({ kind: 'verified', ...lastNumbers(match), ok: match[3] === 'yes', atMs: Number(match[4]), why: match[5]!.trim() }),
  ],
  [/^WROTE (\d+) at=(\d{13})$/, (match) => ({ kind: 'wrote', number: Number(match[1]), atMs: Number(match[2]) })],
  [/^QUIET a=(\d+) b=(\d+)$/, (match) => ({ kind: 'quiet', ...lastNumbers(match) })],
  [/^RAN status=(\d+)$/, (match) => ({ kind: 'ran', status: Number(match[1]) })],
  [/^FAILED (.+)$/, (match) => ({ kind: 'failed', why: match[1]! })],
  [/^POWEROFF a=(\d+) b=(\d+)$/, (match) => ({ kind: 'power-off', ...lastNumbers(match) })],
];

/** The event of one line; undefined for anything else that a console shows (kernel messages, a line cut by a kill). */
export function eventOf(line: string): GuestEvent | undefined {
  for (const [pattern, read] of LINES) {
    const match = pattern.exec(line);
    if (match) return read(match);
  }
  return undefined;
}

/** The events of all whole lines; `rest` is what follows the last line's end. */
export function eventsOf(text: string): { readonly events: readonly GuestEvent[]; readonly rest: string } {
  const lines = text.split('\n');
  const rest = lines.pop()!;
  const events = lines.flatMap((line) => eventOf(line.replace(/\r+$/, '')) ?? []);
  return { events, rest };
}
