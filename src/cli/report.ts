/** understudy report: what each relationship achieved over a period, for people, as CSV and as HTML. */
import { linkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { Failure } from '../client/failure.ts';
import type { View } from '../client/operation.ts';
import { csvLine } from './csv.ts';
import { exitCodeOf } from './failure.ts';
import { heads, t, translated, word } from './language.ts';
import { table } from './output.ts';
import { reportHtml } from './reporthtml.ts';
import { act, given, type Run } from './run.ts';
import { duration, instant, orDash, percent, printable, size } from './words.ts';

type Report = View<'Report'>;
type Row = Report['relationships'][number];

interface Options {
  readonly from?: number;
  readonly until?: number;
  readonly last?: number;
  readonly csv?: string;
  readonly html?: string;
  readonly force?: boolean;
}

/** The exit code of what is not there. */
const NOT_FOUND = 4;

const UNIT_MS: Readonly<Record<string, number>> = { h: 3_600_000, d: 86_400_000 };

function lengthMs(text: string): number {
  const match = /^([1-9]\d{0,3})(h|d)$/.exec(text);
  if (!match) throw new InvalidArgumentError(t('It must be a time such as 12h or 30d.'));
  return Number(match[1]) * UNIT_MS[match[2]!]!;
}

function moment(text: string): number {
  const ms = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(ms)) throw new InvalidArgumentError(t('It must be a date such as 2026-11-01, or a moment such as 2026-11-01T12:00:00Z.'));
  return ms;
}

const failoverText = ({ failovers }: Row): string => failovers.map(({ kind, lostMs, recoveryMs }) => (recoveryMs === null ? t('{kind}: lost {lost}, not started', { kind: translated(kind), lost: duration(lostMs) }) : t('{kind}: lost {lost}, up after {recovery}', { kind: translated(kind), lost: duration(lostMs), recovery: duration(recoveryMs) }))).join('; ');
const testText = ({ tests }: Row): string => (tests.count === 0 ? t('none') : t('{count}, {worstRecovery} at worst', { count: tests.count, worstRecovery: orDash(tests.worstRecoveryMs, duration) }));

const HEAD = heads('MACHINE', 'SIDE', 'INTERVAL', 'MEDIAN', '95 %', '99 %', 'WORST', 'WITHIN OBJECTIVE', 'UNPROTECTED', 'CYCLES', 'MISSED', 'SHIPPED', 'TESTS', 'HEALTH');

const cells = (it: Row): string[] => [
  it.machine, it.kind === 'extended' ? t('{side}, extended', { side: word('side', it.side) }) : word('side', it.side), duration(it.intervalMs),
  ...[it.lag.medianMs, it.lag.p95Ms, it.lag.p99Ms, it.lag.worstMs].map((ms) => orDash(ms, duration)),
  orDash(it.withinObjectivePercent, percent), it.unprotectedMs === 0 ? '-' : duration(it.unprotectedMs), String(it.cycles), String(it.missed), size(it.bytesShipped), testText(it), it.endedAtMs === null ? word('health', it.health) : t('removed'),
];

function shown(report: Report): string {
  const period = t('{host}: {from} to {until}', { host: report.host, from: instant(report.fromMs), until: instant(report.untilMs) });
  if (report.relationships.length === 0) return `${printable(period)}\n${t('Nothing was replicated.')}`;
  const failovers = report.relationships.filter((it) => it.failovers.length > 0).map((it) => printable(`${it.machine}: ${failoverText(it)}`));
  return [printable(period), table(HEAD, report.relationships.map(cells)), failovers.join('\n'), t('MEDIAN to WORST: what a failover would have lost, over time; the objective is twice the interval.')].filter((text) => text !== '').join('\n\n');
}

const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
const worst = (values: readonly (number | null)[]): number | null => values.reduce((most, value) => (value === null ? most : Math.max(most ?? 0, value)), null);

/** Times in ISO 8601, lengths in milliseconds, sizes in bytes. */
const COLUMNS: readonly (readonly [string, (it: Row, report: Report) => string | number | null])[] = [
  ['from', (_it, { fromMs }) => iso(fromMs)], ['until', (_it, { untilMs }) => iso(untilMs)], ['host', (_it, { host }) => host],
  ['machine', (it) => it.machine], ['relationship', (it) => it.kind], ['side', (it) => it.side], ['peer', (it) => it.peer], ['removedAt', (it) => iso(it.endedAtMs)], ['health', (it) => it.health],
  ['intervalMs', (it) => it.intervalMs], ['objectiveMs', (it) => it.objectiveMs], ['knownMs', (it) => it.knownMs], ['protectedMs', (it) => it.protectedMs], ['unprotectedMs', (it) => it.unprotectedMs],
  ['withinObjectivePercent', (it) => it.withinObjectivePercent],
  ['lagMedianMs', (it) => it.lag.medianMs], ['lagP95Ms', (it) => it.lag.p95Ms], ['lagP99Ms', (it) => it.lag.p99Ms], ['lagWorstMs', (it) => it.lag.worstMs], ['lagWorstAt', (it) => iso(it.lag.worstAtMs)],
  ['outages', (it) => it.outages], ['cycles', (it) => it.cycles], ['missedCycles', (it) => it.missed], ['resynchronizations', (it) => it.resynchronizations], ['bytesChanged', (it) => it.bytesChanged], ['bytesShipped', (it) => it.bytesShipped],
  ['averageCycleMs', (it) => it.durationMs], ['longestCycleMs', (it) => it.maxDurationMs],
  ['tests', (it) => it.tests.count], ['lastTestAt', (it) => iso(it.tests.lastAtMs)], ['worstTestRecoveryMs', (it) => it.tests.worstRecoveryMs],
  ['failovers', (it) => it.failovers.length], ['worstFailoverLostMs', (it) => worst(it.failovers.map(({ lostMs }) => lostMs))], ['worstFailoverRecoveryMs', (it) => worst(it.failovers.map(({ recoveryMs }) => recoveryMs))],
];

