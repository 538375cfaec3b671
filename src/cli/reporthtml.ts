/** The report as one HTML file, for an auditor: it needs nothing but itself, runs nothing, and prints. Its moments are in UTC. */
import type { View } from '../client/operation.ts';
import { phrase } from '../language/text.ts';
import { lagChart } from './lagchart.ts';
import { language, t, translated, word } from './language.ts';
import { filled, html, name, type Content, type Markup } from './markup.ts';
import { REPORT_STYLE } from './reportstyle.ts';
import { duration, percent, size } from './words.ts';

type Row = View<'Report'>['relationships'][number];
type Recovery = View<'Recovery'>;

interface ReportPage {
  readonly report: View<'Report'>;
  /** By id of the relationship; those that were removed have none. */
  readonly histories: ReadonlyMap<string, View<'History'>>;
}

const utc = (ms: number): Markup => {
  const iso = new Date(ms).toISOString();
  return html`<time datetime="${iso}">${iso.slice(0, 19).replace('T', ' ')}</time>`;
};

const figure = (value: number, words: string): Markup => html`<data value="${value}">${words}</data>`;
const number = (value: number): Markup => figure(value, String(value));
const unlessNull = (value: number | null, shown: (value: number) => Markup, otherwise: string): Markup => (value === null ? html`${otherwise}` : shown(value));
const time = (ms: number): Markup => figure(ms, duration(ms));
const bytes = (value: number): Markup => figure(value, size(value));
const share = (value: number | null): Markup => unlessNull(value, (value) => figure(value, percent(value)), t('not known'));
const lag = (ms: number | null): Markup => unlessNull(ms, time, t('not known'));

const roleOf = ({ side, kind }: Row): string => (kind === 'extended' ? t('{side}, extended', { side: word('side', side) }) : word('side', side));
const stateOf = (it: Row): Markup => unlessNull(it.endedAtMs, (ms) => filled(translated(phrase('removed {time}')), { time: utc(ms) }), word('health', it.health));

const RECOVERY: Readonly<Record<Recovery['kind'], string>> = { planned: phrase('Planned failover'), unplanned: phrase('Unplanned failover'), failback: phrase('Failback'), test: phrase('Test failover') };

/** What each figure is, and how it is found in the report. */
const FIGURES: readonly (readonly [string, (it: Row) => Content])[] = [
  [phrase('Role of this host'), (it) => filled(translated(phrase('{role}; the other host is {host}')), { role: roleOf(it), host: name(it.peer) })],
  [phrase('Health'), stateOf],
  [phrase('Interval'), (it) => time(it.intervalMs)],
  [phrase('Objective'), (it) => filled(translated(phrase('{time} (twice the interval)')), { time: time(it.objectiveMs) })],
  [phrase('Achieved RPO, median'), (it) => lag(it.lag.medianMs)],
  [phrase('Achieved RPO, 95 % of the time'), (it) => lag(it.lag.p95Ms)],
  [phrase('Achieved RPO, 99 % of the time'), (it) => lag(it.lag.p99Ms)],
  [phrase('Achieved RPO, worst'), (it) => [lag(it.lag.worstMs), unlessNull(it.lag.worstAtMs, (ms) => html` (${utc(ms)})`, '')]],
  [phrase('Within the objective'), (it) => share(it.withinObjectivePercent)],
  [phrase('Times the objective was exceeded'), (it) => number(it.outages)],
  [phrase('Time known'), (it) => time(it.knownMs)],
  [phrase('Time protected'), (it) => time(it.protectedMs)],
  [phrase('Time unprotected'), (it) => time(it.unprotectedMs)],
  [phrase('Cycles'), (it) => filled(translated(phrase('{count}, of which {resynchronizations} ended a resynchronization')), { count: number(it.cycles), resynchronizations: number(it.resynchronizations) })],
  [phrase('Missed cycles'), (it) => number(it.missed)],
  [phrase('Length of a cycle'), (it) => filled(translated(phrase('{mean} on average, {longest} at most')), { mean: lag(it.durationMs), longest: lag(it.maxDurationMs) })],
  [phrase('Bytes changed'), (it) => bytes(it.bytesChanged)],
  [phrase('Bytes shipped'), (it) => bytes(it.bytesShipped)],
  [phrase('Test failovers'), ({ tests }) => (tests.count === 0 ? t('none') : filled(translated(phrase('{count}; recovery time at worst {worst}; last one {time}')), { count: number(tests.count), worst: lag(tests.worstRecoveryMs), time: unlessNull(tests.lastAtMs, utc, t('not known')) }))],
];

const recoveryRow = ({ kind, askedAtMs, pointInstantMs, lostMs, recoveryMs }: Recovery): Markup =>
  html`<tr><th scope="row">${translated(RECOVERY[kind])}</th><td>${utc(askedAtMs)}</td><td>${utc(pointInstantMs)}</td><td>${time(lostMs)}</td><td>${unlessNull(recoveryMs, time, t('the guest was not started'))}</td></tr>`;

const table = (caption: string, heads: readonly string[], rows: readonly Markup[]): Markup => html`
<div class="wide" tabindex="0" role="group" aria-label="${caption}"><table><caption>${caption}</caption>
<thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>${rows}</tbody></table></div>`;

