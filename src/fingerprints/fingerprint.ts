/**
 * Fingerprints of clusters: BLAKE3 in keyed mode, cut to 128 bits. The key is secret and of one relationship, so that a
 * guest cannot make two clusters collide. The hash covers the length too: a short tail never equals a longer cluster.
 * All zeroes means "unknown" wherever a fingerprint is kept; no bytes have that fingerprint.
 */
import { Blake3Hasher } from '@napi-rs/blake-hash';
import { assert } from '../errors/bug.ts';
import { CLUSTER_BYTES } from '../extents/extent.ts';

export const FINGERPRINT_BYTES = 16;
export const KEY_BYTES = 32;

const ZEROES = Buffer.alloc(CLUSTER_BYTES);
const UNKNOWN = Buffer.alloc(FINGERPRINT_BYTES);
const STANDS_FOR_ZERO = Buffer.from('01000000000000000000000000000000', 'hex');
/** A disk has whole clusters and one tail; a host has few disks. More lengths than this are not remembered. */
const MAX_REMEMBERED_LENGTHS = 1_024;

export class Fingerprinter {
  readonly #hasher: Blake3Hasher;
  readonly #ofZeroes = new Map<number, Buffer>();

  constructor(key: Uint8Array) {
    // The library aborts the process for any other length.
    assert(key.length === KEY_BYTES, `a fingerprint key of ${key.length} bytes`);
    this.#hasher = Blake3Hasher.newKeyed(Buffer.from(key));
  }

  /** The fingerprint of the bytes (at most one cluster) is in the 16 bytes of `target` from `at`. */
  write(bytes: Buffer, target: Buffer, at = 0): void {
    assert(bytes.length <= CLUSTER_BYTES, `a cluster of ${bytes.length} bytes`);
    this.#hasher.reset();
    this.#hasher.update(bytes);
    // As hex: digestBuffer() gives memory that is freed only when the event loop turns.
    target.write(this.#hasher.digest('hex'), at, FINGERPRINT_BYTES, 'hex');
    avoidUnknown(target, at);
  }

  /** The fingerprint of that many zero bytes: CLUSTER_BYTES, or fewer for a disk's tail. Shared: not to be written to. */
  ofZeroes(lengthBytes = CLUSTER_BYTES): Buffer {
    const remembered = this.#ofZeroes.get(lengthBytes);
    if (remembered !== undefined) return remembered;
    const fingerprint = Buffer.alloc(FINGERPRINT_BYTES);
    this.write(ZEROES.subarray(0, lengthBytes), fingerprint);
    if (this.#ofZeroes.size < MAX_REMEMBERED_LENGTHS) this.#ofZeroes.set(lengthBytes, fingerprint);
    return fingerprint;
  }
}

/** Nobody without the key can make it for another text. Hex. */
export function sealedBy(key: Uint8Array, text: string): string {
  const hasher = Blake3Hasher.newKeyed(Buffer.from(key));
  hasher.update(Buffer.from(text));
  return hasher.digest('hex');
}

/** A fingerprint that came out as "unknown" is a fixed other value. */
export function avoidUnknown(target: Buffer, at = 0): void {
  if (isUnknown(target, at)) STANDS_FOR_ZERO.copy(target, at);
}

export const isUnknown = (entries: Buffer, at = 0): boolean => UNKNOWN.compare(entries, at, at + FINGERPRINT_BYTES) === 0;

/** The two fingerprints are equal and known. */
export const sameFingerprint = (left: Buffer, leftAt: number, right: Buffer, rightAt: number): boolean =>
  left.compare(right, rightAt, rightAt + FINGERPRINT_BYTES, leftAt, leftAt + FINGERPRINT_BYTES) === 0 && !isUnknown(left, leftAt);

/** Every byte is zero (also of no bytes at all). */
export function isZero(bytes: Uint8Array): boolean {
  if (bytes.length === CLUSTER_BYTES) return Buffer.compare(ZEROES, bytes) === 0;
  for (let at = 0; at < bytes.length; at += CLUSTER_BYTES) {
    const part = bytes.subarray(at, at + CLUSTER_BYTES);
    if (Buffer.compare(ZEROES.subarray(0, part.length), part) !== 0) return false;
  }
  return true;
}
