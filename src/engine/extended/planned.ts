/**
 * A planned failover to the last host of a chain. The host before prepares one as if it were for this host: its guest is shut
 * down, and its last change is here. Then that point is sent on, and this host prepares in its turn. Each host's token has to
 * come back before the host before it can go on.
 */
import { faultOf } from '../../errors/fault.ts';
import { Refused, refuse } from '../../errors/refusal.ts';
import type { Relationship } from '../../machine/records.ts';
import { stateWords } from '../../relationship/state.ts';
import { allowedVerbs } from '../../relationship/step.ts';
import type { Engine } from '../engine.ts';
import { greet } from '../greeting.ts';
import type { JobContext } from '../jobs.ts';
import { onPeer } from '../onpeer.ts';
import { cancelPrepared, giveUpToken, takeToken } from '../planned.ts';
import { checkReady, readinessFindings } from '../readiness.ts';
import { machineOf } from '../spec.ts';
import { relationshipNamed, transition } from '../transition.ts';
import { sendNewest } from './extended.ts';
import { isSendable } from './source.ts';
import { say, told } from '../../language/text.ts';

const TAKE_BACK_WITHIN_MS = 60_000;

/** State 4 of the relationship with the next host: everything is there. When that fails or is cancelled, the guest runs again if it did. */
export async function prepareOnward(engine: Engine, job: JobContext, { id, machineId, peerId }: Relationship): Promise<void> {
  const { host } = engine;
  if (relationshipNamed(host, id).state === 4) return;
  const own = engine.relationshipOf(machineId);
  checkPrepares(engine, own, relationshipNamed(host, id));
  await greet(host, id, job.signal);
  checkReady(await readinessFindings(host, machineOf(host, machineId), peerId, {}, false, job.signal), true);
  const { power } = await greet(host, own.id, job.signal);
  try {
    await onPeer(engine, job, own, 'preparePlanned', job.args);
    await engine.worker(machineId, 'onward').exclusive('planned failover', (signal) => handOn(engine, own, id, signal), job.signal);
  } catch (thrown) {
    const isDaemonEnding = job.signal.aborted && faultOf(job.signal.reason)?.code !== 'cancelled';
    if (!isDaemonEnding) await takeBackOnward(engine, job, id, power !== 'off');
    throw thrown;
  }
}

function checkPrepares({ host }: Engine, own: Relationship, extended: Relationship): void {
  if (extended.state === 3 && own.state === 3 && isSendable(own)) return;
  const { name } = machineOf(host, own.machineId);
  throw new Refused(refuse(say('a planned failover of {name} to {peer} needs replication from {peer2} to here ({state}) and from here on ({state2})', { name, peer: host.peerName(extended.peerId), peer2: host.peerName(own.peerId), state: stateWords(own.state), state2: stateWords(extended.state) }), allowedVerbs(extended)));
}

async function handOn(engine: Engine, own: Relationship, id: string, signal: AbortSignal): Promise<void> {
  const { host } = engine;
  await takeToken(host, relationshipNamed(host, id), signal);
  const around = { host, relationshipId: id, onProgress: () => undefined, stopMerging: () => engine.worker(own.machineId).stopMerging(), wait: (ms: number, during: AbortSignal) => host.clock.sleep(ms, during) };
  await sendNewest(around, { kind: 'planned' }, signal);
  const { power, state } = await greet(host, own.id, signal);
  transition(host, id, 'preparePlanned', { facts: { 'guest-off': power === 'off' && state === 4, 'planned-point': true } });
}

/** Nothing is handed over: the tokens are given back, from the last host to the first. What cannot be asked stays prepared, and is said. */
export async function takeBackOnward(engine: Engine, job: JobContext, id: string, startsAgain: boolean): Promise<void> {
  const { host } = engine;
  const within = { ...job, signal: host.clock.timeout(TAKE_BACK_WITHIN_MS) };
  const { machineId, state } = relationshipNamed(host, id);
  try {
    if (state === 4) await cancelPrepared(host, id, false, within.signal);
    else await giveUpToken(host, id);
    const own = engine.relationshipOf(machineId);
    await onPeer(engine, within, own, 'cancelPlanned', {}).catch(ignoreRefused);
    if (startsAgain) await onPeer(engine, within, own, 'start', {});
  } catch (thrown) {
    if (!faultOf(thrown) && !(thrown instanceof Refused)) throw thrown;
    const { name } = machineOf(host, machineId);
    host.state.addEvent({ atMs: host.clock.nowMs(), number: null, severity: 'warning', machine: name, ...told(say('{name}: the planned failover could not be taken back everywhere: {message}. Cancel it where it is prepared still: understudy cancel-failover', { name, message: (thrown as Error).message })) });
  }
}

/** It was not prepared there. */
function ignoreRefused(thrown: unknown): void {
  if (!(thrown instanceof Refused)) throw thrown;
}
