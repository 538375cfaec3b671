/** LIKE: `%` any characters, `_` one, `[a-f]` one of, `[^a-f]` none of, without regard to case. Source: Microsoft Learn, "LIKE operator". */

interface OneOf {
  readonly kind: 'one';
  fits(character: string): boolean;
}
type Part = { readonly kind: 'any' } | OneOf;

const one = (fits: (character: string) => boolean): Part => ({ kind: 'one', fits });

/** The set between brackets: single characters and ranges. */
function setOf(content: string): Part {
  const negated = content.startsWith('^');
  const characters = [...(negated ? content.slice(1) : content)];
  const ranges: [string, string][] = [];
  for (let index = 0; index < characters.length; index++) {
    const from = characters[index]!;
    const isRange = characters[index + 1] === '-' && characters[index + 2] !== undefined;
    ranges.push([from, isRange ? characters[index + 2]! : from]);
    if (isRange) index += 2;
  }
  return one((character) => ranges.some(([from, to]) => character >= from && character <= to) !== negated);
}

function partsOf(pattern: string): readonly Part[] {
  const parts: Part[] = [];
  for (let index = 0; index < pattern.length; index++) {
    const character = pattern[index]!;
    const end = character === '[' ? pattern.indexOf(']', index + 2) : -1;
    if (character === '%') parts.push({ kind: 'any' });
    else if (character === '_') parts.push(one(() => true));
    else if (end !== -1) {
      parts.push(setOf(pattern.slice(index + 1, end)));
      index = end;
    } else parts.push(one((other) => other === character));
  }
  return parts;
}

/** Goes back only to the last `%`, so that it costs no more than text times pattern. */
function isMatch(parts: readonly Part[], text: string): boolean {
  let part = 0;
  let at = 0;
  let retry: { readonly part: number; readonly at: number } | undefined;
  while (at < text.length) {
    const current = parts[part];
    if (current?.kind === 'any') {
      retry = { part, at };
      part += 1;
    } else if (current?.fits(text[at]!)) {
      part += 1;
      at += 1;
    } else if (retry !== undefined) {
      retry = { part: retry.part, at: retry.at + 1 };
      part = retry.part + 1;
      at = retry.at;
    } else return false;
  }
  return parts.slice(part).every(({ kind }) => kind === 'any');
}

/** The pattern, ready to be tried on many texts. */
export function likePattern(pattern: string): (text: string) => boolean {
  const parts = partsOf(pattern.toLowerCase());
  return (text) => isMatch(parts, text.toLowerCase());
}
