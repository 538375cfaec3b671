/** A test failover: an isolated copy of any point, on overlays of its own, while replication goes on. One at a time. */
import { Fault } from '../errors/fault.ts';
import { Refused, refuse } from '../errors/refusal.ts';
import type { Machine, Point, Relationship } from '../machine/records.ts';
import { founded } from '../relationship/epoch.ts';
import { stateName } from '../relationship/state.ts';
import { allowedVerbs } from '../relationship/step.ts';
import type { Host } from './host.ts';
import { machineOf, overridden, pointStacks } from './spec.ts';
import { chosen, missingText } from '../points/choosing.ts';
import { withTop } from '../points/stack.ts';
import { relationshipNamed, update } from './transition.ts';

/** States in which a replica's points stand still enough for a copy; a test never changes the state. In 2 there is what a host kept that yielded; in 5 and 6 also what a failed-over guest got here. */
const TESTABLE = [2, 3, 5, 6, 7, 8];

export interface TestRequest {
  /** The newest one when null. */
  readonly pointId: string | null;
  /** The copy's own id, when it has to be known beforehand. */
  readonly copyId: string | null;
  readonly resumed: boolean;
}

/** The copy exists, off. Its machine is named `<name> - Test`. Done again by a resumed job, it is the same copy. */
export async function makeTestCopy(host: Host, relationshipId: string, request: TestRequest): Promise<Machine> {
  const { testCopy } = relationshipNamed(host, relationshipId);
  const copy = request.resumed && testCopy ? machineOf(host, testCopy.instanceId) : recordCopy(host, relationshipId, request);
  const { pointId: chosenId } = relationshipNamed(host, relationshipId).testCopy!;
  for (const { layers, sizeBytes } of copy.stacks) await host.layers.createActive(layers.at(-1)!, sizeBytes, null);
  if ((await host.hypervisor.power(copy.id)) === 'off') {
    const spec = { instanceId: copy.id, definition: copy.definition, stacks: copy.stacks, isolated: true };
    await host.hypervisor.restoreAttachments(spec, host.state.attachmentsOf(chosenId));
  }
  host.changed('machine', copy.id);
  return copy;
}

function recordCopy(host: Host, relationshipId: string, { pointId, copyId }: TestRequest): Machine {
  const relationship = relationshipNamed(host, relationshipId);
  const machine = machineOf(host, relationship.machineId);
  checkTestable(relationship, machine);
  const point = chosen(host.state.points(machine.id), pointId);
  if (!point || (pointId === null && point.kind === 'divergence')) throw new Fault('point-unknown', `${machine.name} has no ${missingText(pointId)}`);
  const copy = copyOf(host, machine, relationship, point, copyId ?? host.newId());
  host.state.transaction(() => {
    const top = copy.stacks.map(({ disk, layers }) => ({ disk, layer: layers.at(-1)! }));
    update(host, relationshipId, () => ({ testCopy: { instanceId: copy.id, pointId: point.id, layers: top }, lastTestMs: host.clock.nowMs() }));
    host.state.putMachine(copy);
  });
  return copy;
}

/** Refused where no test failover can be made now. */
export function checkTestable(relationship: Relationship, machine: Machine): void {
  const here = `${machine.name}: ${stateName(relationship.state)} (${relationship.side})`;
  if (relationship.side !== 'replica' || !TESTABLE.includes(relationship.state)) throw new Refused(refuse(`a test failover needs a replica with recovery points (${here})`, allowedVerbs(relationship)));
  if (relationship.testCopy) throw new Refused(refuse(`a test failover of ${machine.name} is there already: one at a time`, ['test-end']));
}

function copyOf(host: Host, machine: Machine, relationship: Relationship, point: Point, id: string): Machine {
  const definition = { ...overridden(point.definition, relationship.overrides), id, name: `${machine.name} - Test`, autostart: false };
  const stacks = pointStacks(machine, point.id).map((stack) => withTop(stack, host.layers.layerAt(machine.storage, id, stack.disk, host.newId())));
  return { id, name: definition.name, definition, stacks, lineage: founded(host.newId(), host.hostId), powerLock: null, storage: machine.storage, copyOf: machine.id };
}

/** The copy is gone, with all that its guest wrote. */
export async function endTestCopy(host: Host, relationshipId: string): Promise<void> {
  const { testCopy, machineId } = relationshipNamed(host, relationshipId);
  if (!testCopy) throw new Refused(refuse(`${machineOf(host, machineId).name} has no test failover`, ['test']));
  await host.hypervisor.stop(testCopy.instanceId);
  for (const { layer } of testCopy.layers) await host.layers.remove(layer);
  await host.hypervisor.forget(testCopy.instanceId);
  host.state.transaction(() => {
    update(host, relationshipId, () => ({ testCopy: null }));
    host.state.removeMachine(testCopy.instanceId);
    host.state.addToOutbox(machineId, 'merge-layers', {});
  });
  host.changed('machine', testCopy.instanceId);
}
