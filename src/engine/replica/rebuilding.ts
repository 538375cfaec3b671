/**
 * What a machine's layer files alone say of it, for a host whose state is gone: pure. Labels are arrows from one point to
 * the next (see labels.ts); the longest way up from the bottom, on every disk, is the stack. Only a point that all disks
 * lead to, and that no merge was allowed to touch, is offered.
 */
import type { Attachment, Layer, MachineDefinition } from '../../machine/definition.ts';
import type { LabelledLayer, Machine, Point, PointKind, Stack } from '../../machine/records.ts';
import type { FoundLayer, LabelledDisk, PointSidecar } from '../ports/layers.ts';
import { LIVE } from './labels.ts';

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
  readonly parts: readonly { readonly disk: string; readonly sizeBytes: number; readonly layers: readonly Layer[] }[];
}

/** `replica`: with its points, oldest first. `alone`: a guest ran here on these layers. `left`: nobody can tell from the files. */
export type Rebuilt =
  | { readonly kind: 'replica'; readonly machine: Machine; readonly points: readonly RebuiltPoint[]; readonly newest: PointSidecar }
  | { readonly kind: 'alone'; readonly machine: Machine }
  | { readonly kind: 'left'; readonly why: string };

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
  if (!newest) return { kind: 'left', why: 'no recovery point is whole' };
  const stacks = chains.map((chain) => stackOf(chain.slice(0, 1 + indexOf(chain, newest.pointId)), offered));
  return { kind: 'replica', machine: machineOf(newest, storage, stacks, newest.definition), points: pointsOf(chains, offered), newest };
}

/** Of the label with the highest sequence: the set of disks does not change while a machine replicates. */
function disksOf(links: readonly Link[]): readonly string[] {
  const newest = links.reduce<Link | undefined>((best, link) => (best && best.sidecar.sequence >= link.sidecar.sequence ? best : link), undefined);
  return newest?.sidecar.disks.map(({ disk }) => disk) ?? [];
}

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

/** Labels of the points that every disk has whole, oldest first. */
function offeredIn(chains: readonly (readonly Link[])[]): PointSidecar[] {
  const isWhole = (chain: readonly Link[], pointId: string) => chain.some(({ sidecar }) => sidecar.pointId === pointId && !sidecar.retired && sidecar.kind !== LIVE);
  return (chains[0] ?? []).map(({ sidecar }) => sidecar).filter(({ pointId }) => chains.every((chain) => isWhole(chain, pointId)));
}

function stackOf(chain: readonly Link[], offered: readonly PointSidecar[]): Stack {
  const isOffered = ({ sidecar }: Link) => offered.some(({ pointId }) => pointId === sidecar.pointId);
  const own = chain.map((link): LabelledLayer => (isOffered(link) ? { ...link.layer, pointId: link.sidecar.pointId } : link.layer));
  const { disk, sizeBytes } = chain.at(-1)!.disk;
  return { disk, sizeBytes, layers: [...chain[0]!.disk.ground, ...own] };
}

function machineOf({ machineId, replica }: PointSidecar, storage: string, stacks: readonly Stack[], definition: unknown): Machine {
  const known = definition as MachineDefinition;
  return { id: machineId, name: known.name, definition: known, stacks, lineage: replica.lineage, powerLock: null, storage, copyOf: null };
}

function pointsOf(chains: readonly (readonly Link[])[], offered: readonly PointSidecar[]): RebuiltPoint[] {
  return offered.map((sidecar, index) => ({
    point: pointOf(sidecar),
    attachments: sidecar.attachments,
    parts: chains.map((chain) => {
      const before = offered[index - 1];
      const top = indexOf(chain, sidecar.pointId);
      const { disk, sizeBytes } = chain[top]!.disk;
      return { disk, sizeBytes, layers: chain.slice(before ? 1 + indexOf(chain, before.pointId) : 0, top + 1).map(({ layer }) => layer) };
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
  const isOne = ways.length === disks.length && ways.some((way) => tops.every(({ sidecar }) => indexOf(way, sidecar.pointId) >= 0));
  const label = tops[0]?.sidecar;
  if (!isOne || !label) return { kind: 'left', why: 'a guest ran on these disks, and not all of them are whole' };
  const stacks = ways.map((way) => stackOf(way, []));
  return { kind: 'alone', machine: machineOf(label, storage, stacks, { ...(label.definition as MachineDefinition), autostart: false }) };
}
