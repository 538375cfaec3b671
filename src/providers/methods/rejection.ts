/** A method's request that is answered with a number instead of being begun, and what the number means in words. */
import { CimError, type CimStatusName } from '../../cim/error.ts';
import { Fault, FAULTS, faultOf } from '../../errors/fault.ts';
import { Refused } from '../../errors/refusal.ts';
import { inEnglish, type Said, say, type Text, told, type Told } from '../../language/text.ts';

/** Source: Msvm_ReplicationService, "Return value". */
export const RETURNS = {
  done: 0,
  started: 4_096,
  failed: 32_768,
  accessDenied: 32_769,
  notSupported: 32_770,
  timeout: 32_772,
  invalidParameter: 32_773,
  inUse: 32_774,
  invalidState: 32_775,
  wrongType: 32_776,
  notAvailable: 32_777,
  fileNotFound: 32_779,
} as const;

export interface Reason extends Told {
  readonly returnValue: number;
  /** As a fault's code. */
  readonly code: string;
  readonly hint: Text;
  readonly allowed: readonly string[];
}

/** Thrown where a parameter says that nothing can be begun. */
export class Rejection extends Fault {
  readonly returnValue: number;
  readonly #hint: Text;

  constructor(returnValue: number, message: Text, hint: Text = '', options?: { cause?: unknown }) {
    super('parameter-invalid', message, options);
    this.name = 'Rejection';
    this.returnValue = returnValue;
    this.#hint = hint;
  }

  override get hint(): string {
    return inEnglish(this.#hint);
  }

  get hintSaid(): Text {
    return this.#hint;
  }
}

/** The parameter's or property's value is not one that it can have. */
export const badValue = (name: string, value: unknown, allowed: Said | string): Rejection =>
  new Rejection(RETURNS.invalidParameter, say('{name} cannot be {value}: allowed is {allowed}.', { name, value: shown(value), allowed }));

export const wrongType = (name: string, what: Said): Rejection => new Rejection(RETURNS.wrongType, say('{name}: {what}', { name, what }));

export function shown(value: unknown): string {
  const text = typeof value === 'bigint' ? String(value) : typeof value === 'string' ? `"${value}"` : (JSON.stringify(value, (_key, each: unknown) => (typeof each === 'bigint' ? String(each) : each)) ?? 'null');
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}

const BY_STATUS: Partial<Record<CimStatusName, number>> = {
  accessDenied: RETURNS.accessDenied,
  notSupported: RETURNS.notSupported,
  notFound: RETURNS.fileNotFound,
  typeMismatch: RETURNS.wrongType,
  failed: RETURNS.failed,
};

/** What a reader of texts complains about is a parameter's fault. */
export const asRejection = (thrown: unknown): unknown =>
  thrown instanceof CimError ? new Rejection(BY_STATUS[thrown.status] ?? RETURNS.invalidParameter, thrown.message, '', { cause: thrown }) : thrown;

/** Why the request was not begun; undefined for a defect. */
export function reasonOf(thrown: unknown): Reason | undefined {
  if (thrown instanceof Refused) return { returnValue: RETURNS.invalidState, code: 'refused', ...told(thrown.said), hint: '', allowed: thrown.refusal.allowed };
  const fault = faultOf(thrown);
  if (!fault) return undefined;
  const returnValue = fault instanceof Rejection ? fault.returnValue : FAULTS[fault.code].cimReturn;
  return { returnValue, code: fault.code, ...told(fault.said), hint: fault instanceof Rejection ? fault.hintSaid : fault.hint, allowed: [] };
}
