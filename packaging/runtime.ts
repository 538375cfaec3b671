/** What runs of the packages in node_modules: those that package-lock.json does not mark as needed for development only. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './build.ts';

export interface LockedPackage {
  readonly version?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
}

/** Paths below the root, each with what is locked; those for other machines are not there. Throws when one is missing. */
export function installedPackages(): readonly (readonly [path: string, locked: LockedPackage])[] {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as { packages: Record<string, LockedPackage> };
  return Object.entries(packages).filter(([path, { dev, optional }]) => {
    if (path === '' || dev === true) return false;
    const isThere = existsSync(join(ROOT, path));
    if (!isThere && optional !== true) throw new Error(`${path} is not installed: npm ci`);
    return isThere;
  });
}
