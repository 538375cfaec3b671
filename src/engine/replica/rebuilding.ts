/**
 * What a machine's layer files alone say of it, for a host whose state is gone: pure. Labels are arrows from one point to
 * the next (see labels.ts); the longest way up from the bottom, on every disk, is the stack. Only a point that all disks
 * lead to, and that no merge was allowed to touch, is offered.
 */
import type { Attachment, Layer, MachineDefinition } from '../../machine/definition.ts';
import type { LabelledLayer, Machine, Point, PointKind, Stack } from '../../machine/records.ts';
import type { FoundLayer, LabelledDisk, PointSidecar } from '../ports/layers.ts';
import { LIVE } from './labels.ts';
import { say, type Said } from '../../language/text.ts';

/** A labelled file, as the disk it is of sees it. */
export interface Link {
  readonly layer: Layer;
  readonly sidecar: PointSidecar;
  readonly disk: LabelledDisk;
}

/** A point with its own layers on each disk: those above the point before it. */
export interface RebuiltPoint {
  readonly point: Point;
  readonly attachments: readonly Attachment[];
  /** Lowest: no older point has the disk. */
  readonly parts: readonly { readonly disk: string; readonly sizeBytes: number; readonly isLowest: boolean; readonly layers: readonly Layer[] }[];
}

/** `replica`: with its points, oldest first. `alone`: a guest ran here on these layers. `left`: nobody can tell from the files. */
export type Rebuilt =
  | { readonly kind: 'replica'; readonly machine: Machine; readonly points: readonly RebuiltPoint[]; readonly newest: PointSidecar }
  | { readonly kind: 'alone'; readonly machine: Machine }
  | { readonly kind: 'left'; readonly why: Said };

/** The labels as links; each counts for the disk whose layer would be at its path. */
export function linksOf(labels: readonly FoundLayer[], pathOf: (disk: string, layerId: string) => string, files: ReadonlySet<string>): Link[] {
  return labels.flatMap(({ path, sidecar }): Link[] => {
    const disk = sidecar?.disks.find((each) => pathOf(each.disk, each.layerId) === path);
    if (!sidecar || !disk) return [];
    if (files.has(path)) return [{ layer: { layerId: disk.layerId, path }, sidecar, disk }];
    return disk.elsewhere ? [{ layer: disk.elsewhere, sidecar, disk }] : [];
  });
}

export function rebuilt(machineId: string, storage: string, links: readonly Link[]): Rebuilt {
  const own = links.filter(({ sidecar }) => sidecar.machineId === machineId);
  const disks = disksOf(own).map((disk) => own.filter((link) => link.disk.disk === disk));
  if (disks.some((disk) => liveTops(disk).length > 0)) return ranHere(storage, disks);
  const chains = disks.map((disk) => longest(disk, null));
  const offered = offeredIn(chains);
  const newest = offered.at(-1);
  if (!newest) return { kind: 'left', why: say('no recovery point is whole') };
  const stacks = chains.flatMap((chain) => {
    const top = chain.findLastIndex((link) => isOf(offered, link));
    return top < 0 ? [] : [stackOf(chain.slice(0, top + 1), offered)];
  });
  return { kind: 'replica', machine: machineOf(newest, storage, stacks, newest.definition), points: pointsOf(chains, offered), newest };
}

/** Disks come and go while a machine replicates; each point's own label says which it has. */
const disksOf = (links: readonly Link[]): readonly string[] => [...new Set(links.map(({ disk }) => disk.disk))];

/** Upwards from a point, to each point once. Where ways part, a file was left behind (merged already, or dropped): the way that leads further counts. */
function longest(links: readonly Link[], from: string | null): Link[] {
  let best: Link[] = [];
  for (const link of links) {
    if (link.disk.standsOn !== from) continue;
    const way = [link, ...longest(links.filter(({ sidecar }) => sidecar.pointId !== link.sidecar.pointId), link.sidecar.pointId)];
    if (best.length === 0 || endOf(way) > endOf(best)) best = way;
  }
  return best;
}

const endOf = (way: readonly Link[]): number => way.at(-1)!.sidecar.sequence;

const indexOf = (chain: readonly Link[], pointId: string): number => chain.findIndex(({ sidecar }) => sidecar.pointId === pointId);

/** Labels of the points that are whole on every disk which they name, oldest first. */
function offeredIn(chains: readonly (readonly Link[])[]): PointSidecar[] {
  const whole = chains.flat().filter(({ sidecar }) => !sidecar.retired && sidecar.kind !== LIVE);
  const isWhole = ({ pointId, disks }: PointSidecar) => disks.every(({ disk }) => whole.some((link) => link.disk.disk === disk && link.sidecar.pointId === pointId));
  const byId = new Map(whole.map(({ sidecar }) => [sidecar.pointId, sidecar]));
  return inOrder(chains, [...byId.values()].filter(isWhole));
}

