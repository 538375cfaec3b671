/**
 * A test failover: an isolated copy of any point, on overlays of its own, while replication goes on. One at a time. Its adapters reach
 * nothing but the test networks that were chosen for them.
 */
import { Fault, faultOf } from '../errors/fault.ts';
import { Refused, refuse, type Refusal } from '../errors/refusal.ts';
import type { MachineDefinition } from '../machine/definition.ts';
import type { AdapterChoice, GuestNetwork } from '../machine/guestnetwork.ts';
import type { Machine, Point, Relationship } from '../machine/records.ts';
import { chosen, missingText } from '../points/choosing.ts';
import { withTop } from '../points/stack.ts';
import { founded } from '../relationship/epoch.ts';
import { allowedVerbs } from '../relationship/step.ts';
import type { Host } from './host.ts';
import { checkReadyHere } from './readiness.ts';
import { recoveryBegun, recoveryReady } from './recoveries.ts';
import { machineOf, overridden, pointStacks } from './spec.ts';
import { relationshipNamed, update } from './transition.ts';
import { say } from '../language/text.ts';
import { standingWords } from '../relationship/state.ts';

/** States in which a replica's points stand still enough for a copy; a test never changes the state. In 5 and 6 there is also what a failed-over guest got here. */
const TESTABLE = [3, 5, 6, 7, 8];
/** While a replica waits for its first point (2) there is nothing to test, but for what a host kept that yielded. */
const TESTABLE_AFTER_YIELDING = [2, ...TESTABLE];

export interface TestRequest {
  /** The newest one when null. */
  readonly pointId: string | null;
  /** The copy's own id, when it has to be known beforehand. */
  readonly copyId: string | null;
  /** A bridge for all adapters, instead of each one's own test network. */
  readonly network: string | null;
  /** On no network at all, whatever is chosen for the adapters. */
  readonly isolated: boolean;
  readonly resumed: boolean;
  readonly askedMs?: number;
}

/**
 * The copy exists, off. Its machine is named `<name> - Test`. Done again by a resumed job, it is the same copy. When it cannot be
 * made, nothing of it is left.
 */
export async function makeTestCopy(host: Host, relationshipId: string, request: TestRequest): Promise<Machine> {
  const { testCopy } = relationshipNamed(host, relationshipId);
  const copy = request.resumed && testCopy ? machineOf(host, testCopy.instanceId) : await recordCopy(host, relationshipId, request);
  try {
    await fillCopy(host, relationshipId, copy);
    recoveryReady(host, relationshipId, copy.id);
  } catch (thrown) {
    if (faultOf(thrown)) await endTestCopy(host, relationshipId);
    throw thrown;
  }
  host.changed('machine', copy.id);
  return copy;
}

async function fillCopy(host: Host, relationshipId: string, copy: Machine): Promise<void> {
  const { pointId } = relationshipNamed(host, relationshipId).testCopy!;
  for (const { layers, sizeBytes } of copy.stacks) await host.layers.createActive(layers.at(-1)!, sizeBytes, null);
  if ((await host.hypervisor.power(copy.id)) !== 'off') return;
  const spec = { instanceId: copy.id, definition: copy.definition, stacks: copy.stacks, isolated: true };
  await host.hypervisor.restoreAttachments(spec, host.state.attachmentsOf(pointId));
}

/** What this host cannot run is found out before anything is made. */
async function recordCopy(host: Host, relationshipId: string, request: TestRequest): Promise<Machine> {
  const asked = copyOf(host, relationshipNamed(host, relationshipId), request);
  await checkReadyHere(host, onTestNetworks(asked.copy));
  return host.state.transaction(() => {
    // Points come and go while the check runs.
    const relationship = relationshipNamed(host, relationshipId);
    const { copy, point } = copyOf(host, relationship, { ...request, copyId: asked.copy.id });
    const top = copy.stacks.map(({ disk, layers }) => ({ disk, layer: layers.at(-1)! }));
    update(host, relationshipId, () => ({ testCopy: { instanceId: copy.id, pointId: point.id, layers: top }, lastTestMs: host.clock.nowMs() }));
    host.state.putMachine(copy);
    recoveryBegun(host, relationshipId, { id: copy.id, kind: 'test', askedMs: request.askedMs, point, isGuestOff: false });
    return copy;
  });
}

