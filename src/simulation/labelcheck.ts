/** Rule 18: at any moment, what could be rebuilt from a host's layer files alone is right: no wrong point, and none missing. */
import type { Link, Rebuilt } from '../engine/replica/rebuilding.ts';
import { linksOf, rebuilt } from '../engine/replica/rebuilding.ts';
import { prefixOf } from '../points/stack.ts';
import type { SimulatedHost } from './host.ts';
import { contentOf } from './instant.ts';
import type { Pair } from './pair.ts';
import { difference, type Content } from './properties.ts';
import { Violation } from './story.ts';
import { inEnglish } from '../language/text.ts';

const STORAGE = '/replicas';
const pathOf = (machineId: string, disk: string, layerId: string): string => `${STORAGE}/${machineId}/${disk}-${layerId}`;

/** If the host's state were lost now. */
export function checkLabels(pair: Pair, host: SimulatedHost, contentAt: (pointId: string) => Content | undefined): void {
  const outcome = rebuilt(pair.machineId, STORAGE, linksHere(pair, host));
  if (outcome.kind === 'replica') checkPoints(host, outcome, contentAt);
  checkStanding(pair, host, outcome);
}

function linksHere(pair: Pair, { files }: SimulatedHost): Link[] {
  const labels = [...files.labels].map(([path, sidecar]) => ({ path, sidecar }));
  return linksOf(labels, (disk, layerId) => pathOf(pair.machineId, disk, layerId), new Set(labels.map(({ path }) => path).filter((path) => files.has(path))));
}

function checkPoints(host: SimulatedHost, { machine, points }: Extract<Rebuilt, { kind: 'replica' }>, contentAt: (pointId: string) => Content | undefined): void {
  for (const { point } of points) {
    const expected = contentAt(point.id);
    const stacks = machine.stacks.flatMap((stack) => prefixOf(stack, point.id) ?? []);
    const wrong = expected && difference(contentOf(host.files, { stacks }), expected);
    if (wrong) throw new Violation('every point that could be rebuilt from its files reads right', `${host.name}: point ${point.id} (${point.kind}, sequence ${point.sequence}): ${wrong}`);
  }
}

/** What a guest wrote here last is what would be rebuilt, of the disks that replicate: another disk of its own has no label. */
function checkAlone(pair: Pair, host: SimulatedHost, { machine }: Extract<Rebuilt, { kind: 'alone' }>): void {
  const guest = pair.guestOn(host);
  const disks = new Set(machine.stacks.map(({ disk }) => disk));
  const written = guest && new Map([...contentOf(host.files, guest.spec)].filter(([disk]) => disks.has(disk)));
  const wrong = written && difference(contentOf(host.files, machine), written);
  if (wrong) throw new Violation('a machine that ran here is rebuilt as its guest left it', `${host.name}: ${wrong}`);
}

/** A guest's own disks are never taken for a replica's; a replica that has got points loses none of them. */
function checkStanding(pair: Pair, host: SimulatedHost, outcome: Rebuilt): void {
  const relationship = pair.relationshipOn(host);
  if (!relationship) return;
  const isGuests = relationship.side === 'primary' || [5, 6, 14].includes(relationship.state);
  // Nobody writes the disks before their labels are gone.
  const isForgetting = host.state.outbox(pair.machineId).some(({ effect }) => effect === 'forget-failback' || effect === 'free-guest');
  if (outcome.kind === 'alone') checkAlone(pair, host, outcome);
  if (relationship.side === 'replica' && [5, 6].includes(relationship.state) && outcome.kind === 'left') throw new Violation('a machine that failed over can be rebuilt from its files', `${host.name}: ${inEnglish(outcome.why)}`);
  if (isGuests && !isForgetting && outcome.kind === 'replica') throw new Violation('disks that a guest writes are not rebuilt as a replica', pair.standing());
  const isSealed = relationship.side === 'replica' && [3, 7, 8].includes(relationship.state) && relationship.yielded === null && relationship.newestPointId !== null;
  const isReverting = host.state.outbox(pair.machineId).some(({ effect }) => effect === 'drop-failover-layers');
  if (!isSealed || isReverting) return;
  const found = outcome.kind === 'replica' ? outcome.points.map(({ point }) => point.id) : [];
  const missing = host.state.points(pair.machineId).filter(({ id }) => !found.includes(id));
  // A point that is sealed, and not yet in the catalog, is there already.
  const isSame = outcome.kind === 'replica' && [relationship.newestPointId, relationship.receiving?.id].includes(outcome.newest.pointId);
  if (missing.length > 0 || !isSame) {
    throw new Violation('every recovery point can be rebuilt from its files', `${host.name}: ${outcome.kind === 'left' ? inEnglish(outcome.why) : `${missing.length} points are missing`}, newest ${relationship.newestPointId}`);
  }
}
