/** understudy status --all-hosts: the machines of this host and of those that it is paired with, each once, and how well that is known. */
import type { View } from '../client/operation.ts';
import { heads, t, word } from './language.ts';
import { table, type Cell, type Colour } from './output.ts';
import type { Run } from './run.ts';
import type { Watchable } from './watching.ts';
import { ago, duration, orDash, printable } from './words.ts';

type Machine = View<'OverviewMachine'>;

const HEALTH_COLOURS: Partial<Record<View<'RelationshipSummary'>['health'], Colour>> = { ok: 'green', warning: 'yellow', critical: 'red' };
const HEAD = heads('MACHINE', 'HOST', 'ROLE', 'POWER', 'STATE', 'HEALTH', 'LAG', 'POINTS');

/** A row for each relationship of a machine on each host; the name stands in the first. */
function rowsOf({ name, sides }: Machine): (Cell | string)[][] {
  const rows = sides.flatMap((side) => (side.relationships.length === 0 ? [rowOf(side, null)] : side.relationships.map((relationship) => rowOf(side, relationship))));
  return rows.map((row, at) => [at === 0 ? name : '', ...row]);
}

function rowOf(side: View<'MachineSide'>, relationship: View<'RelationshipSummary'> | null): (Cell | string)[] {
  const host = side.isCurrent ? side.host : { text: t('{host} (earlier)', { host: side.host }), colour: 'yellow' as const };
  if (!relationship) return [host, word('role', side.role), word('power', side.power), side.role === 'test' ? '-' : { text: t('not replicated'), colour: 'yellow' }, '-', '-', '-'];
  const colour = HEALTH_COLOURS[relationship.health];
  const role = relationship.kind === 'simple' ? word('side', relationship.side) : t('{side}, extended', { side: word('side', relationship.side) });
  return [host, role, word('power', side.power), relationship.stateName, { text: word('health', relationship.health), ...(colour && { colour }) }, orDash(relationship.lagMs, duration), String(relationship.points)];
}

/** Of hosts that tell nothing now, or not all. */
function remarksOf({ name, failure, asOfMs, omitted }: View<'OverviewHost'>, nowMs: number): string[] {
  const known = asOfMs === null ? t('It never told which machines it has.') : t('What is shown of it is how it was {ago}.', { ago: ago(asOfMs, nowMs) });
  return [...(failure === null ? [] : [`${failure}. ${known}`]), ...(omitted > 0 ? [t('{name} has {count} more machines than can be shown here: look on that host.', { name, count: omitted })] : [])];
}

export function overviewText({ atMs, hosts, machines }: View<'Overview'>): string {
  const reasons = machines.flatMap(({ name, sides }) => sides.flatMap(({ host, relationships }) => relationships.flatMap(({ healthReasons, advice }) => [...healthReasons, ...(advice === '' ? [] : [t('next: {advice}', { advice })])].map((reason) => t('{name} on {host}: {reason}', { name, host, reason })))));
  const sections = [
    machines.length > 0 ? table(HEAD, machines.flatMap(rowsOf)) : t('No host has a machine: understudy vm define FILE.'),
    hosts.flatMap((host) => remarksOf(host, atMs)).map(printable).join('\n'),
    [...new Set(reasons)].map(printable).join('\n'),
  ];
  return sections.filter((section) => section !== '').join('\n\n');
}

/** As it is a while after it was read: lags have grown. */
function aged(overview: View<'Overview'>, elapsedMs: number): View<'Overview'> {
  const later = (it: View<'RelationshipSummary'>) => (it.lagMs === null ? it : { ...it, lagMs: it.lagMs + elapsedMs });
  const machines = overview.machines.map((machine) => ({ ...machine, sides: machine.sides.map((side) => ({ ...side, relationships: side.relationships.map(later) })) }));
  return { ...overview, atMs: overview.atMs + elapsedMs, machines };
}

/** For `status --all-hosts --watch`. */
export const allHostsWatched = (run: Run): Watchable<View<'Overview'>> => ({
  title: ({ hosts }) => t('{count} hosts', { count: hosts.length }),
  read: (signal) => run.api.get('/api/overview', { signal }),
  text: (overview, elapsedMs) => overviewText(aged(overview, elapsedMs)),
});

export async function statusOfAllHosts(run: Run): Promise<void> {
  const overview = await run.api.get('/api/overview');
  run.out.result(overview, () => overviewText(overview));
}
