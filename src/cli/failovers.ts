/** understudy test, failover and failback: what moves the guest. */
import type { Command } from 'commander';
import { Failure } from '../client/failure.ts';
import type { View } from '../client/operation.ts';
import { followed, NO_WAIT } from './follow.ts';
import { t } from './language.ts';
import { confirm } from './questions.ts';
import { chosen, EXTENDED } from './relationships.ts';
import { act, duringText, given, whole, type Run } from './run.ts';
import { duration, instant, printable } from './words.ts';

interface TestOptions {
  readonly point?: string;
  readonly network?: string;
  readonly isolated?: boolean;
  readonly start: boolean;
  readonly wait: boolean;
}

interface FailoverOptions extends TestOptions {
  readonly planned?: boolean;
  readonly unplanned?: boolean;
  readonly extended?: boolean;
  readonly reverse?: boolean;
  readonly force?: boolean;
  readonly timeout?: number;
  readonly commitAfter?: number;
  readonly yes?: boolean;
}

async function test(run: Run, machine: string, options: TestOptions): Promise<void> {
  const body = given({ point: options.point, start: options.start, network: options.network, isolated: options.isolated });
  const job = await run.api.post('/api/relationships/{machine}/failover/test', { path: { machine }, body });
  await followed(run, job, options);
}

async function planned(run: Run, machine: string, options: FailoverOptions): Promise<View<'Job'>> {
  if (options.point !== undefined) throw new Failure('usage', t('a planned failover takes the guest as it is: it has no --point'));
  const consequences = [t('The guest of {machine} is shut down, then booted on the other host. It does not answer meanwhile; nothing that it wrote is lost.', { machine })];
  await confirm({ name: machine, kind: 'machine', consequences, yes: options.yes });
  const body = given({ start: options.start, reverse: options.reverse, timeoutSeconds: options.timeout, force: options.force, commitAfterSeconds: options.commitAfter });
  return run.api.post('/api/relationships/{machine}/failover/planned', { path: await chosen(run, machine, options), body });
}

/** Which point the guest gets, and so what it does not know; the lag says how old the newest is when that is known. */
function startedFrom({ machine, peer, lagMs }: Pick<View<'Relationship'>, 'machine' | 'peer' | 'lagMs'>, point: string | undefined): string {
  if (point !== undefined) return t('{machine} is started on this host from the recovery point {point}. Its guest here knows nothing of what it wrote after that on {peer}.', { machine, point, peer });
  if (lagMs === null) return t('{machine} is started on this host from the newest recovery point. Its guest here knows nothing of what it wrote after that on {peer}.', { machine, peer });
  return t('{machine} is started on this host from the newest recovery point, which is {lag} old. Its guest here knows nothing of what it wrote after that on {peer}.', { machine, lag: duration(lagMs), peer });
}

/** What is lost, in words. */
function losses({ machine, peer, peerConnected, lagMs }: View<'Relationship'>, options: FailoverOptions): string[] {
  const lines = [
    ...(peerConnected ? [] : [t('{peer} does not answer, and from here nobody can tell whether it is gone or only the line to it. While it lives its guest may run there: then two run apart. Look at {peer} itself first.', { peer })]),
    startedFrom({ machine, peer, lagMs }, options.point),
    t('If {peer} comes back, those writes are kept there as a named recovery point; if it does not, they are lost.', { peer }),
  ];
  if (options.force) lines.push(t('With --force this is done even if the guest still runs on {peer}: then two guests run apart, and only one of them can be kept as primary.', { peer }));
  return lines;
}

async function unplanned(run: Run, machine: string, options: FailoverOptions): Promise<View<'Job'>> {
  if (options.extended) throw new Failure('usage', t('--extended is for a planned failover'), t('An unplanned failover to the third host is asked for on that host.'));
  if (options.reverse) throw new Failure('usage', t('--reverse is for a planned failover'), t('After an unplanned one, look at the guest first, then: understudy reverse.'));
  if (options.timeout !== undefined) throw new Failure('usage', t('--timeout is for a planned failover'));
  if (!options.yes) {
    const relationship = await run.api.get('/api/relationships/{machine}', { path: { machine } });
    await confirm({ name: relationship.machine, kind: 'machine', consequences: losses(relationship, options), yes: false });
  }
  const body = given({ point: options.point, start: options.start, force: options.force, commitAfterSeconds: options.commitAfter });
  return run.api.post('/api/relationships/{machine}/failover/unplanned', { path: { machine }, body });
}

async function failover(run: Run, machine: string, options: FailoverOptions): Promise<void> {
  if (Boolean(options.planned) === Boolean(options.unplanned)) throw new Failure('usage', t('give either --planned or --unplanned'), t('--planned shuts the guest down first and loses nothing; --unplanned is for when the primary is gone.'));
  await followed(run, await (options.planned ? planned : unplanned)(run, machine, options), options);
}

