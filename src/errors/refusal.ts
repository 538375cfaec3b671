/** A refusal: the request is well-formed but not allowed now. It is a value, and it says what is allowed. */
import { inEnglish, type Text } from '../language/text.ts';

export interface Refusal {
  readonly ok: false;
  /** In English. */
  readonly reason: string;
  /** The reason, for whoever reads another language. */
  readonly said?: Text;
  /** The operations that are allowed now, by name. */
  readonly allowed: readonly string[];
}

export type Outcome<T> = { readonly ok: true; readonly value: T } | Refusal;

export const refuse = (reason: Text, allowed: readonly string[] = []): Refusal => ({ ok: false, reason: inEnglish(reason), ...(typeof reason !== 'string' && { said: reason }), allowed });

/** Carries a refusal through code that throws, up to the interface that reports it. */
export class Refused extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.reason);
    this.name = 'Refused';
    this.refusal = refusal;
  }

  get said(): Text {
    return this.refusal.said ?? this.refusal.reason;
  }
}

/** The value of an outcome; throws `Refused` for a refusal. */
export function valueOf<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Refused(outcome);
  return outcome.value;
}
