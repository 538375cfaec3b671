/** understudy jobs and audit: what the host does and did. */
import type { Command } from 'commander';
import type { View } from '../client/operation.ts';
import { follow } from './follow.ts';
import { heads, t, word } from './language.ts';
import { list, table, type Cell, type Colour } from './output.ts';
import { act, given, whole, type Run } from './run.ts';
import { ago, duration, figure, instant, orDash, spaced, yesNo } from './words.ts';

const STATE_COLOURS: Partial<Record<View<'Job'>['state'], Colour>> = { completed: 'green', failed: 'red', cancelled: 'yellow' };

const cell = (text: string, colour: Colour | undefined): Cell => (colour ? { text, colour } : { text });

const tookMs = (job: View<'Job'>): number => (job.finishedAtMs ?? Date.now()) - job.startedAtMs;

async function listJobs(run: Run): Promise<void> {
  const jobs = await run.api.get('/api/jobs');
  const rows = () => jobs.map((job) => [job.id, word('job', job.kind), orDash(job.machine, String), cell(word('jobState', job.state), STATE_COLOURS[job.state]), `${Math.floor(job.percent)} %`, job.error?.message ?? job.step, ago(job.startedAtMs), duration(tookMs(job)), orDash(job.startedBy, String)]);
  run.out.result(jobs, () => (jobs.length === 0 ? t('There is no job.') : table(heads('JOB', 'KIND', 'MACHINE', 'STATE', 'DONE', 'STEP', 'STARTED', 'TOOK', 'BY'), rows())));
}

function jobText(job: View<'Job'>): string {
  const rows: [string, string][] = [
    [t('job'), job.id],
    [t('kind'), word('job', job.kind)],
    [t('machine'), orDash(job.machine, String)],
    [t('state'), word('jobState', job.state)],
    [t('done'), `${Math.floor(job.percent)} %`],
    [t('step'), job.step],
    [t('started'), instant(job.startedAtMs)],
    [t('took'), duration(tookMs(job))],
    [t('by'), orDash(job.startedBy, String)],
    [t('can be cancelled'), yesNo(job.cancellable)],
    ...Object.entries(job.result ?? {}).map(([name, value]): [string, string] => [spaced(name), figure(name, value)]),
  ];
  if (job.error) rows.push([t('error'), job.error.message], [t('hint'), job.error.hint]);
  if (job.error && job.error.allowed.length > 0) rows.push([t('allowed now'), job.error.allowed.join(', ')]);
  return list(rows);
}

async function show(run: Run, id: string): Promise<void> {
  const job = await run.api.get('/api/jobs/{job}', { path: { job: id } });
  run.out.result(job, () => jobText(job));
}

async function cancel(run: Run, id: string): Promise<void> {
  const job = await run.api.post('/api/jobs/{job}/cancel', { path: { job: id } });
  run.out.result(job, () => job.state === 'running' ? t('job {id}: is being cancelled', { id: job.id }) : t('job {id}: {state}', { id: job.id, state: word('jobState', job.state) }));
}

async function wait(run: Run, id: string): Promise<void> {
  await follow(run, await run.api.get('/api/jobs/{job}', { path: { job: id } }));
}

async function audit(run: Run, options: { limit?: number }): Promise<void> {
  const shown = await run.api.get('/api/audit', { query: given({ limit: options.limit }) });
  const rows = () => shown.map((entry) => [instant(entry.atMs), entry.who, entry.from, entry.operation, orDash(entry.subject, String), entry.outcome]);
  run.out.result(shown, () => (shown.length === 0 ? t('Nothing was done yet.') : table(heads('WHEN', 'WHO', 'FROM', 'OPERATION', 'SUBJECT', 'OUTCOME'), rows())));
}

export function jobCommands(program: Command): void {
  const jobs = program.command('jobs').description('work that goes on, and that ended lately');
  jobs.command('list', { isDefault: true }).description('all jobs').action(act(listJobs));
  jobs.command('show').argument('<job>').description('one job').action(act(show));
  jobs.command('cancel').argument('<job>').description('cancel a job; nothing is lost').action(act(cancel));
  jobs.command('wait').argument('<job>').description('follow a job until it ends; the exit code is its own').action(act(wait));
  program.command('audit').description('who did what, newest first').option('--limit <n>', 'how many at most', whole(1, 10_000)).action(act(audit));
}