async function failback(run: Run, machine: string, options: FailoverOptions): Promise<void> {
  const consequences = [t('The guest of {machine} is shut down and booted on the host that it came from. It does not answer meanwhile; nothing that it wrote is lost.', { machine })];
  await confirm({ name: machine, kind: 'machine', consequences, yes: options.yes });
  const job = await run.api.post('/api/relationships/{machine}/failback', { path: { machine }, body: given({ start: options.start, timeoutSeconds: options.timeout }) });
  await followed(run, job, options);
}

async function initiateFailback(run: Run, machine: string, options: FailoverOptions): Promise<void> {
  const consequences = options.point === undefined
    ? [t('{machine} comes home to this host with everything. Its guest runs on over there meanwhile; for the last changes it is shut down, and you start it here.', { machine })]
    : [t('{machine} comes home to this host as it was at the recovery point {point}. Its guest over there is shut down, and what it wrote after that point is given up; it is kept there as a named recovery point.', { machine, point: options.point })];
  await confirm({ name: machine, kind: 'machine', consequences, yes: options.yes });
  const job = await run.api.post('/api/relationships/{machine}/failback/start', { path: { machine }, body: given({ point: options.point, timeoutSeconds: options.timeout }) });
  await followed(run, job, options);
}

async function cancelFailover(run: Run, machine: string, { force, yes, ...which }: { readonly force?: boolean; readonly yes?: boolean; readonly extended?: boolean }): Promise<void> {
  if (force) await confirm({ name: machine, kind: 'machine', consequences: [t('The planned failover of {machine} is cancelled although the other host may not hear of it. If it has failed over already, both hosts went on alone, and you have to choose between them.', { machine })], yes });
  const relationship = await run.api.post('/api/relationships/{machine}/failover/cancel', { path: await chosen(run, machine, which), query: given({ force }) });
  run.out.result(relationship, () => printable(relationship.advice === '' ? `${relationship.machine}: ${relationship.stateName}` : t('{machine}: {state}. Next: {advice}', { machine: relationship.machine, state: relationship.stateName, advice: relationship.advice })));
}

async function commitAfter(run: Run, machine: string, seconds: number): Promise<void> {
  const relationship = await run.api.put('/api/relationships/{machine}/commit-after', { path: { machine }, body: { seconds } });
  run.out.result(relationship, () => printable(relationship.commitsAtMs === null ? t('{machine}: the failover waits until you commit or revert it', { machine: relationship.machine }) : t('{machine}: the failover commits itself {commits}', { machine: relationship.machine, commits: instant(relationship.commitsAtMs) })));
}

const TIMEOUT = ['--timeout <seconds>', 'how long the guest may take to shut down'] as const;
const POINT = ['--point <point>', 'a recovery point (understudy points); the newest when not given'] as const;
const NO_START = ['--no-start', 'do not boot the guest'] as const;
const YES = ['--yes', 'do not ask'] as const;

export function failoverCommands(program: Command): void {
  program.command('test').argument('<machine>').description('boot a copy of a recovery point, isolated, while replication goes on (test failover)').option(...POINT).option('--network <bridge>', 'a bridge of this host for all its adapters; each one\'s own test network when not given, and none without one').option('--isolated', 'on no network at all').option(...NO_START).option(...NO_WAIT).action(act(test));
  program
    .command('failover')
    .argument('<machine>')
    .description('move the guest to the other host (--planned), or boot its replica here because the primary is gone (--unplanned)')
    .option('--planned', 'shut the guest down, ship the last cycle, boot on the other host: nothing is lost')
    .option('--unplanned', 'boot a recovery point on this host')
    .option(...POINT)
    .option(...NO_START)
    .option('--reverse', 'with --planned: replicate back at once')
    .option(...EXTENDED)
    .option('--force', 'with --unplanned: even if the primary says that its guest runs; with --planned: although this host could not become the replica')
    .option('--commit-after <time>', 'the failover commits itself after this time, such as 90m, 2h or 1d; never without', duringText)
    .option(TIMEOUT[0], TIMEOUT[1], whole(1, 86_400))
    .option(...YES)
    .option(...NO_WAIT)
    .action(act(failover));
  program.command('cancel-failover').argument('<machine>').description('cancel a planned failover that was prepared, or a failback').option('--force', 'also while the other host cannot be asked').option(...EXTENDED).option(...YES).action(act(cancelFailover));
  program.command('commit-after').argument('<machine>').argument('<time>', 'from now on, such as 90m, 2h or 1d; or never', duringText).description('let a failover commit itself after a time, or never').action(act(commitAfter));
  program.command('failback').argument('<machine>').description('bring the guest home to the host that it came from').option(...NO_START).option(TIMEOUT[0], TIMEOUT[1], whole(1, 86_400)).option(...YES).option(...NO_WAIT).action(act(failback));
  program
    .command('initiate-failback')
    .argument('<machine>')
    .description('bring the guest home to this host and stop there: start it, look at it, then commit or revert')
    .option('--point <point>', 'a recovery point of the other host; everything when not given')
    .option(TIMEOUT[0], TIMEOUT[1], whole(1, 86_400))
    .option(...YES)
    .option(...NO_WAIT)
    .action(act(initiateFailback));
}
