/**
 * While a machine is failed over and its guest runs here, recovery points of it are made here, with the same interval and
 * history as received ones: what it writes is a branch on the chosen point. When and whether; how is in newpoint.ts.
 */
import { failureText, faultOf, kept } from '../../errors/fault.ts';
import type { LastFault, Relationship } from '../../machine/records.ts';
import { cycleIntervalMs } from '../../relationship/settings.ts';
import type { Host } from '../host.ts';
import { checkLimits, isChainLong } from '../replica/limits.ts';
import { machineOf } from '../spec.ts';
import { update } from '../transition.ts';
import { settleNext, takePoint } from './newpoint.ts';
import { branchPoints, isFailedOver, mergeBranch } from './thinning.ts';
import { say, told } from '../../language/text.ts';

interface Around {
  readonly host: Host;
  readonly relationshipId: string;
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/** Runs until the machine is not failed over any more. A point that cannot be made is told once and tried again an interval later. */
export async function takePoints({ host, relationshipId, wait }: Around, signal: AbortSignal): Promise<void> {
  const watch: Watch = { isAtRest: false, isFailing: false };
  await report(host, relationshipId, watch, signal, (relationship) => settleNext(host, relationship));
  for (;;) {
    const before = host.state.relationship(relationshipId);
    if (!before || !isFailedOver(before)) return;
    await wait(dueInMs(host, before), signal);
    await report(host, relationshipId, watch, signal, (relationship) => takeWhenDue(host, relationship, watch, signal));
  }
}

interface Watch {
  /** The guest is off, and what it wrote last is in a point. */
  isAtRest: boolean;
  isFailing: boolean;
}

/** An interval after the last point made here; clocks that jump make it neither sooner nor later than that. */
function dueInMs(host: Host, { machineId, settings }: Relationship): number {
  const intervalMs = cycleIntervalMs(settings);
  const last = branchPoints(host, machineId).at(-1);
  const agoMs = last ? host.clock.nowMs() - last.instantMs : 0;
  return agoMs < 0 ? intervalMs : Math.max(MIN_PAUSE_MS, intervalMs - agoMs);
}

const MIN_PAUSE_MS = 500;

async function takeWhenDue(host: Host, relationship: Relationship, watch: Watch, signal: AbortSignal): Promise<void> {
  const settled = await settleNext(host, relationship);
  const power = await host.hypervisor.power(settled.machineId);
  if (power === 'running') watch.isAtRest = false;
  else if (power !== 'off' || watch.isAtRest) return;
  await checkLimits(host, settled.id);
  if (isChainLong(machineOf(host, settled.machineId))) return;
  if (power === 'running' || (await hasWritten(host, settled))) await takePoint(host, settled.id, signal);
  watch.isAtRest = power === 'off';
}

/** Of a machine that is off: whether its guest wrote anything since the last point. */
async function hasWritten(host: Host, { machineId, failover }: Relationship): Promise<boolean> {
  const { stacks } = machineOf(host, machineId);
  for (const { disk, layer } of failover!.layers) {
    const { sizeBytes } = stacks.find((stack) => stack.disk === disk)!;
    if (!(await host.layers.allocated(layer, sizeBytes)).isEmpty) return true;
  }
  return false;
}

async function report(host: Host, relationshipId: string, watch: Watch, signal: AbortSignal, work: (relationship: Relationship) => Promise<unknown>): Promise<void> {
  const relationship = host.state.relationship(relationshipId);
  if (!relationship || !isFailedOver(relationship)) return;
  try {
    await work(relationship);
    if (watch.isFailing) update(host, relationshipId, () => ({ lastFault: null }));
    watch.isFailing = false;
  } catch (thrown) {
    signal.throwIfAborted();
    const fault = faultOf(thrown);
    if (!fault) throw thrown;
    if (!watch.isFailing) tell(host, relationship, { ...kept(fault), atMs: host.clock.nowMs() });
    watch.isFailing = true;
  }
}

function tell(host: Host, { id, machineId }: Relationship, lastFault: LastFault): void {
  const { name } = machineOf(host, machineId);
  update(host, id, () => ({ lastFault }));
  host.state.addEvent({ atMs: lastFault.atMs, number: null, severity: 'warning', machine: name, ...told(say('{name}: no recovery point of the guest that failed over can be made: {failure}. {hint}', { name, failure: [failureText(lastFault)], hint: [lastFault.hint] })) });
}

const LOOK_FOR_MERGES_MS = 2_000;

/** Layers of retired points are merged meanwhile, so that a large one holds up no point. */
export async function keepMerging({ host, relationshipId }: Around, signal: AbortSignal): Promise<void> {
  for (;;) {
    const relationship = host.state.relationship(relationshipId);
    if (!relationship || !isFailedOver(relationship)) return;
    try {
      await mergeBranch(host, relationship.machineId, signal);
    } catch (thrown) {
      signal.throwIfAborted();
      if (!faultOf(thrown)) throw thrown;
    }
    await host.clock.sleep(LOOK_FOR_MERGES_MS, signal);
  }
}
