/** What labels alone say of a stack: arrows in any order, with gaps, forks and steps left behind. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { PointSidecar } from '../../src/engine/ports/layers.ts';
import { alarmsOf } from '../../src/health/alarms.ts';
import { LIVE, mergedLabel } from '../../src/engine/replica/labels.ts';
import { linksOf, rebuilt, type Link } from '../../src/engine/replica/rebuilding.ts';
import { founded } from '../../src/relationship/epoch.ts';
import { defaultSettings } from '../../src/relationship/settings.ts';
import { inEnglish } from '../../src/language/text.ts';

const DISKS = ['a', 'b'];
interface Arrow {
  readonly from: number | null;
  readonly to: number;
  readonly disk?: string;
  readonly retired?: boolean;
  readonly kind?: string;
}

const layerIdOf = ({ from, to }: Arrow): string => `${from}-${to}`;
const name = (point: number | null): string | null => (point === null ? null : `p${point}`);

function linkOf(arrow: Arrow): Link {
  const { from, to, disk = 'a', retired = false, kind = 'standard' } = arrow;
  const layerId = layerIdOf(arrow);
  const sidecar: PointSidecar = {
    pointId: `p${to}`, parentId: name(from), machineId: 'm1', relationshipId: 'r1', epochId: 'e1', sequence: to, kind, instantMs: to, digest: '', definition: { name: 'web' }, name: null,
    attachments: [], retired, replica: { peerId: 'host-a', settings: defaultSettings(DISKS), overrides: {}, lineage: founded('e1', 'host-a') },
    disks: DISKS.map((each) => ({ disk: each, layerId, sizeBytes: 65_536, standsOn: name(from), ground: [], elsewhere: null })),
  };
  return { layer: { layerId, path: `/replicas/m1/${disk}-${layerId}` }, sidecar, disk: sidecar.disks.find((each) => each.disk === disk)! };
}

const onBoth = (...arrows: readonly Arrow[]): Link[] => DISKS.flatMap((disk) => arrows.map((arrow) => linkOf({ ...arrow, disk })));

/** Points, and each disk's layers, labelled as `layer=point`. */
function outcomeOf(links: readonly Link[]): unknown {
  const outcome = rebuilt('m1', '/replicas', links);
  if (outcome.kind === 'left') return inEnglish(outcome.why);
  const stacks = outcome.machine.stacks.map(({ layers }) => layers.map(({ layerId, pointId }) => (pointId ? `${layerId}=${pointId}` : layerId)).join(' '));
  return outcome.kind === 'alone' ? { stacks } : { points: outcome.points.map(({ point }) => point.id), stacks };
}