/** Why no test failover can be made now, or null. */
export function testRefusal(relationship: Relationship, machine: Machine): Refusal | null {
  const { side, state, yielded, receiving, testCopy } = relationship;
  const here = standingWords({ state, side });
  const states = yielded ? TESTABLE_AFTER_YIELDING : TESTABLE;
  if (side !== 'replica' || !states.includes(state)) return refuse(say('a test failover needs a replica with recovery points ({machine}: {here})', { machine: machine.name, here }), allowedVerbs(relationship));
  if (receiving?.kind === 'resync') return refuse(say('no test failover is made while the disks are compared ({machine} is being resynchronized): wait for its end, or cancel the resynchronization on the primary', { machine: machine.name }), allowedVerbs(relationship));
  if (testCopy) return refuse(say('a test failover of {machine} is there already: one at a time', { machine: machine.name }), ['test-end']);
  return null;
}

/** Refused where no test failover can be made now. */
export function checkTestable(relationship: Relationship, machine: Machine): void {
  const refusal = testRefusal(relationship, machine);
  if (refusal) throw new Refused(refusal);
}

function copyOf(host: Host, relationship: Relationship, request: TestRequest): { copy: Machine; point: Point } {
  const machine = machineOf(host, relationship.machineId);
  checkTestable(relationship, machine);
  const point = testedPoint(host, machine, request.pointId);
  const id = request.copyId ?? host.newId();
  const definition = { ...overridden(point.definition, relationship.overrides), id, name: `${machine.name} - Test`, autostart: false };
  const stacks = pointStacks(machine, point.id).map((stack) => withTop(stack, host.layers.layerAt(machine.storage, id, stack.disk, host.newId())));
  const network = testNetworkOf(machine, definition, request);
  return {
    point,
    copy: { id, name: definition.name, definition, stacks, lineage: founded(host.newId(), host.hostId), powerLock: null, storage: machine.storage, copyOf: machine.id, network },
  };
}

function testedPoint(host: Host, machine: Machine, pointId: string | null): Point {
  const point = chosen(host.state.points(machine.id), pointId);
  if (!point || (pointId === null && point.kind === 'divergence')) throw new Fault('point-unknown', missingText(machine.name, pointId));
  return point;
}

/** The copy's guest gets the addresses that a failover would give it. */
function testNetworkOf(machine: Machine, { nics }: MachineDefinition, { network, isolated }: TestRequest): GuestNetwork {
  const adapters = nics.map(({ mac }): AdapterChoice => {
    const { addresses, testBridge: own } = machine.network?.adapters.find((choice) => choice.mac === mac) ?? {};
    const testBridge = isolated ? undefined : (network ?? own);
    return { mac, ...(addresses && { addresses }), ...(testBridge !== undefined && { testBridge }) };
  });
  return { adapters, hasArrived: true };
}

/** As the copy is going to be plugged in. */
const onTestNetworks = ({ definition, network }: Machine): MachineDefinition => ({
  ...definition,
  nics: definition.nics.map(({ mac }) => {
    const bridge = network?.adapters.find((choice) => choice.mac === mac)?.testBridge;
    return bridge === undefined ? { kind: 'none', mac } : { kind: 'bridge', mac, bridge };
  }),
});

/** The copy is gone, with all that its guest wrote. */
export async function endTestCopy(host: Host, relationshipId: string): Promise<void> {
  const { testCopy, machineId } = relationshipNamed(host, relationshipId);
  if (!testCopy) throw new Refused(refuse(say('{machine} has no test failover', { machine: machineOf(host, machineId).name }), ['test']));
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
