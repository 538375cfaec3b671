/** A value that cannot be, worded in one way whatever it was meant for. */
import { asJson, say, type Said } from '../language/text.ts';
import { Fault } from './fault.ts';

/** Fault settings-invalid with the name, the value and what is allowed. A field may be named as it is written. */
export const notAllowed = (name: Said | string, value: unknown, allowed: Said): Fault =>
  new Fault('settings-invalid', say('{name} cannot be {value}: allowed is {allowed}', { name, value: asJson(value), allowed }));
