/** The packages of this checkout, made once for each content: their making takes longer than their tests. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '../..');
const CACHE = join(ROOT, '.cache/packages');
const KEPT = 6;
/** What goes into a package, and what makes it. */
const SOURCES = ['bin', 'docs', 'packaging', 'src', 'web', 'package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json', 'CHANGELOG.md', 'README.md', 'LICENSE'];
/** Of the web page only its sources count. */
const IS_MADE = /(^|\/)(node_modules|dist|\.svelte-kit)(\/|$)/;

function contentId(): string {
  const hash = createHash('sha256');
  for (const source of SOURCES.filter((each) => existsSync(join(ROOT, each)))) {
    const path = join(ROOT, source);
    const files = statSync(path).isDirectory() ? readdirSync(path, { recursive: true, encoding: 'utf8' }).sort().map((name) => join(source, name)) : [source];
    for (const file of files.filter((each) => !IS_MADE.test(each) && statSync(join(ROOT, each)).isFile())) hash.update(`${file}\0`).update(readFileSync(join(ROOT, file)));
  }
  return hash.digest('hex').slice(0, 16);
}

/** The file that `make` leaves in the directory that it is given. */
async function cached(kind: string, make: (directory: string) => Promise<unknown>): Promise<string> {
  const place = join(CACHE, `${kind}-${contentId()}`);
  if (!existsSync(place)) {
    mkdirSync(CACHE, { recursive: true });
    const making = mkdtempSync(join(CACHE, 'making-'));
    await make(making);
    forgetOld(kind);
    renameSync(making, place);
  }
  return join(place, readdirSync(place)[0]!);
}

function forgetOld(kind: string): void {
  const places = readdirSync(CACHE).filter((name) => name.startsWith(`${kind}-`)).map((name) => join(CACHE, name));
  const newestFirst = places.sort((left, right) => statSync(right).mtimeMs - statSync(left).mtimeMs);
  for (const place of newestFirst.slice(KEPT - 1)) rmSync(place, { recursive: true, force: true });
}

const run = promisify(execFile);

export const debianPackage = (): Promise<string> => cached('deb', (directory) => run('npm', ['run', 'deb', '--', '--directory', directory], { cwd: ROOT }));

/** The first line of the configuration file of another version. */
export const NEXT_SETTING = '# A later version wrote this line.';

/** The same program called another version, with another configuration file, in the directory. */
export async function debianPackageCalled(version: string, directory: string): Promise<string> {
  const stage = join(directory, 'stage');
  await run('dpkg-deb', ['--raw-extract', await debianPackage(), stage]);
  for (const file of ['DEBIAN/control', 'usr/lib/understudy/package.json']) {
    const path = join(stage, file);
    writeFileSync(path, readFileSync(path, 'utf8').replace(/^(Version: | {2}"version": ")[^"\n]*/m, `$1${version}`));
  }
  const settings = join(stage, 'etc/understudy/understudy.toml');
  writeFileSync(settings, `${NEXT_SETTING}\n${readFileSync(settings, 'utf8')}`);
  const path = join(directory, `${version}.deb`);
  await run('dpkg-deb', ['--root-owner-group', '-Znone', '--build', stage, path]);
  rmSync(stage, { recursive: true });
  return path;
}

export const npmPackage = (): Promise<string> => cached('npm', (directory) => run('npm', ['pack', '--pack-destination', directory], { cwd: ROOT }));
