/** What happens to notifications on their way, for the log and for those who count. */
import { shownAddress, type Target } from '../notifications/target.ts';
import type { Text } from '../language/text.ts';

/** A target without its secrets. */
export interface ShownTarget {
  readonly name: string;
  readonly address: string;
}

export type NotifierEvent =
  | { readonly kind: 'sent' | 'failed' | 'restored'; readonly target: ShownTarget }
  | { readonly kind: 'failing'; readonly target: ShownTarget; readonly message: Text; readonly hint: string }
  | { readonly kind: 'lost'; readonly target: ShownTarget; readonly count: number; readonly message: Text; readonly hint: string };

export const shown = (target: Target): ShownTarget => ({ name: target.name, address: shownAddress(target) });
