/** understudy points and point: the recovery points of a machine on this host. */
import type { Command } from 'commander';
import type { View } from '../client/operation.ts';
import { followed, NO_WAIT } from './follow.ts';
import { heads, t, word } from './language.ts';
import { list, table, type Cell } from './output.ts';
import { confirm } from './questions.ts';
import { act, type Run } from './run.ts';
import { ago, instant, orDash, printable, size, yesNo } from './words.ts';

async function whereThePointsAre(run: Run, machine: string): Promise<string> {
  const { side, peer, lagMs } = await run.api.get('/api/relationships/{machine}', { path: { machine } });
  if (side === 'replica' || lagMs === null) return t('There is no recovery point yet.');
  return printable(t('This host is the primary of {machine}: its recovery points are kept on {peer}. There: understudy points {machine}.', { machine, peer }));
}

type Point = View<'RecoveryPoint'>;

const isDamaged = ({ verification }: Point): boolean => (verification?.damage.length ?? 0) > 0;

function remarkCell(point: Point): Cell {
  if (isDamaged(point)) return { text: t('DAMAGED'), colour: 'red' };
  const verified = point.verification ? t('verified {ago}', { ago: ago(point.verification.atMs) }) : '';
  return { text: [point.newest ? t('newest') : '', verified].filter((part) => part !== '').join(', ') };
}

const idCell = (point: Point): Cell => ({ text: point.id, ...(isDamaged(point) ? { colour: 'red' as const } : point.newest ? { colour: 'green' as const } : {}) });

const rowOf = (point: Point): (Cell | string)[] => [idCell(point), word('point', point.kind), instant(point.instantMs), ago(point.instantMs), size(point.sizeBytes), orDash(point.name, String), remarkCell(point)];

/** Asked for so many machines at a time. */
const AT_ONCE = 8;

/** The points of every machine that has some on this host. */
async function allPoints(run: Run): Promise<{ machine: string; points: Point[] }[]> {
  const names = (await run.api.get('/api/relationships')).filter((it) => it.side === 'replica' && it.points > 0).map(({ machine }) => machine);
  const found: { machine: string; points: Point[] }[] = [];
  for (let at = 0; at < names.length; at += AT_ONCE) {
    found.push(...(await Promise.all(names.slice(at, at + AT_ONCE).map(async (machine) => ({ machine, points: await run.api.get('/api/relationships/{machine}/points', { path: { machine } }) })))));
  }
  return found;
}

function summaryRow({ machine, points }: { machine: string; points: Point[] }): (Cell | string)[] {
  const damaged = points.filter(isDamaged).length;
  const times = points.map(({ instantMs }) => instantMs);
  const bytes = points.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return [machine, String(points.length), ago(Math.max(...times)), instant(Math.min(...times)), size(bytes), damaged === 0 ? '-' : { text: t('{count} DAMAGED', { count: damaged }), colour: 'red' }];
}

async function points(run: Run, machine: string | undefined): Promise<void> {
  if (machine === undefined) {
    const all = await allPoints(run);
    return run.out.result(all, () => (all.length === 0 ? t('No recovery point is kept on this host: they are on the host of the replica.') : table(heads('MACHINE', 'POINTS', 'NEWEST', 'OLDEST', 'SIZE', 'DAMAGE'), all.map(summaryRow))));
  }
  const shown = await run.api.get('/api/relationships/{machine}/points', { path: { machine } });
  const none = shown.length > 0 || run.out.isJson ? '' : await whereThePointsAre(run, machine);
  run.out.result(shown, () => (shown.length === 0 ? none : table(heads('POINT', 'KIND', 'INSTANT', 'AGE', 'SIZE', 'NAME', ''), shown.map(rowOf))));
}

function verificationText({ verification }: Point): string {
  if (!verification) return t('never');
  const { atMs, clusters, uncheckedClusters, damage } = verification;
  const found = damage.length === 0 ? t('good') : t('DAMAGED: {damage}', { damage: damage.map((each) => t('disk {disk}, {clusters} clusters from byte {offset}', { disk: each.disk, clusters: each.clusters, offset: each.firstOffsetBytes })).join('; ') });
  if (uncheckedClusters === 0) return t('{found}, {ago}', { found, ago: ago(atMs) });
  return t('{found}, {ago} (of {unchecked} of {clusters} clusters nothing is recorded)', { found, ago: ago(atMs), unchecked: uncheckedClusters, clusters });
}

async function show(run: Run, machine: string, point: string): Promise<void> {
  const shown = await run.api.get('/api/relationships/{machine}/points/{point}', { path: { machine, point } });
  run.out.result(shown, () => list([
    [t('point'), shown.id], [t('kind'), word('point', shown.kind)], [t('instant'), `${instant(shown.instantMs)} (${ago(shown.instantMs)})`], [t('size'), size(shown.sizeBytes)], [t('name'), orDash(shown.name, String)],
    [t('newest'), yesNo(shown.newest)], [t('verified'), verificationText(shown)],
  ]));
}

async function remove(run: Run, machine: string, point: string, options: { readonly yes?: boolean }): Promise<void> {
  await confirm({ name: machine, kind: 'machine', consequences: [t('The recovery point {point} of {machine} is removed: nobody can go back to it any more. All others stay.', { point, machine })], yes: options.yes });
  await run.api.delete('/api/relationships/{machine}/points/{point}', { path: { machine, point } });
  run.out.done(printable(t('{machine}: the recovery point {point} is removed', { machine, point })));
}

async function verify(run: Run, machine: string, point: string, options: { readonly wait: boolean }): Promise<void> {
  await followed(run, await run.api.post('/api/relationships/{machine}/points/{point}/verify', { path: { machine, point } }), options);
}

export function pointCommands(program: Command): void {
  program.command('points').argument('[machine]', 'one machine; every machine that has points on this host when absent').description('the recovery points on this host').action(act(points));
  const point = program.command('point').description('one recovery point: its id, or last-application-consistent');
  point.command('show').argument('<machine>').argument('<point>').description('what a recovery point is, and whether it was verified').action(act(show));
  point.command('delete').argument('<machine>').argument('<point>').description('remove a recovery point; every other one stays as it is').option('--yes', 'do not ask').action(act(remove));
  point
    .command('verify')
    .argument('<machine>')
    .argument('<point>')
    .description('read a recovery point in whole and compare it with what was recorded when it arrived')
    .option(...NO_WAIT)
    .action(act(verify));
}
