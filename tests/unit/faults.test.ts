/** The table of faults, as programs read it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FAULTS } from '../../src/errors/fault.ts';

/** Shared on purpose: wrong usage, what is held, what is not there, and what is not allowed. */
const SHARED: readonly number[] = [2, 3, 4, 5];

test('a script can tell by the exit code which fault it was', () => {
  const codes = Object.values(FAULTS).map(({ exitCode }) => exitCode as number).filter((code) => !SHARED.includes(code));
  assert.deepEqual(codes.filter((code, at) => codes.indexOf(code) !== at), []);
  for (const code of codes) assert.ok(code >= 10 && code < 126, `${code} is none that a shell keeps for itself`);
});
