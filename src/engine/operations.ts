/** Operations that take a machine from one standing to another, each safe to run again after a crash. */
import { Fault, faultOf } from '../errors/fault.ts';
import { Refused, refuse } from '../errors/refusal.ts';
import type { Point, Relationship } from '../machine/records.ts';
import { stateWords } from '../relationship/state.ts';
import { allowedVerbs } from '../relationship/step.ts';
import type { Standing } from './calls.ts';
import type { Engine } from './engine.ts';
import { checkNotHandedOn } from './extended/asking.ts';
import { beginFailover, chosenPoint } from './failover.ts';
import { awayOf, endAway, takeBack } from './failback/away.ts';
import { greet, RelationshipLost } from './greeting.ts';
import { startMachine } from './power.ts';
import type { Asking } from './recoveries.ts';
import type { Host } from './host.ts';
import { checkReadyHere } from './readiness.ts';
import { damageText } from './replica/verification.ts';
import { arriving, machineOf } from './spec.ts';
import { relationshipNamed } from './transition.ts';
import { saidOf, say, type Text } from '../language/text.ts';

const ASK_WITHIN_MS = 5_000;

export interface FailoverHere {
  readonly pointId: string | null;
  readonly planned: boolean;
  /** Of a planned failover that the primary asks for: without it, or when it was given back meanwhile, nothing begins. */
  readonly token?: string;
  readonly start: boolean;
  /** 0 for never; as the settings say when null. */
  readonly commitAfterSeconds?: number | null;
  /** What was done already was done for this very request. */
  readonly resumed: boolean;
  readonly asking?: Asking | undefined;
  /** What others are told while it holds the machine. */
  readonly operation?: Text;
}

/** State 5 on this host, the guest running when it was to be started. */
export async function failOverHere(engine: Engine, machineId: string, { pointId, planned, token, start, commitAfterSeconds = null, resumed, operation = 'unplanned failover', asking }: FailoverHere, signal: AbortSignal): Promise<void> {
  const { host } = engine;
  const { id } = engine.relationshipOf(machineId);
  const worker = engine.worker(machineId);
  await worker.exclusive(operation, async (during) => {
    const before = relationshipNamed(host, id);
    if (!(resumed && [12, 5].includes(before.state))) {
      const point = chosenPoint(host, machineOf(host, machineId), pointId);
      if (point) await checkReadyHere(host, arriving(machineOf(host, machineId), before, point.definition));
      // A guest that is held here stands on the very layers that are kept as a recovery point.
      if (before.failover === null) await host.hypervisor.stop(machineId);
      if (token !== undefined && relationshipNamed(host, id).token !== token) throw new Refused(refuse('the planned failover was cancelled', []));
      beginFailover(host, id, { pointId, planned, commitAfterSeconds, ...(asking && { asking }) });
      await engine.reception.end(id);
      await worker.stopMerging();
    }
    await worker.settleEffects(during);
    const after = relationshipNamed(host, id);
    if (after.state !== 5) throw new Fault((after.lastFault?.code as 'disk-io' | undefined) ?? 'disk-io', after.lastFault ? saidOf(after.lastFault) : say('{machine} could not be failed over', { machine: machineOf(host, machineId).name }));
    if (start) await startMachine(host, machineId, during);
  }, signal);
}

/** What the primary says of itself, or undefined when it does not answer. */
export async function askPrimary(engine: Engine, relationshipId: string, signal: AbortSignal, force = false): Promise<Standing | undefined> {
  const { host } = engine;
  try {
    return await greet(host, relationshipId, AbortSignal.any([signal, host.clock.timeout(ASK_WITHIN_MS)]));
  } catch (thrown) {
    signal.throwIfAborted();
    if (thrown instanceof Refused) throw thrown;
    if (thrown instanceof RelationshipLost && thrown.runsThere && !force) throw runsTwice(host, relationshipNamed(host, relationshipId));
    if (!faultOf(thrown) && !(thrown instanceof DOMException)) throw thrown;
    return undefined;
  }
}

/** Nobody can hold a guest there: that host does not know that this one has a part in it. */
function runsTwice(host: Host, { machineId, peerId }: Relationship): Refused {
  const about = { machine: machineOf(host, machineId).name, peer: host.peerName(peerId) };
  return new Refused(refuse(say('{machine} runs on {peer}, which does not know the relationship any more: shut it down there first (understudy vm stop {machine}). With --force it runs on both hosts', about), ['failover --unplanned --force']));
}

/** Refused for a point that was found damaged: it is named, and those that are not. */
function refuseDamaged(host: Host, { id, machineId, verification }: Point): void {
  if (!verification || verification.damage.length === 0) return;
  const others = host.state.points(machineId).filter((each) => each.id !== id && each.kind !== 'divergence' && (each.verification?.damage.length ?? 0) === 0);
  const newest = others.at(-1);
  const about = { machine: machineOf(host, machineId).name, id, damage: damageText(verification.damage) };
  const reason = newest
    ? say('{machine}: the recovery point {id} is damaged. {damage} The newest one that was not found damaged is {newest} of {time}.', { ...about, newest: newest.id, time: { atMs: newest.instantMs } })
    : say('{machine}: the recovery point {id} is damaged. {damage}', about);
  throw new Refused(refuse(reason, [...(newest ? [`failover --unplanned --point ${newest.id}`] : []), 'failover --unplanned --force']));
}

