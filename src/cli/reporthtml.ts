/** The report as one HTML file, for an auditor: it needs nothing but itself, runs nothing, and prints. Its moments are in UTC. */
import type { View } from '../client/operation.ts';
import { durationIn, sizeIn } from '../language/quantities.ts';
import { lagChart } from './lagchart.ts';
import { html, name, type Content, type Markup } from './markup.ts';
import { REPORT_STYLE } from './reportstyle.ts';
import { percent } from './words.ts';

type Row = View<'Report'>['relationships'][number];
type Recovery = View<'Recovery'>;

interface ReportPage {
  readonly report: View<'Report'>;
  /** By id of the relationship; those that were removed have none. */
  readonly histories: ReadonlyMap<string, View<'History'>>;
  /** In which the report's reasons are. */
  readonly language: string;
}

const utc = (ms: number): Markup => {
  const iso = new Date(ms).toISOString();
  return html`<time datetime="${iso}">${iso.slice(0, 19).replace('T', ' ')}</time>`;
};

const figure = (value: number, words: string): Markup => html`<data value="${value}">${words}</data>`;
const unlessNull = (value: number | null, shown: (value: number) => Markup, otherwise: string): Markup => (value === null ? html`${otherwise}` : shown(value));
const time = (ms: number): Markup => figure(ms, durationIn('en', ms));
const bytes = (value: number): Markup => figure(value, sizeIn('en', value));
const share = (value: number | null): Markup => unlessNull(value, (value) => figure(value, percent(value)), 'not known');
const lag = (ms: number | null): Markup => unlessNull(ms, time, 'not known');

const ROLE: Readonly<Record<Row['side'], string>> = { primary: 'primary', replica: 'replica' };
const roleOf = ({ side, kind }: Row): string => (kind === 'extended' ? `${ROLE[side]}, extended` : ROLE[side]);
const stateOf = (it: Row): Markup => unlessNull(it.endedAtMs, (ms) => html`removed ${utc(ms)}`, it.health);

const RECOVERY: Readonly<Record<Recovery['kind'], string>> = { planned: 'Planned failover', unplanned: 'Unplanned failover', failback: 'Failback', test: 'Test failover' };

/** What each figure is, and how it is found in the report. */
const FIGURES: readonly (readonly [string, (it: Row) => Content])[] = [
  ['Role of this host', (it) => html`${roleOf(it)}; the other host is ${name(it.peer)}`],
  ['Health', stateOf],
  ['Interval', (it) => time(it.intervalMs)],
  ['Objective', (it) => html`${time(it.objectiveMs)} (twice the interval)`],
  ['Achieved RPO, median', (it) => lag(it.lag.medianMs)],
  ['Achieved RPO, 95 % of the time', (it) => lag(it.lag.p95Ms)],
  ['Achieved RPO, 99 % of the time', (it) => lag(it.lag.p99Ms)],
  ['Achieved RPO, worst', (it) => [lag(it.lag.worstMs), unlessNull(it.lag.worstAtMs, (ms) => html` (${utc(ms)})`, '')]],
  ['Within the objective', (it) => share(it.withinObjectivePercent)],
  ['Times the objective was exceeded', (it) => figure(it.outages, String(it.outages))],
  ['Time known', (it) => time(it.knownMs)],
  ['Time protected', (it) => time(it.protectedMs)],
  ['Time unprotected', (it) => time(it.unprotectedMs)],
  ['Cycles', (it) => html`${figure(it.cycles, String(it.cycles))}, of which ${figure(it.resynchronizations, String(it.resynchronizations))} ended a resynchronization`],
  ['Missed cycles', (it) => figure(it.missed, String(it.missed))],
  ['Length of a cycle', (it) => html`${lag(it.durationMs)} on average, ${lag(it.maxDurationMs)} at most`],
  ['Bytes changed', (it) => bytes(it.bytesChanged)],
  ['Bytes shipped', (it) => bytes(it.bytesShipped)],
  ['Test failovers', ({ tests }) => (tests.count === 0 ? 'none' : html`${figure(tests.count, String(tests.count))}; recovery time at worst ${lag(tests.worstRecoveryMs)}; last one ${unlessNull(tests.lastAtMs, utc, 'not known')}`)],
];

