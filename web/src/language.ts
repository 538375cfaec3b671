/**
 * The page's words. `t` takes the English sentence, which is the key, and values for its placeholders. The language is
 * chosen once, before anything is drawn; another choice loads the page anew.
 */

/** What can be chosen, each named in itself. */
export const LANGUAGES: Readonly<Record<string, string>> = { en: 'English' };
const KEPT_AS = 'understudy-language';

export type Values = Readonly<Record<string, string | number>>;
export type Catalogue = Readonly<Record<string, string>>;

/** A catalogue's file is loaded when its language is chosen. */
const CATALOGUES: Readonly<Record<string, () => Promise<Catalogue>>> = {};

let chosen = 'en';
let catalogue: Catalogue = {};

/** The first of the wanted languages that the page has: exactly, then by its first part. */
export function fitting(wanted: readonly string[]): string {
  const known = Object.keys(LANGUAGES);
  const found = wanted.flatMap((tag) => known.find((each) => each.toLowerCase() === tag.toLowerCase()) ?? known.find((each) => each.split('-')[0] === tag.split('-')[0]) ?? []);
  return found[0] ?? 'en';
}

/** The language is known, and its catalogue is there. */
export async function openLanguage(): Promise<void> {
  const kept = localStorage.getItem(KEPT_AS);
  chosen = fitting([...(kept === null ? [] : [kept]), ...navigator.languages]);
  catalogue = (await CATALOGUES[chosen]?.()) ?? {};
  document.documentElement.lang = chosen;
}

export const language = (): string => chosen;

/** Kept in this browser; the page is loaded anew. */
export function chooseLanguage(tag: string): void {
  localStorage.setItem(KEPT_AS, tag);
  location.reload();
}

/** The sentence in the chosen language, its {placeholders} filled in. */
export function t(text: string, values: Values = {}): string {
  return (catalogue[text] ?? text).replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** The sentence for one thing or for several; {count} is the number, written as the language writes it. */
export function counted(count: number, one: string, several: string, values: Values = {}): string {
  return t(count === 1 ? one : several, { ...values, count: new Intl.NumberFormat(chosen).format(count) });
}
