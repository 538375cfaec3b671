/** understudy health: how well replication keeps up, what is wrong and what to do, and how that is judged. */
import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { HEALTH_LIMITS, LIMIT_NAMES, type HealthLimit } from '../health/limits.ts';
import { Failure } from '../client/failure.ts';
import type { View } from '../client/operation.ts';
import { csvLine } from './csv.ts';
import { heads, t, translated, word } from './language.ts';
import { list, table, type Cell, type Colour } from './output.ts';
import { chosen, EXTENDED } from './relationships.ts';
import { act, given, whole, type Run } from './run.ts';
import { ago, duration, instant, orDash, printable, size } from './words.ts';

const COLOURS: Readonly<Record<string, Colour>> = { ok: 'green', warning: 'yellow', critical: 'red' };

const cell = (health: View<'Health'>['health']): Cell => ({ text: word('health', health), ...(COLOURS[health] && { colour: COLOURS[health] }) });
const sideOf = ({ side, kind }: View<'Health'>): string => (kind === 'extended' ? t('{side}, extended', { side: word('side', side) }) : word('side', side));
const about = (issues: readonly View<'Issue'>[]): string => issues.map(({ severity, message, hint }) => printable(`${word('severity', severity)}: ${message}${hint === '' ? '' : ` ${hint}`}`)).join('\n');

function intervalRows(title: string, it: View<'StatisticsInterval'>): [string, string][] {
  return [
    [title, t('{since} to {until}', { since: orDash(it.sinceMs, instant), until: instant(it.untilMs) })],
    [`  ${t('successful cycles')}`, String(it.cycles)],
    [`  ${t('missed cycles')}`, String(it.missedCycles)],
    [`  ${t('average size')}`, orDash(it.averageBytes, size)],
    [`  ${t('maximum size')}`, size(it.maxBytes)],
    [`  ${t('average latency')}`, orDash(it.averageLatencyMs, duration)],
    [`  ${t('maximum latency')}`, duration(it.maxLatencyMs)],
    [`  ${t('errors')}`, it.errors === 0 ? '0' : t('{errors} ({networkFailures} for the network)', { errors: it.errors, networkFailures: it.networkFailures })],
    [`  ${t('not application-consistent')}`, String(it.consistencyFailures)],
  ];
}

function pane(it: View<'Health'>): string {
  const rows: [string, string][] = [
    [t('machine'), it.machine],
    [t('state'), `${it.stateName} (${sideOf(it)})`],
    [t('primary'), it.primaryHost],
    [t('replica'), it.replicaHost],
    [t('runs on'), it.runsOn],
    [t('health'), word('health', it.health)],
    ...intervalRows(t('counted'), it.present),
    [t('last synchronized at'), orDash(it.lastSynchronizedMs, (ms) => `${instant(ms)} (${ago(ms)})`)],
    [t('yet to be replicated'), it.pendingBytes === null ? t('not known') : `${t('{size} at most', { size: size(it.pendingBytes) })}${it.pendingKnownMs === null ? '' : ` (${ago(it.pendingKnownMs)})`}`],
    [t('replicated disks'), size(it.disksBytes)],
    [t('last application-consistent'), orDash(it.lastConsistentMs, instant)],
    [t('test failover'), it.testCopy ?? t('none')],
    [t('last test failover'), orDash(it.lastTestMs, (ms) => `${instant(ms)} (${ago(ms)})`)],
    [t('next interval begins'), instant(it.nextIntervalMs)],
    ...(it.previous ? intervalRows(t('before that'), it.previous) : []),
  ];
  return [list(rows), about(it.issues)].filter((text) => text !== '').join('\n\n');
}

const HEAD = heads('MACHINE', 'SIDE', 'STATE', 'HEALTH', 'LAST SYNCHRONIZED', 'PENDING', 'CYCLES', 'MISSED', 'AVG LATENCY', 'AVG SIZE', 'ERRORS');

const rowOf = (it: View<'Health'>): (Cell | string)[] => [
  it.machine, sideOf(it), it.stateName, cell(it.health), orDash(it.lastSynchronizedMs, ago), orDash(it.pendingBytes, size),
  String(it.present.cycles), String(it.present.missedCycles), orDash(it.present.averageLatencyMs, duration), orDash(it.present.averageBytes, size), String(it.present.errors),
];

function overview(shown: readonly View<'Health'>[]): string {
  if (shown.length === 0) return t('No machine is replicated: understudy enable MACHINE --to HOST.');
  const issues = shown.flatMap(({ machine, issues: found }) => found.map((issue) => printable(`${machine}: ${about([issue])}`)));
  return [table(HEAD, shown.map(rowOf)), issues.join('\n')].filter((text) => text !== '').join('\n\n');
}

