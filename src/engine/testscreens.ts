/**
 * What a test failover's copy shows, kept with its relationship until the next test: taken once its guest has booted, and again
 * right before the copy is removed. The test failover and its end know nothing of it and never wait for it, but for a moment.
 */
import { faultOf } from '../errors/fault.ts';
import { Refused } from '../errors/refusal.ts';
import type { Machine } from '../machine/records.ts';
import type { Host } from './host.ts';
import type { TestResult } from './ports/testresults.ts';

/** A guest whose agent does not answer has booted after so long, as far as can be said. */
const BOOTED_WITHIN_MS = 60_000;
const ASK_EVERY_MS = 2_000;
/** From the agent's start to the sign-in on the display. */
const SETTLED_AFTER_MS = 3_000;
const END_WAITS_MS = 3_000;

interface Watching {
  readonly ending: AbortController;
  /** The copy changed meanwhile. */
  isNews: boolean;
}

export class TestScreens {
  readonly #host: Host;
  readonly #life = new AbortController();
  /** By copy. */
  readonly #watching = new Map<string, Watching>();
  /** Machines of the relationships that have a result. */
  readonly #machines = new Map<string, string>();
  readonly #working = new Set<Promise<void>>();

  constructor(host: Host) {
    this.#host = host;
  }

  /** Copies that a daemon before has left are looked at; results of relationships that have ended are gone. */
  start(): void {
    this.#background(this.#takeStock());
    for (const { testCopy } of this.#host.state.relationships()) if (testCopy) this.look(testCopy.instanceId);
  }

  async stop(): Promise<void> {
    this.#life.abort(new DOMException('understudyd ends', 'AbortError'));
    await Promise.all(this.#working);
  }

  /** The machine changed: a test failover's copy is watched from its start until it has booted. */
  look(machineId: string): void {
    const known = this.#watching.get(machineId);
    if (known) known.isNews = true;
    const copy = this.#host.state.machine(machineId);
    if (known || !copy || copy.copyOf === null) return;
    const watching: Watching = { ending: new AbortController(), isNews: false };
    this.#watching.set(machineId, watching);
    this.#background(this.#watch(copy, watching));
  }

  /** A relationship of the machine changed: with one that has ended its result is gone. */
  relationshipChanged(machineId: string): void {
    for (const [id, itsMachine] of this.#machines) if (itsMachine === machineId && !this.#host.state.relationship(id)) this.#background(this.#remove(id));
  }

  /** The copy is about to be removed: what it shows is kept, when that takes but a moment. */
  async atEnd(relationshipId: string): Promise<void> {
    const copy = this.#host.state.machine(this.#host.state.relationship(relationshipId)?.testCopy?.instanceId ?? '');
    if (!copy) return;
    this.#watching.get(copy.id)?.ending.abort(new DOMException('the test ends', 'AbortError'));
    const waiting = new AbortController();
    const taking = this.#keep(copy, 'ended', this.#life.signal).catch((thrown: unknown) => this.#noticed(thrown));
    await Promise.race([taking, this.#host.clock.sleep(END_WAITS_MS, waiting.signal)]);
    waiting.abort(new DOMException('it was taken', 'AbortError'));
  }

  /** What goes wrong leaves the result before; a bug ends the process. */
  #background(work: Promise<void>): void {
    const ended = work.catch((thrown: unknown) => this.#noticed(thrown)).finally(() => this.#working.delete(ended));
    this.#working.add(ended);
  }

  #noticed(thrown: unknown): void {
    const isEnding = thrown instanceof DOMException && thrown.name === 'AbortError';
    if (!isEnding && !faultOf(thrown) && !(thrown instanceof Refused)) this.#host.crash(thrown);
  }

  async #takeStock(): Promise<void> {
    for (const id of await this.#host.testResults.list()) {
      const relationship = this.#host.state.relationship(id);
      if (relationship) this.#machines.set(id, relationship.machineId);
      else await this.#host.testResults.remove(id);
    }
  }

  async #remove(relationshipId: string): Promise<void> {
    this.#machines.delete(relationshipId);
    await this.#host.testResults.remove(relationshipId);
  }

  async #watch(copy: Machine, watching: Watching): Promise<void> {
    const signal = AbortSignal.any([this.#life.signal, watching.ending.signal]);
    try {
      do {
        watching.isNews = false;
        if (await this.#isKept(copy)) return;
        if (await this.#hasBooted(copy, signal)) await this.#keep(copy, 'booted', signal);
      } while (watching.isNews);
    } finally {
      this.#watching.delete(copy.id);
    }
  }

  async #isKept(copy: Machine): Promise<boolean> {
    const relationshipId = this.#relationshipOf(copy);
    return relationshipId === undefined || (await this.#host.testResults.of(relationshipId))?.copyId === copy.id;
  }

  #relationshipOf({ id, copyOf }: Machine): string | undefined {
    const relationship = this.#host.state.relationshipOf(copyOf!);
    return relationship?.testCopy?.instanceId === id ? relationship.id : undefined;
  }

  /** False when it is off. */
  async #hasBooted({ id, definition }: Machine, signal: AbortSignal): Promise<boolean> {
    const { clock, hypervisor } = this.#host;
    const deadlineMs = clock.monotonicMs() + BOOTED_WITHIN_MS;
    while (clock.monotonicMs() < deadlineMs) {
      if ((await hypervisor.power(id)) === 'off') return false;
      if (definition.guestAgent && (await this.#agentAnswers(id, signal))) {
        await clock.sleep(SETTLED_AFTER_MS, signal);
        return true;
      }
      await clock.sleep(ASK_EVERY_MS, signal);
    }
    return true;
  }

  async #agentAnswers(copyId: string, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#host.hypervisor.askAgent(copyId, 'guest-ping', {}, signal);
      return true;
    } catch (thrown) {
      signal.throwIfAborted();
      if (!faultOf(thrown)) throw thrown;
      return faultOf(thrown)?.code === 'agent-refused';
    }
  }

  /** A guest that has ended shows nothing more: what it showed before stays. */
  async #keep(copy: Machine, moment: TestResult['moment'], signal: AbortSignal): Promise<void> {
    const { clock, hypervisor, state, testResults } = this.#host;
    const picture = await this.#picture(copy, signal);
    const { text } = await hypervisor.consoleText(copy.id);
    const relationshipId = this.#relationshipOf(copy);
    const relationship = relationshipId === undefined ? undefined : state.relationship(relationshipId);
    if (!relationship?.testCopy) return;
    const before = await testResults.of(relationship.id);
    if (picture === null && before?.copyId === copy.id && before.picture !== null) return;
    signal.throwIfAborted();
    await testResults.keep(relationship.id, { copyId: copy.id, pointId: relationship.testCopy.pointId, atMs: clock.nowMs(), moment, picture, text });
    this.#machines.set(relationship.id, relationship.machineId);
    // It may have ended while the picture was taken, or written.
    if (!state.relationship(relationship.id)) return this.#remove(relationship.id);
    this.#host.changed('relationship', relationship.machineId);
  }

  async #picture({ id, definition }: Machine, signal: AbortSignal): Promise<Uint8Array | null> {
    try {
      return await this.#host.hypervisor.screenshot({ instanceId: id, definition }, signal);
    } catch (thrown) {
      signal.throwIfAborted();
      if (thrown instanceof Refused || faultOf(thrown)) return null;
      throw thrown;
    }
  }
}
