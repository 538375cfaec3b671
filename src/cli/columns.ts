/**
 * Rows under headings, as wide as the terminal at most: texts are wrapped inside their column, words and ids stay whole.
 * Where that does not fit, each row is a block of lines. Widths are those that a terminal shows: two for a Chinese character.
 */
import stringWidth from 'string-width';

export interface ColumnCell {
  readonly text: string;
  /** Colours one line of it. */
  readonly paint?: (line: string) => string;
}

const GAP = '  ';
/** A word that is longer, such as a path, may be broken. */
const WHOLE_WORD = 40;
/** Where there is a width, a cell that is longer is cut: a name of ten thousand characters is not a screen full. */
const MOST_CHARACTERS = 400;

const ASCII = /^[\x20-\x7e]*$/;
/** Columns of a terminal. */
export const widthOf = (text: string): number => (ASCII.test(text) ? text.length : stringWidth(text));
const widest = (texts: readonly string[]): number => Math.max(0, ...texts.map((text) => widthOf(text)));
export const inWidth = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - widthOf(text)));

/** Pieces of a word, each no wider than `width`. */
function broken(word: string, width: number): string[] {
  const pieces: string[] = [''];
  for (const character of word) {
    const longer = pieces.at(-1)! + character;
    if (widthOf(longer) > width && pieces.at(-1) !== '') pieces.push(character);
    else pieces[pieces.length - 1] = longer;
  }
  return pieces;
}

/** Lines of the text, each no wider than `width` where a character fits at all. */
export function wrapped(text: string, width: number): string[] {
  if (widthOf(text) <= width) return [text];
  const lines: string[] = [];
  for (const word of text.split(' ').flatMap((each) => (widthOf(each) > width ? broken(each, width) : [each]))) {
    const line = lines.at(-1);
    if (line !== undefined && widthOf(`${line} ${word}`) <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** A word's width, where words stay whole. */
const leastWidth = (texts: readonly string[]): number => Math.min(WHOLE_WORD, widest(texts.flatMap((text) => text.split(' '))));

/** Widths of the columns whose sum fits, taken from the widest first; undefined when words would have to be broken. */
function fitting(columns: readonly (readonly string[])[], available: number): number[] | undefined {
  const widths = columns.map(widest);
  const wanted = widths.reduce((sum, width) => sum + width, 0);
  if (wanted <= available) return widths;
  const least = columns.map((texts) => Math.max(widthOf(texts[0]!), leastWidth(texts)));
  for (let excess = wanted - available; excess > 0; excess -= 1) {
    const shrinkable = widths.map((width, at) => (width > least[at]! ? width : 0));
    const at = shrinkable.indexOf(Math.max(...shrinkable));
    if (shrinkable[at] === 0) return undefined;
    widths[at]! -= 1;
  }
  return widths;
}

const painted = ({ paint }: ColumnCell, line: string): string => (paint && line !== '' ? paint(line) : line);

function rowLines(cells: readonly ColumnCell[], widths: readonly number[]): string[] {
  const wrappedCells = cells.map(({ text }, at) => wrapped(text, widths[at]!));
  const height = Math.max(...wrappedCells.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) =>
    cells.map((cell, at) => {
      const text = wrappedCells[at]![line] ?? '';
      return painted(cell, text) + inWidth(text, widths[at]!).slice(text.length);
    }).join(GAP).trimEnd(),
  );
}

function blocks(head: readonly ColumnCell[], rows: readonly (readonly ColumnCell[])[], width: number): string {
  const titleWidth = widest(head.map(({ text }) => text));
  const valueWidth = Math.max(1, width - titleWidth - GAP.length);
  const shown = rows.map((cells) => cells.flatMap((cell, at) => (cell.text === '' ? [] : rowLines([head[at]!, cell], [titleWidth, valueWidth]))).join('\n'));
  return shown.join('\n\n');
}

/** `width` undefined: as wide as it is. No line has spaces at its end. */
export function inColumns(head: readonly ColumnCell[], rows: readonly (readonly ColumnCell[])[], width: number | undefined): string {
  const short = width === undefined ? rows : rows.map((cells) => cells.map((cell) => (cell.text.length > MOST_CHARACTERS ? { ...cell, text: `${cell.text.slice(0, MOST_CHARACTERS)}…` } : cell)));
  const all = [head, ...short];
  const columns = head.map((_, at) => all.map((cells) => cells[at]!.text));
  const widths = fitting(columns, (width ?? Infinity) - GAP.length * (head.length - 1));
  return widths ? all.flatMap((cells) => rowLines(cells, widths)).join('\n') : blocks(head, short, width!);
}
