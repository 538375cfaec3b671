/** The health of a relationship: which rules hold now, and what follows from the worst of them. */
import { hinted, saidOf, told, type Hinted, type Text, type Told } from '../language/text.ts';
import type { Machine, Relationship } from '../machine/records.ts';
import { cycleIntervalMs } from '../relationship/settings.ts';
import type { HealthLimits } from './limits.ts';
import { RULES, type Facts, type Rule, type Severity } from './rules.ts';
import { average, missedCycles, missedPercent } from './statistics.ts';

export type Health = 'ok' | 'warning' | 'critical' | 'none';

export interface Issue extends Told, Hinted {
  readonly rule: string;
  readonly severity: Severity;
}

export interface Judgement {
  /** `none` while nothing replicates. */
  readonly health: Health;
  /** The worst first; advice does not change the health. */
  readonly issues: readonly Issue[];
}

export interface Observation {
  readonly relationship: Relationship;
  readonly machine: Pick<Machine, 'name' | 'storage'>;
  readonly peer: string;
  readonly nowMs: number;
  readonly limits: HealthLimits;
}

/** How far the replica is behind; null while the other host has no point that counts: before its first one, and where the machine runs failed over. */
export function lagMsOf({ state, newestInstantMs }: Pick<Relationship, 'state' | 'newestInstantMs'>, nowMs: number): number | null {
  return newestInstantMs === null || [2, 5, 6, 13, 14].includes(state) ? null : Math.max(0, nowMs - newestInstantMs);
}

function factsOf({ relationship, machine, peer, nowMs, limits }: Observation): Facts {
  const { statistics, settings, lastTestMs, testableSinceMs } = relationship;
  const missed = statistics ? missedCycles(statistics, settings, nowMs) : 0;
  const testedMs = lastTestMs ?? testableSinceMs ?? null;
  return {
    relationship, machine, peer, limits, missed,
    intervalMs: cycleIntervalMs(settings),
    lagMs: lagMsOf(relationship, nowMs),
    missedPercent: missedPercent(missed, statistics?.cycles ?? 0),
    latencyMs: statistics ? average(statistics.latencyMs, statistics.cycles) : null,
    untestedMs: testedMs === null ? null : Math.max(0, nowMs - testedMs),
  };
}

/** The rules that hold, in the table's order. */
export function rulesThatHold(observation: Observation): readonly { readonly rule: Rule; readonly issue: Issue }[] {
  if (observation.relationship.state === 0) return [];
  const facts = factsOf(observation);
  return RULES.filter((rule) => rule.holds(facts)).map((rule) => ({ rule, issue: { rule: rule.id, severity: rule.severity, ...told(rule.message(facts)), ...hinted(rule.hint(facts)) } }));
}

export function judge(observation: Observation): Judgement {
  if (observation.relationship.state === 0) return { health: 'none', issues: [] };
  const issues = rulesThatHold(observation).map(({ issue }) => issue);
  const has = (severity: Severity): boolean => issues.some((issue) => issue.severity === severity);
  return { health: has('critical') ? 'critical' : has('warning') ? 'warning' : 'ok', issues };
}

/** Why the health is not ok. */
export const reasonsOf = ({ issues }: Judgement): Text[] => issues.filter(({ severity }) => severity !== 'advice').map(saidOf);
