/**
 * Follows a job until it ends: a bar on a terminal, otherwise a line for each step. The event stream says when to look
 * again; a daemon that restarts is waited for, since jobs outlive it. Ctrl-C leaves the job running, or asks.
 */
import { SingleBar } from 'cli-progress';
import { Failure } from '../client/failure.ts';
import type { View } from '../client/operation.ts';
import { watch, type Watched } from '../client/watching.ts';
import { t, word } from './language.ts';
import { ask, canAsk } from './questions.ts';
import type { Run } from './run.ts';
import { duration, figure, printable, spaced } from './words.ts';

/** About half a minute. */
const MOST_FAILURES = 10;
const LINE_PERCENT = 10;

interface Progress {
  show(job: View<'Job'>): void;
  end(): void;
}

const nameOf = (job: View<'Job'>): string => printable(job.machine === null ? word('job', job.kind) : t('{kind}, {machine}', { kind: word('job', job.kind), machine: job.machine }));

function bar(): Progress {
  const drawn = new SingleBar({ format: '{name} [{bar}] {percentage} % {step}', stream: process.stderr, hideCursor: true, clearOnComplete: true, fps: 10, barsize: 30, linewrap: false, gracefulExit: false });
  let isStarted = false;
  return {
    show: (job) => {
      const payload = { name: nameOf(job), step: printable(job.step) };
      if (!isStarted) drawn.start(100, 0, payload);
      isStarted = true;
      drawn.update(Math.floor(job.percent), payload);
    },
    end: () => drawn.stop(),
  };
}

/** A line when the step changes and for every tenth of the way. */
function lines(): Progress {
  let last = '';
  return {
    show: (job) => {
      const tenth = Math.floor(job.percent / LINE_PERCENT) * LINE_PERCENT;
      const line = `${nameOf(job)}: ${tenth} % ${printable(job.step)}`;
      if (line !== last) process.stderr.write(`${line}\n`);
      last = line;
    },
    end: () => undefined,
  };
}

const look = (run: Run, id: string): Promise<View<'Job'>> => run.api.get('/api/jobs/{job}', { path: { job: id } });

const isAbout = (message: Watched, id: string): boolean => (message.event === 'change' ? message.data.id === id : message.event !== 'event');

/** The job as it is now; undefined while the daemon does not answer. */
const seenAgain = (run: Run, id: string): Promise<View<'Job'> | undefined> =>
  look(run, id).catch((error: unknown) => {
    if (error instanceof Failure && error.code === 'daemon-unreachable') return undefined;
    throw error;
  });

/** The job when it has ended, or as it is when the signal aborts. */
async function ended(run: Run, started: View<'Job'>, progress: Progress, signal: AbortSignal): Promise<View<'Job'>> {
  let job = started;
  let failures = 0;
  for await (const message of watch(run.api, { signal })) {
    if (!isAbout(message, job.id)) continue;
    const seen = await seenAgain(run, job.id);
    failures = seen ? 0 : failures + 1;
    if (failures >= MOST_FAILURES) throw new Failure('daemon-unreachable', t('the daemon was lost while {job} ran', { job: nameOf(job) }));
    job = seen ?? job;
    if (job.state !== 'running') return job;
    progress.show(job);
  }
  return job;
}

function outcome(run: Run, job: View<'Job'>): void {
  if (job.state === 'failed') {
    const { code, message, hint, allowed } = job.error ?? { code: 'bug', message: t('{job} failed without saying why', { job: nameOf(job) }), hint: '', allowed: [] };
    throw new Failure(code, message, hint, allowed);
  }
  if (job.state === 'cancelled') throw new Failure('cancelled', t('{job} was cancelled', { job: nameOf(job) }));
  run.out.result(job, () => {
    const figures = Object.entries(job.result ?? {}).map(([name, value]) => `${spaced(name)} ${figure(name, value)}`);
    const took = job.finishedAtMs === null ? t('{job}: done', { job: nameOf(job) }) : t('{job}: done in {time}', { job: nameOf(job), time: duration(job.finishedAtMs - job.startedAtMs) });
    return printable(`${took}${figures.length > 0 ? ` (${figures.join(', ')})` : ''}`);
  });
}

async function wantsToCancel(job: View<'Job'>): Promise<boolean> {
  if (!job.cancellable || !canAsk()) return false;
  const answer = await ask(`\n${t('{job} is still running. Type "c" to cancel it; anything else leaves it running:', { job: nameOf(job) })} `).catch(() => '');
  return answer.trim().toLowerCase() === 'c';
}

async function followUntil(run: Run, job: View<'Job'>): Promise<{ job: View<'Job'>; interrupted: boolean }> {
  const interrupt = new AbortController();
  const onInterrupt = () => interrupt.abort();
  const progress = process.stderr.isTTY ? bar() : lines();
  process.on('SIGINT', onInterrupt);
  try {
    return { job: await ended(run, job, progress, interrupt.signal), interrupted: interrupt.signal.aborted };
  } finally {
    progress.end();
    process.off('SIGINT', onInterrupt);
  }
}

/** Prints how the job ended; throws when it did not complete. */
export async function follow(run: Run, started: View<'Job'>): Promise<void> {
  let { job, interrupted } = await followUntil(run, started);
  if (interrupted && job.state === 'running' && (await wantsToCancel(job))) {
    job = await run.api.post('/api/jobs/{job}/cancel', { path: { job: job.id } });
    if (job.state === 'running') ({ job, interrupted } = await followUntil(run, job));
  }
  if (job.state !== 'running') return outcome(run, job);
  throw new Failure('interrupted', t('{job} is still running', { job: nameOf(job) }), t('Look with understudy jobs show {id}, wait with understudy jobs wait {id}, cancel with understudy jobs cancel {id}.', { id: job.id }));
}

/** The option of every command that starts a job; `followed` goes by it. */
export const NO_WAIT = ['--no-wait', 'print the job and do not follow it'] as const;

/** Follows the job, or with `--no-wait` prints it. */
export async function followed(run: Run, job: View<'Job'>, options: { wait: boolean }): Promise<void> {
  if (options.wait) return follow(run, job);
  run.out.result(job, () => t('job {id}: {job}', { id: job.id, job: nameOf(job) }));
}
