/**
 * Jobs: work that takes a while, watched and cancelled by id, and taken up again after a restart. A job's work is written
 * so that running it again from the top is right: each step looks whether it is done.
 */
import { FAULTS, failureText, faultOf, Fault, kept } from '../errors/fault.ts';
import { Refused, refuse } from '../errors/refusal.ts';
import type { Job, Relationship } from '../machine/records.ts';
import type { Host } from './host.ts';
import { report } from './report.ts';
import { inEnglish, phrase, type Said, say, type Text, told } from '../language/text.ts';
import { inText } from '../language/words.ts';

export type JobResult = Readonly<Record<string, number | string | boolean | null>>;
export type JobArgs = Readonly<Record<string, unknown>>;

export interface JobContext {
  /** Empty for a job of the host itself. */
  readonly machineId: string;
  readonly args: JobArgs;
  readonly signal: AbortSignal;
  /** The job was under way when a former daemon ended: what is done already is its own work. */
  readonly resumed: boolean;
  /** When it was asked for, also by a former daemon. */
  readonly askedMs: number;
  /** Who asked for it; null for this host itself. */
  readonly startedBy: string | null;
  progress(percent: number, step: Text): void;
}

/** The step, and why it is tried again when it has failed. */
export const withTrouble = (step: Said, { lastFault, failures }: Pick<Relationship, 'lastFault' | 'failures'>): Said =>
  lastFault && failures > 0 ? say('{step}; waiting to try again: {failure}', { step, failure: [failureText(lastFault)] }) : step;

/** What was thrown, for people. */
export const thrownText = (thrown: unknown): Text => {
  if (thrown instanceof Refused) return thrown.said;
  const fault = faultOf(thrown);
  return fault ? failureText(fault) : (thrown as Error).message;
};

/** What holds a machine, in words: whoever is refused meanwhile learns whose work it is. */
export const heldBy = ({ startedBy }: Pick<JobContext, 'startedBy'>, operation: string): Text => (startedBy === null ? operation : say('{operation}, started by {user}', { operation: [operation], user: startedBy }));

/** The job was cancelled, but what it asked of another host may go on there. */
export class NotCalledOff extends Fault {}

/** Kinds of jobs that nobody can cancel. Source: Hyper-V Replica, committing a failover. */
const LASTING: readonly string[] = ['commit'];

export type JobWork = (job: JobContext) => Promise<JobResult>;

export class Jobs {
  readonly #host: Host;
  #kinds: Readonly<Record<string, JobWork>>;
  readonly #running = new Map<string, AbortController>();
  readonly #life = new AbortController();

  constructor(host: Host, kinds: Readonly<Record<string, JobWork>>) {
    this.#host = host;
    this.#kinds = kinds;
  }

  /** Kinds of jobs whose work is above the engine; before the jobs are resumed. */
  define(kinds: Readonly<Record<string, JobWork>>): void {
    this.#kinds = { ...this.#kinds, ...kinds };
  }

  /** A request that was not begun, kept as a job that has failed: who asked by a bare number can read why. */
  recordFailed(kind: string, machineId: string | null, error: NonNullable<Job['error']>, result: JobResult): Job {
    const nowMs = this.#host.clock.nowMs();
    const job: Job = {
      id: this.#host.newId(), kind, machineId, args: {}, state: 'failed', percent: 0, step: 'not begun', startedMs: nowMs, finishedMs: nowMs, cancellable: false, error, result,
    };
    this.#put(job);
    return job;
  }

  /** Durable before it begins. */
  start(kind: string, machineId: string | null, args: JobArgs, startedBy: string | null = null): Job {
    const job: Job = {
      id: this.#host.newId(), kind, machineId, args, state: 'running', percent: 0, step: phrase('starting'), startedMs: this.#host.clock.nowMs(), startedBy,
      finishedMs: null, cancellable: !LASTING.includes(kind), error: null, result: null,
    };
    this.#put(job);
    void this.#run(job, false);
    return job;
  }

