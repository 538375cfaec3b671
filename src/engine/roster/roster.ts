/**
 * A host's roster: which machines it has and how each stands, as it tells the hosts that it is paired with. Only what an
 * overview shows is in it. Instants are by the clock of the host that tells, which says what it shows (`atMs`).
 */
import { judge, lagMsOf, reasonsOf, type Health } from '../../health/health.ts';
import { limitsOf } from '../../health/limits.ts';
import { hasYielded, isHandedOver, isSplit } from '../../health/rules.ts';
import type { Machine, Relationship } from '../../machine/records.ts';
import { isOnward, kindOf, type Kind } from '../../relationship/chain.ts';
import { cycleIntervalMs } from '../../relationship/settings.ts';
import { ADVICE_AFTER_HANDING_OVER, ADVICE_AFTER_YIELDING, ADVICE_IN_SPLIT_BRAIN, adviceFor, type Side } from '../../relationship/state.ts';
import type { Engine } from '../engine.ts';
import { peerNamesOf } from '../host.ts';
import type { Power } from '../ports/hypervisor.ts';
import { type Text, inEnglish } from '../../language/text.ts';

export type Role = 'standalone' | Side | 'test';

export interface RosterRelationship {
  readonly id: string;
  readonly kind: Kind;
  readonly side: Side;
  /** The other host, and what the one that tells calls it. */
  readonly peerId: string;
  readonly peer: string;
  readonly state: number;
  readonly health: Health;
  readonly reasons: readonly string[];
  /** The same for whoever reads another language; absent from older versions. */
  readonly reasonsSaid?: readonly Text[];
  /** The newest recovery point, from which the lag counts; null while there is no lag. */
  readonly lagSinceMs: number | null;
  readonly intervalMs: number;
  readonly lastCycle: { readonly finishedMs: number; readonly durationMs: number; readonly bytesShipped: number } | null;
  readonly nextCycleMs: number | null;
  readonly points: number;
  readonly advice: string;
}

export interface RosterMachine {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly power: Power;
  /** In the middle of a chain there are two. */
  readonly relationships: readonly RosterRelationship[];
}

const COMING_HOME = 13;

/** What to do next; empty when nothing needs doing. */
export function adviceOf(relationship: Relationship): string {
  if (isSplit(relationship)) return ADVICE_IN_SPLIT_BRAIN;
  if (hasYielded(relationship)) return ADVICE_AFTER_YIELDING;
  if (isHandedOver(relationship)) return ADVICE_AFTER_HANDING_OVER;
  return adviceFor(relationship.failback?.at === 'away' ? COMING_HOME : relationship.state, relationship.side);
}

/** The last cycle that was sent from here; what a former primary sent says nothing of how its replica keeps up. */
export const lastCycleOf = ({ side, lastCycle }: Pick<Relationship, 'side' | 'lastCycle'>): Relationship['lastCycle'] => (side === 'primary' ? lastCycle : null);

/** States whose work runs again and again, or is tried again. */
const WORKING: readonly number[] = [2, 3, 10];

/** When the next cycle is due here; null where none is. */
export const nextCycleMsOf = (engine: Engine, relationship: Relationship): number | null =>
  relationship.side === 'primary' && WORKING.includes(relationship.state) ? engine.workerOf(relationship).nextAtMs : null;

export const roleOf = ({ copyOf }: Machine, own: Relationship | undefined): Role => (copyOf !== null ? 'test' : (own?.side ?? 'standalone'));

/** All machines of this host by name, read in one go; of the hypervisor only what runs is asked for its power. */
export async function rosterOf(engine: Engine): Promise<readonly RosterMachine[]> {
  const { state, hypervisor } = engine.host;
  const live = new Set(await hypervisor.instances());
  const all = state.relationships();
  const byMachine = Map.groupBy(all, ({ machineId }) => machineId);
  const peers = peerNamesOf(engine.host, all);
  const points = state.pointCounts();
  return Promise.all(state.machines().map(async (machine) => {
    const relationships = byMachine.get(machine.id) ?? [];
    return {
      id: machine.id, name: machine.name,
      role: roleOf(machine, relationships.find((each) => !isOnward(each))),
      power: live.has(machine.id) ? await hypervisor.power(machine.id) : 'off',
      relationships: relationships.map((each) => entryOf(engine, machine, each, { peer: peers.get(each.peerId)!, points: points.get(machine.id) ?? 0 })),
    };
  }));
}

function entryOf(engine: Engine, machine: Machine, relationship: Relationship, { peer, points }: Pick<RosterRelationship, 'peer' | 'points'>): RosterRelationship {
  const { host } = engine;
  const { peerId } = relationship;
  const lastCycle = lastCycleOf(relationship);
  const nowMs = host.clock.nowMs();
  const judgement = judge({ relationship, machine, peer, nowMs, limits: limitsOf(host.monitoring().limits) });
  return {
    id: relationship.id, kind: kindOf(relationship), side: relationship.side, peerId, peer, state: relationship.state,
    health: judgement.health, reasons: reasonsOf(judgement).map(inEnglish), reasonsSaid: reasonsOf(judgement),
    lagSinceMs: lagMsOf(relationship, nowMs) === null ? null : relationship.newestInstantMs,
    intervalMs: cycleIntervalMs(relationship.settings),
    lastCycle: lastCycle && { finishedMs: lastCycle.finishedMs, durationMs: lastCycle.durationMs, bytesShipped: lastCycle.bytesShipped },
    nextCycleMs: nextCycleMsOf(engine, relationship),
    points,
    advice: adviceOf(relationship),
  };
}
