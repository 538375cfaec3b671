/** What a host remembers of a failback that it has part in: rows of the state, as in records.ts. */
import type { Epoch } from '../relationship/epoch.ts';
import type { Layer } from './definition.ts';
import type { Machine, Relationship } from './records.ts';

/** The guest goes home to this host: what it was before, so that a failback that is given up leaves no trace. */
export interface HomeFailback {
  readonly at: 'home';
  /** When it was asked for; absent in one that an older version began. */
  readonly askedMs?: number;
  readonly id: string;
  /** The other host's recovery point to go home with; null: with everything. */
  readonly pointId: string | null;
  /** The other host was told, and has accepted. */
  readonly begun: boolean;
  /** The epoch that the other host was asked to consent to; whether it did may be unknown. */
  readonly epoch: Epoch | null;
  /** The other host was asked to be the replica: there is no way back by this failback. */
  readonly committing: boolean;
  readonly before: Pick<Relationship, 'side' | 'state' | 'newestPointId' | 'newestInstantMs' | 'token' | 'yielded'> & Pick<Machine, 'stacks' | 'powerLock' | 'definition'>;
}

/** The guest goes home from this host. `before` is what the row is again when the failback is given up. */
export interface AwayFailback {
  readonly at: 'away';
  readonly id: string;
  readonly pointId: string | null;
  /**
   * `sending`: the guest runs and the difference travels; `finishing`: it is shut down, its last changes travel; `shipped`:
   * the other host has all; `handedOver`: the other host owns the machine; `ending`: given up, and to be tidied up.
   */
  readonly phase: 'sending' | 'finishing' | 'shipped' | 'handedOver' | 'ending';
  /** Acknowledged attempts since all that is carried began to travel. */
  readonly rounds: number;
  readonly bytesShipped: number;
  /** How long the guest may take to shut down. */
  readonly shutdownMs: number;
  /** The guest was shut down for this failback: it runs again when that is given up. */
  readonly stoppedGuest: boolean;
  readonly before: Pick<Relationship, 'newestPointId' | 'newestInstantMs' | 'trackId' | 'lastCycle'>;
  /** What the chosen point is read through. */
  readonly layers: readonly { readonly disk: string; readonly layer: Layer }[];
}
