/**
 * What WBEM clients did, for the audit trail: every change and every call of a method at once; of reads, which come by the
 * hundred a second, the first of a kind in each minute, with how many there were since the one before, and many together.
 */
import { CimError } from '../cim/error.ts';
import type { CimCaller } from '../cim/manager.ts';
import { faultOf } from '../errors/fault.ts';

export interface AuditRecord {
  readonly who: string;
  readonly from: string;
  readonly operation: string;
  readonly subject: string | null;
  readonly outcome: string;
}

/** Source: MS-WSMV 3.1.4.1.28. */
export type Access = 'read' | 'write' | 'execute';

export interface AuditedCall {
  readonly caller: CimCaller;
  readonly access: Access;
  readonly operation: string;
  readonly subject: string | null;
}

interface Reads {
  readonly sinceMs: number;
  more: number;
}

const READS_TOGETHER_MS = 60_000;
const KEPT_KINDS = 1_000;

export class AuditTrail {
  readonly #record: (records: readonly AuditRecord[]) => void;
  readonly #nowMs: () => number;
  readonly #readsTogether: number;
  readonly #reads = new Map<string, Reads>();
  #waiting: AuditRecord[] = [];

  /** Reads wait until there are `readsTogether` of them, until something else is written, or for `flush`. */
  constructor(record: (records: readonly AuditRecord[]) => void, nowMs: () => number = Date.now, readsTogether = 1) {
    this.#record = record;
    this.#nowMs = nowMs;
    this.#readsTogether = readsTogether;
  }

  /** Everything is in the trail. */
  flush(): void {
    const records = this.#waiting;
    this.#waiting = [];
    if (records.length > 0) this.#record(records);
  }

  /** The outcome of the work; the trail has it in the end. `told` says what a method returned. */
  async during<T>(call: AuditedCall, work: () => Promise<T>, told: (result: T) => string = () => 'done'): Promise<T> {
    try {
      const result = await work();
      this.#note(call, told(result));
      return result;
    } catch (error) {
      this.#write(call, error instanceof CimError ? error.status : (faultOf(error)?.code ?? (error instanceof Error ? error.message : 'failed')));
      throw error;
    }
  }

  #note(call: AuditedCall, outcome: string): void {
    if (call.access !== 'read') return this.#write(call, outcome);
    const kind = `${call.caller.name}\0${call.caller.from}\0${call.operation}\0${call.subject ?? ''}`;
    const before = this.#reads.get(kind);
    if (before && this.#nowMs() - before.sinceMs < READS_TOGETHER_MS) {
      before.more += 1;
      return;
    }
    this.#reads.delete(kind);
    this.#reads.set(kind, { sinceMs: this.#nowMs(), more: 0 });
    if (this.#reads.size > KEPT_KINDS) this.#reads.delete(this.#reads.keys().next().value!);
    this.#write(call, before && before.more > 0 ? `${outcome} (and ${before.more} times before)` : outcome);
  }

  #write({ caller, access, operation, subject }: AuditedCall, outcome: string): void {
    this.#waiting.push({ who: caller.name, from: caller.from, operation, subject, outcome });
    if (access !== 'read' || this.#waiting.length >= this.#readsTogether) this.flush();
  }
}
