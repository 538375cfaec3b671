/** What follows from a stack of labelled layers: the stack of one point, and which layers can be merged. */
import type { LabelledLayer, Stack } from '../machine/records.ts';

/** The layers that read as the point, or undefined when the disk does not have it. */
export function prefixOf({ branch, ...stack }: Stack, pointId: string): Stack | undefined {
  const own = upTo(stack.layers, pointId);
  if (own) return { ...stack, layers: own };
  const above = branch && upTo(branch.layers, pointId);
  return above && { ...stack, layers: [...upTo(stack.layers, branch.pointId)!, ...above] };
}

function upTo(layers: readonly LabelledLayer[], pointId: string): readonly LabelledLayer[] | undefined {
  const top = layers.findIndex((layer) => layer.pointId === pointId);
  return top < 0 ? undefined : layers.slice(0, top + 1);
}

/** What a guest that failed over to the point stands on: the point's layers and those that it wrote before its present one. */
export function groundOf(stack: Stack, pointId: string): Stack | undefined {
  const prefix = prefixOf(stack, pointId);
  return prefix && stack.branch?.pointId === pointId ? { ...prefix, layers: [...prefix.layers, ...stack.branch.layers] } : prefix;
}

/** The layer is the branch's top: nothing is written to it any more. */
export const withBranchTop = (stack: Stack, pointId: string, layer: LabelledLayer): Stack => ({ ...stack, branch: { pointId, layers: [...(stack.branch?.layers ?? []), layer] } });

/** What the failed-over guest wrote is no part of the machine any more. */
export const withoutBranch = ({ branch: _branch, ...stack }: Stack): Stack => stack;

export const withTop = (stack: Stack, layer: LabelledLayer, sizeBytes = stack.sizeBytes): Stack => ({ ...stack, sizeBytes, layers: [...stack.layers, layer] });

/** Without the layers above the highest recovery point: of a disk that is not received any more nobody reads them. */
export const withoutSpare = (stack: Stack): Stack => ({ ...stack, layers: stack.layers.slice(0, 1 + stack.layers.findLastIndex(({ pointId }) => pointId !== undefined)) });

export const withoutLabel = (stack: Stack, pointId: string): Stack => changed(stack, (layers) => layers.map((layer) => (layer.pointId === pointId ? unlabelled(layer) : layer)));

export const withoutLabels = (stack: Stack): Stack => changed(stack, (layers) => layers.map(unlabelled));

const changed = (stack: Stack, change: (layers: readonly LabelledLayer[]) => readonly LabelledLayer[]): Stack => ({
  ...stack,
  layers: change(stack.layers),
  ...(stack.branch && { branch: { ...stack.branch, layers: change(stack.branch.layers) } }),
});

const unlabelled = ({ pointId: _pointId, ...layer }: LabelledLayer): LabelledLayer => layer;

export interface Merge {
  readonly disk: string;
  readonly lower: LabelledLayer;
  readonly upper: LabelledLayer;
}

/**
 * The lowest merge that is due: a layer whose own point was retired takes in the one above it. Layers that are in use
 * (a test failover stands on them) and templates are left alone.
 */
export function nextMerge(stack: Stack, inUse: ReadonlySet<string>): Merge | null {
  for (const [index, lower] of stack.layers.entries()) {
    const upper = stack.layers[index + 1];
    if (!upper) return null;
    if (lower.pointId !== undefined || lower.readOnly || inUse.has(lower.layerId) || inUse.has(upper.layerId)) continue;
    return { disk: stack.disk, lower, upper };
  }
  return null;
}

/** The same of what a failed-over guest wrote, apart from its present layer. The point below stays as it is. */
export const nextBranchMerge = (stack: Stack, inUse: ReadonlySet<string>): Merge | null => nextMerge({ ...stack, layers: stack.branch?.layers ?? [] }, inUse);

/** The stack after the merge: the lower file carries the upper's label. */
export const merged = (stack: Stack, merge: Merge): Stack =>
  changed(stack, (layers) => layers.flatMap((layer): LabelledLayer[] => {
    if (layer.layerId === merge.upper.layerId) return [];
    if (layer.layerId !== merge.lower.layerId) return [layer];
    return [merge.upper.pointId === undefined ? unlabelled(layer) : { ...layer, pointId: merge.upper.pointId }];
  }));
