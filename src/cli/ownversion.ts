/** The version of this command, which may not be the daemon's. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ownVersion = (): string => (JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as { version: string }).version;
