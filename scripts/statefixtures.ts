/** Where the state directories of earlier versions are kept, and where they are unpacked: what is in them names that place and its ports. */
import { dirname, join } from 'node:path';

export const FIXTURES = join(dirname(import.meta.dirname), 'tests/fixtures/state');

export const PORT_OFFSETS = { a: 2_600, b: 2_650 } as const;

export const placeOf = (tag: string): string => join('/tmp', `understudy-state-${tag}`);
