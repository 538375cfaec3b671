/** understudy status: every relationship of this host, in one table, and what to do next. */
import type { Command } from 'commander';
import type { View } from '../client/operation.ts';
import { heads, t, word } from './language.ts';
import { table, type Cell, type Colour } from './output.ts';
import { allHostsWatched, statusOfAllHosts } from './overview.ts';
import { powerCell } from './power.ts';
import { act, type Run } from './run.ts';
import { ago, duration, instant, orDash, printable, size } from './words.ts';

const HEALTH_COLOURS: Partial<Record<View<'Relationship'>['health'], Colour>> = { ok: 'green', warning: 'yellow', critical: 'red' };

function healthCell({ health }: View<'Relationship'>): Cell {
  const colour = HEALTH_COLOURS[health];
  return colour ? { text: word('health', health), colour } : { text: word('health', health) };
}

const peerCell = ({ peer, peerConnected }: View<'Relationship'>): Cell => (peerConnected ? { text: peer } : { text: t('{peer} (not connected)', { peer }), colour: 'red' });

const lastCycleText = ({ lastCycle }: View<'Relationship'>, nowMs: number): string => orDash(lastCycle, (cycle) => t('{ago}, {size} in {time}', { ago: ago(cycle.finishedAtMs, nowMs), size: size(cycle.bytesShipped), time: duration(cycle.durationMs) }));

const HEAD = heads('MACHINE', 'SIDE', 'POWER', 'PEER', 'STATE', 'HEALTH', 'LAG', 'LAST CYCLE', 'POINTS');

const BY_URGENCY: readonly View<'Relationship'>['health'][] = ['critical', 'warning', 'none', 'ok'];

const sideOf = ({ side, kind }: View<'Relationship'>): string => (kind === 'simple' ? word('side', side) : t('{side}, extended', { side: word('side', side) }));

/** A primary's are kept on the other host: a 0 here would alarm somebody. */
const pointsText = ({ side, points }: View<'Relationship'>): string => (side === 'primary' && points === 0 ? '-' : String(points));

/** A primary whose guest is off has nothing to send: without its power that would read as if all went on. */
const rowOf = (it: View<'Relationship'>, powers: ReadonlyMap<string, View<'Machine'>['power']>, nowMs: number): (Cell | string)[] => [it.machine, sideOf(it), powerCell(powers.get(it.machineId) ?? 'off'), peerCell(it), it.stateName, healthCell(it), orDash(it.lagMs, duration), lastCycleText(it, nowMs), pointsText(it)];

/** Most messages name their machine already. */
const about = ({ machine }: View<'Relationship'>, message: string): string => (message.startsWith(`${machine}: `) ? message : `${machine}: ${message}`);

/** What is wrong with one relationship and what to do about it, a line each. */
function remarks(it: View<'Relationship'>, nowMs: number): string[] {
  const found = it.healthReasons.map((reason) => about(it, reason));
  if (it.lastFault && !it.healthReasons.includes(it.lastFault.message)) found.push(about(it, `${it.lastFault.message} (${ago(it.lastFault.atMs, nowMs)})`));
  if (it.lastFault) found.push(`  ${t('hint: {hint}', { hint: it.lastFault.hint })}`);
  if (it.waitingFor !== null) found.push(`${it.machine}: ${it.waitingFor}`);
  if (it.commitsAtMs !== null) found.push(t('{machine}: the failover commits itself {commits}; the other recovery points are removed then (understudy commit-after {machine} never keeps it waiting)', { machine: it.machine, commits: instant(it.commitsAtMs) }));
  if (it.lastTestAtMs !== null) found.push(t('{machine}: last test failover {ago}', { machine: it.machine, ago: ago(it.lastTestAtMs, nowMs) }));
  if (it.advice !== '') found.push(t('{machine}: next: {advice}', { machine: it.machine, advice: it.advice }));
  return found.map(printable);
}

/** The worst first; of the host's clock it is `nowMs`. */
export function statusText(status: View<'HostStatus'>, nowMs = Date.now()): string {
  const relationships = status.relationships.toSorted((a, b) => BY_URGENCY.indexOf(a.health) - BY_URGENCY.indexOf(b.health));
  const powers = new Map(status.machines.map(({ id, power }) => [id, power]));
  const replicated = new Set(status.relationships.map(({ machineId }) => machineId));
  const alone = status.machines.filter(({ id, role }) => !replicated.has(id) && role !== 'test').map(({ name }) => name);
  const tests = status.machines.filter(({ role }) => role === 'test').map(({ name }) => name);
  const running = status.jobs.filter(({ state }) => state === 'running');
  const sections = [
    relationships.length > 0 ? table(HEAD, relationships.map((it) => rowOf(it, powers, nowMs))) : t('No machine is replicated: understudy enable MACHINE --to HOST.'),
    relationships.flatMap((it) => remarks(it, nowMs)).join('\n'),
    running.map((job) => printable(t('job {id}: {job}, {percent} %, {step}', { id: job.id, job: job.machine === null ? word('job', job.kind) : t('{kind}, {machine}', { kind: word('job', job.kind), machine: job.machine }), percent: Math.floor(job.percent), step: job.step }))).join('\n'),
    tests.length > 0 ? printable(t('test failover: {machines}', { machines: tests.join(', ') })) : '',
    alone.length > 0 ? printable(t('not replicated: {machines}', { machines: alone.join(', ') })) : '',
  ];
  return sections.filter((section) => section !== '').join('\n\n');
}

/** As it is a while after it was read: lags have grown. */
const aged = (status: View<'HostStatus'>, elapsedMs: number): View<'HostStatus'> => ({ ...status, relationships: status.relationships.map((it) => (it.lagMs === null ? it : { ...it, lagMs: it.lagMs + elapsedMs })) });

function titleOf({ host, relationships }: View<'HostStatus'>): string {
  const of = (health: View<'Relationship'>['health']) => relationships.filter((it) => it.health === health).length;
  return t('{name}: {critical} critical, {warning} warnings, {ok} ok', { name: host.name, critical: of('critical'), warning: of('warning'), ok: of('ok') });
}

async function status(run: Run, { allHosts = false, watch = false }: { allHosts?: boolean; watch?: boolean }): Promise<void> {
  if (watch) {
    const { watchOn } = await import('./watching.ts');
    if (allHosts) return watchOn(run, allHostsWatched(run));
    return watchOn(run, { title: titleOf, read: (signal) => run.api.get('/api/status', { signal }), text: (value, elapsedMs, nowMs) => statusText(aged(value, elapsedMs), nowMs) });
  }
  if (allHosts) return statusOfAllHosts(run);
  const shown = await run.api.get('/api/status');
  run.out.result(shown, () => statusText(shown));
}

export function statusCommand(program: Command): void {
  program
    .command('status')
    .description('every relationship: state, health, lag, last cycle, points (--json: see docs/status-json.md)')
    .option('--all-hosts', 'every machine of this host and of those that it is paired with')
    .option('--watch', 'go on showing it as it changes, until q or Ctrl-C; with --json a line for each change')
    .action(act(status));
}
