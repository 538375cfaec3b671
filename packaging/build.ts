/** Makes what a package runs: the JavaScript of src/. `npm run check` has the types checked. */
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

export const ROOT = dirname(import.meta.dirname);

/** The directory holds what src/ holds now, as JavaScript, and nothing else. */
export function build(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
  execFileSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', join(ROOT, 'tsconfig.build.json'), '--outDir', directory], { stdio: 'inherit' });
}

if (import.meta.main) build(join(ROOT, 'dist'));
