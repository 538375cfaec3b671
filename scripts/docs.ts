/**
 * Writes the generated documents from the tables in the code that they show; with --check only compares them, and
 * fails when one is stale. Each says in its first lines by what it was made.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { documents } from './documents.ts';

const REPOSITORY = dirname(import.meta.dirname);
const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });

const stored = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
};

for (const [name, content] of Object.entries(await documents())) {
  const path = join(REPOSITORY, name);
  if (stored(path) === content) continue;
  if (values.check) {
    console.error(`${name} is stale: run npm run docs and commit it.`);
    process.exitCode = 1;
  } else {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    console.log(`${name} is written.`);
  }
}
