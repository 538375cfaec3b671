/**
 * The freeze watchdog: a process of its own that holds a guest's file systems still for the instant of a recovery point, and
 * lets them go whatever happens to the daemon. Orders come on standard input, one a line ("freeze", "thaw"); what happens is
 * told on standard output, one JSON object a line. When the orders end (the daemon is dead), a signal comes, or the time that
 * a guest may be held is over (the daemon hangs), it thaws by itself. While a note lies in the run directory, a guest may be
 * frozen: whoever finds it without a watchdog thaws.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { Fault } from '../../errors/fault.ts';
import { GuestAgent } from './agent.ts';
import { thaw, THAW_COMMAND, type ThawSite } from './thaw.ts';

export interface WatchdogOptions extends ThawSite {
  readonly notePath: string;
  /** How long the agent has to answer at all, and to freeze. */
  readonly connectMs: number;
  readonly freezeMs: number;
  /** How long the guest is held at most when nobody says that it may go on. */
  readonly holdMs: number;
  /** How long the agent has to answer a thaw, and how long it is asked again. */
  readonly thawAnswerMs: number;
  readonly thawForMs: number;
}

/** Why the guest was let go: it was ordered, the orders had ended, a signal came, or it was held too long. */
export type ThawCause = 'order' | 'end' | 'signal' | 'deadline';

export type WatchdogMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'frozen'; readonly fileSystems: number }
  /** The guest was not frozen, or nobody knows; it is thawed in any case. */
  | { readonly kind: 'failed'; readonly code: 'agent-silent' | 'freeze-failed'; readonly message: string }
  /** The agent does not answer; the guest's kernel was told to thaw. */
  | { readonly kind: 'keys' }
  /** The last message. `fileSystems` is null when the agent never confirmed it, or QEMU is gone. */
  | { readonly kind: 'thawed'; readonly cause: ThawCause; readonly fileSystems: number | null; readonly isGone: boolean };

function say(message: WatchdogMessage): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

/** Orders as they come; after the end, for ever "end". */
class Orders {
  readonly #come: string[] = [];
  #wake = Promise.withResolvers<undefined>();
  #end: 'end' | 'signal' | null = null;

  constructor() {
    let heard = '';
    process.stdin.setEncoding('utf8');
    process.stdin.on('data', (text: string) => {
      const lines = (heard + text).split('\n');
      heard = lines.pop()!;
      this.#come.push(...lines);
      this.#wake.resolve(undefined);
    });
    for (const event of ['end', 'error', 'close']) process.stdin.on(event, () => this.#over('end'));
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const) process.on(signal, () => this.#over('signal'));
  }

  #over(why: 'end' | 'signal'): void {
    this.#end ??= why;
    this.#wake.resolve(undefined);
  }

  /** The next order, or why there will be none. */
  async next(): Promise<string> {
    for (;;) {
      const order = this.#come.shift() ?? this.#end;
      if (order !== null && order !== undefined) return order;
      this.#wake = Promise.withResolvers();
      await this.#wake.promise;
    }
  }

  stop(): void {
    process.stdin.destroy();
  }
}

async function watch(options: WatchdogOptions): Promise<void> {
  const orders = new Orders();
  try {
    const agent = await connected(options);
    if (agent && (await orders.next()) === 'freeze') await hold(agent, orders, options);
    agent?.close();
  } finally {
    orders.stop();
  }
}

async function connected({ agentSocketPath, connectMs }: WatchdogOptions): Promise<GuestAgent | undefined> {
  try {
    const agent = await GuestAgent.connect(agentSocketPath, connectMs);
    say({ kind: 'ready' });
    return agent;
  } catch (thrown) {
    say({ kind: 'failed', code: 'agent-silent', message: (thrown as Error).message });
    return undefined;
  }
}

async function hold(agent: GuestAgent, orders: Orders, options: WatchdogOptions): Promise<void> {
  writeFileSync(options.notePath, JSON.stringify({ pid: process.pid }));
  const isFrozen = await frozen(agent, options);
  const cause = isFrozen ? await released(orders, options.holdMs) : 'order';
  const outcome = (isFrozen ? await thawOver(agent, options) : null) ?? (await thawAnyhow(agent, options));
  if (outcome !== null) rmSync(options.notePath, { force: true });
  say({ kind: 'thawed', cause, fileSystems: typeof outcome === 'number' ? outcome : null, isGone: outcome === 'gone' });
}

/** QEMU hears another connection only when this one has gone. */
function thawAnyhow(agent: GuestAgent, options: WatchdogOptions): Promise<number | 'gone' | null> {
  agent.close();
  return thaw(options, { answerMs: options.thawAnswerMs, forMs: options.thawForMs, onKeys: () => say({ kind: 'keys' }) });
}

async function frozen(agent: GuestAgent, { freezeMs }: WatchdogOptions): Promise<boolean> {
  try {
    const fileSystems = await agent.execute<number>('guest-fsfreeze-freeze', {}, freezeMs);
    if (fileSystems > 0) say({ kind: 'frozen', fileSystems });
    else say({ kind: 'failed', code: 'freeze-failed', message: 'the guest agent found no file system that it could freeze' });
    return fileSystems > 0;
  } catch (thrown) {
    say({ kind: 'failed', code: thrown instanceof Fault ? 'agent-silent' : 'freeze-failed', message: (thrown as Error).message });
    return false;
  }
}

/** Resolves when the guest is not to be held any more. */
async function released(orders: Orders, holdMs: number): Promise<ThawCause> {
  const { promise, resolve }: PromiseWithResolvers<ThawCause> = Promise.withResolvers();
  const timer = setTimeout(() => resolve('deadline'), holdMs);
  void orders.next().then((order) => resolve(order === 'end' || order === 'signal' ? order : 'order'));
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}

/** The connection that froze is the quickest way; null when it does not answer. */
async function thawOver(agent: GuestAgent, { thawAnswerMs }: WatchdogOptions): Promise<number | null> {
  try {
    return await agent.execute<number>(THAW_COMMAND, {}, thawAnswerMs);
  } catch {
    return null;
  }
}

// Nobody may be left to hear it.
process.stdout.on('error', () => undefined);
await watch(JSON.parse(process.argv[2] ?? '{}') as WatchdogOptions);
