/** Compression of what travels. */
export interface Compression {
  /** A zstd frame, or null when it would not be smaller by a worthwhile amount. */
  compress(bytes: Uint8Array, level: number): Promise<Buffer | null>;
  /** Exactly `rawBytes` bytes; fault integrity when the frame is damaged or of another length. */
  decompress(bytes: Uint8Array, rawBytes: number): Promise<Buffer>;
}
