/** Rules 13, 14, 21: what must hold on a host that failed over, between any two steps. */
import { prefixOf } from '../points/stack.ts';
import type { Relationship } from '../machine/records.ts';
import { activeStacks } from '../engine/spec.ts';
import type { SimulatedHost } from './host.ts';
import { contentOf } from './instant.ts';
import type { Pair } from './pair.ts';
import type { Content } from './properties.ts';
import { Violation } from './story.ts';

/** Points more than the history allows: the newest, that of a test failover, and one while a history that was made shorter is being reached. */
const BEYOND_HISTORY = 3;

export function checkBranch(pair: Pair, host: SimulatedHost): void {
  const relationship = pair.relationshipOn(host);
  if (relationship?.side !== 'replica' || ![5, 6].includes(relationship.state)) return;
  const { branch } = host.state.machine(pair.machineId)!.stacks.find((stack) => relationship.failover?.layers.some(({ disk }) => disk === stack.disk))!;
  const made = branch?.layers.filter(({ pointId }) => pointId !== undefined).length ?? 0;
  if (made > relationship.settings.recoveryHistory + BEYOND_HISTORY) throw new Violation('a branch has no more points than the history allows', `${host.name}: ${made}`);
  checkReturnSet(pair, host, relationship);
}

/** Whatever differs from the chosen point is carried, or is in the layers that the guest writes now. */
function checkReturnSet(pair: Pair, host: SimulatedHost, { failover, id }: Relationship): void {
  const machine = host.state.machine(pair.machineId)!;
  const chosen = contentOf(host.files, { stacks: machine.stacks.flatMap((stack) => prefixOf(stack, failover!.pointId) ?? []) });
  const now: Content = contentOf(host.files, pair.guestOn(host)?.spec ?? { stacks: activeStacks(machine, failover!) });
  const carried = host.state.carried(id);
  for (const [disk, values] of now) {
    const active = [failover!.layers, failover!.next?.layers ?? []].map((layers) => layers.find((each) => each.disk === disk)?.layer.path).filter((path) => path !== undefined && host.files.has(path));
    for (const [cluster, value] of values.entries()) {
      if (value === chosen.get(disk)![cluster]) continue;
      const isKnown = carried.get(disk)?.has(cluster) || active.some((path) => host.files.find(path!).clusters.has(cluster));
      if (!isKnown) throw new Violation('everything that was written since the failover is known', `${host.name}: disk ${disk}, cluster ${cluster}`);
    }
  }
}
