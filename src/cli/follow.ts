/**
 * Follows a job until it ends: a bar on a terminal, otherwise a line for each step. The event stream says when to look
 * again; a daemon that restarts is waited for, since jobs outlive it. Ctrl-C leaves the job running, or asks.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { SingleBar } from 'cli-progress';
import type { JobView } from '../service/views.ts';
import { Failure } from './failure.ts';
import { ask, canAsk } from './questions.ts';
import { part, type Run } from './run.ts';
import { duration, printable } from './words.ts';

const RECONNECT_MS = 500;
const MOST_RECONNECTS = 60;
const LINE_PERCENT = 10;

interface Progress {
  show(job: JobView): void;
  end(): void;
}

const nameOf = (job: JobView): string => printable(job.machine === null ? job.kind : `${job.kind} of ${job.machine}`);

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

const look = (run: Run, id: string): Promise<JobView> => run.api.get<JobView>(`/api/jobs/${part(id)}`);

const isAbout = (message: string, id: string): boolean => message.includes('event: reset') || (message.includes('event: change') && message.includes(JSON.stringify(id))) || message.startsWith(':');

/** What passes by itself: the daemon restarts, or has too many readers of its event stream. */
const mayPass = (error: unknown): boolean => !(error instanceof Failure) || error.code === 'daemon-unreachable' || error.code === 'busy';

/** Yields the job again and again, whenever something about it may have changed, until the event stream ends. */
async function* looks(run: Run, id: string, signal: AbortSignal): AsyncGenerator<JobView> {
  try {
    for await (const message of run.api.messages(signal)) if (isAbout(message, id)) yield await look(run, id);
  } catch (error) {
    if (!signal.aborted && !mayPass(error)) throw error;
  }
}

/** The job when it has ended, or as it is when the signal aborts. Without an event stream it is looked at twice a second. */
async function ended(run: Run, started: JobView, progress: Progress, signal: AbortSignal): Promise<JobView> {
  let job = started;
  for (let failures = 0; failures < MOST_RECONNECTS; failures += 1) {
    for await (const seen of looks(run, job.id, signal)) {
      job = seen;
      failures = 0;
      if (job.state !== 'running') return job;
      progress.show(job);
    }
    if (signal.aborted) return job;
    await pause(RECONNECT_MS, undefined, { signal }).catch(() => undefined);
    const seen = await look(run, job.id).catch((error: unknown) => {
      if (!mayPass(error)) throw error;
      return undefined;
    });
    if (seen) failures = 0;
    job = seen ?? job;
    if (job.state !== 'running') return job;
  }
  throw new Failure('daemon-unreachable', `the daemon was lost while ${nameOf(job)} ran`);
}

function outcome(run: Run, job: JobView): void {
  if (job.state === 'failed') {
    const { code, message, hint, allowed } = job.error ?? { code: 'bug', message: `${nameOf(job)} failed without saying why`, hint: '', allowed: [] };
    throw new Failure(code, message, hint, allowed);
  }
  if (job.state === 'cancelled') throw new Failure('cancelled', `${nameOf(job)} was cancelled`);
  run.out.result(job, () => {
    const figures = Object.entries(job.result ?? {}).map(([name, value]) => `${name} ${String(value)}`);
    const took = job.finishedAtMs === null ? '' : ` in ${duration(job.finishedAtMs - job.startedAtMs)}`;
    return printable(`${nameOf(job)}: done${took}${figures.length > 0 ? ` (${figures.join(', ')})` : ''}`);
  });
}

async function wantsToCancel(job: JobView): Promise<boolean> {
  if (!job.cancellable || !canAsk()) return false;
  const answer = await ask(`\n${nameOf(job)} is still running. Type "c" to cancel it; anything else leaves it running: `).catch(() => '');
  return answer.trim().toLowerCase() === 'c';
}

async function followUntil(run: Run, job: JobView): Promise<{ job: JobView; interrupted: boolean }> {
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
export async function follow(run: Run, started: JobView): Promise<void> {
  let { job, interrupted } = await followUntil(run, started);
  if (interrupted && job.state === 'running' && (await wantsToCancel(job))) {
    job = await run.api.post<JobView>(`/api/jobs/${part(job.id)}/cancel`);
    if (job.state === 'running') ({ job, interrupted } = await followUntil(run, job));
  }
  if (job.state !== 'running') return outcome(run, job);
  throw new Failure('interrupted', `${nameOf(job)} is still running`, `Look with understudy jobs show ${job.id}, wait with understudy jobs wait ${job.id}, cancel with understudy jobs cancel ${job.id}.`);
}

/** The option of every command that starts a job; `followed` goes by it. */
export const NO_WAIT = ['--no-wait', 'print the job and do not follow it'] as const;

/** Follows the job, or with `--no-wait` prints it. */
export async function followed(run: Run, job: JobView, options: { wait: boolean }): Promise<void> {
  if (options.wait) return follow(run, job);
  run.out.result(job, () => `job ${job.id}: ${nameOf(job)}`);
}
