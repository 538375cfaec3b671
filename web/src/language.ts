/**
 * The page's words. `t` takes the English sentence, which is the key, and values for its placeholders. The language is
 * chosen once, before anything is drawn; another choice loads the page anew.
 */

import { languageOf, OWN_NAMES, type Language } from '../../src/language/language.ts';
import { filledIn, inWords, type Catalogue, type Text } from '../../src/language/text.ts';

/** What can be chosen, each named in itself. */
export const LANGUAGES: Readonly<Record<Language, string>> = OWN_NAMES;
const KEPT_AS = 'understudy-language';

export type Values = Readonly<Record<string, string | number>>;

/** Addresses of the catalogues: data, not scripts. One is loaded when its language is chosen. */
const CATALOGUES: Readonly<Partial<Record<Language, () => Promise<{ readonly default: string }>>>> = {
  de: () => import('../../src/language/catalogues/page/de.json?url'),
  fr: () => import('../../src/language/catalogues/page/fr.json?url'),
  it: () => import('../../src/language/catalogues/page/it.json?url'),
  'zh-Hant': () => import('../../src/language/catalogues/page/zh-Hant.json?url'),
};

/** English, the keys themselves, where the catalogue cannot be had. */
async function catalogueOf(language: Language): Promise<Catalogue> {
  const address = await CATALOGUES[language]?.();
  if (!address) return {};
  const answer = await fetch(address.default);
  return answer.ok ? ((await answer.json()) as Catalogue) : {};
}

let chosen: Language = 'en';
let regional = 'en';
let catalogue: Catalogue = {};

/** The first of the wanted languages that the page has. */
export const fitting = (wanted: readonly string[]): Language => wanted.map(languageOf).find((each) => each !== undefined) ?? 'en';

/** The language is known, and its catalogue is there. */
export async function openLanguage(): Promise<void> {
  const kept = localStorage.getItem(KEPT_AS);
  chosen = fitting([...(kept === null ? [] : [kept]), ...navigator.languages]);
  regional = navigator.languages.find((tag) => languageOf(tag) === chosen) ?? chosen;
  catalogue = await catalogueOf(chosen);
  document.documentElement.lang = chosen;
}

export const language = (): Language => chosen;
/** The language as the reader's country writes it, if the browser names one: dates and numbers differ between en-GB and en-US. */
export const locale = (): string => regional;

/** Kept in this browser; the page is loaded anew. */
export function chooseLanguage(tag: string): void {
  localStorage.setItem(KEPT_AS, tag);
  location.reload();
}

/** The sentence in the chosen language, its {placeholders} filled in. */
export function t(text: string, values: Values = {}): string {
  return filledIn(catalogue[text] ?? text, (name) => (values[name] === undefined ? undefined : String(values[name])));
}

/** What is said by code that the page shares with the host. */
export const said = (text: Text): string => inWords(text, chosen, catalogue);

/** The sentence for one thing or for several; {count} is the number, written as the language writes it. */
export function counted(count: number, one: string, several: string, values: Values = {}): string {
  return t(count === 1 ? one : several, { ...values, count: new Intl.NumberFormat(regional).format(count) });
}
