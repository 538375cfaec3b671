/** What must hold before a planned failover, each by name: looked at while the guest still runs. */
import type { Relationship } from '../machine/records.ts';
import { cycleIntervalMs } from '../relationship/settings.ts';
import { standingWords } from '../relationship/state.ts';
import type { Standing } from './calls.ts';
import type { Host } from './host.ts';
import { finding, readinessFindings, type Finding } from './readiness.ts';
import { machineOf } from './spec.ts';
import { say } from '../language/text.ts';

export interface PlannedOptions {
  /** Replication is to be turned round at once. */
  readonly reverse: boolean;
  /** Although this host could not become the replica. */
  readonly force: boolean;
}

/** The other host's standing is as it has just said. */
export async function plannedFindings(host: Host, relationship: Relationship, standing: Standing, options: PlannedOptions, signal: AbortSignal): Promise<readonly Finding[]> {
  const machine = machineOf(host, relationship.machineId);
  const isPaused = (await host.hypervisor.power(machine.id)) === 'paused';
  const ours: readonly (Finding | null)[] = [
    otherSide(host, relationship, standing),
    canReverse(host, relationship, options),
    isPaused ? finding('refuse', 'guest', say('The guest of {machine} is paused: it cannot shut down.', { machine: machine.name }), 'Let it go on, or turn it off: understudy vm stop --force.') : null,
  ];
  return [...ours.filter((finding) => finding !== null), ...await readinessFindings(host, machine, relationship.peerId, {}, false, signal)];
}

function otherSide(host: Host, { machineId, peerId }: Relationship, { side, state }: Standing): Finding | null {
  if (side === 'replica' && state === 3) return null;
  const peer = host.peerName(peerId);
  const { name } = machineOf(host, machineId);
  return finding('refuse', 'replica', say('{peer} cannot take {machine} over; its side is in: {here}.', { peer, machine: name, here: standingWords({ state, side }) }), say('Bring it back to Replicating there (understudy status on {peer}; understudy resume when it is suspended).', { peer }));
}

/** Without an entry for the other host this one cannot become its replica: the machine would run there unprotected. */
function canReverse(host: Host, { peerId, entryId }: Relationship, { reverse, force }: PlannedOptions): Finding | null {
  if (host.admission(peerId, entryId).isAdmitted || (force && !reverse)) return null;
  const peer = host.peerName(peerId);
  const message = say('{host} takes no replicas from {peer}, so replication could not be reversed afterwards.', { host: host.hostName, peer });
  return finding('refuse', 'reverse', message, reverse
    ? say('Let it on this host: understudy authorization add {peer} --storage DIR.', { peer })
    : say('Let it on this host: understudy authorization add {peer} --storage DIR (or --force to do without).', { peer }));
}

/** Replication does not keep up at present, or failed the last time: a cycle has to succeed before a guest is shut down for it. */
export function isBehind(host: Host, { failures, lastFault, newestInstantMs, settings }: Relationship): boolean {
  if (failures > 0 || lastFault !== null) return true;
  return newestInstantMs === null || host.clock.nowMs() - newestInstantMs > 2 * cycleIntervalMs(settings);
}
