/** Names of dirty bitmaps in images. Bitmap K holds what was written since recovery point K. */

const PREFIX = 'us-';

export const BITMAP_GRANULARITY_BYTES = 65_536;

export const bitmapName = (pointId: string): string => `${PREFIX}${pointId}`;

/** The recovery point whose bitmap this is; undefined for a bitmap that somebody else made. */
export const pointOfBitmap = (name: string): string | undefined => (name.startsWith(PREFIX) ? name.slice(PREFIX.length) : undefined);
