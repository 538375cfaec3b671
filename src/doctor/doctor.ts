/** Runs all checks over what was gathered: what fires, the worst first. */
import { inEnglish, told, type Text, type Told } from '../language/text.ts';
import type { Severity } from '../health/rules.ts';
import { CHECKS, type Found } from './checks.ts';
import type { Facts } from './facts.ts';

export interface Finding extends Omit<Found, 'message'>, Told {
  readonly check: string;
  readonly practice: number | null;
  readonly severity: Severity;
  readonly meaning: string;
  readonly cure: string;
  readonly cureSaid: Text;
}

export interface Diagnosis {
  readonly findings: readonly Finding[];
  /** Every check, with how often it fired. */
  readonly checks: readonly { readonly check: string; readonly practice: number | null; readonly title: string; readonly fired: number }[];
}

const RANK: Readonly<Record<Severity, number>> = { critical: 0, warning: 1, advice: 2 };

export function diagnose(facts: Facts): Diagnosis {
  const runs = CHECKS.map(({ find, ...check }) => ({ check, found: find(facts) }));
  const findings = runs.flatMap(({ check: { id, practice, severity, meaning, cure }, found }) =>
    found.map(({ message, ...where }): Finding => {
      const cureSaid = { text: cure, values: { machine: where.machine ?? 'MACHINE' } };
      return { check: id, practice, severity, ...where, ...told(message), meaning, cure: inEnglish(cureSaid), cureSaid };
    }));
  return {
    findings: findings.sort((left, right) => RANK[left.severity] - RANK[right.severity]),
    checks: runs.map(({ check: { id, practice, title }, found }) => ({ check: id, practice, title, fired: found.length })),
  };
}
