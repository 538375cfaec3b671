/**
 * Disks that are to replicate from now on. Each attempt is a cycle of the disks that replicate already, and besides it brings
 * the next part of the new ones: first by a pass over the live disk, whose changes are recorded by then, then by the same
 * instant. So the others get their recovery points meanwhile, and the first point that has a new disk has all of it.
 */
import { CLUSTER_BYTES } from '../../extents/extent.ts';
import { Fault } from '../../errors/fault.ts';
import { Refused, refuse } from '../../errors/refusal.ts';
import type { Attempt, Relationship, Slice } from '../../machine/records.ts';
import type { Settings } from '../../relationship/settings.ts';
import { type State, standingWords } from '../../relationship/state.ts';
import { allowedVerbs } from '../../relationship/step.ts';
import type { Host } from '../host.ts';
import type { DiskView, StatusRun } from '../ports/diskview.ts';
import type { LaunchSpec } from '../ports/hypervisor.ts';
import { machineOf, replicatedSpec, specOf } from '../spec.ts';
import { relationshipNamed, transition, update } from '../transition.ts';
import { giveUp, openAttempt, settle, specFor, wholeSpecFor } from './attempt.ts';
import { runCycle, type OnProgress } from './cycle.ts';
import { coverGrowth } from './growth.ts';
import { incomingWith, nextSlices, recordedDisks } from './incoming.ts';
import { shipInstantAfterPass, shipPass } from './pass.ts';
import { say } from '../../language/text.ts';
import { standingNow } from './standing.ts';

const CHANGEABLE: readonly State[] = [1, 3, 15, 16];

/** Refused where this set of disks cannot be the one that replicates from now on. */
export function checkDisks(host: Host, relationship: Relationship, disks: readonly string[]): void {
  const { name } = machineOf(host, relationship.machineId);
  const here = standingWords(relationship);
  if (relationship.side !== 'primary' || !CHANGEABLE.includes(relationship.state)) {
    throw new Refused(refuse(say('the disks of {name} that replicate can be changed while it replicates, or before it begins to, not now: {here}', { name, here }), allowedVerbs(relationship)));
  }
  const recorded = recordedDisks(relationship);
  if (relationship.newestPointId !== null && !recorded.some((disk) => disks.includes(disk))) {
    throw new Refused(refuse(say('{name}: at least one of the disks that replicate now has to stay ({list}); include the others first, then leave it out', { name, list: { list: recorded } }), allowedVerbs(relationship)));
  }
}

/** State 15 with the new set, here; what was under way with the former set is given up. */
export async function updateDisks(host: Host, relationshipId: string, settings: Settings, signal: AbortSignal): Promise<void> {
  await giveUp(host, relationshipId, signal);
  transition(host, relationshipId, 'updateDisks', {
    change: (before) => ({ settings, incoming: incomingWith(before, settings), undecidedDisks: [], failures: 0, lastFault: null }),
  });
}

/** Another recovery point was acknowledged. True when it has all disks that are to replicate. */
export async function advanceDisks(host: Host, relationshipId: string, onProgress: OnProgress, signal: AbortSignal): Promise<boolean> {
  await forgetLeftOut(host, relationshipNamed(host, relationshipId));
  if (relationshipNamed(host, relationshipId).incoming) await bringParts(host, relationshipId, onProgress, signal);
  else await runCycle(host, relationshipId, 'cycle', onProgress, signal);
  return !relationshipNamed(host, relationshipId).incoming;
}

/** Disks that do not replicate have no bitmap of ours. */
async function forgetLeftOut(host: Host, relationship: Relationship): Promise<void> {
  const { stacks } = machineOf(host, relationship.machineId);
  await forgetRecords(host, relationship, stacks.map(({ disk }) => disk).filter((disk) => !relationship.settings.disks.includes(disk)));
}

export async function forgetRecords(host: Host, relationship: Relationship, disks: readonly string[]): Promise<void> {
  for (const disk of disks) {
    const spec = specOfDisks(host, relationship, [disk]);
    if (spec.stacks.length > 0) await host.hypervisor.untrackAll(spec);
  }
}

const specOfDisks = (host: Host, relationship: Relationship, disks: readonly string[]): LaunchSpec =>
  replicatedSpec(specOf(host, machineOf(host, relationship.machineId), relationship), disks);

