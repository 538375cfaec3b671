/** A notification: what is told to one target at one time, as JSON for programs and in words for people. */
import { oneLine } from '../text/oneline.ts';
import { worstOf, type Level } from './concern.ts';
import { levelOf, type Change, type Told } from './telling.ts';

/** More concerns than these are counted, not shown: a message has an end. */
export const MAX_CONCERNS = 100;
const MAX_NAMED = 3;
const MAX_TEXT = 1_000;
const SUMMARY_CHARACTERS = 200;

export interface Notification {
  readonly id: string;
  readonly atMs: number;
  readonly host: { readonly id: string; readonly name: string };
  /** Somebody wanted to see whether messages arrive. */
  readonly isTest: boolean;
  readonly told: readonly Told[];
  /** Concerns that found no room. */
  readonly more: number;
}

export type NotificationKind = 'alert' | 'reminder' | 'recovery' | 'test';

/** With the worst first, and no more of them than a message holds. */
export function notificationOf(around: Pick<Notification, 'id' | 'atMs' | 'host'>, told: readonly Told[]): Notification {
  const sorted = told.toSorted((left, right) => (left.level === right.level ? left.concern.title.localeCompare(right.concern.title) : worstOf([left.level, right.level]) === left.level ? -1 : 1));
  return { ...around, isTest: false, told: sorted.slice(0, MAX_CONCERNS), more: Math.max(0, sorted.length - MAX_CONCERNS) };
}

export function kindOf({ isTest, told }: Notification): NotificationKind {
  if (isTest) return 'test';
  if (told.every(({ change }) => change === 'over')) return 'recovery';
  return told.every(({ change }) => change === 'still' || change === 'over') ? 'reminder' : 'alert';
}

const levelText = (level: Level): string => (level === 'ok' ? 'over' : level);

/** One line for a subject or a list. */
export function summaryOf(notification: Notification): string {
  const { host, isTest, told, more } = notification;
  if (isTest) return oneLine(`[Understudy ${host.name}] test: notifications from this host arrive here`, SUMMARY_CHARACTERS);
  const names = told.slice(0, MAX_NAMED).map(({ concern }) => concern.title).join(', ');
  const others = told.length + more - Math.min(told.length, MAX_NAMED);
  const about = others > 0 ? `${names} and ${others} more` : names;
  const [only] = told.length === 1 && more === 0 ? told : [];
  const why = only && only.level !== 'ok' ? `: ${only.concern.reasons[0]?.message ?? ''}` : '';
  const still = kindOf(notification) === 'reminder' ? 'still ' : '';
  return oneLine(`[Understudy ${host.name}] ${still}${levelText(levelOf(told))}: ${about}${why}`, SUMMARY_CHARACTERS);
}

const iso = (ms: number): string => new Date(ms).toISOString();

/**
 * The body of a webhook's request. Source: docs/monitoring.md, which has the schema. Fields may be added; `schema` changes when
 * one goes or means something else.
 */
export function payloadOf(notification: Notification): object {
  const { id, atMs, host, told, more, isTest } = notification;
  return {
    schema: 'understudy.notification.v1',
    id,
    kind: kindOf(notification),
    severity: isTest ? 'ok' : levelOf(told),
    at: iso(atMs),
    host,
    summary: summaryOf(notification),
    text: textOf(notification),
    concerns: told.map(({ change, level, before, sinceMs, concern: { key, kind, title, machine, peer, reasons } }) => ({
      key, kind, change, severity: level, before, since: iso(sinceMs), title: oneLine(title, MAX_TEXT), machine, peer,
      reasons: level === 'ok' ? [] : reasons.map(({ rule, severity, message, hint }) => ({ rule, severity, message: oneLine(message, MAX_TEXT), hint: oneLine(hint, MAX_TEXT) })),
    })),
    more,
  };
}

const CHANGE_TEXTS: Readonly<Record<Change, (since: string) => string>> = {
  began: (since) => `since ${since}`,
  worse: (since) => `worse than before; it began ${since}`,
  better: (since) => `better than before; it began ${since}`,
  still: (since) => `it goes on since ${since}`,
  over: (since) => `it began ${since}`,
};

function concernText({ change, level, sinceMs, concern }: Told): string {
  const head = `${levelText(level).toUpperCase()}: ${oneLine(concern.title, MAX_TEXT)} (${CHANGE_TEXTS[change](iso(sinceMs))})`;
  const reasons = level === 'ok' ? [] : concern.reasons.map(({ message, hint }) => `  ${oneLine(message, MAX_TEXT)}${hint === '' ? '' : `\n  What to do: ${oneLine(hint, MAX_TEXT)}`}`);
  return [head, ...reasons].join('\n');
}

/** In words, several lines. */
export function textOf({ host, atMs, told, more, isTest }: Notification): string {
  const name = oneLine(host.name, MAX_TEXT);
  const foot = `Told by the host ${name} at ${iso(atMs)}. The other host of a relationship tells of it too. Everything that is wrong now: understudy health and understudy doctor on ${name}; who is told: understudy notify list.`;
  if (isTest) return `This is a test of the notifications of the host ${name}. Nothing is wrong with it.\n\n${foot}\n`;
  const rest = more > 0 ? [`${more} more concerns are not shown.`] : [];
  return `${[...told.map(concernText), ...rest, foot].join('\n\n')}\n`;
}
