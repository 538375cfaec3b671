/**
 * What a command prints. Standard output holds the result only: text for people, or with --json exactly one JSON value.
 * Everything else (progress, questions, warnings, errors) goes to standard error.
 */
import { styleText } from 'node:util';
import Table from 'cli-table3';
import type { Failure } from '../client/failure.ts';
import { failureJson, hintOf } from './failure.ts';
import { printable } from './words.ts';

export type Colour = 'red' | 'yellow' | 'green' | 'dim' | 'bold';

const NO_LINES = { top: '', 'top-mid': '', 'top-left': '', 'top-right': '', bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '', left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '  ' };

export interface Cell {
  readonly text: string;
  readonly colour?: Colour;
}

/** Coloured only on a terminal, and never with NO_COLOR. */
export const coloured = (colour: Colour, text: string, stream: NodeJS.WriteStream = process.stdout): string => styleText(colour, text, { stream });

/** Rows under headings, in columns. */
export function table(head: readonly string[], rows: readonly (readonly (Cell | string)[])[]): string {
  const drawn = new Table({ head: head.map((title) => coloured('bold', title)), chars: NO_LINES, style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] } });
  drawn.push(
    ...rows.map((row) =>
      row.map((cell) => {
        if (typeof cell === 'string') return printable(cell);
        return cell.colour ? coloured(cell.colour, printable(cell.text)) : printable(cell.text);
      }),
    ),
  );
  return drawn.toString().replace(/[ \t]+$/gm, '');
}

/** One value a line, under each other. */
export function list(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([title]) => title.length));
  return rows.map(([title, value]) => `${coloured('bold', title.padEnd(width))}  ${printable(value)}`).join('\n');
}

export class Output {
  readonly #json: boolean;
  #printed = false;

  constructor(json: boolean) {
    this.#json = json;
  }

  get isJson(): boolean {
    return this.#json;
  }

  /** The result. `text` is called only when it is for people; an empty text prints nothing. */
  result(value: unknown, text: () => string): void {
    this.#printed = true;
    const printed = this.#json ? JSON.stringify(value, null, 2) : text();
    if (printed !== '') process.stdout.write(`${printed}\n`);
  }

  /** The result of a command that has none. */
  done(text: string): void {
    this.result({ done: true }, () => text);
  }

  note(text: string): void {
    process.stderr.write(`${text}\n`);
  }

  failure(failure: Failure): void {
    if (this.#json && !this.#printed) this.result(failureJson(failure), () => '');
    this.note(`${coloured('red', 'understudy:', process.stderr)} ${printable(failure.message)}`);
    const hint = hintOf(failure);
    if (hint !== '') this.note(`hint: ${printable(hint)}`);
    if (failure.allowed.length > 0) this.note(`allowed now: ${printable(failure.allowed.join(', '))}`);
  }
}
