/** A concern: something on this host that somebody must hear of. What a notification tells of. */

export type Severity = 'warning' | 'critical';
export type Level = 'ok' | Severity;

export const CONCERN_KINDS = ['relationship', 'host', 'certificate', 'storage', 'target'] as const;
export type ConcernKind = (typeof CONCERN_KINDS)[number];

export interface Reason {
  /** Of the health's table, or the concern's kind. */
  readonly rule: string;
  readonly severity: Severity;
  readonly message: string;
  readonly hint: string;
}

export interface Concern {
  /** The same as long as it is the same concern, and on both hosts of a relationship. */
  readonly key: string;
  readonly kind: ConcernKind;
  readonly severity: Severity;
  /** What it is about, in a few words. */
  readonly title: string;
  readonly machine: { readonly id: string; readonly name: string } | null;
  /** Name of the other host that has part in it. */
  readonly peer: string | null;
  /** The worst first. */
  readonly reasons: readonly Reason[];
}

const RANK: Readonly<Record<Level, number>> = { ok: 0, warning: 1, critical: 2 };

export const isWorse = (level: Level, than: Level): boolean => RANK[level] > RANK[than];
export const worstOf = (levels: readonly Level[]): Level => levels.reduce((worst, level) => (isWorse(level, worst) ? level : worst), 'ok');
