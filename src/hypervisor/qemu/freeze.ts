/**
 * The daemon's side of the freeze watchdog: a guest's file systems stand still for the time of one step. Whether they really
 * did all the while is what the watchdog says at the end: a guest that was let go too soon was not frozen. The step is done in
 * any case.
 */
import { existsSync, rmSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { execPath } from 'node:process';
import { Fault } from '../../errors/fault.ts';
import { type Said, say } from '../../language/text.ts';
import { isRunning } from '../../storagedaemon/pidfile.ts';
import { launchDetached } from './detached.ts';
import type { RunPaths, StatePaths } from './directories.ts';
import type { WatchdogMessage, WatchdogOptions } from './freezewatchdog.ts';
import { thaw } from './thaw.ts';

/** Beside this file, and like it: a source, or what was built from one. */
const PROGRAM = join(import.meta.dirname, `freezewatchdog${extname(import.meta.filename)}`);
const START_MS = 15_000;
const CONNECT_MS = 5_000;
const FREEZE_MS = 20_000;
const HOLD_MS = 10_000;
const THAW_ANSWER_MS = 5_000;
const THAW_FOR_MS = 10 * 60_000;
/** What a freeze that failed comes to is waited for so long; then the cycle goes on, and the watchdog too. */
const REPORT_MS = 12_000;

const COMPLAINT: Readonly<Record<'agent-silent' | 'freeze-failed', Said>> = {
  'agent-silent': say('no application-consistent point, since the guest agent does not answer'),
  'freeze-failed': say('no application-consistent point, since the guest could not be held still'),
};

export interface FreezeSite {
  readonly machineName: string;
  readonly run: RunPaths;
  readonly state: StatePaths;
}

/**
 * Nothing when no note says that the guest may be frozen. File systems that were thawed, `gone`, or null when the agent did not
 * confirm it within the time; with no time it is asked once.
 */
export async function thawNoted(run: RunPaths, forMs = THAW_FOR_MS): Promise<number | 'gone' | null> {
  if (!existsSync(run.freezeNote)) return 0;
  const outcome = await thaw(thawSite(run), { answerMs: THAW_ANSWER_MS, forMs });
  if (outcome !== null) rmSync(run.freezeNote, { force: true });
  return outcome;
}

/** When the note was made that says that the guest may be frozen; null without one. */
export const noteMs = (run: RunPaths): number | null => statSync(run.freezeNote, { throwIfNoEntry: false })?.mtimeMs ?? null;

/** As a daemon finds a guest at its start: with a note it is thawed by every means; without one its agent is asked once. */
export async function thawFound(run: RunPaths): Promise<number | 'gone' | null> {
  const isNoted = existsSync(run.freezeNote);
  return isNoted ? thawNoted(run) : thaw({ ...thawSite(run), rescueSocketPath: null }, { answerMs: THAW_ANSWER_MS, forMs: 0 });
}

const thawSite = (run: RunPaths) => ({ agentSocketPath: run.agent, rescueSocketPath: run.rescue });

export class FreezeWatchdog {
  readonly #site: FreezeSite;
  readonly #process: ReturnType<typeof launchDetached>;
  readonly #messages: WatchdogMessage[] = [];
  #wake = Promise.withResolvers<undefined>();
  #hasKeys = false;
  /** Resolves when the watchdog has ended. */
  readonly ended: Promise<void>;

  /** The process is there, and looks for the agent meanwhile. */
  constructor(site: FreezeSite) {
    this.#site = site;
    const { run, state } = site;
    const options: WatchdogOptions = {
      ...thawSite(run), notePath: run.freezeNote, connectMs: CONNECT_MS, freezeMs: FREEZE_MS, holdMs: HOLD_MS, thawAnswerMs: THAW_ANSWER_MS, thawForMs: THAW_FOR_MS,
    };
    this.#process = launchDetached([execPath, PROGRAM, JSON.stringify(options)], state.freezeLog, 'pipes');
    const { child } = this.#process;
    this.ended = new Promise((resolve) => child.once('close', () => resolve()));
    void this.ended.then(() => {
      this.#wake.resolve(undefined);
      return this.#standIn();
    });
    this.#listen();
  }

  #listen(): void {
    const { stdout, stdin } = this.#process.child;
    let heard = '';
    stdin!.on('error', () => undefined);
    stdout!.setEncoding('utf8');
    stdout!.on('data', (text: string) => {
      const lines = (heard + text).split('\n');
      heard = lines.pop()!;
      for (const line of lines) this.#hear(JSON.parse(line) as WatchdogMessage);
    });
  }

  #hear(message: WatchdogMessage): void {
    if (message.kind === 'keys') this.#hasKeys = true;
    else this.#messages.push(message);
    this.#wake.resolve(undefined);
  }

  /** The step was done. Null when the guest's file systems stood still all the while; else why that is not so. */
  async during(step: () => Promise<void>, signal: AbortSignal): Promise<Fault | null> {
    try {
      const failure = await this.#freeze(signal);
      await step();
      this.#order('thaw');
      return failure ? await this.#afterFailure(failure) : await this.#afterStep();
    } finally {
      this.dismiss();
    }
  }

  /** The watchdog gets no more orders; it lets the guest go, and ends. */
  dismiss(): void {
    this.#process.child.stdin!.end();
  }

  /** Null when the guest is frozen. */
  async #freeze(signal: AbortSignal): Promise<Fault | null> {
    const ready = await this.#next(START_MS, signal);
    if (ready?.kind !== 'ready') return this.#failure(ready);
    this.#order('freeze');
    const answer = await this.#next(FREEZE_MS + CONNECT_MS, signal);
    return answer?.kind === 'frozen' ? null : this.#failure(answer);
  }

  #failure(message: WatchdogMessage | null): Fault {
    const { code, message: why } = message?.kind === 'failed' ? message : { code: 'freeze-failed' as const, message: say('the freeze watchdog ended') };
    return new Fault(code, say('{machine}: {complaint} ({why})', { machine: this.#site.machineName, complaint: COMPLAINT[code], why }));
  }

  async #afterStep(): Promise<Fault | null> {
    const end = await this.#next(REPORT_MS);
    if (end?.kind === 'thawed' && end.cause === 'order' && (end.fileSystems ?? 0) > 0) return null;
    const why = end?.kind === 'thawed' && end.fileSystems !== null ? say('it was let go before the instant was made') : say('it does not confirm that it goes on');
    return new Fault('freeze-failed', [say('{machine}: {complaint} ({why})', { machine: this.#site.machineName, complaint: COMPLAINT['freeze-failed'], why }), ...this.#aftermath(end)]);
  }

  async #afterFailure(failure: Fault): Promise<Fault> {
    const end = await this.#next(REPORT_MS);
    return new Fault(failure.code, [failure.said, ...this.#aftermath(end)]);
  }

  /** What is to be known of a guest that may be frozen still. */
  #aftermath(end: WatchdogMessage | null): Said[] {
    const hasNote = end?.kind !== 'thawed' && !this.hasEnded;
    if (!hasNote) return [];
    return [this.#hasKeys ? say('Its kernel was told to let its file systems go, and the agent is asked on.') : say('Its file systems may stand still: the agent is asked on.')];
  }

  get hasEnded(): boolean {
    return !isRunning(this.#process.identity);
  }

  #order(order: 'freeze' | 'thaw'): void {
    this.#process.child.stdin!.write(`${order}\n`);
  }

  /** A watchdog that was killed, or broke, while the guest was frozen left its note. */
  async #standIn(): Promise<void> {
    if (this.#process.child.exitCode !== 0) await thawNoted(this.#site.run);
  }

  /** The next message; null when the watchdog has ended or says nothing in time. */
  async #next(withinMs: number, signal?: AbortSignal): Promise<WatchdogMessage | null> {
    const limit = AbortSignal.timeout(withinMs);
    for (;;) {
      const message = this.#messages.shift();
      if (message) return message;
      if (this.hasEnded || limit.aborted) return null;
      signal?.throwIfAborted();
      await this.#woken(signal ? AbortSignal.any([limit, signal]) : limit);
    }
  }

  async #woken(signal: AbortSignal): Promise<void> {
    const { promise, resolve }: PromiseWithResolvers<undefined> = Promise.withResolvers();
    this.#wake = { promise, resolve, reject: () => undefined };
    const onAbort = () => resolve(undefined);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    await promise;
    signal.removeEventListener('abort', onAbort);
  }
}
