/** Stacks of labelled layers against a model: each layer a map from cluster to content, each label the reading of its prefix. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { LabelledLayer, Stack } from '../../src/machine/records.ts';
import { groundOf, merged, nextBranchMerge, nextMerge, prefixOf, withBranchTop, withoutBranch, withoutLabel, withTop, type Merge } from '../../src/points/stack.ts';

/** What the files hold, by layer. */
type Files = ReadonlyMap<string, ReadonlyMap<number, string>>;

const layerOf = (layerId: string, pointId?: string, readOnly = false): LabelledLayer => ({
  layerId,
  path: `/images/${layerId}.qcow2`,
  ...(pointId === undefined ? {} : { pointId }),
  ...(readOnly ? { readOnly: true } : {}),
});

const stackOf = (...layers: LabelledLayer[]): Stack => ({ disk: 'root', sizeBytes: 1_048_576, layers });

/** What a reader sees through the layers, bottom first. */
const readingOf = (layers: readonly LabelledLayer[], files: Files): Map<number, string> =>
  new Map(layers.flatMap(({ layerId }) => [...files.get(layerId)!]).map(([cluster, content]) => [cluster, content]));

const sortedReading = (reading: ReadonlyMap<number, string>) => [...reading].sort(([left], [right]) => left - right);

/** Each label's reading, and the top's. */
function readings(stack: Stack, files: Files): Readonly<Record<string, unknown>> {
  const labels = stack.layers.flatMap(({ pointId }) => (pointId === undefined ? [] : [pointId]));
  const each = labels.map((label) => [label, sortedReading(readingOf(prefixOf(stack, label)!.layers, files))]);
  return { ...Object.fromEntries(each), top: sortedReading(readingOf(stack.layers, files)) };
}

/** The merge as a storage program does it: the upper's clusters are written into the lower, the upper file goes. */
function afterMerge(files: Files, { lower, upper }: Merge): Files {
  const next = new Map(files);
  next.set(lower.layerId, new Map([...files.get(lower.layerId)!, ...files.get(upper.layerId)!]));
  next.delete(upper.layerId);
  return next;
}

interface Scene {
  readonly stack: Stack;
  readonly files: Files;
  readonly inUse: ReadonlySet<string>;
}

const layer = fc.record({ isRetired: fc.boolean(), isInUse: fc.nat(9).map((die) => die === 0), clusters: fc.array(fc.nat(7), { maxLength: 6 }) });
const scenes = fc.record({ templates: fc.nat(2), layers: fc.array(layer, { minLength: 1, maxLength: 30 }) }).map(({ templates, layers }): Scene => ({
  stack: stackOf(...layers.map(({ isRetired }, at) => layerOf(`l${at}`, isRetired || at < templates ? undefined : `p${at}`, at < templates))),
  files: new Map(layers.map(({ clusters }, at) => [`l${at}`, new Map(clusters.map((cluster) => [cluster, `l${at}`]))])),
  inUse: new Set(layers.flatMap(({ isInUse }, at) => (isInUse ? [`l${at}`] : []))),
}));

/** Merges until none is due; `onMerge` sees each. */
function settled({ stack, files, inUse }: Scene, onMerge: (merge: Merge, stack: Stack, files: Files) => void = () => undefined): Scene {
  let [now, content] = [stack, files];
  for (let merge = nextMerge(now, inUse); merge; merge = nextMerge(now, inUse)) {
    content = afterMerge(content, merge);
    now = merged(now, merge);
    onMerge(merge, now, content);
  }
  return { stack: now, files: content, inUse };
}

