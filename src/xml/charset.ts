/** Bytes to text and back. Source: RFC 7303 §3 (a byte order mark wins over the charset parameter); WHATWG Encoding. */
import { XmlError } from './xml.ts';

export type Charset = 'utf-8' | 'utf-16le' | 'utf-16be';

/** The bytes are in another charset than they say, or in one that is not read here. */
export class CharsetError extends XmlError {
  constructor(message: string) {
    super(message);
    this.name = 'CharsetError';
  }
}

const UTF16_LABELS = new Set(['utf-16', 'utf16', 'unicode', 'ucs-2', 'utf-16le', 'utf-16be']);
const UTF8_LABELS = new Set(['utf-8', 'utf8', 'us-ascii', 'ascii']);

function charsetByMark(bytes: Uint8Array): Charset | undefined {
  const [first, second, third] = bytes;
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  if (first === 0xef && second === 0xbb && third === 0xbf) return 'utf-8';
  return undefined;
}

/** `utf-16` alone does not tell the order; XML begins with an ASCII character, whose zero byte does. */
function charsetByLabel(label: string, bytes: Uint8Array): Charset {
  if (UTF8_LABELS.has(label)) return 'utf-8';
  if (!UTF16_LABELS.has(label)) throw new CharsetError(`charset ${JSON.stringify(label.slice(0, 40))} is not supported; utf-8 and utf-16 are`);
  if (label === 'utf-16le' || label === 'utf-16be') return label;
  return bytes[0] === 0 ? 'utf-16be' : 'utf-16le';
}

/** The text, without a byte order mark, and the charset it was in. CharsetError when the bytes are not valid in it. */
export function decodeBytes(bytes: Uint8Array, label?: string): { readonly text: string; readonly charset: Charset } {
  const charset = charsetByMark(bytes) ?? charsetByLabel(label?.trim().toLowerCase() ?? 'utf-8', bytes);
  try {
    return { text: new TextDecoder(charset, { fatal: true }).decode(bytes), charset };
  } catch {
    throw new CharsetError(`the bytes are not valid ${charset}`);
  }
}

/** UTF-16 begins with a byte order mark, UTF-8 does not. */
export function encodeText(text: string, charset: Charset): Uint8Array {
  if (charset === 'utf-8') return new TextEncoder().encode(text);
  const bytes = new Uint8Array(2 + 2 * text.length);
  const view = new DataView(bytes.buffer);
  const littleEndian = charset === 'utf-16le';
  view.setUint16(0, 0xfeff, littleEndian);
  for (let index = 0; index < text.length; index++) view.setUint16(2 + 2 * index, text.charCodeAt(index), littleEndian);
  return bytes;
}
