/**
 * The whole terminal for as long as something is watched: a screen of its own, without a cursor. Whatever ends the
 * program, the terminal is as before. What does not fit is moved through with the arrows.
 */
import { wrapped } from './columns.ts';
import { t } from './language.ts';

const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const CLEAR_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';

/** Keys, and how far they move, in lines of a page that has so many. */
const MOVES: Readonly<Record<string, (page: number) => number>> = {
  '\u001b[A': () => -1, k: () => -1,
  '\u001b[B': () => 1, j: () => 1,
  '\u001b[5~': (page) => -page, b: (page) => -page,
  '\u001b[6~': (page) => page, ' ': (page) => page,
  '\u001b[H': () => -Infinity, '\u001b[F': () => Infinity,
};
const ENDS: readonly string[] = ['q', 'Q', '\u0003', '\u0004'];

/** A serial line does not say how large its terminal is. */
const sizeOf = ({ columns, rows }: NodeJS.WriteStream) => ({ columns: columns || 80, rows: rows || 24 });

/** No line is wider than the terminal: coloured lines come from tables that fit it, any other is wrapped. */
const fitted = (text: string, columns: number): string[] => text.split('\n').flatMap((line) => (line.includes('\u001b') ? [line] : wrapped(line, columns)));

export class Screen {
  readonly #leave: () => void;
  readonly #resized: () => void;
  #head = '';
  #body = '';
  #firstLine = 0;
  readonly #onKey = (keys: Buffer) => this.#key(keys.toString());
  readonly #onExit = () => process.stdout.write(LEAVE);

  /** `leave` is called when somebody wants to, `resized` when what is shown has to be made anew for another size. */
  constructor(leave: () => void, resized: () => void) {
    this.#leave = leave;
    this.#resized = resized;
    process.stdout.write(ENTER);
    process.stdout.on('resize', this.#resized);
    process.on('exit', this.#onExit);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, leave);
    if (!process.stdin.isTTY) return;
    process.stdin.setRawMode(true);
    process.stdin.on('data', this.#onKey);
  }

  /** The head stays at the top; the body can be moved through. */
  show(head: string, body: string): void {
    this.#head = head;
    this.#body = body;
    this.#draw();
  }

  /** The terminal is as it was before. */
  close(): void {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, this.#leave);
    process.off('exit', this.#onExit);
    process.stdout.off('resize', this.#resized);
    process.stdout.write(LEAVE);
    if (!process.stdin.isTTY) return;
    process.stdin.setRawMode(false);
    process.stdin.off('data', this.#onKey);
    process.stdin.pause();
  }

  #key(keys: string): void {
    if (ENDS.includes(keys)) return this.#leave();
    const move = MOVES[keys];
    if (!move) return;
    this.#firstLine = Math.max(0, this.#firstLine + move(sizeOf(process.stdout).rows - 3));
    this.#draw();
  }

  #draw(): void {
    const { columns, rows } = sizeOf(process.stdout);
    const head = fitted(this.#head, columns).slice(0, Math.max(1, rows - 2));
    const body = fitted(this.#body, columns);
    const room = Math.max(0, rows - head.length - 1);
    this.#firstLine = Math.min(this.#firstLine, Math.max(0, body.length - room));
    const shown = body.slice(this.#firstLine, this.#firstLine + room);
    const foot = body.length <= room ? t('q leaves.') : t('Lines {first} to {last} of {count}; arrows and space move, q leaves.', { first: this.#firstLine + 1, last: this.#firstLine + shown.length, count: body.length });
    const lines = [...head, ...shown, ...wrapped(foot, columns).slice(0, 1)].slice(0, rows);
    process.stdout.write(`${HOME}${lines.map((line) => `${line}${CLEAR_LINE}`).join('\r\n')}${CLEAR_BELOW}`);
  }
}
