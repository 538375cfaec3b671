/** Reads a PNG as its standard says, every chunk of it, without the project's own code. Source: PNG (Third Edition), 5 to 9. */
import assert from 'node:assert/strict';
import { crc32, inflateSync } from 'node:zlib';

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** RGB, row by row. */
  readonly pixels: Buffer;
}

const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');
const TRUECOLOUR = 2;

interface Chunk {
  readonly type: string;
  readonly data: Buffer;
}

function chunksOf(png: Buffer): Chunk[] {
  assert.ok(png.subarray(0, 8).equals(SIGNATURE), 'no signature');
  const chunks: Chunk[] = [];
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at);
    const checked = png.subarray(at + 4, at + 8 + length);
    assert.equal(png.readUInt32BE(at + 8 + length), crc32(checked), `chunk ${chunks.length} is damaged`);
    chunks.push({ type: checked.subarray(0, 4).toString('latin1'), data: checked.subarray(4) });
    at += 12 + length;
  }
  return chunks;
}

/** A PNG as QEMU writes them: true colour, 8 bits, not interlaced. */
export function decodedPng(bytes: Uint8Array): Picture {
  const chunks = chunksOf(Buffer.from(bytes));
  const [{ type, data: header }] = chunks as [Chunk];
  assert.deepEqual([type, header.length, chunks.at(-1)!.type], ['IHDR', 13, 'IEND']);
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  assert.deepEqual([...header.subarray(8)], [8, TRUECOLOUR, 0, 0, 0]);
  const scanlines = inflateSync(Buffer.concat(chunks.filter((chunk) => chunk.type === 'IDAT').map(({ data }) => data)));
  assert.equal(scanlines.length, height * (1 + width * 3));
  return { width, height, pixels: unfiltered(scanlines, width * 3) };
}

/** By type: what a byte is told the difference to, from those left, above, and left above of it. */
const FILTERS: readonly ((left: number, above: number, corner: number) => number)[] = [
  () => 0, (left) => left, (_, above) => above, (left, above) => (left + above) >> 1,
  (left, above, corner) => {
    const [toLeft, toAbove, toCorner] = [Math.abs(above - corner), Math.abs(left - corner), Math.abs(left + above - 2 * corner)];
    if (toLeft <= toAbove && toLeft <= toCorner) return left;
    return toAbove <= toCorner ? above : corner;
  },
];

function unfiltered(scanlines: Buffer, rowBytes: number): Buffer {
  const pixels = Buffer.alloc((scanlines.length / (rowBytes + 1)) * rowBytes);
  for (let row = 0; row * rowBytes < pixels.length; row += 1) {
    const start = row * (rowBytes + 1);
    const filter = FILTERS[scanlines[start]!];
    assert.ok(filter, `row ${row} has filter ${scanlines[start]}`);
    for (let at = 0; at < rowBytes; at += 1) {
      const to = row * rowBytes + at;
      const [left, above] = [at < 3 ? 0 : pixels[to - 3]!, row === 0 ? 0 : pixels[to - rowBytes]!];
      const corner = at < 3 || row === 0 ? 0 : pixels[to - rowBytes - 3]!;
      pixels[to] = scanlines[start + 1 + at]! + filter(left, above, corner);
    }
  }
  return pixels;
}

export function coloursOf({ pixels }: Picture): ReadonlySet<number> {
  const colours = new Set<number>();
  for (let at = 0; at < pixels.length; at += 3) colours.add(pixels.readUIntBE(at, 3));
  return colours;
}