export const reportCsv = (report: Report): string =>
  [COLUMNS.map(([name]) => name), ...report.relationships.map((it) => COLUMNS.map(([, value]) => value(it, report)))].map(csvLine).join('');

/** The file is there whole, or not at all; one that is there stays unless it may be replaced. */
function save(file: string, text: string, mayReplace: boolean): void {
  const beside = `${file}.${process.pid}.tmp`;
  try {
    writeFileSync(beside, text, { flag: 'wx', mode: 0o600 });
    if (mayReplace) renameSync(beside, file);
    else linkSync(beside, file);
  } catch (error) {
    const isThere = (error as NodeJS.ErrnoException).code === 'EEXIST';
    throw new Failure('usage', isThere ? t('{file} is there already', { file }) : t('{file} cannot be written: {reason}', { file, reason: (error as Error).message }), isThere ? t('Give another name, or --force to replace it.') : t('Give a file that may be written, or - for standard output.'));
  } finally {
    rmSync(beside, { force: true });
  }
}

/** A relationship that is removed while the report is made has no history any more. */
async function historyOf(run: Run, { id }: Row, { fromMs, untilMs }: Report): Promise<View<'History'> | undefined> {
  try {
    return await run.api.get('/api/relationships/{machine}/history', { path: { machine: id }, query: { fromMs, untilMs } });
  } catch (error) {
    if (error instanceof Failure && exitCodeOf(error) === NOT_FOUND) return undefined;
    throw error;
  }
}

/** One after the other: the daemon has replication to run. */
async function historiesOf(run: Run, report: Report): Promise<Map<string, View<'History'>>> {
  const histories = new Map<string, View<'History'>>();
  for (const row of report.relationships.filter(({ endedAtMs }) => endedAtMs === null)) {
    const history = await historyOf(run, row, report);
    if (history) histories.set(row.id, history);
  }
  return histories;
}

const pageOf = async (run: Run, report: Report): Promise<string> =>
  reportHtml({ report, histories: await historiesOf(run, report) });

function checkOptions({ from, last, csv, html }: Options, isJson: boolean): void {
  if (last !== undefined && from !== undefined) throw new Failure('usage', t('--last and --from both say where the period begins'), t('Give one of them.'));
  if (csv === '-' && isJson) throw new Failure('usage', t('--csv - and --json both print on standard output'), t('Give one of them, or a file to --csv.'));
  if (html === '-' && isJson) throw new Failure('usage', t('--html - and --json both print on standard output'), t('Give one of them, or a file to --html.'));
  if (csv !== undefined && html !== undefined) throw new Failure('usage', t('--csv and --html each save the report'), t('Give one of them, and the other one in another call.'));
}

async function report(run: Run, options: Options): Promise<void> {
  checkOptions(options, run.out.isJson);
  const { from, until, last, csv, html, force } = options;
  const fromMs = last === undefined ? from : (until ?? Date.now()) - last;
  const made = await run.api.get('/api/report', { query: given({ fromMs: fromMs === undefined ? undefined : Math.max(0, fromMs), untilMs: until }) });
  const file = csv ?? html;
  if (file === undefined) return run.out.result(made, () => shown(made));
  const text = csv === undefined ? await pageOf(run, made) : reportCsv(made);
  if (file === '-') return void process.stdout.write(text);
  save(file, text, force === true);
  run.out.result({ saved: file, relationships: made.relationships.length }, () => t('{file}: {count} saved', { file, count: made.relationships.length }));
}

export function reportCommand(program: Command): void {
  program.command('report')
    .description('what each relationship achieved over a period: what a failover would have lost, cycles, tests, failovers')
    .option('--from <moment>', 'where the period begins: 2026-11-01, or 2026-11-01T12:00:00Z', moment)
    .option('--until <moment>', 'where it ends; now when absent', moment)
    .option('--last <time>', 'so long until the end: 12h, 30d; 30d when nothing is said', lengthMs)
    .option('--csv <file>', 'save as CSV; "-" is standard output')
    .option('--html <file>', 'save as a page for an auditor, with charts; "-" is standard output')
    .option('--force', 'replace the file')
    .action(act(report));
}
