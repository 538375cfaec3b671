/**
 * The languages in which Understudy speaks with people, and which of them somebody reads: by what a browser, a terminal or a
 * management client says. English is what everything is written in, and what is left when none fits.
 */

export const LANGUAGES = ['en', 'de', 'fr', 'it', 'zh-Hant'] as const;
export type Language = (typeof LANGUAGES)[number];

/** What each language calls itself. */
export const OWN_NAMES: Readonly<Record<Language, string>> = { en: 'English', de: 'Deutsch', fr: 'Français', it: 'Italiano', 'zh-Hant': '繁體中文' };

/** Of Chinese, only what is read in these places is written as we write it. */
const TRADITIONAL = ['hant', 'tw', 'hk', 'mo'];
const MAX_TAGS = 32;

/** A language tag (BCP 47) or a locale's name (POSIX, without its codeset); undefined for a language that is not ours. */
export function languageOf(tag: string): Language | undefined {
  const [language, ...more] = tag.trim().toLowerCase().split(/[-_]/);
  if (language === 'zh') return more.includes('hans') || !more.some((part) => TRADITIONAL.includes(part)) ? undefined : 'zh-Hant';
  return LANGUAGES.find((each) => each === language);
}

/** The first of ours among what is accepted, the most wanted first. Source: RFC 9110, 12.5.4. */
export function acceptedLanguage(header: string | undefined): Language {
  const wanted = (header ?? '').split(',', MAX_TAGS).map((range) => {
    const [tag = '', ...parameters] = range.split(';');
    const quality = parameters.map((each) => /^\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*$/i.exec(each)?.[1]).find((each) => each !== undefined);
    return { language: languageOf(tag), quality: Number(quality ?? 1) };
  });
  return wanted.filter(({ quality }) => quality > 0).sort((left, right) => right.quality - left.quality).find(({ language }) => language !== undefined)?.language ?? 'en';
}

/** By the locale of a process. Source: POSIX, 8.2 "Internationalization Variables"; LANGUAGE as GNU gettext reads it. */
export function languageOfEnvironment(environment: Readonly<Record<string, string | undefined>>): Language {
  const locale = [environment['LC_ALL'], environment['LC_MESSAGES'], environment['LANG']].find((value) => value !== undefined && value !== '') ?? '';
  const plain = locale.replace(/[.@].*$/, '');
  if (plain === '' || plain === 'C' || plain === 'POSIX') return 'en';
  const preferred = (environment['LANGUAGE'] ?? '').split(':', MAX_TAGS).filter((each) => each !== '');
  return [...preferred, plain].map((each) => languageOf(each.replace(/[.@].*$/, ''))).find((language) => language !== undefined) ?? 'en';
}
