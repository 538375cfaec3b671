/** Names as they may be shown: they come from people and other hosts and may hold anything. */

/** Control characters, and those that change the direction of what follows or cannot be seen. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

const codeOf = (character: string): string => `\u2039${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}\u203a`;

/** Unseen characters as their code in ‹›, and no more than `longest` characters, the middle left out. */
export function shown(name: string, longest: number): string {
  const characters = [...name];
  const half = Math.floor((longest - 1) / 2);
  const cut = characters.length <= longest ? name : `${characters.slice(0, half).join('')}\u2026${characters.slice(-half).join('')}`;
  return cut.replace(UNSEEN, codeOf);
}
