/** A person takes one recovery point out of the catalog. Its layers are merged afterwards, as a retired point's are. */
import { Fault } from '../../errors/fault.ts';
import { Refused, refuse } from '../../errors/refusal.ts';
import type { Relationship } from '../../machine/records.ts';
import type { Host } from '../host.ts';
import { relationshipNamed } from '../transition.ts';
import { pointsInUse } from './merging.ts';
import { dropSpare, removeFromCatalog } from './sealing.ts';
import { say, phrase } from '../../language/text.ts';

/** The point is no more; every other one reads as before. Refused for a point that is needed. */
export function removePoint(host: Host, relationshipId: string, pointId: string): void {
  host.state.transaction(() => {
    const relationship = relationshipNamed(host, relationshipId);
    const points = host.state.points(relationship.machineId);
    if (!points.some(({ id }) => id === pointId)) throw new Fault('point-unknown', say('there is no recovery point {pointId}', { pointId }));
    const need = neededFor(host, relationship, pointId, points.at(-1)!.id);
    if (need !== null) throw new Refused(refuse(say('the recovery point cannot be removed: {need}', { need: [need] }), need === IN_TEST ? ['test-end'] : []));
    removeFromCatalog(host, relationship.machineId, pointId);
    if (relationship.failover === null && relationship.yielded === null) dropSpare(host, relationshipId);
  });
  host.changed('relationship', relationshipNamed(host, relationshipId).machineId);
}

const IN_TEST = phrase('a test failover stands on it');

function neededFor(host: Host, relationship: Relationship, pointId: string, lastId: string): string | null {
  const { failover, testCopy, verifyingId, newestPointId, yielded } = relationship;
  if (testCopy?.pointId === pointId) return IN_TEST;
  if (verifyingId === pointId) return phrase('it is being verified');
  if (pointsInUse(host, relationship).has(pointId)) return phrase('it is being sent on to the next host');
  if (failover) return failover.pointId === pointId ? phrase('the machine runs on it') : phrase('a failover is under way: commit removes the others');
  if (pointId === newestPointId || pointId === lastId) return phrase('it is the newest');
  if (yielded !== null) return phrase('this host waits for what the other one will send');
  return null;
}
