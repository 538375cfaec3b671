/** Text that came from elsewhere, on its way to a terminal, a log or a mail. */

/** Control characters, line and paragraph separators, and what turns the direction of text. */
const HOSTILE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** On one line and without anything that drives a terminal or a header: each such character is U+FFFD; longer text ends with an ellipsis. */
export function oneLine(text: string, mostCharacters = 10_000): string {
  const clean = text.slice(0, mostCharacters + 1).replace(HOSTILE, '\u{fffd}').toWellFormed();
  return clean.length > mostCharacters ? `${clean.slice(0, mostCharacters - 1).toWellFormed()}…` : clean;
}
