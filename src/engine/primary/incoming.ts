/** Which disks of a relationship have no recovery point yet, and how much of them an attempt brings: decisions only. */
import { CLUSTER_BYTES, clusterCount } from '../../extents/extent.ts';
import type { Attempt, Incoming, Relationship, Slice } from '../../machine/records.ts';
import { cycleIntervalMs, type Settings } from '../../relationship/settings.ts';
import type { DiskSize } from '../ports/diskview.ts';

const FIRST_SLICE_BYTES = 1024 ** 3;
const LEAST_SLICE_BYTES = 64 * 1024 ** 2;
const MOST_SLICE_BYTES = 64 * 1024 ** 3;
const GROWS_AT_MOST = 4;

/** Disks that the newest recovery point has, and whose changes since then are on record. */
export const recordedDisks = ({ settings, incoming }: Pick<Relationship, 'settings' | 'incoming'>): readonly string[] =>
  settings.disks.filter((disk) => !incoming?.disks.includes(disk));

export const isSameSet = (left: readonly string[], right: readonly string[]): boolean => left.length === right.length && left.every((disk) => right.includes(disk));

/** What is incoming once these settings hold. Of a relationship without a recovery point everything is, so nothing is said. */
export function incomingWith(before: Relationship, settings: Settings): Incoming | null {
  if (before.newestPointId === null) return null;
  const recorded = recordedDisks(before);
  const disks = settings.disks.filter((disk) => !recorded.includes(disk));
  return disks.length > 0 ? { disks, copied: {} } : null;
}

/**
 * On a host that becomes primary: `here` are the machine's disks, `there` those that the other host has too. What was to
 * replicate goes on, as far as it is here; what the other host lacks is still to be copied.
 */
export function disksOnceHere({ settings }: Relationship, here: readonly string[], there: readonly string[]): Pick<Relationship, 'settings' | 'incoming' | 'undecidedDisks'> {
  const wanted = settings.disks.filter((disk) => here.includes(disk));
  const disks = wanted.some((disk) => there.includes(disk)) ? wanted : there;
  const missing = disks.filter((disk) => !there.includes(disk));
  return { settings: { ...settings, disks }, incoming: missing.length > 0 ? { disks: missing, copied: {} } : null, undecidedDisks: [] };
}

/** The next part of each incoming disk, in their order, together as much as one attempt brings. */
export function nextSlices({ disks, copied, sliceBytes = FIRST_SLICE_BYTES }: Incoming, sizes: readonly DiskSize[]): Slice[] {
  let left = Math.max(1, Math.floor(sliceBytes / CLUSTER_BYTES));
  return disks.map((disk) => {
    const clusters = clusterCount(sizes.find((each) => each.disk === disk)?.sizeBytes ?? 0);
    const firstCluster = Math.min(copied[disk] ?? 0, clusters);
    const endCluster = Math.min(clusters, firstCluster + left);
    left -= endCluster - firstCluster;
    return { disk, firstCluster, endCluster, isLast: endCluster === clusters };
  });
}

/** Once the attempt is acknowledged. An attempt that was not of the incoming disks breaks off the record of their changes: they begin again. */
export function arrived({ incoming, settings }: Relationship, { kind, slices = [], startedMs }: Attempt, nowMs: number): Pick<Relationship, 'incoming'> {
  if (!incoming) return {};
  if (kind === 'initial' || kind === 'resync') return { incoming: null };
  if (kind !== 'disks') return { incoming: { ...incoming, copied: {} } };
  const disks = incoming.disks.filter((disk) => !slices.some((slice) => slice.disk === disk && slice.isLast));
  if (disks.length === 0) return { incoming: null };
  const copied = Object.fromEntries(slices.filter(({ disk }) => disks.includes(disk)).map(({ disk, endCluster }) => [disk, endCluster]));
  return { incoming: { disks, copied, sliceBytes: nextSliceBytes(incoming.sliceBytes ?? FIRST_SLICE_BYTES, nowMs - startedMs, cycleIntervalMs(settings)) } };
}

const nextSliceBytes = (sliceBytes: number, tookMs: number, intervalMs: number): number => {
  const fitting = (sliceBytes * intervalMs) / Math.max(1, tookMs);
  return Math.max(Math.min(sliceBytes, LEAST_SLICE_BYTES), Math.min(MOST_SLICE_BYTES, sliceBytes * GROWS_AT_MOST, Math.floor(fitting)));
};
