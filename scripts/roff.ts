/** Manual pages in roff, with man(7)'s macros. Source: groff_man(7), groff_char(7). */

/** What stands for itself in no roff text; a hyphen that is typed on a command line must not become a dash. */
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\e', '-': '\\-', "'": '\\(aq', '`': '\\(ga', '^': '\\(ha', '~': '\\(ti', '"': '\\(dq' };

const escaped = (character: string): string => ESCAPES[character] ?? `\\[u${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}]`;

/** The text, on one line, with nothing in it that roff would understand. */
export function roff(text: string): string {
  const plain = text.replace(/\s+/g, ' ').trim().replace(/[^ -~]|[\\'`^~"-]/gu, escaped);
  return plain.startsWith('.') ? `\\&${plain}` : plain;
}

export const bold = (text: string): string => `\\fB${roff(text)}\\fR`;
export const italic = (text: string): string => `\\fI${roff(text)}\\fR`;

export const heading = (title: string): string => `.SH ${roff(title)}`;
export const subheading = (title: string): string => `.SS "${roff(title)}"`;
export const paragraph = (line: string): string => `.PP\n${line}`;

/** What is explained (in roff), and the explanation (in roff). */
export const tagged = (tag: string, line: string): string => `.TP\n${tag}\n${line}`;

/** Under what stands before it. */
export const indented = (parts: readonly string[]): string[] => (parts.length === 0 ? [] : ['.RS', ...parts, '.RE']);

interface Title {
  readonly name: string;
  readonly section: number;
  /** YYYY-MM-DD. */
  readonly date: string;
  readonly source: string;
}

/** A whole page; its first line says by what it was made. */
export const page = ({ name, section, date, source }: Title, parts: readonly string[]): string =>
  `${['.\\" Made by scripts/manualpages.ts (npm run docs). Do not edit.', `.TH ${roff(name.toUpperCase())} ${section} "${date}" "${roff(source)}" "Understudy"`, '.nh', '.ad l', ...parts].join('\n')}\n`;
