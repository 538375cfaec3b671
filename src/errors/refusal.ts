/** A refusal: the request is well-formed but not allowed now. It is a value, and it says what is allowed. */

export interface Refusal {
  readonly ok: false;
  readonly reason: string;
  /** The operations that are allowed now, by name. */
  readonly allowed: readonly string[];
}

export type Outcome<T> = { readonly ok: true; readonly value: T } | Refusal;

export const refuse = (reason: string, allowed: readonly string[] = []): Refusal => ({ ok: false, reason, allowed });

/** Carries a refusal through code that throws, up to the interface that reports it. */
export class Refused extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.reason);
    this.name = 'Refused';
    this.refusal = refusal;
  }
}

/** The value of an outcome; throws `Refused` for a refusal. */
export function valueOf<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Refused(outcome);
  return outcome.value;
}
