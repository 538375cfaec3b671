/**
 * Vite plugin: writes dist/.built-from, the files that the build was made of with their SHA-256, as `sha256sum -c` reads
 * them in the repository's root. scripts/set-up.sh builds anew when one of them changed.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Plugin } from 'vite';

export const STAMP = '.built-from';
/** Inputs that no module of the page imports. */
const ALWAYS = ['package-lock.json', 'web/index.html', 'web/vite.config.ts', 'web/tsconfig.json', 'web/svelte.config.js'];

const isOwnFile = (path: string): boolean => path.startsWith('/') && !path.includes('node_modules') && (statSync(path, { throwIfNoEntry: false })?.isFile() ?? false);
const lineOf = (repository: string, path: string): string => `${createHash('sha256').update(readFileSync(join(repository, path))).digest('hex')}  ${path}`;

export function stamped(repository: string): Plugin {
  let directory = '';
  const inputs = new Set(ALWAYS);
  return {
    name: 'understudy-stamped',
    apply: 'build',
    configResolved({ root, build }) {
      directory = join(root, build.outDir);
      for (const name of readdirSync(join(root, 'build'))) inputs.add(relative(repository, join(root, 'build', name)));
    },
    generateBundle() {
      const paths = [...this.getModuleIds()].map((id) => id.split('?')[0]!);
      for (const path of paths.filter(isOwnFile)) inputs.add(relative(repository, path));
    },
    writeBundle() {
      writeFileSync(join(directory, STAMP), `${[...inputs].sort().map((path) => lineOf(repository, path)).join('\n')}\n`);
    },
  };
}
