/**
 * A failover that commits itself after a time that was chosen for it. The time goes on while no daemon runs. It is the clock on the
 * wall that tells, which may jump; so nothing is committed before a warning has stood for a while by a clock that does not.
 */
import type { Failover, Relationship } from '../machine/records.ts';
import type { Host } from './host.ts';
import { machineOf } from './spec.ts';
import { update } from './transition.ts';
import { say, told } from '../language/text.ts';
import { MINUTE_MS } from '../language/lengths.ts';

const LOOK_EVERY_MS = 10_000;
const WARNED_BEFORE_MS = 15 * MINUTE_MS;
/** Something else holds the machine, or a test failover stands on a point that would be removed. */
const AGAIN_AFTER_MS = MINUTE_MS;

/** How long before the commit is warned: at most a quarter of the whole time. */
const warningMs = ({ afterMs }: CommitTime): number => Math.min(WARNED_BEFORE_MS, afterMs / 4);

type CommitTime = NonNullable<Failover['commit']>;
interface Pending {
  readonly relationship: Relationship;
  readonly time: CommitTime;
  readonly dueMs: number;
}

/** Of a failover that has just been done; the time that was chosen for it begins. */
export const begun = (host: Host, failover: Failover): Failover => (failover.commit ? { ...failover, commit: { ...failover.commit, dueMs: host.clock.nowMs() + failover.commit.afterMs } } : failover);

/** From now on; never for 0. Nothing where no failover waits to be committed. */
export function commitAfter(host: Host, relationshipId: string, afterSeconds: number): Relationship {
  const time = afterSeconds === 0 ? null : { afterMs: afterSeconds * 1_000, dueMs: host.clock.nowMs() + afterSeconds * 1_000, isWarned: false };
  return update(host, relationshipId, ({ failover }) => (failover ? { failover: { ...failover, commit: time } } : {}));
}

export class CommitDeadlines {
  readonly #host: Host;
  readonly #commit: (machineId: string) => void;
  readonly #life = new AbortController();
  readonly #watched = new Set<string>();

  /** `commit` begins the commit of the machine's failover; whether it succeeds is seen by the state. */
  constructor(host: Host, commit: (machineId: string) => void) {
    this.#host = host;
    this.#commit = commit;
  }

  /** The machine's failover may wait for its commit now. */
  look(machineId: string): void {
    if (this.#watched.has(machineId) || this.#life.signal.aborted || !this.#pending(machineId)) return;
    this.#watched.add(machineId);
    void this.#watch(machineId).catch((thrown: unknown) => {
      if (!this.#life.signal.aborted) this.#host.crash(thrown);
    });
  }

  stop(): void {
    this.#life.abort(new DOMException('understudyd ends', 'AbortError'));
  }

  #pending(machineId: string): Pending | null {
    const relationship = this.#host.state.relationshipOf(machineId);
    const time = relationship?.failover?.commit;
    if (relationship?.state !== 5 || relationship.failback || !time || time.dueMs === null) return null;
    return { relationship, time, dueMs: time.dueMs };
  }

  async #watch(machineId: string): Promise<void> {
    const { clock } = this.#host;
    let warnedAtMs: number | null = null;
    for (let pending = this.#pending(machineId); pending; pending = this.#pending(machineId)) {
      const leftMs = pending.dueMs - clock.nowMs();
      const standsMs = warningMs(pending.time);
      if (leftMs > standsMs) warnedAtMs = null;
      else {
        warnedAtMs ??= clock.monotonicMs();
        this.#warn(pending);
        if (leftMs <= 0 && clock.monotonicMs() - warnedAtMs >= standsMs) {
          this.#commit(machineId);
          await clock.sleep(AGAIN_AFTER_MS, this.#life.signal);
          continue;
        }
      }
      await clock.sleep(Math.max(1, Math.min(LOOK_EVERY_MS, standsMs / 2)), this.#life.signal);
    }
    this.#watched.delete(machineId);
  }

  /** Once for each time that was chosen. */
  #warn({ relationship, time, dueMs }: Pending): void {
    if (time.isWarned) return;
    const { name } = machineOf(this.#host, relationship.machineId);
    const { state, clock } = this.#host;
    state.transaction(() => {
      update(this.#host, relationship.id, ({ failover }) => (failover?.commit ? { failover: { ...failover, commit: { ...failover.commit, isWarned: true } } } : {}));
      state.addEvent({
        atMs: clock.nowMs(), number: null, severity: 'warning', machine: name,
        ...told(say('{name}: the failover commits itself at {time}: the other recovery points are removed then, and there is no way back (understudy revert before that; more time: understudy commit-after {name} 2h)', { name, time: { atMs: dueMs } })),
      });
    });
  }
}
