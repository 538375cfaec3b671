/** Reads docs/design/parity.md: what Hyper-V Replica does, what Understudy does, and the tests that show it. */
export const STATUSES = ['same', 'better', 'differs', 'out of scope'] as const;

/** A test as the table names it: the file below tests/, and the test's whole name. */
export interface NamedTest {
  readonly file: string;
  readonly name: string;
}

export interface ParityRow {
  readonly section: string;
  readonly feature: string;
  readonly rule: string;
  readonly ours: string;
  readonly status: string;
  /** As written, for a message when it names no test. */
  readonly cell: string;
  readonly tests: readonly NamedTest[];
}

const COLUMNS = 5;
const namedTest = /`(?<file>[\w./-]+\.test\.ts|[\w./-]+\.ts): (?<name>[^`]+)`/g;

/** The cells of a table's line; a pipe in a cell is written `\|`. */
const cellsOf = (line: string): string[] =>
  line.replace(/^\|/, '').replace(/\|\s*$/, '').split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll('\\|', '|'));

function rowOf(section: string, line: string): ParityRow {
  const cells = cellsOf(line);
  if (cells.length !== COLUMNS) throw new Error(`"${section}" has a row of ${cells.length} cells instead of ${COLUMNS}: ${line}`);
  const [feature, rule, ours, status, cell] = cells as [string, string, string, string, string];
  return { section, feature, rule, ours, status, cell, tests: [...cell.matchAll(namedTest)].map(({ groups }) => ({ file: groups!['file']!, name: groups!['name']!.trim() })) };
}

/** The rows of every section, in order. Throws for a row that does not have the table's five cells. */
export function parityRows(markdown: string): readonly ParityRow[] {
  return markdown.split(/^## /m).slice(1).flatMap((text) => {
    const [section, ...lines] = text.split('\n');
    return lines.filter((line) => line.startsWith('|')).slice(2).map((line) => rowOf(section!, line));
  });
}

export const keyOf = ({ file, name }: NamedTest): string => `${file}: ${name}`;

/** The tests that the rows name and that are not among those that passed. */
export const notPassed = (rows: readonly ParityRow[], passed: ReadonlySet<string>): readonly string[] =>
  [...new Set(rows.flatMap(({ tests }) => tests.map(keyOf)))].filter((key) => !passed.has(key));
