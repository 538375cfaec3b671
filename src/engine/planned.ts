/**
 * A planned failover, seen from the primary: a token on the replica, the power-on lock, the guest's own shutdown, the last
 * cycle, state 4, then the other host takes over. Each step is skipped when it is done, so that a crash is made good by
 * running it again. Cancelling needs the token back.
 */
import { faultOf } from '../errors/fault.ts';
import { Refused, refuse } from '../errors/refusal.ts';
import type { Relationship } from '../machine/records.ts';
import { sideWords, stateWords } from '../relationship/state.ts';
import { allowedVerbs } from '../relationship/step.ts';
import { isOnward } from '../relationship/chain.ts';
import { kinship, mint, newestOf, ownerBefore, type Lineage } from '../relationship/epoch.ts';
import { call } from './calls.ts';
import { greet } from './greeting.ts';
import type { Host } from './host.ts';
import { runCycle, type OnProgress } from './primary/cycle.ts';
import { startMachine } from './power.ts';
import { isBehind, plannedFindings, type PlannedOptions } from './prerequisites.ts';
import { checkReady } from './readiness.ts';
import { machineOf } from './spec.ts';
import { recoveryBegun, recoveryHandedOver, recoveryReady, type Asking } from './recoveries.ts';
import { relationshipNamed, transition, update } from './transition.ts';
import { say, told, phrase } from '../language/text.ts';

const GIVE_UP_WITHIN_MS = 10_000;
const START_WITHIN_MS = 60_000;
export interface Prepare extends PlannedOptions {
  readonly shutdownTimeoutMs: number;
}

const LOCKED = phrase('a planned failover is under way: the guest stays off here so that nothing is written after the last cycle');

/**
 * The guest is off, its last change is on the replica, and it cannot be started here (state 4). When that fails or is
 * cancelled, the lock is gone and a guest that ran runs again; when the daemon itself ends, the next one goes on.
 */
export async function prepare(host: Host, relationshipId: string, { shutdownTimeoutMs, ...options }: Prepare, onProgress: OnProgress, signal: AbortSignal): Promise<void> {
  const { side, state } = relationshipNamed(host, relationshipId);
  if (side === 'primary' && state === 4) return;
  try {
    await handIn(host, relationshipId, { shutdownTimeoutMs, ...options }, onProgress, signal);
  } catch (thrown) {
    const isDaemonEnding = signal.aborted && faultOf(signal.reason)?.code !== 'cancelled';
    if (!isDaemonEnding) await giveUpToken(host, relationshipId);
    throw thrown;
  }
}

async function handIn(host: Host, relationshipId: string, { shutdownTimeoutMs, ...options }: Prepare, onProgress: OnProgress, signal: AbortSignal): Promise<void> {
  const relationship = relationshipNamed(host, relationshipId);
  const { machineId, side, state } = relationship;
  if (side !== 'primary' || state !== 3) {
    throw new Refused(refuse(say('a planned failover of {machine} needs a primary that replicates; it is: {state} ({side})', { machine: machineOf(host, machineId).name, state: stateWords(state), side: sideWords(side) }), allowedVerbs(relationship)));
  }
  const standing = await greet(host, relationshipId, signal);
  // Found out before the guest is shut down, not after.
  checkReady(await plannedFindings(host, relationship, standing, options, signal), true);
  if (isBehind(host, relationshipNamed(host, relationshipId))) await runCycle(host, relationshipId, 'cycle', onProgress, signal);
  await takeToken(host, relationship, signal);
  await host.hypervisor.shutdown(machineId, shutdownTimeoutMs, signal);
  await runCycle(host, relationshipId, 'planned', onProgress, signal);
  transition(host, relationshipId, 'preparePlanned', { facts: { 'guest-off': (await host.hypervisor.power(machineId)) === 'off', 'planned-point': true } });
}

/** The lock precedes everything else here. A former daemon may have taken the token for this very failover. */
export async function takeToken(host: Host, { id, machineId, peerId }: Relationship, signal: AbortSignal): Promise<void> {
  const isOn = (await host.hypervisor.power(machineId)) !== 'off';
  const { token } = host.state.transaction(() => {
    host.state.putMachine({ ...machineOf(host, machineId), powerLock: LOCKED });
    return update(host, id, (before) => (before.token === null ? { token: host.newId(), guestRan: isOn } : {}));
  });
  await call(host.peers, peerId, 'preparePlanned', { relationshipId: id, token: token! }, signal);
}

/** Nothing was prepared: the guest may run here again, and does when it did before. The replica's token is worthless without state 4. */
export async function giveUpToken(host: Host, relationshipId: string): Promise<void> {
  const { side, token, machineId, peerId, guestRan } = relationshipNamed(host, relationshipId);
  // A replica's token is the other host's to take back.
  if (token === null || side !== 'primary') return;
  await returnToken(host, relationshipId, token, peerId, host.clock.timeout(GIVE_UP_WITHIN_MS)).catch(ignoreAnswer);
  const { name } = host.state.transaction(() => {
    update(host, relationshipId, () => ({ token: null, guestRan: false }));
    const machine = machineOf(host, machineId);
    if (machine.powerLock === LOCKED) host.state.putMachine({ ...machine, powerLock: null });
    return machine;
  });
  if (!guestRan || (await host.hypervisor.power(machineId)) !== 'off') return;
  await startMachine(host, machineId, host.clock.timeout(START_WITHIN_MS)).then(
    () => host.state.addEvent({ atMs: host.clock.nowMs(), number: null, severity: 'warning', machine: name, ...told(say('{name}: the planned failover was given up, and its guest was started on {host} again', { name, host: host.hostName })) }),
    ignoreAnswer,
  );
}