/** Columns of the file that "save as CSV" writes; times in ISO 8601, sizes in bytes. */
const COLUMNS: readonly (readonly [string, (it: View<'Health'>) => string | number | null])[] = [
  ['machine', (it) => it.machine], ['relationship', (it) => it.kind], ['side', (it) => it.side], ['state', (it) => it.stateName], ['health', (it) => it.health],
  ['primaryHost', (it) => it.primaryHost], ['replicaHost', (it) => it.replicaHost], ['runsOn', (it) => it.runsOn],
  ['from', (it) => iso(it.present.sinceMs)], ['to', (it) => iso(it.present.untilMs)],
  ['successfulCycles', (it) => it.present.cycles], ['missedCycles', (it) => it.present.missedCycles],
  ['averageBytes', (it) => it.present.averageBytes], ['maxBytes', (it) => it.present.maxBytes], ['totalBytes', (it) => it.present.bytes],
  ['averageLatencyMs', (it) => it.present.averageLatencyMs], ['maxLatencyMs', (it) => it.present.maxLatencyMs],
  ['errors', (it) => it.present.errors], ['networkFailures', (it) => it.present.networkFailures], ['consistencyFailures', (it) => it.present.consistencyFailures],
  ['lastSynchronizedAt', (it) => iso(it.lastSynchronizedMs)], ['pendingBytes', (it) => it.pendingBytes], ['lastTestFailover', (it) => iso(it.lastTestMs)],
  ['issues', (it) => it.issues.map(({ severity, message }) => `${severity}: ${message}`).join(' ')],
];

const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

const csvText = (shown: readonly View<'Health'>[]): string =>
  [COLUMNS.map(([name]) => name), ...shown.map((it) => COLUMNS.map(([, value]) => value(it)))].map(csvLine).join('');

function saveCsv(run: Run, file: string, shown: readonly View<'Health'>[]): void {
  if (file === '-') {
    if (run.out.isJson) throw new Failure('usage', t('--csv - and --json both print on standard output'), t('Give one of them, or a file to --csv.'));
    process.stdout.write(csvText(shown));
    return;
  }
  try {
    writeFileSync(file, csvText(shown));
  } catch (error) {
    throw new Failure('usage', t('{file} cannot be written: {reason}', { file, reason: error instanceof Error ? error.message : String(error) }), t('Give a file that may be written, or - for standard output.'));
  }
  run.out.result({ saved: file, machines: shown.length }, () => t('{file}: {count} saved', { file, count: shown.length }));
}

async function show(run: Run, machine: string | undefined, { refresh, csv, extended }: { refresh?: boolean; csv?: string; extended?: boolean }): Promise<void> {
  if (machine === undefined) {
    if (refresh) throw new Failure('usage', t('--refresh is for one machine'), 'understudy health MACHINE --refresh');
    const all = await run.api.get('/api/health');
    return csv === undefined ? run.out.result(all, () => overview(all)) : saveCsv(run, csv, all);
  }
  const it = await run.api.get('/api/relationships/{machine}/health', { path: await chosen(run, machine, given({ extended })), query: given({ refresh }) });
  return csv === undefined ? run.out.result(it, () => pane(it)) : saveCsv(run, csv, [it]);
}

async function reset(run: Run, machine: string, options: { extended?: boolean }): Promise<void> {
  const it = await run.api.post('/api/relationships/{machine}/statistics/reset', { path: await chosen(run, machine, options) });
  run.out.result(it, () => printable(t('{machine}: counting begins anew; health is {health}', { machine: it.machine, health: word('health', it.health) })));
}

const optionOf = (name: HealthLimit): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

async function limits(run: Run, options: Partial<Record<HealthLimit, number>>): Promise<void> {
  const change = Object.fromEntries(LIMIT_NAMES.filter((name) => options[name] !== undefined).map((name) => [name, options[name]]));
  const it = await (Object.keys(change).length === 0 ? run.api.get('/api/health/limits') : run.api.patch('/api/health/limits', { body: change }));
  run.out.result(it, () => list(LIMIT_NAMES.map((name): [string, string] => [optionOf(name), `${it[name]} ${translated(HEALTH_LIMITS[name].unit)}`])));
}

export function healthCommands(program: Command): void {
  const health = program.command('health').description('health and statistics of replication: what is wrong, and what to do');
  health.command('show', { isDefault: true })
    .argument('[machine]', 'one machine; every machine when absent')
    .description('what was counted in the monitoring interval, and the rules that hold')
    .option('--refresh', 'ask the guest now how much is yet to be replicated')
    .option('--csv <file>', 'save as CSV; "-" is standard output')
    .option(...EXTENDED)
    .action(act(show));
  health.command('reset').argument('<machine>').description('begin to count anew').option(...EXTENDED).action(act(reset));
  const judged = health.command('limits').description('from where on the health is a warning, or critical; without an option they are shown');
  for (const name of LIMIT_NAMES) judged.option(`--${optionOf(name)} <n>`, `${HEALTH_LIMITS[name].meaning} (${HEALTH_LIMITS[name].default} ${HEALTH_LIMITS[name].unit})`, whole(HEALTH_LIMITS[name].min, HEALTH_LIMITS[name].max));
  judged.action(act(limits));
}