/** With test failovers where the history is known; the report has but their number. */
const recoveriesOf = (it: Row, { report: { fromMs, untilMs }, histories }: ReportPage): readonly Recovery[] =>
  histories.get(it.id)?.recoveries.filter(({ askedAtMs }) => askedAtMs > fromMs && askedAtMs <= untilMs) ?? it.failovers;

function recoveriesTable(it: Row, page: ReportPage): Markup {
  const recoveries = recoveriesOf(it, page);
  const isTestLeftOut = it.tests.count > 0 && !page.histories.has(it.id);
  return html`
${recoveries.length === 0 ? html`<p>${isTestLeftOut ? t('There were test failovers, but no failover and no failback in this period.') : t('There were no failovers, test failovers or failbacks in this period.')}</p>` : table(t('Failovers, test failovers and failbacks'), [t('Kind'), t('Asked for'), t('Recovery point of'), t('Lost time'), t('Recovery time')], recoveries.map(recoveryRow))}
${isTestLeftOut ? html`<p>${t('Test failovers are not listed one by one, since the relationship was removed: their figures are above.')}</p>` : ''}`;
}

const idOf = (index: number): string => `relationship-${index + 1}`;

function section(it: Row, index: number, page: ReportPage): Markup {
  const id = idOf(index);
  const history = page.histories.get(it.id);
  return html`
<section aria-labelledby="${id}">
<h2 id="${id}">${name(it.machine)}</h2>
${it.healthReasons.length === 0 ? '' : html`<ul>${it.healthReasons.map((reason) => html`<li>${reason}</li>`)}</ul>`}
<dl>${FIGURES.map(([title, shown]) => html`<div><dt>${translated(title)}</dt><dd>${shown(it)}</dd></div>\n`)}</dl>
${history ? lagChart(history, id, utc) : html`<p>${t('There is no chart of the lag, since the relationship was removed.')}</p>`}
${recoveriesTable(it, page)}
</section>`;
}

const summaryRow = (it: Row, index: number): Markup =>
  html`<tr><th scope="row"><a href="#${idOf(index)}">${name(it.machine)}</a></th><td>${roleOf(it)}</td><td>${stateOf(it)}</td><td>${time(it.intervalMs)}</td><td>${lag(it.lag.worstMs)}</td><td>${share(it.withinObjectivePercent)}</td><td>${time(it.unprotectedMs)}</td><td>${it.tests.count}</td></tr>\n`;

const summary = (rows: readonly Row[]): Markup =>
  rows.length === 0 ? html`<p>${t('Nothing was replicated in this period.')}</p>` : table(t('All relationships'), [t('Machine'), t('Role'), t('Health'), t('Interval'), t('Worst RPO'), t('Within the objective'), t('Time unprotected'), t('Test failovers')], rows.map(summaryRow));

const MEANINGS: readonly (readonly [string, string])[] = [
  [phrase('Achieved RPO'), phrase('How far the newest recovery point on the other host was behind the guest, that is, what a failover at that moment would have lost. "95 % of the time" is a share of the time, not of the cycles: an outage counts for as long as it lasted.')],
  [phrase('Interval and objective'), phrase('A cycle begins every interval. Right before its recovery point arrives, the one before is an interval and a cycle behind; therefore the objective is twice the interval.')],
  [phrase('Time known, protected and unprotected'), phrase('What this host knows of the period; of that, the time with a recovery point on the other host that a failover would have taken, and the time without one.')],
  [phrase('Missed cycles'), phrase('Intervals that passed without a cycle of their own.')],
  [phrase('Lost time'), phrase('From the recovery point to the asking for the failover: what the guest wrote in it is not in the point. It is nothing where the guest was shut down first.')],
  [phrase('Recovery time'), phrase('From the asking until the guest was started on the other host, without the time in which it waited for somebody to start it.')],
];

/** Well-formed XML after the first line, so that programs can read it as well. */
export function reportHtml(page: ReportPage): string {
  const { host, fromMs, untilMs, madeAtMs, relationships } = page.report;
  return `<!DOCTYPE html>\n${html`<html xmlns="http://www.w3.org/1999/xhtml" lang="${language}">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta name="color-scheme" content="light dark"/>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/>
<title>${t('Replication report of {host}', { host })}</title>
<style>${REPORT_STYLE}</style>
</head>
<body>
<header>
<h1>${filled(translated(phrase('Replication report of {host}')), { host: name(host) })}</h1>
<dl><div><dt>${t('Period')}</dt><dd>${utc(fromMs)} – ${utc(untilMs)}</dd></div>
<div><dt>${t('Made')}</dt><dd>${utc(madeAtMs)}</dd></div>
<div><dt>${t('Relationships')}</dt><dd>${number(relationships.length)}</dd></div></dl>
<p>${filled(translated(phrase('All moments are in UTC. This report says what {host} knows; the other host of a relationship has a report of its own.')), { host: name(host) })}</p>
</header>
<main>
${summary(relationships)}
${relationships.map((it, index) => section(it, index, page))}
<section aria-labelledby="meanings">
<h2 id="meanings">${t('What the figures mean')}</h2>
<dl class="meanings">${MEANINGS.map(([title, meaning]) => html`<div><dt>${translated(title)}</dt><dd>${translated(meaning)}</dd></div>\n`)}</dl>
</section>
</main>
</body>
</html>`.text}\n`;
}
