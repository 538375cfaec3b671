/** What hosts say to do, in the page's words: each command that a text names is a button or a part of the page. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { RelationshipView } from '../../src/service/relationshipviews.ts';
import { allowedText, partsOf } from '../../web/src/hints/hint.ts';

/** Of a shell only, with nothing on the page to look for. */
const SHELL_ONLY = ['restore-state', 'vm console', 'first '];

const domain = Object.keys(JSON.parse(readFileSync(join(import.meta.dirname, '../../src/language/catalogues/domain/de.json'), 'utf8')) as object);
const web1 = { machine: 'web1', peer: 'beta', state: 3 } as RelationshipView;
const textOf = (hint: string, about: RelationshipView | null = null): string => partsOf(hint, about).map(({ text }) => text).join('');

describe('a hint on the page', () => {
  test('names the buttons and parts of the page for every command that a text of the hosts names', () => {
    const left = domain.flatMap((text) => partsOf(text).flatMap((part) => (part.command === undefined ? [...part.text.matchAll(/understudy (\S+ ?\w*)/g)].map(([, rest]) => rest!) : [])));
    assert.deepEqual(left.filter((rest) => !SHELL_ONLY.some((each) => rest.startsWith(each))), []);
    assert.ok(domain.filter((text) => partsOf(text).some(({ command }) => command !== undefined)).length > 50, 'texts that name commands');
  });

  test('leaves the options, the machine and the host of a command out, and says all else as it was', () => {
    assert.equal(textOf('Start it: understudy start-replication.'), 'Start it: Start the initial replication.');
    assert.equal(textOf('Include it: understudy settings web1 --disks a,b. To leave it out, name the others.', web1), 'Include it: Change the settings. To leave it out, name the others.');
    assert.equal(textOf('Add one there (understudy authorization add beta --storage DIR), then go on here: understudy resume.', web1), 'Add one there (Replica server), then go on here: Resume.');
    assert.equal(textOf('understudy test web1 boots a copy; understudy test-end removes it.', web1), 'Test failover boots a copy; End the test failover removes it.');
    assert.equal(textOf('Keep it with understudy commit.', { ...web1, state: 14 }), 'Keep it with Commit the failback.');
    assert.equal(textOf('Look at it: understudy vm console web1.', web1), 'Look at it: understudy vm console web1.');
  });

  test('keeps the command for whoever wants it', () => {
    assert.deepEqual(partsOf('understudy point verify tells of each.')[0], { text: 'Verify', command: 'understudy point verify' });
  });

  test('says what is allowed in the same words', () => {
    assert.deepEqual(['become-replica', 'disable', 'settings', 'unheard-of'].map(allowedText), ['Yield to the other host', 'End replication', 'Change the settings', 'unheard-of']);
  });
});
