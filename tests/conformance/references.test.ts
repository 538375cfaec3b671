/** The generated documents hold everything that there is. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Command } from 'commander';
import { cliMarkdown } from '../../src/cli/reference.ts';
import { FAMILIES } from '../../src/cli/commands.ts';
import { createProgram, fullNameOf } from '../../src/cli/program.ts';
import { statusMarkdown } from '../../scripts/statuspage.ts';
import { FAULTS } from '../../src/errors/fault.ts';
import { MemoryHost } from './memoryhost.ts';

const leaves = (command: Command): Command[] => (command.commands.length === 0 ? [command] : command.commands.flatMap(leaves));

describe('the references', () => {
  test('docs/cli.md names every command, every option and every exit code', async () => {
    const text = await cliMarkdown();
    for (const command of leaves(await createProgram())) {
      assert.ok(text.includes(`\n${fullNameOf(command)}`), fullNameOf(command));
      for (const option of command.options) assert.ok(text.includes(option.flags.replaceAll('|', '\\|')), option.flags);
    }
    for (const { exitCode } of Object.values(FAULTS)) assert.match(text, new RegExp(`\\| ${exitCode} \\|`));
  });

  test('every command has a description, and no two have the same', async () => {
    const descriptions = leaves(await createProgram()).map((command) => command.description());
    assert.ok(descriptions.every((text) => text !== ''));
    assert.equal(new Set(descriptions).size, descriptions.length);
  });

  test('every command that a message or a hint names with an option has that option', async () => {
    const program = await createProgram();
    const everywhere = ['--help', ...program.options.map(({ long }) => long)];
    const commands = new Map(leaves(program).map((command) => [fullNameOf(command), command.options.map(({ long }) => long)]));
    const source = join(import.meta.dirname, '../../src');
    const text = globSync('**/*.ts', { cwd: source }).map((path) => readFileSync(join(source, path), 'utf8')).join('\n');
    const named = [...text.matchAll(/understudy ((?:[a-z]+-?)+(?: [a-z-]+)*) (--[a-z-]+)/g)].map(([, command, option]) => [command!, option!] as const);
    assert.ok(named.length >= 5, `${named.length} of them`);
    for (const [command, option] of named) assert.ok(everywhere.includes(option) || commands.get(`understudy ${command}`)?.includes(option), `understudy ${command} ${option}`);
  });

  test('every command that a page names is there, with the options that the page gives it', async () => {
    const program = await createProgram();
    const everywhere = ['--help', ...program.options.map(({ long }) => long)];
    const all = leaves(program).map((command) => [fullNameOf(command).replace(/^understudy /, '').split(' '), command.options.map(({ long }) => long)] as const);
    const groups = ['help', ...program.commands.map((command) => command.name())];
    const root = join(import.meta.dirname, '../..');
    const text = ['README.md', 'CHANGELOG.md', ...globSync('docs/**/*.md', { cwd: root })].map((path) => readFileSync(join(root, path), 'utf8')).join('\n');
    const pieces = [...text.matchAll(/`([^`\n]+)`/g)].flatMap(([, code]) => code!.split(/[;,] /)).map((piece) => piece.replace(/^bin\//, '').split(/\s+/));
    let named = 0;
    for (const [first, ...rest] of pieces) {
      const words = first === 'understudy' ? rest : [first!, ...rest];
      if (words.length === 0) continue;
      const found = all.filter(([name]) => name.every((word, at) => word === words[at])).map(([, options]) => options);
      const options = words.filter((word) => /^--[a-z]/.test(word)).map((word) => word.split('=')[0]!);
      const isShort = found.length === 0 && groups.includes(words[0]!);
      if (first === 'understudy' && !everywhere.includes(words[0]!)) assert.ok(found.length > 0 || isShort, `understudy ${words.join(' ')}`);
      if (found.length === 0) continue;
      named += 1;
      for (const option of options) assert.ok([...everywhere, ...found.flat()].includes(option), `understudy ${words.join(' ')}: ${option}`);
    }
    assert.ok(named >= 100, `${named} of them`);
  });

  test('each family of commands has the commands that it is loaded for, and no other', async () => {
    for (const family of FAMILIES) {
      const program = new Command();
      (await family.load())(program);
      assert.deepEqual(program.commands.map((command) => command.name()).sort(), [...family.names].sort());
    }
  });

  test('docs/status-json.md names every field of a status', async () => {
    const host = new MemoryHost();
    host.addMachine('web');
    host.addRelationship('web', 3, { lastFault: { code: 'disk-io', message: 'm', hint: 'h', atMs: 1 } });
    await host.cycleNow({ name: 'root', role: 'administrator', from: 'local' }, 'web');
    const text = statusMarkdown();
    const look = (value: unknown, path: string): void => {
      if (Array.isArray(value)) return value.forEach((item) => look(item, `${path}[]`));
      if (typeof value !== 'object' || value === null) return;
      for (const [key, inner] of Object.entries(value)) {
        const here = path === '' ? key : `${path}.${key}`;
        if (path !== '') assert.ok(text.includes(`\`${here}\``), here);
        look(inner, here);
      }
    };
    look(await host.status({ name: 'root', role: 'administrator', from: 'local' }), '');
    assert.ok(text.includes('`relationships[].settings.additional.cycleIntervalMs`'));
  });
});