/**
 * Refused while the primary reports its guest running, unless forced; a primary that is prepared makes it a planned one. A
 * point that was found damaged is refused too, unless `damagedToo` (as `force` is when absent).
 */
export async function unplannedFailover(engine: Engine, machineId: string, wanted: { pointId: string | null; start: boolean; force: boolean; damagedToo?: boolean; commitAfterSeconds?: number | null; resumed: boolean; operation?: Text; asking?: Asking }, signal: AbortSignal): Promise<void> {
  const { host } = engine;
  const relationship = engine.relationshipOf(machineId);
  const point = chosenPoint(host, machineOf(host, machineId), wanted.pointId);
  if (point && !(wanted.damagedToo ?? wanted.force) && !wanted.resumed) refuseDamaged(host, point);
  const options = { ...wanted, pointId: wanted.pointId && (point?.id ?? null) };
  const named = wanted.operation === undefined ? {} : { operation: wanted.operation };
  const { name } = machineOf(host, machineId);
  if (relationship.side !== 'replica') throw new Refused(refuse(say('{name}: an unplanned failover is asked of the replica\'s host, {peer} (here: {state}, primary)', { name, peer: host.peerName(relationship.peerId), state: stateWords(relationship.state) }), allowedVerbs(relationship)));
  if (awayOf(relationship)?.phase === 'handedOver') return takeBackHere(engine, relationship, options, signal);
  const isUnderWay = options.resumed && [12, 5].includes(relationship.state);
  if (isUnderWay) return failOverHere(engine, machineId, { pointId: options.pointId, planned: relationship.failover?.planned ?? false, start: options.start, resumed: true, ...named }, signal);
  await checkNextHost(engine, relationship, options.force, signal);
  const standing = await askPrimary(engine, relationship.id, signal, options.force);
  if (standing && standing.power !== 'off' && standing.side === 'primary' && !options.force) {
    throw new Refused(refuse(say('{name} runs on {peer}: use a planned failover, which loses nothing, or --force (then that guest is held and what it wrote since the last point is set aside)', { name, peer: standing.runsOn ?? host.peerName(relationship.peerId) }), ['failover --planned', 'failover --unplanned --force']));
  }
  if (standing?.isPreparing === true && !options.force) {
    throw new Refused(refuse(say('a planned failover of {name} is under way on {peer}: one at a time. Wait for it, cancel it there, or use --force', { name, peer: host.peerName(relationship.peerId) }), ['failover --unplanned --force']));
  }
  const isPrepared = standing?.state === 4 && (options.pointId === null || options.pointId === relationship.newestPointId);
  await failOverHere(engine, machineId, { pointId: options.pointId, planned: isPrepared, start: options.start, commitAfterSeconds: options.commitAfterSeconds ?? null, resumed: false, asking: options.asking, ...named }, signal);
}

/** In a chain: refused while the guest runs on the next host, and on one that nothing is sent to any more. */
async function checkNextHost(engine: Engine, { machineId, lastFault }: Relationship, force: boolean, signal: AbortSignal): Promise<void> {
  const { host } = engine;
  if (force) return;
  if (lastFault?.code === 'sending-ended') throw new Refused(refuse(say('{reason}. Its guest may run elsewhere: --force fails over all the same', { reason: [saidOf(lastFault)] }), ['failover --unplanned --force']));
  checkNotHandedOn(host, machineId);
  const extended = host.state.extendedOf(machineId);
  const standing = extended && (await askPrimary(engine, extended.id, signal));
  if (!standing || standing.power === 'off') return;
  throw new Refused(refuse(say('{machine} runs on {peer}: use --force (then that guest is held and what it wrote is set aside)', { machine: machineOf(host, machineId).name, peer: host.peerName(extended.peerId) }), ['failover --unplanned --force']));
}

/** The guest went home by a failback, and that host is gone: this one takes the machine back, with what it had when it gave it up. */
async function takeBackHere(engine: Engine, { id, machineId, peerId }: Relationship, { start, force }: { start: boolean; force: boolean }, signal: AbortSignal): Promise<void> {
  const { host } = engine;
  if ((await askPrimary(engine, id, signal, force)) && !force) {
    throw new Refused(refuse(say('{machine} went home to {peer}: revert the failback there, or use --force (then that guest is held and what it wrote is set aside)', { machine: machineOf(host, machineId).name, peer: host.peerName(peerId) }), ['failover --unplanned --force']));
  }
  await engine.worker(machineId).exclusive('unplanned failover', async (during) => {
    takeBack(host, id);
    await endAway(host, id, during);
    if (start) await startMachine(host, machineId, during);
  }, signal);
}
