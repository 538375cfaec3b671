/** A line of a CSV file. Source: RFC 4180. */

type CsvValue = string | number | null;

/** What a spreadsheet takes for the beginning of a formula, also after white space. */
const FORMULA = /^\s*[=+\-@\t\r]/;

/** A text that a spreadsheet would take for a formula gets an apostrophe before it, and is a text. */
function field(value: CsvValue): string {
  const text = value === null ? '' : String(value);
  const safe = typeof value === 'string' && FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export const csvLine = (values: readonly CsvValue[]): string => `${values.map(field).join(',')}\r\n`;
