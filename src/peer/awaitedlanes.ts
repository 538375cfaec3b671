/** Lanes that this host is ready to send on: each token is for one host, once, and not for long. */
import { randomBytes } from 'node:crypto';
import type { LaneSender } from '../engine/ports/peers.ts';
import { Fault } from '../errors/fault.ts';
import { say } from '../language/text.ts';
import { MAX_LANES_AWAITED } from './limits.ts';

/** 256 random bits, to be told to the receiving host over a control call. */
export const newLaneToken = (): string => randomBytes(32).toString('base64url');

interface Awaited {
  readonly hostId: string;
  resolve(lane: LaneSender): void;
}

export class AwaitedLanes {
  readonly #awaited = new Map<string, Awaited>();

  /** The lane, when the host dials it. Fault attempt-lost when it has not within `timeoutMs`; rejects when aborted. */
  async expect(hostId: string, token: string, timeoutMs: number, signal: AbortSignal): Promise<LaneSender> {
    signal.throwIfAborted();
    if (this.#awaited.size >= MAX_LANES_AWAITED || this.#awaited.has(token)) throw new Fault('peer-busy', say('too many lanes wait for other hosts to dial them'));
    const { promise, resolve, reject } = Promise.withResolvers<LaneSender>();
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    const timer = setTimeout(() => reject(new Fault('attempt-lost', say('the other host did not open the lane in time'))), timeoutMs);
    this.#awaited.set(token, { hostId, resolve });
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      this.#awaited.delete(token);
    }
  }

  /** Uses the token up and says where its lane goes. Fault attempt-lost when no lane of this token waits for this host. */
  claim(hostId: string, token: string | undefined): (lane: LaneSender) => void {
    const awaited = this.#awaited.get(token ?? '');
    if (awaited?.hostId !== hostId) throw new Fault('attempt-lost', say('no lane of this token waits on the sending host any more'));
    this.#awaited.delete(token!);
    return (lane) => awaited.resolve(lane);
  }
}
