/**
 * Something of the daemon that is shown for as long as somebody looks: read again whenever it may have changed, its ages
 * counting on. While the connection is lost that is said, and what is shown is marked as old.
 */
import { stripVTControlCharacters } from 'node:util';
import type { Client } from '../client/client.ts';
import { Failure } from '../client/failure.ts';
import { pause, watch } from '../client/watching.ts';
import { failureJson, hintOf } from './failure.ts';
import { t } from './language.ts';
import { coloured } from './output.ts';
import type { Run } from './run.ts';
import { Screen } from './screen.ts';
import { duration, instant, printable } from './words.ts';
import { SECOND_MS } from '../language/lengths.ts';

/** Changes come in bursts: they are waited for, and shown together. */
const BURST_MS = 250;

export interface Watchable<T> {
  /** What is watched, for the head. */
  readonly title: (value: T) => string;
  readonly read: (signal: AbortSignal) => Promise<T>;
  /** As it is `elapsedMs` after it was read, when the host's clock shows `nowMs`. */
  readonly text: (value: T, elapsedMs: number, nowMs: number) => string;
}

type Seen<T> = { readonly value: T } | { readonly failure: Failure };

/** What the event stream has told and nobody has taken yet. */
class News {
  #changed = true;
  #failure: Failure | undefined;
  #ended: unknown;
  #wake: () => void = () => undefined;
  /** How far the host's clock is ahead of this one's. */
  aheadMs = 0;

  tell(failure?: Failure): void {
    this.#changed = true;
    this.#failure = failure;
    this.#wake();
  }

  end(error: unknown): void {
    this.#ended = error;
    this.#wake();
  }

  /** The failure while the connection is lost, once there is news. Throws what ended the stream. */
  async take(signal: AbortSignal): Promise<Failure | undefined> {
    while (!this.#changed && this.#ended === undefined && !signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
    if (this.#ended !== undefined) throw this.#ended;
    this.#changed = false;
    return this.#failure;
  }
}

async function listen(api: Client, news: News, signal: AbortSignal): Promise<void> {
  try {
    for await (const message of watch(api, { signal })) {
      if (message.event === 'alive') news.aheadMs = message.data.atMs - Date.now();
      else news.tell(message.event === 'lost' ? message.failure : undefined);
    }
  } catch (error) {
    news.end(error);
  }
}

const readOrFailure = <T>(what: Watchable<T>, signal: AbortSignal): Promise<Seen<T>> =>
  what.read(signal).then((value) => ({ value }), (error: unknown) => {
    if (error instanceof Failure && error.code === 'daemon-unreachable') return { failure: error };
    throw error;
  });

/** What is watched at first and after each burst of changes, and each loss of the connection, until the signal aborts. */
async function* seen<T>(what: Watchable<T>, news: News, signal: AbortSignal): AsyncGenerator<Seen<T>> {
  while (!signal.aborted) {
    const failure = await news.take(signal);
    if (signal.aborted) return;
    yield failure ? { failure } : await readOrFailure(what, signal);
    await pause(BURST_MS, signal);
  }
}

/** A live screen. */
class Live<T> {
  readonly #what: Watchable<T>;
  readonly #news: News;
  readonly #screen: Screen;
  #value: T;
  #readMs = performance.now();
  #lost: { readonly failure: Failure; readonly sinceMs: number; readonly since: number } | undefined;

  constructor(what: Watchable<T>, first: T, news: News, screen: Screen) {
    this.#what = what;
    this.#value = first;
    this.#news = news;
    this.#screen = screen;
  }

  take(seen: Seen<T>): void {
    if ('failure' in seen) {
      this.#lost ??= { failure: seen.failure, sinceMs: Date.now(), since: performance.now() };
    } else {
      this.#value = seen.value;
      this.#readMs = performance.now();
      this.#lost = undefined;
    }
    this.draw();
  }

  draw(): void {
    const untilMs = this.#lost?.since ?? performance.now();
    const nowMs = (this.#lost?.sinceMs ?? Date.now()) + this.#news.aheadMs;
    const text = this.#what.text(this.#value, untilMs - this.#readMs, nowMs);
    const body = this.#lost ? stripVTControlCharacters(text).split('\n').map((line) => coloured('dim', line)).join('\n') : text;
    this.#screen.show(`${this.#head()}\n`, body);
  }

  #head(): string {
    const title = printable(this.#what.title(this.#value));
    if (!this.#lost) return `${title}, ${instant(Date.now())}`;
    const { failure, sinceMs, since } = this.#lost;
    return `${title}\n${coloured('red', t('THE CONNECTION IS LOST since {since} ({time}): what is below is how it was then.', { since: instant(sinceMs), time: duration(performance.now() - since) }))}\n${printable(failure.message)}`;
  }
}

async function onTerminal<T>(what: Watchable<T>, first: T, news: News, leaving: AbortController): Promise<void> {
  const screen = new Screen(() => leaving.abort(), () => live.draw());
  const live = new Live(what, first, news, screen);
  const ticking = setInterval(() => live.draw(), SECOND_MS);
  try {
    live.draw();
    for await (const it of seen(what, news, leaving.signal)) live.take(it);
  } finally {
    clearInterval(ticking);
    screen.close();
  }
}

/** What is printed is printed again when it differs: as text, or as one JSON value a line. */
async function asLines<T>(run: Run, what: Watchable<T>, news: News, signal: AbortSignal): Promise<void> {
  let last = '';
  let isLost = false;
  for await (const it of seen(what, news, signal)) {
    if ('failure' in it) {
      if (!isLost) tellLoss(run, it.failure);
      isLost = true;
      continue;
    }
    if (isLost && !run.out.isJson) run.out.note(t('{now}: understudyd answers again', { now: instant(Date.now()) }));
    const compared = JSON.stringify(it.value, (name, value: unknown) => (/^(lagMs|atMs)$/.test(name) ? undefined : value));
    if (compared !== last || isLost) run.out.line(it.value, () => `${instant(Date.now())}\n${what.text(it.value, 0, Date.now() + news.aheadMs)}\n`);
    last = compared;
    isLost = false;
  }
}

function tellLoss(run: Run, failure: Failure): void {
  if (run.out.isJson) run.out.line(failureJson(failure), () => '');
  run.out.note(printable(t('{now}: the connection is lost: {message}. {hint}', { now: instant(Date.now()), message: failure.message, hint: hintOf(failure) })));
}

/** Shows it until somebody leaves: q or Ctrl-C. Throws at once when the daemon does not answer at first. */
export async function watchOn<T>(run: Run, what: Watchable<T>): Promise<void> {
  const leaving = new AbortController();
  const first = await what.read(leaving.signal);
  const news = new News();
  const listening = listen(run.api, news, leaving.signal);
  const isLive = process.stdout.isTTY && !run.out.isJson;
  if (!isLive) for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => leaving.abort());
  try {
    await (isLive ? onTerminal(what, first, news, leaving) : asLines(run, what, news, leaving.signal));
  } catch (error) {
    if (error !== leaving.signal.reason) throw error;
  } finally {
    leaving.abort();
    await listening;
  }
}