describe('merging', () => {
  test('never changes what a remaining label, or the top, reads as', () => {
    fc.assert(fc.property(scenes, (scene) => {
      const before = readings(scene.stack, scene.files);
      settled(scene, (_merge, stack, files) => assert.deepEqual(readings(stack, files), before));
    }), { numRuns: 500 });
  });

  test('leaves a remaining label readable while a merge is half done', () => {
    fc.assert(fc.property(scenes, fc.nat(7), (scene, upTo) => {
      const merge = nextMerge(scene.stack, scene.inUse);
      fc.pre(merge !== null);
      const half = new Map(scene.files);
      const written = [...scene.files.get(merge.upper.layerId)!].filter(([cluster]) => cluster <= upTo);
      half.set(merge.lower.layerId, new Map([...scene.files.get(merge.lower.layerId)!, ...written]));
      assert.deepEqual(readings(scene.stack, half), readings(scene.stack, scene.files));
    }));
  });

  test('ends, and ends with no retired layer that could still go', () => {
    fc.assert(fc.property(scenes, (scene) => {
      const { stack, inUse } = settled(scene);
      for (const [at, lower] of stack.layers.entries()) {
        const upper = stack.layers[at + 1];
        const isDue = upper && lower.pointId === undefined && !lower.readOnly && !inUse.has(lower.layerId) && !inUse.has(upper.layerId);
        assert.ok(!isDue, `${lower.layerId} is left below ${upper?.layerId}`);
      }
    }));
  });

  test('with nothing in use leaves a layer for each label, the templates, and one for a top without a label', () => {
    fc.assert(fc.property(scenes, (scene) => {
      const { stack } = settled({ ...scene, inUse: new Set() });
      const own = stack.layers.filter(({ readOnly }) => !readOnly);
      assert.ok(own.slice(0, -1).every(({ pointId }) => pointId !== undefined));
    }));
  });

  test('never writes into a template, nor into or out of a layer that is in use', () => {
    fc.assert(fc.property(scenes, (scene) => {
      settled(scene, ({ lower, upper }) => {
        assert.ok(!lower.readOnly);
        assert.ok(!scene.inUse.has(lower.layerId) && !scene.inUse.has(upper.layerId));
      });
    }));
  });

  test('never writes into a layer that carries the label of a point', () => {
    fc.assert(fc.property(scenes, (scene) => void settled(scene, ({ lower }) => assert.equal(lower.pointId, undefined))));
  });

  test('keeps the files of the lower layers where they are, so that a path on record stays true', () => {
    const stack = stackOf(layerOf('base'), layerOf('a', 'p1'), layerOf('b', 'p2'));
    const merge = nextMerge(stack, new Set())!;
    assert.deepEqual(merged(stack, merge), stackOf({ ...layerOf('base'), pointId: 'p1' }, layerOf('b', 'p2')));
  });
});

describe('a branch', () => {
  const branched = withBranchTop(withBranchTop(stackOf(layerOf('base', 'p1'), layerOf('a', 'p2')), 'p1', layerOf('w1', 'b1')), 'p1', layerOf('w2', 'b2'));
  const idsOf = (stack: Stack | undefined) => stack?.layers.map(({ layerId }) => layerId);

  test('stands on its point, and not on what was received after that', () => {
    assert.deepEqual(['p1', 'p2', 'b1', 'b2'].map((point) => idsOf(prefixOf(branched, point))), [['base'], ['base', 'a'], ['base', 'w1'], ['base', 'w1', 'w2']]);
    assert.deepEqual([idsOf(groundOf(branched, 'p1')), idsOf(groundOf(branched, 'p2'))], [['base', 'w1', 'w2'], ['base', 'a']]);
    assert.equal(groundOf(branched, 'p1')!.branch, undefined);
    assert.deepEqual(withoutBranch(branched), stackOf(layerOf('base', 'p1'), layerOf('a', 'p2')));
  });

  test('is merged within itself: never into its point, though that has no label any more', () => {
    const retired = withoutLabel(withoutLabel(branched, 'b1'), 'p1');
    const merge = nextBranchMerge(retired, new Set())!;
    assert.deepEqual([merge.lower.layerId, merge.upper.layerId], ['w1', 'w2']);
    assert.deepEqual(merged(retired, merge).branch!.layers, [layerOf('w1', 'b2')]);
    assert.equal(nextBranchMerge(merged(retired, merge), new Set()), null);
    assert.equal(nextBranchMerge(retired, new Set(['w2'])), null);
  });
});

describe('a stack', () => {
  test('has no reading for a label that it does not carry', () => {
    assert.equal(prefixOf(stackOf(layerOf('a', 'p1')), 'p2'), undefined);
  });

  test('that loses a label reads the same under all others', () => {
    fc.assert(fc.property(scenes, ({ stack, files }) => {
      const label = stack.layers.find(({ pointId }) => pointId !== undefined)?.pointId;
      fc.pre(label !== undefined);
      const { [label]: _lost, ...expected } = readings(stack, files);
      assert.deepEqual(readings(withoutLabel(stack, label), files), expected);
    }));
  });

  test('that gets a new top reads the same under every label it had', () => {
    fc.assert(fc.property(scenes, ({ stack, files }) => {
      const { top: _top, ...before } = readings(stack, files);
      const { top: _new, fresh, ...now } = readings(withTop(stack, layerOf('new', 'fresh'), 2_097_152), new Map(files).set('new', new Map([[0, 'new']])));
      assert.deepEqual(now, before);
      assert.ok(fresh);
    }));
  });
});
