/**
 * What an operation was decided on: who has a dialog open must not do something else than what was read when the machine has
 * changed meanwhile. Pure.
 */
import { t } from '../language.ts';
import type { JobView } from '../../../src/service/views.ts';
import type { Operation, Situation } from './operation.ts';

export interface Standing {
  readonly key: string;
  /** For people. */
  readonly text: string;
}

/** Equal while nothing that the operation is about has changed. Lag, points and progress move all the time and do not count; the power does for what is about the guest. */
export function standingOf({ machine, relationship }: Pick<Situation, 'machine' | 'relationship'>, { family }: Pick<Operation, 'family'>): Standing {
  const { role, power } = machine;
  if (!relationship) return { key: JSON.stringify([role, power]), text: power === 'running' ? t('running, not replicated') : t('off, not replicated') };
  const { id, side, state, stateName, epoch, settings, peer } = relationship;
  return {
    key: JSON.stringify([id, side, state, epoch.id, settings, peer, role, ...(family === 'guest' ? [power] : [])]),
    text: side === 'primary' ? t('{state}, primary, epoch {epoch}', { state: stateName, epoch: epoch.number }) : t('{state}, replica, epoch {epoch}', { state: stateName, epoch: epoch.number }),
  };
}

/** Jobs that go on beside anything else. */
const BESIDE: readonly string[] = ['export', 'initial', 'resynchronize', 'cycle', 'network', 'verify'];

/** What would hold the operation up: somebody else's work on the machine. */
export const holderOf = (jobs: readonly JobView[], { family }: Operation): JobView | undefined => (family === 'more' ? undefined : jobs.find(({ state, kind }) => state === 'running' && !BESIDE.includes(kind)));