async function bringParts(host: Host, relationshipId: string, onProgress: OnProgress, signal: AbortSignal): Promise<void> {
  const before = relationshipNamed(host, relationshipId).attempt;
  const isDisks = before?.kind === 'disks';
  const standing = await standingNow(host, relationshipId, isDisks, signal);
  const settled = await settle(host, relationshipNamed(host, relationshipId), standing, isDisks);
  if (isDisks && settled.newestPointId === before.id) return;
  await coverGrowth(host, settled);
  const attempt = await opened(host, relationshipNamed(host, relationshipId), signal);
  await shipPass(host, relationshipId, attempt, (view) => onlyParts(view, attempt.slices ?? []), onProgress, signal);
  await shipInstantAfterPass(host, relationshipId, onProgress, signal);
}

/** The open attempt when the record of changes goes on, else a new one, whose bitmaps are on the new disks, too. */
async function opened(host: Host, relationship: Relationship, signal: AbortSignal): Promise<Attempt> {
  const { attempt } = relationship;
  if (attempt?.kind === 'disks' && (await isRecorded(host, wholeSpecFor(host, relationship), attempt.sinceId))) return attempt;
  await giveUp(host, relationship.id, signal);
  const free = await recordIncoming(host, relationshipNamed(host, relationship.id));
  const slices = nextSlices(free.incoming!, await host.hypervisor.sizes(wholeSpecFor(host, free)));
  return openAttempt(host, free, { kind: 'disks', phase: 'pass', sinceId: free.trackId, comparedWith: null, slices });
}

async function isRecorded(host: Host, spec: LaunchSpec, pointId: string | null): Promise<boolean> {
  const { broken, points } = await host.hypervisor.tracking(spec);
  return !broken && pointId !== null && points.includes(pointId);
}

/** The relationship's bitmap is on the new disks. Where it was not, none of them has been copied yet. */
async function recordIncoming(host: Host, relationship: Relationship): Promise<Relationship> {
  const { incoming, trackId } = relationship;
  if (!(await isRecorded(host, specFor(host, relationship), trackId))) throw new Fault('tracking-lost', say('{machine}: the record of changes on its other disks is gone', { machine: machineOf(host, relationship.machineId).name }));
  await bringToGuest(host, relationship, incoming!.disks);
  const spec = specOfDisks(host, relationship, incoming!.disks);
  if (Object.keys(incoming!.copied).length > 0 && (await isRecorded(host, spec, trackId))) return relationship;
  const after = update(host, relationship.id, () => ({ incoming: { ...incoming!, copied: {} } }));
  await forgetRecords(host, relationship, incoming!.disks);
  await host.hypervisor.track(spec, trackId!);
  return after;
}

/** A guest that came here by a failover runs with the disks that its point had, until it is started again. */
async function bringToGuest(host: Host, relationship: Relationship, disks: readonly string[]): Promise<void> {
  if ((await host.hypervisor.power(relationship.machineId)) === 'off') return;
  const spec = specOf(host, machineOf(host, relationship.machineId), relationship);
  for (const disk of disks) await host.hypervisor.plug(spec, disk);
}

/** The view, in which nothing but the parts is dirty by itself. */
const onlyParts = (view: DiskView, slices: readonly Slice[]): DiskView => ({
  disks: view.disks,
  status: async (disk, window, signal) => {
    const runs = await view.status(disk, window, signal);
    return cut(runs, slices.find((slice) => slice.disk === disk));
  },
  read: (disk, extent, signal) => view.read(disk, extent, signal),
  close: () => view.close(),
});

/** Runs are of whole clusters; those at the part's borders are cut in two. */
function cut(runs: readonly StatusRun[], slice: Slice | undefined): StatusRun[] {
  const from = (slice?.firstCluster ?? 0) * CLUSTER_BYTES;
  const until = (slice?.endCluster ?? 0) * CLUSTER_BYTES;
  return runs.flatMap((run) => {
    const end = run.offsetBytes + run.lengthBytes;
    const borders = [run.offsetBytes, ...[from, until].filter((border) => border > run.offsetBytes && border < end), end];
    return borders.slice(1).map((border, index) => {
      const offsetBytes = borders[index]!;
      return { ...run, offsetBytes, lengthBytes: border - offsetBytes, dirty: offsetBytes >= from && offsetBytes < until };
    });
  });
}
