/** Where on the page that is done which the host's texts name as commands: held against the command line and against the texts. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Command } from 'commander';
import { createProgram, fullNameOf } from '../../src/cli/program.ts';
import { textsOf } from '../../scripts/texttable.ts';
import { isAboutMachine, operationsIn, placesIn } from '../../web/src/commands.ts';

const every = (command: Command): Command[] => [command, ...command.commands.flatMap(every)];
const known = new Set((await createProgram()).commands.flatMap(every).map((command) => fullNameOf(command).replace(/^understudy /, '')));
/** `understudy status there`: a word after the command that is none. */
const named = [...textsOf('domain').keys.keys()].flatMap((text) => [...text.matchAll(/\bunderstudy ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?/g)].map(([, first, second]) => ({ text, first: first!, second })));

describe('commands in the texts of the host', () => {
  test('are commands that there are', () => {
    assert.ok(named.length > 20);
    assert.deepEqual(named.filter(({ first }) => !known.has(first)).map(({ text }) => text), []);
  });

  test('lead to the page where that is done, once', () => {
    assert.deepEqual(placesIn('Pair again: understudy host remove, understudy host invite.').map(({ path }) => path), ['/hosts']);
    assert.deepEqual(placesIn('understudy health set, then understudy notify test').map(({ path }) => path), ['/limits', '/notifications']);
    assert.deepEqual(placesIn('Nothing is lost.'), []);
  });

  test('lead to the machine where they are about one, and nowhere where the page does not do that', () => {
    assert.equal(isAboutMachine('Go on with understudy resume.'), true);
    assert.equal(isAboutMachine('Look there: understudy host list.'), false);
    assert.equal(isAboutMachine('To go back: understudy restore-state, with a backup.'), false);
  });

  test('name the operations that are possible, and no other', () => {
    const operations = [{ command: 'resume' }, { command: 'network apply' }, { command: 'commit' }];
    assert.deepEqual(operationsIn('understudy revert, or understudy commit; then understudy network apply <machine>', operations), [{ command: 'commit' }, { command: 'network apply' }]);
    assert.deepEqual(operationsIn('understudy resumes nothing', operations), []);
  });
});
