/** The built page in memory: what scripts/set-up.sh (or `npm run page`) left in web/dist, with its compressed forms. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';

export type Encoding = 'br' | 'gzip';

export interface PageFile {
  readonly type: string;
  readonly content: Buffer;
  readonly compressed: Readonly<Partial<Record<Encoding, Buffer>>>;
  /** Of the content, quoted as the header wants it. */
  readonly etag: string;
}

/** By the path in the address, such as /assets/index-x1y2.js; the document itself is at `DOCUMENT`. */
export type Build = ReadonlyMap<string, PageFile>;

export const DOCUMENT = '/index.html';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json; charset=utf-8',
};
const ENDINGS: Readonly<Record<Encoding, string>> = { br: '.br', gzip: '.gz' };
const ETAG_CHARACTERS = 27;

function fileAt(path: string): PageFile {
  const content = readFileSync(path);
  const found = Object.entries(ENDINGS).filter(([, ending]) => existsSync(path + ending));
  return {
    type: TYPES[extname(path)]!,
    content,
    compressed: Object.fromEntries(found.map(([encoding, ending]) => [encoding, readFileSync(path + ending)])),
    etag: `"${createHash('sha256').update(content).digest('base64url').slice(0, ETAG_CHARACTERS)}"`,
  };
}

/** Undefined when the page was not built. Files of a type that the page does not have are not served. */
export function readBuild(directory: string): Build | undefined {
  if (!existsSync(join(directory, DOCUMENT))) return undefined;
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) => extname(name) in TYPES);
  return new Map(names.map((name) => [`/${name}`, fileAt(join(directory, name))]));
}
