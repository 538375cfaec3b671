/** Cluster sets against a naive set of numbers. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Bug } from '../../src/errors/bug.ts';
import { ClusterSet } from '../../src/extents/clusterset.ts';

const clusters = fc.integer({ min: 0, max: 200 });
const change = fc.oneof(
  fc.record({ kind: fc.constant('add' as const), first: clusters }),
  fc.record({ kind: fc.constant('delete' as const), first: clusters }),
  fc.record({ kind: fc.constant('addRun' as const), first: clusters, count: clusters }),
  fc.record({ kind: fc.constant('grow' as const), to: clusters }),
  fc.record({ kind: fc.constant('addAll' as const), of: clusters, members: fc.array(clusters, { maxLength: 20 }) }),
);
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

function setOf(size: number, members: Iterable<number>): ClusterSet {
  const set = new ClusterSet(size);
  for (const cluster of members) if (cluster < size) set.add(cluster);
  return set;
}

/** The set that the changes make, and what it should hold. */
class Both {
  readonly set: ClusterSet;
  readonly members = new Set<number>();
  clusters: number;

  constructor(size: number) {
    this.set = new ClusterSet(size);
    this.clusters = size;
  }

  take(next: Change): void {
    if (next.kind === 'add') this.#add(next.first);
    else if (next.kind === 'delete') this.#delete(next.first);
    else if (next.kind === 'addRun') this.#addRun(next.first, next.count);
    else if (next.kind === 'grow') this.#grow(next.to);
    else this.#addAll(next.of, next.members);
  }

  #add(cluster: number): void {
    if (cluster >= this.clusters) return assert.throws(() => this.set.add(cluster), Bug);
    this.set.add(cluster);
    this.members.add(cluster);
  }

  #delete(cluster: number): void {
    this.set.delete(cluster);
    this.members.delete(cluster);
  }

  #addRun(first: number, count: number): void {
    this.set.addRun(first, count);
    for (let cluster = first; cluster < Math.min(first + count, this.clusters); cluster++) this.members.add(cluster);
  }

  #grow(to: number): void {
    this.set.grow(to);
    this.clusters = Math.max(this.clusters, to);
  }

  #addAll(size: number, members: readonly number[]): void {
    this.set.addAll(setOf(size, members));
    this.clusters = Math.max(this.clusters, size);
    for (const cluster of members) if (cluster < size) this.members.add(cluster);
  }
}

/** Any set that a few changes make. */
const anySet = fc.tuple(clusters, fc.array(change, { maxLength: 12 })).map(([size, changes]) => {
  const both = new Both(size);
  for (const next of changes) both.take(next);
  return both;
});

const membersOf = (set: ClusterSet): number[] => Array.from({ length: set.clusters }, (_, cluster) => cluster).filter((cluster) => set.has(cluster));
const sorted = (members: Iterable<number>): number[] => [...members].sort((left, right) => left - right);

describe('a cluster set', () => {
  test('holds what a naive set holds after any changes', () => {
    fc.assert(
      fc.property(anySet, ({ set, members, clusters: size }) => {
        assert.equal(set.clusters, size);
        assert.deepEqual(membersOf(set), sorted(members));
        assert.equal(set.size, members.size);
        assert.equal(set.isEmpty, members.size === 0);
      }),
      { numRuns: 300 },
    );
  });

  test('gives maximal runs, in order, of exactly its clusters within the asked range', () => {
    fc.assert(
      fc.property(anySet, fc.tuple(clusters, clusters), ({ set, members }, [one, other]) => {
        const [from, to] = [Math.min(one, other, set.clusters), Math.min(Math.max(one, other), set.clusters)];
        const runs = [...set.runs(from, to)];
        const listed = runs.flatMap(({ first, count }) => Array.from({ length: count }, (_, at) => first + at));
        assert.deepEqual(listed, sorted(members).filter((cluster) => cluster >= from && cluster < to));
        for (const [at, { first, count }] of runs.entries()) {
          const next = runs[at + 1];
          assert.ok(count > 0 && (next === undefined || first + count < next.first), 'runs touch');
        }
      }),
      { numRuns: 300 },
    );
  });

  test('has no bit beyond its last cluster, so that the bytes of equal sets are equal', () => {
    fc.assert(
      fc.property(anySet, ({ set, members }) => {
        assert.deepEqual(set.bytes, setOf(set.clusters, members).bytes);
      }),
    );
  });

  test('is the same after a journey as bytes', () => {
    fc.assert(
      fc.property(anySet, ({ set }) => {
        assert.deepEqual(membersOf(new ClusterSet(set.clusters, Uint8Array.from(set.bytes))), membersOf(set));
      }),
    );
  });

  test('does not change when its copy does', () => {
    fc.assert(
      fc.property(anySet, ({ set, members }) => {
        const copy = set.clone();
        copy.addRun(0, copy.clusters);
        for (const cluster of members) copy.delete(cluster);
        assert.deepEqual(membersOf(set), sorted(members));
      }),
    );
  });

  test('that is full holds every cluster of the disk and none beyond', () => {
    fc.assert(
      fc.property(clusters, (size) => {
        const set = ClusterSet.full(size);
        assert.equal(set.size, size);
        assert.equal(set.has(size), false);
        assert.deepEqual([...set.runs()], size === 0 ? [] : [{ first: 0, count: size }]);
      }),
    );
  });

  test('is not made of bytes of another disk size', () => {
    assert.throws(() => new ClusterSet(9, new Uint8Array(1)), Bug);
    assert.throws(() => new ClusterSet(8, new Uint8Array(2)), Bug);
  });
});
