/** HTML that is XML as well. What is put between its pieces is text, escaped, unless it is markup itself. */
import { printable } from './words.ts';

export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Content = string | number | Markup | readonly Content[];

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Two that no XML document may have. */
const NO_CHARACTERS = /[\ufffe\uffff]/g;

const escaped = (text: string): string => printable(text).toWellFormed().replace(NO_CHARACTERS, '\u{fffd}').replace(/[&<>"']/g, (character) => ESCAPES[character]!);

function written(content: Content): string {
  if (content instanceof Markup) return content.text;
  return typeof content === 'object' ? content.map(written).join('') : escaped(String(content));
}

export const html = (pieces: TemplateStringsArray, ...contents: readonly Content[]): Markup => new Markup(String.raw({ raw: pieces }, ...contents.map(written)));

/** The text with markup in its {placeholders}. */
export const filled = (text: string, contents: Readonly<Record<string, Content>>): Markup =>
  new Markup(text.split(/\{(\w+)\}/).map((piece, at) => written(at % 2 === 0 ? piece : contents[piece]!)).join(''));

/** What somebody else named: its direction stays its own. */
export const name = (text: string): Markup => html`<bdi>${text}</bdi>`;
