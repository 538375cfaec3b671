/** zstd on the thread pool of Node. */
import { promisify } from 'node:util';
import { constants, zstdCompress, zstdDecompress } from 'node:zlib';
import type { Compression } from '../engine/ports/compression.ts';
import { Fault } from '../errors/fault.ts';

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);
/** A frame that saves less is not worth the other side's work. */
const WORTHWHILE = 0.9;

export const zstd: Compression = {
  compress: async (bytes, level) => {
    const frame = await compress(bytes, { params: { [constants.ZSTD_c_compressionLevel]: level } });
    return frame.length < bytes.length * WORTHWHILE ? frame : null;
  },
  decompress: async (bytes, rawBytes) => {
    try {
      const raw = await decompress(bytes, { maxOutputLength: rawBytes });
      if (raw.length === rawBytes) return raw;
    } catch (cause) {
      throw new Fault('integrity', 'a compressed run of clusters arrived damaged', { cause });
    }
    throw new Fault('integrity', `a compressed run of clusters is not ${rawBytes} bytes`);
  },
};
