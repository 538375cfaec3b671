/** The lanes that are being received, one at a time for each relationship, and the order of begin, lane and seal. */
import { failureText, Fault, type FaultCode, faultOf } from '../../errors/fault.ts';
import { Refused, refuse } from '../../errors/refusal.ts';
import { say } from '../../language/text.ts';
import type { BeginAttempt, Begun, CompareRequest, SealAttempt } from '../calls.ts';
import type { Host } from '../host.ts';
import { report } from '../report.ts';
import { relationshipNamed } from '../transition.ts';
import { Comparing } from './comparing.ts';
import { Intake } from './intake.ts';
import { begin, dropReceiving } from './receiving.ts';
import { sealPoint } from './sealing.ts';

const OWN_FAULTS: readonly FaultCode[] = ['disk-io', 'disk-missing', 'disk-in-use', 'disk-format', 'space-exhausted', 'integrity'];

interface Lane {
  readonly attemptId: string;
  readonly controller: AbortController;
  readonly comparing: Comparing;
  readonly done: Promise<void>;
}

export class Reception {
  readonly #host: Host;
  readonly #lanes = new Map<string, Lane>();
  readonly #turns = new Map<string, Promise<unknown>>();
  readonly #life = new AbortController();

  constructor(host: Host) {
    this.#host = host;
  }

  begin(request: BeginAttempt): Promise<Begun> {
    return this.#inTurn(request.relationshipId, async () => {
      await this.#endLane(request.relationshipId);
      return begin(this.#host, request).catch((thrown: unknown) => {
        this.#report(request.relationshipId, 'write-failed', thrown);
        throw thrown;
      });
    });
  }

  /** The lane is open; what it brings goes to the attempt that was begun. Rejects with what kept it from being opened. */
  async lane(peerId: string, relationshipId: string, attemptId: string, token: string, journalBytes: number): Promise<null> {
    const opening = Promise.withResolvers<null>();
    opening.promise.catch(() => undefined);
    await this.#inTurn(relationshipId, async () => {
      await this.#endLane(relationshipId);
      const relationship = relationshipNamed(this.#host, relationshipId);
      const { receiving } = relationship;
      if (receiving?.id !== attemptId) throw new Fault('attempt-lost', say('{host} does not hold the cycle that the lane is for', { host: this.#host.hostName }));
      const journal = await this.#host.fingerprints.journal(relationshipId, attemptId);
      if (journalBytes > journal.sizeBytes) throw new Fault('peer-protocol', say('the journal is to be cut beyond its end'));
      await journal.truncateTo(journalBytes);
      const intake = await Intake.open(receiving, this.#host.layers, journal, this.#host.compression);
      const comparing = new Comparing(this.#host, relationship, receiving);
      const controller = new AbortController();
      const signal = AbortSignal.any([controller.signal, this.#life.signal]);
      const done = this.#host.peers
        .dialLane(peerId, token, intake, signal, { relationshipId, onOpen: () => opening.resolve(null) })
        .catch((thrown: unknown) => {
          opening.reject(this.#notOpened(thrown));
          this.#report(relationshipId, 'write-failed', thrown);
          ignoreEnd(thrown);
        })
        .finally(() => Promise.all([intake.close(), comparing.close()]))
        .catch(ignoreEnd)
        .then(() => undefined);
      this.#lanes.set(relationshipId, { attemptId, controller, comparing, done });
    });
    return opening.promise;
  }

  /** The sender is told what stood in the way: it is not its own way that the lane takes. */
  #notOpened(thrown: unknown): unknown {
    const fault = faultOf(thrown);
    return fault ? new Fault(fault.code, say('{host} could not open the connection for the data: {reason}', { host: this.#host.hostName, reason: [failureText(fault)] }), { cause: fault }) : thrown;
  }

  /** Of the attempt whose lane is open: only then do the disks below it stand still. */
  compare(request: CompareRequest): Promise<Buffer> {
    const lane = this.#lanes.get(request.relationshipId);
    if (lane?.attemptId !== request.attemptId) throw new Fault('attempt-lost', say('{host} does not hold the cycle that compares', { host: this.#host.hostName }));
    return lane.comparing.fingerprints(request);
  }

  seal(request: SealAttempt): Promise<{ sealedId: string }> {
    return this.#inTurn(request.relationshipId, async () => {
      await this.#lanes.get(request.relationshipId)?.done;
      return sealPoint(this.#host, request).catch((thrown: unknown) => {
        this.#report(request.relationshipId, 'receive-failed', thrown);
        throw thrown;
      });
    });
  }

  abandon(relationshipId: string, attemptId: string): Promise<null> {
    return this.#inTurn(relationshipId, async () => {
      if (relationshipNamed(this.#host, relationshipId).receiving?.id === attemptId) {
        await this.#endLane(relationshipId);
        await dropReceiving(this.#host, relationshipId);
      }
      return null;
    });
  }

  /** Nothing is received any more for this relationship: a failover comes first. */
  end(relationshipId: string): Promise<void> {
    return this.#endLane(relationshipId);
  }

  /** What was being received is gone, with its layers. */
  drop(relationshipId: string): Promise<void> {
    return this.#inTurn(relationshipId, async () => {
      await this.#endLane(relationshipId);
      await dropReceiving(this.#host, relationshipId);
    });
  }

  /** What this host's own storage, or what arrived, is to blame for. */
  #report(relationshipId: string, event: 'receive-failed' | 'write-failed', thrown: unknown): void {
    const fault = faultOf(thrown);
    const relationship = this.#host.state.relationship(relationshipId);
    if (!fault || !relationship || !OWN_FAULTS.includes(fault.code)) return;
    report(this.#host, event, this.#host.state.machine(relationship.machineId)?.name ?? relationship.machineId, [failureText(fault)], fault.hint);
  }

  stop(): void {
    this.#life.abort(new DOMException('understudyd ends', 'AbortError'));
  }

  async #endLane(relationshipId: string): Promise<void> {
    const lane = this.#lanes.get(relationshipId);
    lane?.controller.abort(new Refused(refuse('another attempt began', [])));
    await lane?.done;
    this.#lanes.delete(relationshipId);
  }

  async #inTurn<T>(relationshipId: string, work: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(relationshipId) ?? Promise.resolve();
    const turn = before.catch(() => undefined).then(work);
    this.#turns.set(relationshipId, turn);
    return turn;
  }
}

/** Why a lane ended is the sender's to report; here the attempt simply is not complete, and its seal will say so. */
function ignoreEnd(thrown: unknown): void {
  const isEnd = faultOf(thrown) !== undefined || thrown instanceof Refused || (thrown instanceof DOMException && thrown.name === 'AbortError');
  if (!isEnd) throw thrown;
}