function ignoreAnswer(thrown: unknown): void {
  if (!faultOf(thrown) && !(thrown instanceof Refused)) throw thrown;
}

/**
 * The replica gave the token up, for an epoch that this host owns: nobody can take over by it any more. The epoch is minted
 * only with the replica's consent: one that has failed over already owns the machine.
 */
async function returnToken(host: Host, relationshipId: string, token: string, peerId: string, signal: AbortSignal): Promise<void> {
  const relationship = relationshipNamed(host, relationshipId);
  const { machineId } = relationship;
  const before = machineOf(host, machineId).lineage;
  const lineage = mint(before, host.newId(), ownerHere(host, relationship, before));
  await call(host.peers, peerId, 'cancelPlanned', { relationshipId, token, lineage }, signal);
  const machine = machineOf(host, machineId);
  if (kinship(machine.lineage, lineage) === 'theirs-descends') host.state.putMachine({ ...machine, lineage });
}

/** Where the guest may run once the replica has given the token up: here, and in the middle of a chain on the host before. */
const ownerHere = (host: Host, relationship: Relationship, lineage: Lineage): string => (isOnward(relationship) ? ownerBefore(lineage, relationship.peerId) : undefined) ?? host.hostId;

/** State 3 again and the guest may run here. Refused while the replica cannot be asked, unless forced as a new epoch. */
export async function cancelPrepared(host: Host, relationshipId: string, force: boolean, signal: AbortSignal): Promise<Relationship> {
  const relationship = relationshipNamed(host, relationshipId);
  const { name } = machineOf(host, relationship.machineId);
  if (relationship.side === 'replica') throw new Refused(refuse(say('{name}: a planned failover is cancelled on its primary, {peer}', { name, peer: host.peerName(relationship.peerId) }), allowedVerbs(relationship)));
  if (relationship.state !== 4) return transition(host, relationshipId, 'cancelPlanned');
  try {
    const { failoverPlanned } = await greet(host, relationshipId, signal);
    if (failoverPlanned !== null) throw new Refused(refuse(say('{name}: {peer} has failed over already: revert there first', { name, peer: host.peerName(relationship.peerId) }), ['revert']));
    const { lineage } = machineOf(host, relationship.machineId);
    const isOurs = newestOf(lineage).ownerHostId === ownerHere(host, relationship, lineage);
    if (relationship.token !== null || !isOurs) await returnToken(host, relationshipId, relationship.token ?? '', relationship.peerId, signal);
  } catch (thrown) {
    if (!faultOf(thrown) || !force) throw thrown;
    const machine = machineOf(host, relationship.machineId);
    host.state.putMachine({ ...machine, lineage: mint(machine.lineage, host.newId(), ownerHere(host, relationship, machine.lineage)) });
  }
  host.state.addEvent({ atMs: host.clock.nowMs(), number: null, severity: 'information', machine: name, ...told(say('{name}: the planned failover was cancelled', { name })) });
  return transition(host, relationshipId, 'cancelPlanned', {
    change: () => ({ token: null }),
    also: () => host.state.putMachine({ ...machineOf(host, relationship.machineId), powerLock: null }),
  });
}

/**
 * Given up after everything was handed in. When the replica gives the token back, the guest runs here again if it did before;
 * when the replica has begun already, or cannot be asked, this host stays prepared.
 */
export async function takeBackPrepared(host: Host, relationshipId: string, signal: AbortSignal): Promise<void> {
  const { state, side, guestRan, machineId } = relationshipNamed(host, relationshipId);
  if (side !== 'primary' || state !== 4) return;
  try {
    await cancelPrepared(host, relationshipId, false, signal);
    if (guestRan) await startMachine(host, machineId, signal);
  } catch (thrown) {
    ignoreAnswer(thrown);
    const { name } = machineOf(host, machineId);
    host.state.addEvent({ atMs: host.clock.nowMs(), number: null, severity: 'warning', machine: name, ...told(say('{name}: the planned failover could not be taken back: {message}', { name, message: (thrown as Error).message })) });
  }
}

/** The other host runs the machine now (its state 5). */
export async function handOver(host: Host, relationshipId: string, { start, commitAfterSeconds, asking }: { readonly start: boolean; readonly commitAfterSeconds: number | null; readonly asking: Asking }, signal: AbortSignal): Promise<void> {
  const relationship = relationshipNamed(host, relationshipId);
  if (relationship.side !== 'primary') return;
  const { token, peerId, newestPointId, newestInstantMs } = relationship;
  const { askedMs, isFailback = false } = asking;
  await call(host.peers, peerId, 'failOverPlanned', { relationshipId, token: token ?? '', start, commitAfterSeconds, askedAgoMs: Math.max(0, host.clock.nowMs() - askedMs), isFailback }, signal);
  if (token === null || newestPointId === null || newestInstantMs === null) return;
  const id = `handed over ${token}`;
  recoveryBegun(host, relationshipId, { id, kind: isFailback ? 'failback' : 'planned', askedMs, point: { id: newestPointId, instantMs: newestInstantMs }, isGuestOff: true });
  recoveryReady(host, relationshipId, id);
  if (start) recoveryHandedOver(host, relationshipId, id);
}
