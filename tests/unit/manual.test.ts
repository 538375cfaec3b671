/** The manual pages: what is in them is what the programs have, and no text breaks them. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { clientManual, daemonManual } from '../../scripts/manualpages.ts';
import { page, paragraph, roff } from '../../scripts/roff.ts';
import { FAMILIES, GROUPS } from '../../src/cli/commands.ts';

const mandoc = (source: string, ...options: string[]): { output: string; complaints: string } => {
  const { stdout, stderr, error } = spawnSync('mandoc', [...options, '-Kutf-8', '-Owidth=200'], { input: source, encoding: 'utf8', env: { ...process.env, LC_ALL: 'C.UTF-8' } });
  if (error) throw error;
  return { output: stdout.replace(/.\u0008/gu, ''), complaints: stderr };
};

describe('the manual pages', () => {
  const pages = { 'understudy.1': () => clientManual('1.2.3'), 'understudyd.8': async () => daemonManual('1.2.3') };
  for (const [name, made] of Object.entries(pages)) {
    test(`mandoc finds nothing to warn of in ${name}`, async () => {
      const { output, complaints } = mandoc(await made(), '-Tlint', '-Wwarning');
      assert.equal(output + complaints, '');
    });
  }

  test('understudy.1 has every command under a heading of the help', async () => {
    const { output } = mandoc(await clientManual('1.2.3'), '-Tutf8');
    for (const name of FAMILIES.flatMap(({ names }) => names)) assert.match(output, new RegExp(`^ +understudy ${name}\\b`, 'm'));
    assert.match(output, /^ +understudy vm disk attach <machine> <name> <path>$/m);
    assert.match(output, /^ +--commit-after <time>$/m);
  });

  test('every command has its place in the help, and nothing else has one', () => {
    assert.deepEqual(Object.values(GROUPS).flat().sort(), [...FAMILIES.flatMap(({ names }) => names), 'help'].sort());
  });

  for (const text of ['.so /etc/passwd', "'br", 'a\\fBb\\*(xx', '--dry-run ~/x ^ `y` "z"', 'two\n.SH LINES', 'Zurück 繁體']) {
    test(`${JSON.stringify(text)} is shown as it is`, () => {
      const { output } = mandoc(page({ name: 'x', section: 1, date: '2026-01-02', source: 'x' }, ['.SH NAME', 'x \\- y', paragraph(roff(text))]), '-Tutf8');
      assert.ok(output.split('\n').some((line) => line.trim() === text.replaceAll('\n', ' ')), output);
    });
  }
});