const recoveryRow = ({ kind, askedAtMs, pointInstantMs, lostMs, recoveryMs }: Recovery): Markup =>
  html`<tr><th scope="row">${RECOVERY[kind]}</th><td>${utc(askedAtMs)}</td><td>${utc(pointInstantMs)}</td><td>${time(lostMs)}</td><td>${unlessNull(recoveryMs, time, 'the guest was not started')}</td></tr>`;

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
${recoveries.length === 0 ? html`<p>${isTestLeftOut ? 'There were test failovers, but no failover and no failback in this period.' : 'There were no failovers, test failovers or failbacks in this period.'}</p>` : table('Failovers, test failovers and failbacks', ['Kind', 'Asked for', 'Recovery point of', 'Lost time', 'Recovery time'], recoveries.map(recoveryRow))}
${isTestLeftOut ? html`<p>Test failovers are not listed one by one, since the relationship was removed: their figures are above.</p>` : ''}`;
}

const idOf = (index: number): string => `relationship-${index + 1}`;

function section(it: Row, index: number, page: ReportPage): Markup {
  const id = idOf(index);
  const history = page.histories.get(it.id);
  return html`
<section aria-labelledby="${id}">
<h2 id="${id}">${name(it.machine)}</h2>
${it.healthReasons.length === 0 ? '' : html`<ul lang="${page.language}">${it.healthReasons.map((reason) => html`<li>${reason}</li>`)}</ul>`}
<dl>${FIGURES.map(([title, shown]) => html`<div><dt>${title}</dt><dd>${shown(it)}</dd></div>\n`)}</dl>
${history ? lagChart(history, id, utc) : html`<p>There is no chart of the lag, since the relationship was removed.</p>`}
${recoveriesTable(it, page)}
</section>`;
}

const summaryRow = (it: Row, index: number): Markup =>
  html`<tr><th scope="row"><a href="#${idOf(index)}">${name(it.machine)}</a></th><td>${roleOf(it)}</td><td>${stateOf(it)}</td><td>${time(it.intervalMs)}</td><td>${lag(it.lag.worstMs)}</td><td>${share(it.withinObjectivePercent)}</td><td>${time(it.unprotectedMs)}</td><td>${it.tests.count}</td></tr>\n`;

const summary = (rows: readonly Row[]): Markup =>
  rows.length === 0 ? html`<p>Nothing was replicated in this period.</p>` : table('All relationships', ['Machine', 'Role', 'Health', 'Interval', 'Worst RPO', 'Within objective', 'Unprotected', 'Tests'], rows.map(summaryRow));

const MEANINGS: readonly (readonly [string, string])[] = [
  ['Achieved RPO', 'How far the newest recovery point on the other host was behind the guest, that is, what a failover at that moment would have lost. "95 % of the time" is a share of the time, not of the cycles: an outage counts for as long as it lasted.'],
  ['Interval and objective', 'A cycle begins every interval. Right before its recovery point arrives, the one before is an interval and a cycle behind; therefore the objective is twice the interval.'],
  ['Time known, protected and unprotected', 'What this host knows of the period; of that, the time with a recovery point on the other host that a failover would have taken, and the time without one.'],
  ['Missed cycles', 'Intervals that passed without a cycle of their own.'],
  ['Lost time', 'From the recovery point to the asking for the failover: what the guest wrote in it is not in the point. It is nothing where the guest was shut down first.'],
  ['Recovery time', 'From the asking until the guest was started on the other host, without the time in which it waited for somebody to start it.'],
];

/** Well-formed XML after the first line, so that programs can read it as well. */
export function reportHtml(page: ReportPage): string {
  const { host, fromMs, untilMs, madeAtMs, relationships } = page.report;
  return `<!DOCTYPE html>\n${html`<html xmlns="http://www.w3.org/1999/xhtml" lang="en">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta name="color-scheme" content="light dark"/>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/>
<title>Replication report of ${host}</title>
<style>${REPORT_STYLE}</style>
</head>
<body>
<header>
<h1>Replication report of ${name(host)}</h1>
<dl><div><dt>Period</dt><dd>${utc(fromMs)} to ${utc(untilMs)}</dd></div>
<div><dt>Made</dt><dd>${utc(madeAtMs)}</dd></div>
<div><dt>Relationships</dt><dd>${figure(relationships.length, String(relationships.length))}</dd></div></dl>
<p>All moments are in UTC. This report says what ${name(host)} knows; the other host of a relationship has a report of its own.</p>
</header>
<main>
${summary(relationships)}
${relationships.map((it, index) => section(it, index, page))}
<section aria-labelledby="meanings">
<h2 id="meanings">What the figures mean</h2>
<dl class="meanings">${MEANINGS.map(([title, meaning]) => html`<div><dt>${title}</dt><dd>${meaning}</dd></div>\n`)}</dl>
</section>
</main>
</body>
</html>`.text}\n`;
}