  /** After a restart: what was running goes on. */
  resume(): void {
    for (const job of this.#host.state.jobs()) if (job.state === 'running') void this.#run(job, true);
  }

  cancel(id: string): Job {
    const job = this.named(id);
    if (!job.cancellable && job.state === 'running') throw new Refused(refuse('a commit cannot be cancelled: what it removes is gone'));
    this.#running.get(id)?.abort(new Fault('cancelled', say('the job was cancelled')));
    return job;
  }

  named(id: string): Job {
    const job = this.#host.state.job(id);
    if (!job) throw new Fault('job-unknown', say('there is no job {id}', { id }));
    return job;
  }

  /** Those under way. */
  running(): readonly Job[] {
    return [...this.#running.keys()].flatMap((id) => this.#host.state.job(id) ?? []);
  }

  /** The jobs stay as they are, to be taken up by the next daemon. */
  stop(): void {
    this.#life.abort(new DOMException('understudyd ends', 'AbortError'));
  }

  async #run(job: Job, resumed: boolean): Promise<void> {
    const controller = new AbortController();
    this.#running.set(job.id, controller);
    const signal = AbortSignal.any([controller.signal, this.#life.signal]);
    try {
      const work = this.#kinds[job.kind];
      if (!work) throw new Fault('not-supported', say('this version knows no job "{kind}"', { kind: job.kind }));
      const result = await work({ machineId: job.machineId ?? '', args: job.args, signal, resumed, startedBy: job.startedBy ?? null, askedMs: job.startedMs, progress: (percent, step) => this.#progress(job.id, percent, step) });
      this.#finish(job.id, { state: 'completed', percent: 100, step: phrase('done'), result });
    } catch (thrown) {
      if (!this.#life.signal.aborted) this.#failed(job.id, thrown, controller.signal.aborted && !(thrown instanceof NotCalledOff));
    } finally {
      this.#running.delete(job.id);
    }
  }

  #failed(id: string, thrown: unknown, cancelled: boolean): void {
    const fault = faultOf(thrown) ?? (cancelled ? new Fault('cancelled', say('the job was cancelled')) : undefined);
    if (!cancelled) this.#report(id, thrown);
    if (fault) this.#finish(id, { state: cancelled ? 'cancelled' : 'failed', error: { ...kept(fault), allowed: [] } });
    else if (thrown instanceof Refused) this.#finish(id, { state: 'failed', error: { code: 'refused', ...told(thrown.said), hint: '', allowed: thrown.refusal.allowed } });
    else {
      this.#finish(id, { state: 'failed', error: { code: 'bug', message: 'a defect of Understudy ended the job', hint: FAULTS['state-corrupt'].hint, allowed: [] } });
      this.#host.crash(thrown);
    }
  }

  /** A cycle's failure is reported where it happens; what is no operation on a relationship is nobody's to watch. */
  #report(id: string, thrown: unknown): void {
    const { kind, machineId } = this.named(id);
    if (kind === 'cycle' || machineId === null || !this.#host.state.relationshipOf(machineId) || !(thrown instanceof Error)) return;
    const allowed = thrown instanceof Refused && thrown.refusal.allowed.length > 0 ? say('Allowed now: {operations}.', { operations: { list: thrown.refusal.allowed } }) : '';
    report(this.#host, 'operation-failed', this.#host.state.machine(machineId)?.name ?? machineId, say('{kind} failed: {failure}', { kind: inText('job', kind), failure: [thrownText(thrown)] }), faultOf(thrown)?.hint ?? allowed);
  }

  #progress(id: string, percent: number, said: Text): void {
    const { stepSaid: _before, ...job } = this.named(id);
    const whole = Math.floor(Math.max(0, Math.min(99, percent)));
    const step = inEnglish(said);
    if (job.percent !== whole || job.step !== step) this.#put({ ...job, percent: whole, step, ...(typeof said !== 'string' && { stepSaid: said }) });
  }

  #finish(id: string, change: Partial<Job>): void {
    const { stepSaid, ...job } = this.named(id);
    this.#put({ ...job, ...(stepSaid !== undefined && change.step === undefined && { stepSaid }), ...change, finishedMs: this.#host.clock.nowMs() });
  }

  #put(job: Job): void {
    this.#host.state.putJob(job);
    this.#host.changed('job', job.id);
  }
}
