/**
 * Runs the tests, fast kinds first, and ends with the runner's own count. A file that runs no test is a failure, and so
 * is a selection that fits nothing: a run cannot pass by testing nothing. A run of everything fails as well when a test
 * that docs/design/parity.md names did not pass.
 *
 *   npm test                        everything
 *   npm test -- unit codec          these kinds
 *   npm test -- qemu/points         files whose path contains this
 *   npm test -- flow --name revert  tests whose name matches this
 */
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { optionsOf } from './options.ts';
import { keyOf, notPassed, parityRows } from './parity.ts';

/** Fast kinds first. Every folder of tests/ that holds a test is named here. */
const KINDS = ['unit', 'codec', 'conformance', 'simulation', 'qemu', 'flow', 'page', 'packages'];
const FILE_TIMEOUT_MS = 15 * 60_000;
const ROOT = dirname(import.meta.dirname);
const TESTS = join(ROOT, 'tests');
const PARITY = join(ROOT, 'docs/design/parity.md');

function testFiles(): readonly string[] {
  const paths = readdirSync(TESTS, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.test.ts'));
  const kindOf = (path: string): number => KINDS.indexOf(path.split('/')[0]!);
  const stray = paths.find((path) => kindOf(path) === -1);
  if (stray !== undefined) throw new Error(`tests/${stray} is of no known kind: ${KINDS.join(', ')}`);
  return paths.sort((left, right) => kindOf(left) - kindOf(right) || left.localeCompare(right));
}

const isSelected = (path: string, filters: readonly string[]): boolean =>
  filters.length === 0 || filters.some((filter) => (KINDS.includes(filter) ? path.startsWith(`${filter}/`) : `tests/${path}`.includes(filter)));

const { values, positionals } = optionsOf({ allowPositionals: true, options: { name: { type: 'string', multiple: true } } });
const files = testFiles().filter((path) => isSelected(path, positionals)).map((path) => join(TESTS, path));
if (files.length === 0) {
  console.error(`No test file fits ${positionals.join(' ')}. Kinds: ${KINDS.join(', ')}.`);
  process.exit(2);
}

/** What tests expect is English, whatever whoever runs them reads. */
process.env['LC_ALL'] = 'C.UTF-8';

/** As bin/ does it: compiled code is kept, so that commands, daemons and test files start in half the time. */
process.env['NODE_COMPILE_CACHE'] ??= join(ROOT, 'node_modules/.cache/understudy');

const silentFiles = new Set(files);
const stream = run({
  files,
  concurrency: Math.min(2, availableParallelism()),
  timeout: FILE_TIMEOUT_MS,
  ...(values.name && { testNamePatterns: values.name.map((name) => new RegExp(name, 'i')) }),
});
let count = 0;
/** Each file's own summary: a test's location may be a suite in another file. */
stream.on('test:summary', ({ file, counts }) => {
  if (file === undefined || counts.tests === 0) return;
  silentFiles.delete(file);
  count += counts.tests;
});
const passed = new Set<string>();
stream.on('test:pass', ({ file, name, skip, todo }) => {
  const isSkipped = (skip ?? false) !== false || (todo ?? false) !== false;
  if (file !== undefined && !isSkipped) passed.add(keyOf({ file: relative(TESTS, file), name }));
});
/** A test that is marked as to be done is told, and does not fail the run. */
stream.on('test:fail', ({ todo }) => {
  if (todo === undefined || todo === false) process.exitCode = 1;
});
const isWhole = positionals.length === 0 && !values.name;

function checkParity(): void {
  const missing = isWhole ? notPassed(parityRows(readFileSync(PARITY, 'utf8')), passed) : [];
  if (missing.length === 0) return;
  process.exitCode = 1;
  console.error(`docs/design/parity.md names tests that did not pass in this run:\n${missing.map((key) => `  ${key}`).join('\n')}`);
}

stream.on('end', () => {
  checkParity();
  if (count > 0 && (silentFiles.size === 0 || values.name)) return;
  process.exitCode = 1;
  console.error(`These files ran no test:\n${[...silentFiles].map((file) => `  ${relative(process.cwd(), file)}`).join('\n')}`);
});
stream.compose(spec).pipe(process.stdout);
