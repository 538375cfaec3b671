/**
 * The completion scripts. Each asks `understudy completion SHELL -- WORDS…`, which answers "files", "directories", or "words" and
 * then a candidate on each line, a tab, what it means. No word of the line and no candidate is ever evaluated.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** As each shell wants it to be called in its directories. */
const FILES: Readonly<Record<Shell, string>> = { bash: 'understudy.bash', zsh: '_understudy', fish: 'understudy.fish' };

/** The same place beside the sources and beside the built program. */
export const scriptOf = (shell: Shell): string => readFileSync(join(import.meta.dirname, '../../completions', FILES[shell]), 'utf8');
