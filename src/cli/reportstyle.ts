/** How the report looks: on a screen, light or dark, and on paper. */
import { Markup } from './markup.ts';

/** Without a character that would have to be escaped. */
export const REPORT_STYLE = new Markup(`
:root { color-scheme: light dark; --ground: #fff; --text: #1b1f24; --quiet: #57606a; --line: #d0d7de; --lag: #0550ae; --objective: #a40e26; --bare: #f3c6c6; }
@media (prefers-color-scheme: dark) { :root { --ground: #0d1117; --text: #e6edf3; --quiet: #9da7b3; --line: #3d444d; --lag: #79c0ff; --objective: #ff938a; --bare: #5c2326; } }
@media print { :root { color-scheme: light; --ground: #fff; --text: #000; --quiet: #333; --line: #999; --lag: #003; --objective: #900; --bare: #ddd; } }
body { margin: 0 auto; max-width: 62rem; padding: 1.5rem; background: var(--ground); color: var(--text); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; line-height: 1.25; }
h2 { font-size: 1.25rem; margin-top: 2.5rem; border-top: 1px solid var(--line); padding-top: 1rem; }
a { color: var(--lag); }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 19rem), 1fr)); gap: 0.5rem 1.5rem; margin: 0.5rem 0; }
dl.meanings { grid-template-columns: 1fr; }
dt { color: var(--quiet); font-size: 0.875rem; }
dd { margin: 0; font-variant-numeric: tabular-nums; }
data, time { white-space: nowrap; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
caption { text-align: left; font-weight: 600; padding: 0.5rem 0; overflow-wrap: anywhere; }
th, td { text-align: left; padding: 0.3rem 0.75rem 0.3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
thead th { color: var(--quiet); font-size: 0.875rem; font-weight: 400; }
tbody th { font-weight: 600; overflow-wrap: anywhere; min-width: 8rem; }
figure { margin: 1rem 0; }
svg { width: 100%; height: auto; font-size: 11px; }
svg text { fill: var(--quiet); }
.grid { stroke: var(--line); stroke-width: 1; }
.objective { stroke: var(--objective); stroke-width: 1.5; stroke-dasharray: 6 4; }
svg text.at-objective { fill: var(--objective); stroke: var(--ground); stroke-width: 3px; paint-order: stroke; }
.lag { fill: none; stroke: var(--lag); stroke-width: 1.5; }
.bare { fill: var(--bare); }
figcaption { color: var(--quiet); font-size: 0.875rem; }
@media print { body { max-width: none; padding: 0; } figure, tr, dl div { break-inside: avoid; } h2 { break-after: avoid; } a { color: inherit; } }
`);
