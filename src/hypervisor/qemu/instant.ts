/**
 * One instant across all disks. The order is what makes it right: a new bitmap first, then the filters on all disks in
 * one step (the instant), then the old bitmap stops. Writes in between are in both bitmaps, never in none.
 * While the machine is off nothing writes, so the bitmaps alone make the instant.
 */
import { Fault } from '../../errors/fault.ts';
import { say } from '../../language/text.ts';
import { bitmapName } from '../../machine/bitmap.ts';
import type { DiskStack } from '../../machine/definition.ts';
import type { LaunchSpec } from '../../engine/ports/hypervisor.ts';
import { QmpError, type Qmp } from '../../qmp/qmp.ts';
import {
  addBitmap, bitmapsOf, bitmapOn, disableBitmap, enableBitmap, isOnAny, isRecording, isWhole, mergeBitmaps, namedNodes, removeBitmap,
  trackingFault, transaction, type Action, type DiskBitmaps,
} from './bitmaps.ts';
import type { Custody } from './custody.ts';
import type { StatePaths } from './directories.ts';
import { addExport, exportIds, removeExport } from './exports.ts';
import { createFleecingFile, fleecingPath, fleecingShare, removeFleecingFiles } from './fleecing.ts';
import { attemptNodes, copyBeforeWrite, diskNode, fleecingGraph, snapshotAccess, topFilter } from './nodes.ts';

export interface Attempt {
  readonly attemptId: string;
  readonly sincePointId: string | null;
}

/** What the steps of an attempt work on. */
export interface AttemptSite {
  readonly spec: LaunchSpec;
  readonly qmp: Qmp;
  readonly state: StatePaths;
  readonly custody: Custody;
  readonly attempt: Attempt;
}

export const disksOf = ({ stacks }: LaunchSpec): readonly string[] => stacks.map(({ disk }) => disk);

/** What an open may find. Lost: it was begun before, and its instant is gone. */
export type Found = 'nothing' | 'open' | 'lost';

/** Looks for the attempt in a running QEMU: the export of each disk is its last step. */
export async function findRunning({ spec, qmp, attempt }: AttemptSite): Promise<Found> {
  const bitmaps = await bitmapsOf(qmp, spec);
  const exports = await exportIds(qmp);
  const isExported = disksOf(spec).every((disk) => exports.includes(attemptNodes(disk, attempt.attemptId).exportId));
  if (isWhole(bitmaps, attempt.attemptId) && isExported) return 'open';
  return isOnAny(bitmaps, attempt.attemptId) ? 'lost' : 'nothing';
}

/** While the machine is off an instant lasts as long as nothing was written: the attempt's own bitmap is still empty. */
export async function findOffline({ spec, qmp, custody, attempt: { attemptId } }: AttemptSite): Promise<Found> {
  const bitmaps = await bitmapsOf(qmp, spec);
  if (!isOnAny(bitmaps, attemptId)) return 'nothing';
  const isUnwritten = disksOf(spec).every((disk) => bitmapOn(bitmaps, disk, attemptId)?.dirtyBytes === 0);
  return isWhole(bitmaps, attemptId) && !custody.distrusted.includes(attemptId) && isUnwritten ? 'open' : 'lost';
}

/** Fault when the changes since the attempt's parent point are not known, or belong to another attempt just now. */
export async function checkParent({ spec, qmp, custody, attempt }: AttemptSite): Promise<void> {
  if (attempt.sincePointId === null) return;
  const bitmaps = await bitmapsOf(qmp, spec);
  const fault = trackingFault(spec.definition.name, bitmaps, custody, attempt.sincePointId);
  if (fault) throw fault;
  if (!isRecording(bitmaps, attempt.sincePointId)) {
    throw new Fault('attempt-lost', say('{machine}: another attempt since point {sincePointId} is still open', { machine: spec.definition.name, sincePointId: attempt.sincePointId }));
  }
}

/** On QEMU 7.2 a copy-before-write filter on a disk with an I/O thread ends QEMU. */
export async function refuseIoThreads({ spec, qmp }: AttemptSite): Promise<void> {
  const threads = await qmp.execute<readonly unknown[]>('query-iothreads');
  if (threads.length > 0) throw new Fault('not-supported', say('{machine}: QEMU runs it with I/O threads, which do not go with replication', { machine: spec.definition.name }));
}

/** Makes the room for what the guest overwrites, and its nodes. Not yet the instant. */
export async function prepareFleecing(site: AttemptSite, budgetBytes: number, signal: AbortSignal): Promise<void> {
  const { spec, qmp, state, attempt } = site;
  const shareBytes = fleecingShare(budgetBytes, spec.stacks.length);
  const nodes = await namedNodes(qmp);
  const sizeOf = (stack: DiskStack): number => nodes.find((node) => node['node-name'] === diskNode(stack))!.image['virtual-size'];
  await Promise.all(
    spec.stacks.map((stack) => createFleecingFile(spec.definition.name, fleecingPath(state, stack.disk, attempt.attemptId), sizeOf(stack), shareBytes, signal)),
  );
  for (const disk of disksOf(spec)) {
    await qmp.execute('blockdev-add', fleecingGraph(disk, attempt.attemptId, fleecingPath(state, disk, attempt.attemptId), shareBytes));
  }
}

/**
 * The instant of a running guest, made by `at`, which is given the very step that makes it. Everything that could fail for want
 * of space has been done before.
 */
