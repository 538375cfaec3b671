/**
 * Labels of layer files. A label is an arrow: on a stack that reads as `standsOn`, this layer makes one that reads as the
 * point. A merge puts two arrows together. Whatever a kill interrupts, the arrows that are there lead from the bottom to
 * right points only: see docs/decisions/labels.md.
 */
import type { Attachment, Layer } from '../../machine/definition.ts';
import type { Failover, LabelledLayer, Machine, Point, Receiving, Relationship } from '../../machine/records.ts';
import type { Merge } from '../../points/stack.ts';
import type { Host } from '../host.ts';
import type { LabelledDisk, PointSidecar } from '../ports/layers.ts';
import { machineOf, pointStacks } from '../spec.ts';

/** Kind of the label on a layer that a guest writes: it stands on a point and leads to none. */
export const LIVE = 'live';

export const diskOf = (sidecar: PointSidecar, disk: string, layerId: string): LabelledDisk | undefined =>
  sidecar.disks.find((each) => each.disk === disk && each.layerId === layerId);

/** The lower file's label once it has taken in the upper; null when the two do not follow each other. */
export function mergedLabel(below: PointSidecar, above: PointSidecar, { disk, lower, upper }: Merge): PointSidecar | null {
  const from = diskOf(below, disk, lower.layerId);
  const to = diskOf(above, disk, upper.layerId);
  if (!from || to?.standsOn !== below.pointId) return null;
  return { ...above, retired: upper.pointId === undefined, disks: above.disks.map((each) => (each === to ? { ...from, sizeBytes: to.sizeBytes } : each)) };
}

export const plain = ({ pointId: _pointId, ...layer }: LabelledLayer): Layer => layer;

/** Where a layer's label is: beside its file, or where its file would be if replication had made it. */
export const placeOf = (host: Host, machine: Machine, disk: string, { layerId }: Layer): Layer => host.layers.layerAt(machine.storage, machine.id, disk, layerId);

export const labelOf = (relationship: Relationship, machine: Machine, point: Point, attachments: readonly Attachment[], disks: readonly LabelledDisk[]): PointSidecar => ({
  pointId: point.id, parentId: point.parentId, machineId: machine.id, relationshipId: relationship.id, epochId: point.epochId, sequence: point.sequence,
  kind: point.kind, instantMs: point.instantMs, digest: point.digest, definition: point.definition, name: point.name, attachments, retired: false,
  replica: { peerId: relationship.peerId, settings: relationship.settings, overrides: relationship.overrides, lineage: machine.lineage },
  disks,
});

/**
 * For the layers of a point that was received. Those of a disk that is not whole yet are steps on the way to a later point:
 * their label says so, and the point's own does not name that disk.
 */
export async function receivedLabels(host: Host, relationship: Relationship, receiving: Receiving, point: Point, attachments: readonly Attachment[]): Promise<{ readonly label: PointSidecar; readonly step: PointSidecar }> {
  const machine = machineOf(host, relationship.machineId);
  const disks = await Promise.all(receiving.layers.map(async ({ disk, layer: { layerId }, sizeBytes }): Promise<LabelledDisk> => {
    const top = machine.stacks.find((each) => each.disk === disk)?.layers.at(-1);
    return { disk, layerId, sizeBytes, standsOn: (top && (await leadsTo(host, machine, disk, top))) ?? relationship.seed?.id ?? relationship.awaited?.pointId ?? null, ground: [], elsewhere: null };
  }));
  const label = labelOf(relationship, machine, point, attachments, disks.filter(({ disk }) => !receiving.partial?.includes(disk)));
  return { label, step: { ...label, retired: true, disks } };
}

/** What the stack up to this layer reads as, also when it is only a step on the way to a point. */
const leadsTo = async (host: Host, machine: Machine, disk: string, layer: LabelledLayer): Promise<string | null> =>
  layer.pointId ?? (await host.layers.sidecar(placeOf(host, machine, disk, layer)))?.pointId ?? null;

