/** A measured figure beside its peer's, as `npm run bench -- --json` prints it. */

export interface Figure {
  readonly name: string;
  /** Null when this side could not be measured. */
  readonly value: number | null;
  readonly unit: string;
  /** What it is compared with; empty when the target is absolute. */
  readonly peer: string;
  readonly peerValue: number | null;
  /** value ÷ peerValue. */
  readonly ratio: number | null;
  /** In words, for example "ratio >= 1". */
  readonly target: string;
  /** Null where nothing is promised. */
  readonly met: boolean | null;
}

export type Target =
  | { readonly of: 'ratio' | 'value' | 'difference'; readonly at: 'least' | 'most'; readonly limit: number }
  | { readonly of: 'nothing' };

interface Measured {
  readonly name: string;
  readonly unit: string;
  readonly value: number | null;
  readonly peer?: string;
  readonly peerValue?: number | null;
  readonly target: Target;
}

export function figure({ name, unit, value, peer = '', peerValue = null, target }: Measured): Figure {
  const ratio = value !== null && peerValue !== null && peerValue !== 0 ? value / peerValue : null;
  return { name, value: rounded(value), unit, peer, peerValue: rounded(peerValue), ratio: rounded(ratio), target: wordsOf(target), met: isMet(target, value, peerValue, ratio) };
}

function isMet(target: Target, value: number | null, peerValue: number | null, ratio: number | null): boolean | null {
  if (target.of === 'nothing') return null;
  const difference = value !== null && peerValue !== null ? value - peerValue : null;
  const judged = { ratio, value, difference }[target.of];
  if (judged === null) return false;
  return target.at === 'least' ? judged >= target.limit : judged <= target.limit;
}

const wordsOf = (target: Target): string =>
  target.of === 'nothing' ? 'reported only' : `${target.of} ${target.at === 'least' ? '>=' : '<='} ${target.limit}`;

const rounded = (value: number | null): number | null => (value === null ? null : Number(value.toPrecision(4)));

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
