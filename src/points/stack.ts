/** What follows from a stack of labelled layers: the stack of one point, and which layers can be merged. */
import type { LabelledLayer, Stack } from '../machine/records.ts';

/** The layers that read as the point, or undefined when the disk does not have it. */
export function prefixOf(stack: Stack, pointId: string): Stack | undefined {
  const top = stack.layers.findIndex((layer) => layer.pointId === pointId);
  return top < 0 ? undefined : { ...stack, layers: stack.layers.slice(0, top + 1) };
}

export const withTop = (stack: Stack, layer: LabelledLayer, sizeBytes = stack.sizeBytes): Stack => ({ ...stack, sizeBytes, layers: [...stack.layers, layer] });

export const withoutLabel = (stack: Stack, pointId: string): Stack => ({
  ...stack,
  layers: stack.layers.map((layer) => (layer.pointId === pointId ? unlabelled(layer) : layer)),
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

/** The stack after the merge: the lower file carries the upper's label. */
export function merged(stack: Stack, merge: Merge): Stack {
  const layers = stack.layers.flatMap((layer): LabelledLayer[] => {
    if (layer.layerId === merge.upper.layerId) return [];
    if (layer.layerId !== merge.lower.layerId) return [layer];
    return [merge.upper.pointId === undefined ? unlabelled(layer) : { ...layer, pointId: merge.upper.pointId }];
  });
  return { ...stack, layers };
}
