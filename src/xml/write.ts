/**
 * Writing: markup is composed from `element` and `text`, and the type keeps what is escaped apart from what is not. Names
 * are written as given, prefix included, because clients look for exact prefixes.
 */

declare const escaped: unique symbol;
/** Text that is XML already. */
export type Markup = string & { readonly [escaped]: true };

/** An attribute that is undefined is left out. */
export type Attributes = Readonly<Record<string, string | undefined>>;

/** Nothing to escape and nothing to replace: most values, which cost no more than this look. */
const PLAIN = /^[ !#-%'-;=?-~]*$/;
const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\t': '&#9;', '\n': '&#10;', '\r': '&#13;' };
/** What XML 1.0 has no way to write, lone surrogates included. */
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff\p{Surrogate}]/gu;

const entityOf = (character: string): string => ENTITIES[character] ?? character;

function escapedIn(value: string, special: RegExp): string {
  return PLAIN.test(value) ? value : value.replace(FORBIDDEN, '?').replace(special, entityOf);
}

/** Characters that XML forbids become `?`. A carriage return survives, which parsers would otherwise turn into a line feed. */
export const text = (value: string): Markup => escapedIn(value, /[&<>\r]/g) as Markup;

const attributeValue = (value: string): string => escapedIn(value, /[&<>"\t\n\r]/g);

export const join = (parts: readonly Markup[]): Markup => parts.join('') as Markup;

/** Always with an end tag: one client cannot read `<PROPERTY …/>`. */
export function element(name: string, attributes: Attributes = {}, content: Markup | readonly Markup[] = []): Markup {
  let start = `<${name}`;
  for (const [attribute, value] of Object.entries(attributes)) {
    if (value !== undefined) start += ` ${attribute}="${attributeValue(value)}"`;
  }
  return `${start}>${typeof content === 'string' ? content : content.join('')}</${name}>` as Markup;
}

/** The document: XML declaration and root. */
export const document = (root: Markup, encoding = 'utf-8'): string => `<?xml version="1.0" encoding="${encoding}"?>\n${root}`;
