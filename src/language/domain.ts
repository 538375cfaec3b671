/** What the host says about its machines, its peers and itself, in its reader's language. */
import de from './catalogues/domain/de.json' with { type: 'json' };
import fr from './catalogues/domain/fr.json' with { type: 'json' };
import it from './catalogues/domain/it.json' with { type: 'json' };
import zhHant from './catalogues/domain/zh-Hant.json' with { type: 'json' };
import type { Language } from './language.ts';
import { inWords, type Catalogue, type Text } from './text.ts';

const CATALOGUES: Readonly<Record<Language, Catalogue>> = { en: {}, de, fr, it, 'zh-Hant': zhHant };

export const inLanguage = (text: Text, language: Language = 'en'): string => inWords(text, language, CATALOGUES[language]);