export async function takeRunning({ spec, qmp, attempt: { attemptId, sincePointId } }: AttemptSite, at: (step: () => Promise<void>) => Promise<void>): Promise<void> {
  const { stacks } = spec;
  const disks = disksOf(spec);
  await transaction(qmp, stacks.map((stack) => addBitmap(stack, attemptId)));
  for (const stack of stacks) await qmp.execute('blockdev-add', copyBeforeWrite(stack, attemptId));
  await at(async () => {
    await qmp.execute('blockdev-reopen', { options: disks.map((disk) => topFilter(disk, attemptNodes(disk, attemptId).filter)) });
  });
  if (sincePointId !== null) await transaction(qmp, stacks.map((stack) => disableBitmap(stack, sincePointId)));
  for (const disk of disks) await qmp.execute('blockdev-add', snapshotAccess(disk, attemptId));
  for (const { fleecingExportId, fleecing } of disks.map((disk) => attemptNodes(disk, attemptId))) {
    await addExport(qmp, { id: fleecingExportId, nodeName: fleecing, allocationDepth: true });
  }
  await exportDisks(qmp, stacks, { attemptId, sincePointId }, ({ disk }) => attemptNodes(disk, attemptId).access);
}

/** The instant of a machine that is off. */
export async function takeOffline({ spec, qmp, attempt: { attemptId, sincePointId } }: AttemptSite): Promise<void> {
  const added = spec.stacks.map((stack) => addBitmap(stack, attemptId));
  const stopped = sincePointId === null ? [] : spec.stacks.map((stack) => disableBitmap(stack, sincePointId));
  await transaction(qmp, [...added, ...stopped]);
}

export const exportOffline = ({ spec, qmp, attempt }: AttemptSite): Promise<void> => exportDisks(qmp, spec.stacks, attempt, diskNode);

/** Exports that are there already stay. */
async function exportDisks(qmp: Qmp, stacks: readonly DiskStack[], { attemptId, sincePointId }: Attempt, nodeOf: (stack: DiskStack) => string): Promise<void> {
  const present = await exportIds(qmp);
  for (const stack of stacks) {
    const id = attemptNodes(stack.disk, attemptId).exportId;
    const bitmaps = sincePointId === null ? [] : [{ node: diskNode(stack), name: bitmapName(sincePointId) }];
    if (!present.includes(id)) await addExport(qmp, { id, nodeName: nodeOf(stack), bitmaps });
  }
}

/** Nothing of the attempt is left but its bitmaps, from whatever state. The guest's writes go straight to its disks. */
export async function tearDown({ spec, qmp, state, attempt: { attemptId } }: AttemptSite): Promise<void> {
  const disks = disksOf(spec);
  const names = disks.map((disk) => attemptNodes(disk, attemptId));
  for (const { exportId, fleecingExportId } of names) for (const id of [exportId, fleecingExportId]) await removeExport(qmp, id);
  for (const { access } of names) await removeNode(qmp, access);
  const present = new Set((await namedNodes(qmp)).map((node) => node['node-name']));
  if (names.some(({ filter }) => present.has(filter))) await qmp.execute('blockdev-reopen', { options: spec.stacks.map((stack) => topFilter(stack.disk, diskNode(stack))) });
  for (const { filter } of names) await removeNode(qmp, filter);
  for (const { fleecing } of names) await removeNode(qmp, fleecing);
  await removeFleecingFiles(state, attemptId);
}

/** The node is gone. Nothing when there was none. */
export async function removeNode(qmp: Qmp, node: string): Promise<void> {
  try {
    await qmp.execute('blockdev-del', { 'node-name': node });
  } catch (thrown) {
    if (!(thrown instanceof QmpError && /Failed to find node/i.test(thrown.description))) throw thrown;
  }
}

/**
 * The bitmaps as the outcome wants them, in one step on all disks. A bitmap's name always means changes since that point,
 * so after a failure the parent's takes over what the attempt's holds. A broken parent stays: the tracking report tells.
 */
export async function settleBitmaps({ spec, qmp, attempt: { attemptId, sincePointId } }: AttemptSite, outcome: 'acknowledged' | 'failed'): Promise<void> {
  const bitmaps = await bitmapsOf(qmp, spec);
  const removal = (stack: DiskStack, pointId: string | null): readonly Action[] =>
    pointId !== null && bitmapOn(bitmaps, stack.disk, pointId) ? [removeBitmap(stack, pointId)] : [];
  const actions = spec.stacks.flatMap((stack) => {
    if (outcome === 'acknowledged') return removal(stack, sincePointId);
    return [...(sincePointId === null ? [] : giveBack(bitmaps, stack, sincePointId, attemptId)), ...removal(stack, attemptId)];
  });
  await transaction(qmp, actions);
}

/** A parent that stood still while nothing recorded for it has missed changes: it goes, so that nobody believes it. */
function giveBack(bitmaps: DiskBitmaps, stack: DiskStack, sincePointId: string, attemptId: string): readonly Action[] {
  const since = bitmapOn(bitmaps, stack.disk, sincePointId);
  if (!since?.whole) return [];
  const isCovered = bitmapOn(bitmaps, stack.disk, attemptId)?.whole === true;
  if (!isCovered) return since.recording ? [] : [removeBitmap(stack, sincePointId)];
  const enable = since.recording ? [] : [enableBitmap(stack, sincePointId)];
  return [...enable, mergeBitmaps(stack, bitmapName(sincePointId), [bitmapName(attemptId)])];
}
