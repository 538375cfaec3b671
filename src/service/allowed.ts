/** What may be asked of a relationship now: the verbs of its table of states, and the operations that change no state. */
import { testRefusal } from '../engine/testfailover.ts';
import { awaitsMedia } from '../engine/firstcopy/checking.ts';
import { VERIFIABLE } from '../engine/replica/verification.ts';
import type { Machine, Relationship } from '../machine/records.ts';
import { isOnward } from '../relationship/chain.ts';
import { newestOf } from '../relationship/epoch.ts';
import { allowedVerbs } from '../relationship/step.ts';

/** What the records of one machine do not say. */
export interface Surroundings {
  readonly pointCount: number;
  /** The machine has another relationship here, by which it is sent on. */
  readonly isSentOn: boolean;
}

interface Standing extends Surroundings {
  readonly relationship: Relationship;
  readonly machine: Machine;
}

const isTestable = ({ relationship, machine, pointCount }: Standing): boolean => pointCount > 0 && testRefusal(relationship, machine) === null;

/** The machine belongs to another host than the one that it was defined on. */
const isAway = ({ machine: { lineage } }: Standing): boolean => newestOf(lineage).ownerHostId !== lineage[0]!.ownerHostId;

/** The host that the guest has to leave for it; the other one asks that host. */
const canFailBack = (standing: Standing): boolean => {
  const { relationship: { side, state, failback } } = standing;
  if (isOnward(standing.relationship) || failback || !isAway(standing)) return false;
  return side === 'replica' ? [2, 3, 5, 6].includes(state) : [3, 4].includes(state);
};

const isVerifiable = ({ relationship: { side, state }, pointCount }: Standing): boolean => side === 'replica' && VERIFIABLE.includes(state) && pointCount > 0;

/** Operation → when it can be asked for. What stands in the way of it beyond that, the refusal says. */
const BESIDES: Readonly<Record<string, (standing: Standing) => boolean>> = {
  'test-end': ({ relationship }) => relationship.testCopy !== null,
  test: isTestable,
  cycle: ({ relationship: { side, state } }) => side === 'primary' && state === 3,
  settings: ({ relationship: { side } }) => side === 'primary',
  failback: canFailBack,
  'commit-after': (standing) => standing.relationship.state === 5 && standing.relationship.side === 'replica' && !goesHome(standing),
  'point verify': isVerifiable,
  'point delete': (standing) => isVerifiable(standing) && standing.pointCount > 1,
};

/** The guest leaves by a failback, or waits at home: it is decided there. */
const goesHome = ({ relationship }: Standing): boolean => relationship.failback?.at === 'away';

/** A verb whose row of the table says less than has to hold. */
const UNLESS: Readonly<Record<string, (standing: Standing) => boolean>> = {
  commit: goesHome,
  revert: goesHome,
  reverse: goesHome,
  import: ({ relationship }) => !awaitsMedia(relationship),
  'change-mode': (standing) => !standing.isSentOn || goesHome(standing),
  'become-replica': ({ relationship }) => relationship.lastFault?.code !== 'split-brain',
  'initiate-failback': ({ relationship: { side, yielded } }) => side === 'replica' && yielded === null,
  disable: ({ relationship, isSentOn }) => relationship.testCopy !== null || (isSentOn && !isOnward(relationship)),
};

export function allowedNow(standing: Standing): string[] {
  const verbs = allowedVerbs(standing.relationship).filter((verb) => UNLESS[verb]?.(standing) !== true);
  return [...verbs, ...Object.keys(BESIDES).filter((operation) => BESIDES[operation]!(standing))];
}