/** The layers that a failover's guest will write say so, durably, before it writes. They stand on the chosen point, or on earlier such layers. */
export async function labelLive(host: Host, relationship: Relationship, { pointId, trackId, layers }: Omit<Failover, 'next'>, standsOn = pointId): Promise<void> {
  await labelGround(host, relationship);
  const machine = machineOf(host, relationship.machineId);
  const point = host.state.point(pointId)!;
  const disks = layers.map(({ disk, layer }) => {
    const { sizeBytes } = machine.stacks.find((each) => each.disk === disk)!;
    return { disk, layerId: layer.layerId, sizeBytes, standsOn, ground: [], elsewhere: null };
  });
  const label = { ...labelOf(relationship, machine, point, host.state.attachmentsOf(pointId), disks), pointId: trackId, parentId: pointId, kind: LIVE };
  for (const { layer } of layers) await host.layers.relabel(layer, label);
}

/** For layers that a failed-over guest wrote and writes no more. They stand on what their live label said. */
export async function closedLabel(host: Host, relationship: Relationship, { layers }: Pick<Failover, 'layers'>, point: Point, attachments: readonly Attachment[]): Promise<PointSidecar> {
  const machine = machineOf(host, relationship.machineId);
  const disks = await Promise.all(layers.map(async ({ disk, layer }): Promise<LabelledDisk> => {
    const { sizeBytes } = machine.stacks.find((each) => each.disk === disk)!;
    const live = await host.layers.sidecar(layer);
    const standsOn = (live && diskOf(live, disk, layer.layerId)?.standsOn) ?? point.parentId;
    return { disk, layerId: layer.layerId, sizeBytes, standsOn, ground: [], elsewhere: null };
  }));
  return labelOf(relationship, machine, point, attachments, disks);
}

/**
 * On a host that yielded, something is about to stand on the layers that its own guest wrote, which have none or a live
 * label until now. They get the label of the point that names what they hold, durably, since nobody writes them any more.
 */
export async function labelGround(host: Host, relationship: Relationship): Promise<void> {
  const machine = machineOf(host, relationship.machineId);
  const point = relationship.yielded && host.state.point(relationship.yielded.basisId);
  if (!point) return;
  const disks: LabelledDisk[] = [];
  const grounds = pointStacks(machine, point.id);
  for (const { disk, sizeBytes, layers } of grounds) {
    const top = plain(layers.at(-1)!);
    const place = placeOf(host, machine, disk, top);
    const found = await host.layers.sidecar(place);
    const former = found ? diskOf(found, disk, top.layerId) : undefined;
    const elsewhere = place.path === top.path ? null : top;
    disks.push({ disk, layerId: top.layerId, sizeBytes, standsOn: former?.standsOn ?? null, ground: former?.ground ?? layers.slice(0, -1).map(plain), elsewhere });
  }
  const label = labelOf(relationship, machine, point, host.state.attachmentsOf(point.id), disks);
  for (const { disk, layers } of grounds) await host.layers.relabel(placeOf(host, machine, disk, layers.at(-1)!), label);
  for (const { disk, layers } of machine.stacks) if (!grounds.some((ground) => ground.disk === disk)) await unlabelLive(host, placeOf(host, machine, disk, layers.at(-1)!));
}

/** Of a disk that the point does not have: no guest writes it here any more. */
async function unlabelLive(host: Host, place: Layer): Promise<void> {
  if ((await host.layers.sidecar(place))?.kind === LIVE) await host.layers.relabel(place, null);
}

/** The guest writes its disks again: their tops lead to no point any more. One that stands on a point says that it is written. */
export async function unlabelTops(host: Host, machine: Machine): Promise<void> {
  for (const { disk, layers } of machine.stacks) {
    const place = placeOf(host, machine, disk, layers.at(-1)!);
    const label = await host.layers.sidecar(place);
    if (!label || label.kind === LIVE) continue;
    const isOnPoint = (diskOf(label, disk, layers.at(-1)!.layerId)?.standsOn ?? null) !== null;
    await host.layers.relabel(place, isOnPoint ? { ...label, kind: LIVE } : null);
  }
}

/** No layer of the machine has a label. */
export async function unlabelAll(host: Host, machine: Machine): Promise<void> {
  for (const { disk, layers } of machine.stacks) {
    for (const layer of layers) await host.layers.relabel(placeOf(host, machine, disk, layer), null);
  }
}
