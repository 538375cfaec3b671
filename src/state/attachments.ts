/** A point's small files as one blob: JSON of names and base64, compressed. */
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { Attachment } from '../machine/definition.ts';

const MAX_ATTACHMENTS_BYTES = 64 * 1024 * 1024;

export function packAttachments(attachments: readonly Attachment[]): Uint8Array | null {
  if (attachments.length === 0) return null;
  return zstdCompressSync(JSON.stringify(attachments.map(({ name, bytes }) => [name, Buffer.from(bytes).toString('base64')])));
}

export function unpackAttachments(blob: Uint8Array | null): readonly Attachment[] {
  if (blob === null) return [];
  const entries: [string, string][] = JSON.parse(zstdDecompressSync(blob, { maxOutputLength: MAX_ATTACHMENTS_BYTES }).toString());
  return entries.map(([name, text]) => ({ name, bytes: Buffer.from(text, 'base64') }));
}
