/**
 * While media are on their way changes flow to the replica all the same. They start from the point that the media carry, and
 * are no recovery points there before the media have arrived; the replica says so by its own state.
 */
import { Refused, refuse } from '../../errors/refusal.ts';
import { retryDelayMs } from '../../cycle/retry.ts';
import type { Relationship } from '../../machine/records.ts';
import { cycleIntervalMs } from '../../relationship/settings.ts';
import { attempted, type Surroundings } from '../attempted.ts';
import { call } from '../calls.ts';
import { greet } from '../greeting.ts';
import type { Host } from '../host.ts';
import { runCycle } from '../primary/cycle.ts';
import { machineOf } from '../spec.ts';
import { relationshipNamed, transition, update } from '../transition.ts';
import { say } from '../../language/text.ts';

const REPLICATING = 3;

/** Runs until the media were imported, and replication goes on in state 3. */
export async function whileTravelling(around: Surroundings, signal: AbortSignal): Promise<void> {
  const { host, relationshipId } = around;
  for (;;) {
    const startedMs = host.clock.monotonicMs();
    let isImported = false;
    const ok = await attempted(around, async () => {
      await tellWhatToAwait(host, relationshipId, signal);
      isImported = (await greet(host, relationshipId, signal)).state === REPLICATING;
      if (!isImported) await runCycle(host, relationshipId, 'cycle', around.onProgress, signal);
    }, signal);
    const relationship = host.state.relationship(relationshipId);
    if (relationship?.side !== 'primary' || relationship.state !== 2) return;
    if (isImported) return void transition(host, relationshipId, 'initialCompleted');
    const intervalMs = cycleIntervalMs(relationship.settings);
    const tookMs = host.clock.monotonicMs() - startedMs;
    await around.wait(ok ? Math.max(0, intervalMs - tookMs) : retryDelayMs(relationship.failures, intervalMs), signal);
  }
}

async function tellWhatToAwait(host: Host, relationshipId: string, signal: AbortSignal): Promise<void> {
  const { initial, peerId } = relationshipNamed(host, relationshipId);
  if (!initial?.exported || initial.exported.isTold) return;
  const { pointId, instantMs } = initial.exported;
  await call(host.peers, peerId, 'mediaExported', { relationshipId, pointId, instantMs }, signal);
  update(host, relationshipId, () => ({ initial: { ...initial, exported: { ...initial.exported!, isTold: true } } }));
}

/** On the replica: it waits for the media that carry this point, and changes that start from it are taken. Repeats change nothing. */
export function awaitMedia(host: Host, relationship: Relationship, pointId: string, instantMs: number): void {
  const { side, state, newestPointId, awaited, seed } = relationship;
  if (awaited?.pointId === pointId || newestPointId === pointId) return;
  if (side !== 'replica' || state !== 2 || (newestPointId !== null && !awaited) || seed) {
    throw new Refused(refuse(say('{machine}: {host} does not wait for a first copy on media', { machine: machineOf(host, relationship.machineId).name, host: host.hostName }), []));
  }
  update(host, relationship.id, () => ({ awaited: { pointId, instantMs }, newestPointId: pointId }));
}
