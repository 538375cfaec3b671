/** The situation of one machine from what the page has read: names as they may be shown, ids as they are. Pure. */
import type { RelationshipView } from '../../../src/service/relationshipviews.ts';
import type { AuthorizationView, FailoverNetworkView, HostView, MachineView, PointView } from '../../../src/service/views.ts';
import { shown } from '../names.ts';
import type { Situation } from '../operations/operation.ts';

const NAME_CHARACTERS = 80;

export interface Read {
  readonly host: string;
  readonly machine: MachineView;
  readonly toml: string | null;
  readonly relationships: readonly RelationshipView[];
  /** The relationship by which it is sent on is what the situation is about. */
  readonly isOnward: boolean;
  readonly points: readonly PointView[];
  readonly pickedId: string;
  readonly hosts: readonly HostView[];
  readonly network: FailoverNetworkView | null;
  readonly entries: readonly AuthorizationView[];
  readonly hasPeerFailedOver: boolean;
  readonly lagMsOf: (relationship: RelationshipView) => number | null;
  readonly nowMs: number;
}

const isSentOn = ({ kind, side }: RelationshipView): boolean => kind === 'extended' && side === 'primary';
const named = (relationship: RelationshipView | undefined): RelationshipView | null =>
  relationship ? { ...relationship, machine: shown(relationship.machine, NAME_CHARACTERS), peer: shown(relationship.peer, NAME_CHARACTERS) } : null;

export function relationshipsOf(machine: Pick<MachineView, 'id'>, all: readonly RelationshipView[]): { own: RelationshipView | undefined; onward: RelationshipView | undefined } {
  const its = all.filter(({ machineId }) => machineId === machine.id);
  return { own: its.find((each) => !isSentOn(each)), onward: its.find(isSentOn) };
}

export function situationOf({ machine, relationships, isOnward, points, pickedId, lagMsOf, host, ...more }: Read): Situation {
  const { own, onward } = relationshipsOf(machine, relationships);
  const [about, other] = isOnward ? [onward, own] : [own, onward];
  return {
    ...more, points, host: shown(host, NAME_CHARACTERS),
    machine: { ...machine, name: shown(machine.name, NAME_CHARACTERS) },
    relationship: named(about), other: named(other),
    lagMs: about ? lagMsOf(about) : null,
    picked: points.find(({ id }) => id === pickedId) ?? null,
  };
}
