/** Vite plugin: beside each file of the build, the same compressed (.br, .gz), so that the daemon never compresses. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';

const IS_TEXT = /\.(?:html|js|css|svg|json)$/;
/** Below this a packet is sent either way. */
const WORTH_BYTES = 1_024;

export function compressed(): Plugin {
  let directory = '';
  return {
    name: 'understudy-compressed',
    apply: 'build',
    configResolved: ({ root, build }) => void (directory = join(root, build.outDir)),
    writeBundle() {
      for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((each) => IS_TEXT.test(each))) {
        const path = join(directory, name);
        const content = readFileSync(path);
        if (content.length < WORTH_BYTES) continue;
        writeFileSync(`${path}.gz`, gzipSync(content, { level: constants.Z_BEST_COMPRESSION }));
        writeFileSync(`${path}.br`, brotliCompressSync(content));
      }
    },
  };
}
