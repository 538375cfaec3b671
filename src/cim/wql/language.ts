/** The languages a query may be in. They are read as one: what CQL has beyond WQL is refused where it stands. */
import { CimError } from '../error.ts';
import { nameKey } from '../name.ts';
import { parseQuery, type Query } from './wql.ts';

/** Names in CIM-XML and dialects in WS-Management. Source: DSP0200, "ExecQuery"; MS-WSMV 3.1.4.1.13. */
const LANGUAGES: ReadonlySet<string> = new Set(['wql', 'cql', 'dmtf:cql', 'http://schemas.microsoft.com/wbem/wsman/1/wql', 'http://schemas.dmtf.org/wbem/cql/1/dsp0202.pdf']);

/** CimError queryLanguageNotSupported, invalidQuery. */
export function parseQueryIn(language: string, text: string): Query {
  if (!LANGUAGES.has(nameKey(language.trim()))) throw new CimError('queryLanguageNotSupported', `Queries in ${JSON.stringify(language.slice(0, 100))} are not understood; WQL is.`);
  return parseQuery(text);
}
