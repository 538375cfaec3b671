/** Quoted text of object paths and queries. Source: WMI's object path syntax. */

/**
 * The text in the quotes that open at `start`, and where what follows begins; undefined when they are not closed. A backslash
 * keeps only a backslash or a quote from its meaning: many clients do not double theirs.
 */
export function quotedAt(text: string, start: number): { readonly value: string; readonly end: number } | undefined {
  const quote = text[start];
  let value = '';
  for (let at = start + 1; at < text.length; at++) {
    const character = text[at]!;
    const next = text[at + 1];
    if (character === '\\' && (next === '\\' || next === '"' || next === "'")) {
      value += next;
      at += 1;
    } else if (character === quote) return { value, end: at + 1 };
    else value += character;
  }
  return undefined;
}