describe('a stack is rebuilt from labels', () => {
  test('in any order of the files', () => {
    const links = onBoth({ from: null, to: 1 }, { from: 1, to: 2 }, { from: 2, to: 5 }, { from: 5, to: 6 });
    const expected = { points: ['p1', 'p2', 'p5', 'p6'], stacks: ['null-1=p1 1-2=p2 2-5=p5 5-6=p6', 'null-1=p1 1-2=p2 2-5=p5 5-6=p6'] };
    fc.assert(fc.property(fc.shuffledSubarray(links, { minLength: links.length }), (shuffled) => assert.deepEqual(outcomeOf(shuffled), expected)));
  });

  test('whose retired point is a step and no point, also when only one disk is merged that far', () => {
    const retired = [linkOf({ from: 1, to: 2, disk: 'a', retired: true }), linkOf({ from: 1, to: 2, disk: 'b' })];
    const links = [...onBoth({ from: null, to: 1 }, { from: 2, to: 3 }), ...retired];
    assert.deepEqual(outcomeOf(links), { points: ['p1', 'p3'], stacks: ['null-1=p1 1-2 2-3=p3', 'null-1=p1 1-2 2-3=p3'] });
  });

  test('without the upper file of a merge that is done, whether it is there or not', () => {
    const done = onBoth({ from: null, to: 1 }, { from: 1, to: 3 }, { from: 3, to: 4 });
    assert.deepEqual(outcomeOf([...onBoth({ from: 2, to: 3 }), ...done]), outcomeOf(done));
  });

  test('up to the newest point that every disk has', () => {
    const links = [...onBoth({ from: null, to: 1 }, { from: 1, to: 2 }), linkOf({ from: 2, to: 3, disk: 'a' })];
    assert.deepEqual(outcomeOf(links), { points: ['p1', 'p2'], stacks: ['null-1=p1 1-2=p2', 'null-1=p1 1-2=p2'] });
  });

  test('up to where a file is missing', () => {
    assert.deepEqual(outcomeOf(onBoth({ from: null, to: 1 }, { from: 2, to: 3 })), { points: ['p1'], stacks: ['null-1=p1', 'null-1=p1'] });
    assert.equal(outcomeOf(onBoth({ from: 1, to: 2 })), 'no recovery point is whole');
  });

  test('without a step whose merge partner is gone: it may be half changed', () => {
    assert.deepEqual(outcomeOf(onBoth({ from: null, to: 1 }, { from: 1, to: 2, retired: true })), { points: ['p1'], stacks: ['null-1=p1', 'null-1=p1'] });
  });

  test('but never as a replica where a guest has written', () => {
    const points = onBoth({ from: null, to: 1 }, { from: 1, to: 2 }, { from: 2, to: 3 });
    assert.deepEqual(outcomeOf([...points, ...onBoth({ from: 2, to: 9, kind: LIVE })]), { stacks: ['null-1 1-2 2-9', 'null-1 1-2 2-9'] });
    assert.equal(outcomeOf([...points, linkOf({ from: 2, to: 9, kind: LIVE })]), 'a guest ran on these disks, and not all of them are whole');
    assert.equal(outcomeOf([...points, ...onBoth({ from: 7, to: 9, kind: LIVE })]), 'a guest ran on these disks, and not all of them are whole');
  });

  test('of a guest that got points where it failed over, whatever was received beside them', () => {
    const points = onBoth({ from: null, to: 1 }, { from: 1, to: 2 }, { from: 1, to: 3 });
    const all = { stacks: ['null-1 1-3 3-8 8-9', 'null-1 1-3 3-8 8-9'] };
    assert.deepEqual(outcomeOf([...points, ...onBoth({ from: 3, to: 8, kind: LIVE }, { from: 8, to: 9, kind: LIVE })]), all);
    assert.deepEqual(outcomeOf([...points, ...onBoth({ from: 3, to: 8 }, { from: 8, to: 9, kind: LIVE })]), all);
    const half = [...points, ...onBoth({ from: 3, to: 8, kind: LIVE }), linkOf({ from: 8, to: 9, kind: LIVE, disk: 'a' })];
    assert.deepEqual(outcomeOf(half), { stacks: ['null-1 1-3 3-8 8-9', 'null-1 1-3 3-8'] });
    const unrelated = [...points, linkOf({ from: 3, to: 8, kind: LIVE, disk: 'a' }), linkOf({ from: 3, to: 9, kind: LIVE, disk: 'b' })];
    assert.equal(outcomeOf(unrelated), 'a guest ran on these disks, and not all of them are whole');
  });

  test('with what a guest wrote here as a step, once points stand on it', () => {
    const links = onBoth({ from: null, to: 1 }, { from: 1, to: 2, kind: LIVE }, { from: 2, to: 3 });
    assert.deepEqual(outcomeOf(links), { points: ['p1', 'p3'], stacks: ['null-1=p1 1-2 2-3=p3', 'null-1=p1 1-2 2-3=p3'] });
  });

  test('but not from the labels of another machine, nor for ever when labels lead in a circle', () => {
    assert.equal(rebuilt('m2', '/replicas', onBoth({ from: null, to: 1 })).kind, 'left');
    assert.deepEqual(outcomeOf(onBoth({ from: null, to: 1 }, { from: 1, to: 2 }, { from: 2, to: 1 })), { points: ['p1', 'p2', 'p1'].slice(0, 2), stacks: ['null-1=p1 1-2=p2', 'null-1=p1 1-2=p2'] });
  });
});

test('a merge puts two labels together, and makes none of two that do not follow each other', () => {
  const [below, above] = [linkOf({ from: 1, to: 2 }), linkOf({ from: 2, to: 3 })];
  const merge = { disk: 'a', lower: below.layer, upper: { ...above.layer, pointId: 'p3' } };
  const label = mergedLabel(below.sidecar, above.sidecar, merge)!;
  assert.deepEqual([label.pointId, label.retired, label.disks[0]!.standsOn, label.disks[0]!.layerId, label.disks[1]!.layerId], ['p3', false, 'p1', '1-2', '2-3']);
  assert.equal(mergedLabel(below.sidecar, above.sidecar, { ...merge, upper: above.layer })!.retired, true);
  assert.equal(mergedLabel(below.sidecar, linkOf({ from: 5, to: 6 }).sidecar, { ...merge, upper: linkOf({ from: 5, to: 6 }).layer }), null);
});

test('a label without a file counts only for a layer that is elsewhere', () => {
  const { sidecar } = linkOf({ from: null, to: 1 });
  const label = (elsewhere: { layerId: string; path: string } | null): PointSidecar => ({ ...sidecar, disks: sidecar.disks.map((disk) => ({ ...disk, elsewhere })) });
  const own = { layerId: 'null-1', path: '/images/web.qcow2' };
  const found = (it: PointSidecar) => linksOf([{ path: '/replicas/m1/a-null-1', sidecar: it }], (disk, layerId) => `/replicas/m1/${disk}-${layerId}`, new Set()).map(({ layer }) => layer.path);
  assert.deepEqual(found(label(own)), ['/images/web.qcow2']);
  assert.deepEqual(found(label(null)), []);
});

test('more than 64 layers, or less than 5 % or 1 GiB of room, raise an alarm', () => {
  const gib = 1024 ** 3;
  assert.deepEqual(alarmsOf({ layers: 64, freeBytes: 5 * gib, totalBytes: 100 * gib, damagedPoints: 0 }), []);
  assert.deepEqual(alarmsOf({ layers: 65, freeBytes: 5 * gib - 1, totalBytes: 100 * gib, damagedPoints: 0 }), ['chain-long', 'space-low']);
  assert.deepEqual(alarmsOf({ layers: 0, freeBytes: gib - 1, totalBytes: 2 * gib, damagedPoints: 0 }), ['space-low']);
});