/** Neighbours share a disk, whose chain says which of them came first; labels that an earlier role of this host left have numbers of their own. */
function inOrder(chains: readonly (readonly Link[])[], points: readonly PointSidecar[]): PointSidecar[] {
  const ordered: PointSidecar[] = [];
  for (let waiting = points; waiting.length > 0; ) {
    const isFirst = ({ pointId }: PointSidecar) =>
      chains.every((chain) => !chain.slice(0, Math.max(0, indexOf(chain, pointId))).some((link) => isOf(waiting, link)));
    const next = waiting.find(isFirst) ?? waiting[0]!;
    ordered.push(next);
    waiting = waiting.filter((each) => each !== next);
  }
  return ordered;
}

const isOf = (offered: readonly PointSidecar[], { sidecar, disk }: Link): boolean => offered.some(({ pointId, disks }) => pointId === sidecar.pointId && disks.some((each) => each.disk === disk.disk));

function stackOf(chain: readonly Link[], offered: readonly PointSidecar[]): Stack {
  const own = chain.map((link): LabelledLayer => (isOf(offered, link) ? { ...link.layer, pointId: link.sidecar.pointId } : link.layer));
  const { disk, sizeBytes } = chain.at(-1)!.disk;
  return { disk, sizeBytes, layers: [...chain[0]!.disk.ground, ...own] };
}

function machineOf({ machineId, replica }: PointSidecar, storage: string, stacks: readonly Stack[], definition: unknown): Machine {
  const known = definition as MachineDefinition;
  return { id: machineId, name: known.name, definition: known, stacks, lineage: replica.lineage, powerLock: null, storage, copyOf: null };
}

function pointsOf(chains: readonly (readonly Link[])[], offered: readonly PointSidecar[]): RebuiltPoint[] {
  return offered.map((sidecar) => ({
    point: pointOf(sidecar),
    attachments: sidecar.attachments,
    parts: chains.filter((chain) => chain.some((link) => link.sidecar.pointId === sidecar.pointId && isOf([sidecar], link))).map((chain) => {
      const top = indexOf(chain, sidecar.pointId);
      const { disk, sizeBytes } = chain[top]!.disk;
      const before = chain.slice(0, top).findLastIndex((link) => isOf(offered, link));
      return { disk, sizeBytes, isLowest: before < 0, layers: chain.slice(before + 1, top + 1).map(({ layer }) => layer) };
    }),
  }));
}

const pointOf = (sidecar: PointSidecar): Point => ({
  id: sidecar.pointId, machineId: sidecar.machineId, parentId: sidecar.parentId, epochId: sidecar.epochId, sequence: sidecar.sequence, kind: sidecar.kind as PointKind,
  instantMs: sidecar.instantMs, definition: sidecar.definition as MachineDefinition, sizeBytes: 0, digest: sidecar.digest, name: sidecar.name, pinned: sidecar.kind === 'divergence',
});

/** Layers that a guest writes, if it still runs: nothing stands on them. Others that one wrote are only steps, as a retired point's. */
const liveTops = (disk: readonly Link[]): Link[] =>
  disk.filter(({ sidecar }) => sidecar.kind === LIVE && !disk.some((other) => other.disk.standsOn === sidecar.pointId));

/** The layers below the link, bottom first, and itself; undefined when no way leads down to the bottom. */
function wayTo(disk: readonly Link[], top: Link): Link[] | undefined {
  if (top.disk.standsOn === null) return [top];
  for (const link of disk) {
    const below = link.sidecar.pointId === top.disk.standsOn && wayTo(disk.filter((other) => other !== link), link);
    if (below) return [...below, top];
  }
  return undefined;
}

/** A failover's guest wrote here, or still does: its disks count, and only when it is plain which they are. */
function ranHere(storage: string, disks: readonly (readonly Link[])[]): Rebuilt {
  const ways = disks.flatMap((disk): Link[][] => {
    const [top, other] = liveTops(disk);
    const way = top && !other ? wayTo(disk, top) : undefined;
    return way ? [way] : [];
  });
  const tops = ways.map((way) => way.at(-1)!);
  // A kill may have come when the next layers were made for some of the disks: they are empty then.
  const isWhole = tops[0]?.sidecar.disks.every(({ disk }) => tops.some((top) => top.disk.disk === disk)) === true;
  const isOne = isWhole && ways.some((way) => tops.every(({ sidecar }) => indexOf(way, sidecar.pointId) >= 0));
  const label = tops[0]?.sidecar;
  if (!isOne || !label) return { kind: 'left', why: say('a guest ran on these disks, and not all of them are whole') };
  const stacks = ways.map((way) => stackOf(way, []));
  return { kind: 'alone', machine: machineOf(label, storage, stacks, { ...(label.definition as MachineDefinition), autostart: false }) };
}
