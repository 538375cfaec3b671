/**
 * What a command prints. Standard output holds the result only: text for people, or with --json exactly one JSON value.
 * Everything else (progress, questions, warnings, errors) goes to standard error.
 */
import { styleText } from 'node:util';
import type { Failure } from '../client/failure.ts';
import { inColumns, inWidth, widthOf, type ColumnCell } from './columns.ts';
import { failureJson, hintOf } from './failure.ts';
import { t } from './language.ts';
import { printable } from './words.ts';

export type Colour = 'red' | 'yellow' | 'green' | 'dim' | 'bold';

export interface Cell {
  readonly text: string;
  readonly colour?: Colour;
}

/** Asked once of each stream: for every cell of a large table it takes longer than the rest of the table. */
const takesColours = new Map<NodeJS.WriteStream, boolean>();

function isColoured(stream: NodeJS.WriteStream): boolean {
  const known = takesColours.get(stream) ?? styleText('bold', ' ', { stream }) !== ' ';
  takesColours.set(stream, known);
  return known;
}

/** Coloured only on a terminal, and never with NO_COLOR. */
export const coloured = (colour: Colour, text: string, stream: NodeJS.WriteStream = process.stdout): string => (isColoured(stream) ? styleText(colour, text, { validateStream: false }) : text);

/** Columns of the terminal; undefined when the output is none, and may be as wide as it is. */
const terminalWidth = (): number | undefined => (process.stdout.isTTY ? process.stdout.columns || undefined : undefined);

function columnCell(cell: Cell | string): ColumnCell {
  const { text, colour } = typeof cell === 'string' ? { text: cell } : cell;
  return { text: printable(text), ...(colour && { paint: (line: string) => coloured(colour, line) }) };
}

/** Rows under headings, in columns that fit the terminal. */
export function table(head: readonly string[], rows: readonly (readonly (Cell | string)[])[]): string {
  return inColumns(head.map((text) => columnCell({ text, colour: 'bold' })), rows.map((row) => row.map(columnCell)), terminalWidth());
}

/** One value a line, under each other. */
export function list(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([title]) => widthOf(title)));
  return rows.map(([title, value]) => `${coloured('bold', inWidth(title, width))}  ${printable(value)}`).join('\n');
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

  /** One of many results, as they come: with --json one value on a line. */
  line(value: unknown, text: () => string): void {
    this.#printed = true;
    process.stdout.write(`${this.#json ? JSON.stringify(value) : text()}\n`);
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
    if (hint !== '') this.note(t('hint: {hint}', { hint: printable(hint) }));
    if (failure.allowed.length > 0) this.note(t('allowed now: {allowed}', { allowed: printable(failure.allowed.join(', ')) }));
  }
}
