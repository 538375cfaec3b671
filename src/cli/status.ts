/** understudy status: every relationship of this host, in one table, and what to do next. */
import type { Command } from 'commander';
import type { View } from '../client/operation.ts';
import { table, type Cell, type Colour } from './output.ts';
import { statusOfAllHosts } from './overview.ts';
import { act, type Run } from './run.ts';
import { ago, duration, instant, orDash, printable, size } from './words.ts';

const HEALTH_COLOURS: Partial<Record<View<'Relationship'>['health'], Colour>> = { ok: 'green', warning: 'yellow', critical: 'red' };

function healthCell({ health }: View<'Relationship'>): Cell {
  const colour = HEALTH_COLOURS[health];
  return colour ? { text: health, colour } : { text: health };
}

const peerCell = ({ peer, peerConnected }: View<'Relationship'>): Cell => (peerConnected ? { text: peer } : { text: `${peer} (not connected)`, colour: 'red' });

const lastCycleText = ({ lastCycle }: View<'Relationship'>): string => orDash(lastCycle, (cycle) => `${ago(cycle.finishedAtMs)}, ${size(cycle.bytesShipped)} in ${duration(cycle.durationMs)}`);

const HEAD = ['MACHINE', 'SIDE', 'PEER', 'STATE', 'HEALTH', 'LAG', 'LAST CYCLE', 'POINTS'];

const sideOf = ({ side, kind }: View<'Relationship'>): string => (kind === 'simple' ? side : `${side}, extended`);

const rowOf = (it: View<'Relationship'>): (Cell | string)[] => [it.machine, sideOf(it), peerCell(it), it.stateName, healthCell(it), orDash(it.lagMs, duration), lastCycleText(it), String(it.points)];

/** Most messages name their machine already. */
const about = ({ machine }: View<'Relationship'>, message: string): string => (message.startsWith(`${machine}: `) ? message : `${machine}: ${message}`);

/** What is wrong with one relationship and what to do about it, a line each. */
function remarks(it: View<'Relationship'>): string[] {
  const found = it.healthReasons.map((reason) => about(it, reason));
  if (it.lastFault && !it.healthReasons.includes(it.lastFault.message)) found.push(about(it, `${it.lastFault.message} (${ago(it.lastFault.atMs)})`));
  if (it.lastFault) found.push(`  hint: ${it.lastFault.hint}`);
  if (it.waitingFor !== null) found.push(`${it.machine}: ${it.waitingFor}`);
  if (it.commitsAtMs !== null) found.push(`${it.machine}: the failover commits itself ${instant(it.commitsAtMs)}; the other recovery points are removed then (understudy commit-after ${it.machine} never keeps it waiting)`);
  if (it.lastTestAtMs !== null) found.push(`${it.machine}: last test failover ${ago(it.lastTestAtMs)}`);
  if (it.advice !== '') found.push(`${it.machine}: next: ${it.advice}`);
  return found.map(printable);
}

export function statusText(status: View<'HostStatus'>): string {
  const replicated = new Set(status.relationships.map(({ machineId }) => machineId));
  const alone = status.machines.filter(({ id, role }) => !replicated.has(id) && role !== 'test').map(({ name }) => name);
  const tests = status.machines.filter(({ role }) => role === 'test').map(({ name }) => name);
  const running = status.jobs.filter(({ state }) => state === 'running');
  const sections = [
    status.relationships.length > 0 ? table(HEAD, status.relationships.map(rowOf)) : 'No machine is replicated: understudy enable MACHINE --to HOST.',
    status.relationships.flatMap(remarks).join('\n'),
    running.map((job) => printable(`job ${job.id}: ${job.kind}${job.machine === null ? '' : ` of ${job.machine}`}, ${Math.floor(job.percent)} %, ${job.step}`)).join('\n'),
    tests.length > 0 ? printable(`test failover: ${tests.join(', ')}`) : '',
    alone.length > 0 ? printable(`not replicated: ${alone.join(', ')}`) : '',
  ];
  return sections.filter((section) => section !== '').join('\n\n');
}

async function status(run: Run, { allHosts = false }: { allHosts?: boolean }): Promise<void> {
  if (allHosts) return statusOfAllHosts(run);
  const shown = await run.api.get('/api/status');
  run.out.result(shown, () => statusText(shown));
}

export function statusCommand(program: Command): void {
  program.command('status').description('every relationship: state, health, lag, last cycle, points (--json: see docs/status-json.md)').option('--all-hosts', 'every machine of this host and of those that it is paired with').action(act(status));
}
