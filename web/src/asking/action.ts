/**
 * What an operator can do with this host itself, as data: what it asks for, what will happen, what is lost, and the call that
 * does it. Pure. What can be done with one machine is in operations/.
 */
import type { Role } from '../../../src/service/accessviews.ts';
import type { Field, Values } from '../operations/field.ts';
import type { Request } from '../operations/operation.ts';

export interface Action {
  /** The command that does the same. */
  readonly command: string;
  readonly role: Role;
  readonly title: string;
  /** Of the button that opens it; the title when absent. */
  readonly label?: string;
  readonly fields?: readonly Field[];
  /** What will happen, a sentence each. */
  readonly happens: (values: Values) => readonly string[];
  /** What cannot be had back, a sentence each. */
  readonly loses?: (values: Values) => readonly string[];
  /** What must be typed before it is done, where something is lost. */
  readonly toType?: string;
  readonly request: (values: Values) => Request;
  /** Asked for once it is done, and followed: a job that looks whether that was right. */
  readonly afterwards?: () => Request;
  /** What the answer is: a job to follow, or that it is done. */
  readonly answer?: 'job' | 'done';
}

const RANK: Readonly<Record<Role, number>> = { viewer: 0, operator: 1, administrator: 2 };

export const isAllowed = (needed: Role, role: Role): boolean => RANK[role] >= RANK[needed];

/** Without what was not given. */
export const bodyOf = (values: Values, ...names: readonly string[]): object => Object.fromEntries(names.flatMap((name) => (values[name] === undefined || values[name] === '' ? [] : [[name, values[name]]])));
export const pathTo = (...parts: readonly string[]): string => `/api/${parts.map(encodeURIComponent).join('/')}`;
