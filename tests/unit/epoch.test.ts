/** Kinship of epochs: who may run the guest. Laws that hold for any history of two hosts. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { founded, kinship, mint, newestOf, type Kinship, type Lineage } from '../../src/relationship/epoch.ts';

const hostId = fc.constantFrom('a', 'b', 'c');
const ROOT = founded('root', 'a');

/** The lineage after the owners minted one after the other; ids are told apart by the branch's name. */
const grown = (from: Lineage, branch: string, owners: readonly string[]): Lineage =>
  owners.reduce((lineage, owner, at) => mint(lineage, `${branch}${at}`, owner), from);

const owners = (minLength: number) => fc.array(hostId, { minLength, maxLength: 12 });
/** A common past, and what each of two hosts minted since, in ignorance of the other. */
const fork = fc.record({ past: owners(0), left: owners(0), right: owners(0) }).map(({ past, left, right }) => {
  const common = grown(ROOT, 'past', past);
  return { ours: grown(common, 'left', left), theirs: grown(common, 'right', right), leftCount: left.length, rightCount: right.length };
});

const MIRRORED: Readonly<Record<Kinship, Kinship>> = {
  same: 'same',
  unrelated: 'unrelated',
  'theirs-descends': 'ours-descends',
  'ours-descends': 'theirs-descends',
};

describe('kinship of epochs', () => {
  test('is "same" when nobody has minted since, a descent when one has, and "unrelated" when both have', () => {
    fc.assert(
      fc.property(fork, ({ ours, theirs, leftCount, rightCount }) => {
        const expected: Kinship = leftCount === 0 ? (rightCount === 0 ? 'same' : 'theirs-descends') : rightCount === 0 ? 'ours-descends' : 'unrelated';
        assert.equal(kinship(ours, theirs), expected);
      }),
    );
  });

  test('is seen the same way from both sides', () => {
    fc.assert(fc.property(fork, ({ ours, theirs }) => assert.equal(kinship(theirs, ours), MIRRORED[kinship(ours, theirs)])));
  });

  test('never makes both hosts yield', () => {
    fc.assert(fc.property(fork, ({ ours, theirs }) => assert.ok(!(kinship(ours, theirs) === 'theirs-descends' && kinship(theirs, ours) === 'theirs-descends'))));
  });

  test('is inherited: a descendant of a descendant is a descendant', () => {
    fc.assert(
      fc.property(owners(0), owners(1), owners(1), (past, middle, young) => {
        const oldest = grown(ROOT, 'past', past);
        const child = grown(oldest, 'middle', middle);
        assert.equal(kinship(oldest, grown(child, 'young', young)), 'theirs-descends');
      }),
    );
  });

  test('stays "unrelated" however much either side goes on minting', () => {
    fc.assert(
      fc.property(fork, owners(0), owners(0), ({ ours, theirs, leftCount, rightCount }, left, right) => {
        fc.pre(leftCount > 0 && rightCount > 0);
        assert.equal(kinship(grown(ours, 'more-left', left), grown(theirs, 'more-right', right)), 'unrelated');
      }),
    );
  });

  test('goes by the random id: the same number, minted twice, is not the same epoch', () => {
    const ours = mint(ROOT, 'minted here', 'a');
    const theirs = mint(ROOT, 'minted there', 'b');
    assert.equal(newestOf(ours).number, newestOf(theirs).number);
    assert.equal(kinship(ours, theirs), 'unrelated');
  });

  test('of relationships that were founded apart is "unrelated"', () => {
    assert.equal(kinship(founded('x', 'a'), founded('y', 'a')), 'unrelated');
  });
});

describe('minting', () => {
  test('numbers epochs from 1, one by one, and the newest is the last minted', () => {
    fc.assert(
      fc.property(owners(1), (minted) => {
        const lineage = grown(ROOT, 'e', minted);
        assert.deepEqual(lineage.map(({ number }) => number), Array.from({ length: minted.length + 1 }, (_, at) => at + 1));
        assert.equal(newestOf(lineage).ownerHostId, minted.at(-1));
      }),
    );
  });

  test('does not change the lineage that it starts from', () => {
    const before = structuredClone(ROOT);
    mint(ROOT, 'next', 'b');
    assert.deepEqual(ROOT, before);
  });

  test('keeps a lineage at 1,000 epochs, and a host that is 999 behind still yields', () => {
    const long = grown(ROOT, 'e', Array.from({ length: 5_000 }, () => 'a'));
    assert.equal(long.length, 1_000);
    assert.equal(newestOf(long).number, 5_001);
    assert.equal(kinship(grown(ROOT, 'e', Array.from({ length: 4_001 }, () => 'a')), long), 'theirs-descends');
  });

  test('a host that is further behind than a lineage reaches takes it for a split brain rather than yielding blindly', () => {
    assert.equal(kinship(ROOT, grown(ROOT, 'e', Array.from({ length: 1_000 }, () => 'a'))), 'unrelated');
  });
});
