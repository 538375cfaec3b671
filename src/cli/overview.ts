/** understudy status --all-hosts: the machines of this host and of those that it is paired with, each once, and how well that is known. */
import type { View } from '../client/operation.ts';
import { table, type Cell, type Colour } from './output.ts';
import type { Run } from './run.ts';
import type { Watchable } from './watching.ts';
import { ago, duration, orDash, printable } from './words.ts';

type Machine = View<'OverviewMachine'>;

const HEALTH_COLOURS: Partial<Record<View<'RelationshipSummary'>['health'], Colour>> = { ok: 'green', warning: 'yellow', critical: 'red' };
const HEAD = ['MACHINE', 'HOST', 'ROLE', 'POWER', 'STATE', 'HEALTH', 'LAG', 'POINTS'];

/** A row for each relationship of a machine on each host; the name stands in the first. */
function rowsOf({ name, sides }: Machine): (Cell | string)[][] {
  const rows = sides.flatMap((side) => (side.relationships.length === 0 ? [rowOf(side, null)] : side.relationships.map((relationship) => rowOf(side, relationship))));
  return rows.map((row, at) => [at === 0 ? name : '', ...row]);
}

function rowOf(side: View<'MachineSide'>, relationship: View<'RelationshipSummary'> | null): (Cell | string)[] {
  const host = side.isCurrent ? side.host : { text: `${side.host} (earlier)`, colour: 'yellow' as const };
  if (!relationship) return [host, side.role, side.power, side.role === 'test' ? '-' : { text: 'not replicated', colour: 'yellow' }, '-', '-', '-'];
  const colour = HEALTH_COLOURS[relationship.health];
  const role = relationship.kind === 'simple' ? relationship.side : `${relationship.side}, extended`;
  return [host, role, side.power, relationship.stateName, { text: relationship.health, ...(colour && { colour }) }, orDash(relationship.lagMs, duration), String(relationship.points)];
}

/** Of hosts that tell nothing now, or not all. */
function remarksOf({ name, failure, asOfMs, omitted }: View<'OverviewHost'>, nowMs: number): string[] {
  const known = asOfMs === null ? 'It never told which machines it has.' : `What is shown of it is how it was ${ago(asOfMs, nowMs)}.`;
  return [...(failure === null ? [] : [`${failure}. ${known}`]), ...(omitted > 0 ? [`${name} has ${omitted} more machines than can be shown here: look on that host.`] : [])];
}

export function overviewText({ atMs, hosts, machines }: View<'Overview'>): string {
  const reasons = machines.flatMap(({ name, sides }) => sides.flatMap(({ host, relationships }) => relationships.flatMap(({ healthReasons, advice }) => [...healthReasons, ...(advice === '' ? [] : [`next: ${advice}`])].map((reason) => `${name} on ${host}: ${reason}`))));
  const sections = [
    machines.length > 0 ? table(HEAD, machines.flatMap(rowsOf)) : 'No host has a machine: understudy vm define FILE.',
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
  title: ({ hosts }) => `${hosts.length} hosts`,
  read: (signal) => run.api.get('/api/overview', { signal }),
  text: (overview, elapsedMs) => overviewText(aged(overview, elapsedMs)),
});

export async function statusOfAllHosts(run: Run): Promise<void> {
  const overview = await run.api.get('/api/overview');
  run.out.result(overview, () => overviewText(overview));
}
