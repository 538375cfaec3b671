/**
 * What a host says to do, in the words of the page: its texts name commands, and who reads them here looks for a button or a
 * part of the page instead. Pure.
 */
import type { RelationshipView } from '../../../src/service/relationshipviews.ts';
import { t } from '../language.ts';
import { OPERATIONS } from '../operations/operations.ts';

export interface Part {
  readonly text: string;
  /** The command that the text stands for, as it was said. */
  readonly command?: string;
}

/** Where the page has what a family of commands shows or does to the host. */
const PLACES: Readonly<Record<string, () => string>> = {
  'authorization': () => t('Replica server'), 'server': () => t('Replica server'), 'host': () => t('Hosts'), 'notify': () => t('Notifications'), 'user': () => t('Users'), 'traffic': () => t('Limits'),
  'jobs': () => t('Jobs'), 'doctor': () => t('Doctor'), 'events': () => t('Events'), 'status': () => t('Overview'), 'vm list': () => t('Overview'),
  'points': () => t('Recovery points'), 'health': () => t('Health'), 'network show': () => t('Network after a failover to this host'), 'test-result': () => t('Last test failover'),
};
const IN_A_FAMILY: readonly string[] = ['add', 'assign', 'invite', 'join', 'list', 'mail', 'move', 'remove', 'rename', 'renew-certificate', 'set', 'show', 'test', 'webhook'];
const WORDS_AT_MOST = 3;

interface Called {
  readonly title: string;
  /** Of the words. */
  readonly length: number;
}

const operationOf = (command: string) => OPERATIONS.find((each) => each.command === command);

function placeOf(words: readonly string[], command: string): Called | undefined {
  const title = Object.hasOwn(PLACES, command) ? PLACES[command]!() : undefined;
  if (title === undefined) return undefined;
  const begun = command.split(' ').length;
  const further = words.slice(begun).findIndex((word) => !IN_A_FAMILY.includes(word));
  return { title, length: further === -1 ? words.length : begun + further };
}

/** The longest command that the words begin with. */
function calledOf(words: readonly string[], relationship: RelationshipView | null): Called | undefined {
  for (let length = Math.min(WORDS_AT_MOST, words.length); length > 0; length--) {
    const command = words.slice(0, length).join(' ');
    const title = operationOf(command)?.title({ relationship });
    const called = title === undefined ? placeOf(words, command) : { title, length };
    if (called) return called;
  }
  return undefined;
}

const NAMED = /understudy ([a-z][\w-]*(?: [a-z][\w-]*)*)/g;
/** What follows a command belongs to it while it is an option with its value, a placeholder, or a name that is known. */
const OPTION = /^ (?:--disks(?: [a-z][a-z0-9]*(?:,[a-z][a-z0-9]*)*)?|--[a-z-]+(?: (?:on|off|[A-Z]+|\d[\d:,-]*))?|<[a-z]+>|[A-Z]{2,}\b)/;

function argumentsIn(rest: string, names: readonly string[]): string {
  const name = names.find((each) => rest.startsWith(` ${each}`) && !/^[\w-]/.test(rest.slice(each.length + 1)));
  const found = name === undefined ? (OPTION.exec(rest)?.[0] ?? '') : ` ${name}`;
  return found === '' ? '' : found + argumentsIn(rest.slice(found.length), names);
}

/** A command that the page has no words for stays as it is. */
export function partsOf(hint: string, relationship: RelationshipView | null = null): readonly Part[] {
  const names = relationship === null ? [] : [relationship.machine, relationship.peer];
  const parts: Part[] = [];
  let at = 0;
  for (const { index, 1: words } of hint.matchAll(NAMED)) {
    const found = calledOf(words!.split(' '), relationship);
    if (!found || index < at) continue;
    const command = `understudy ${words!.split(' ').slice(0, found.length).join(' ')}`;
    const all = command + argumentsIn(hint.slice(index + command.length), names);
    parts.push({ text: hint.slice(at, index) }, { text: found.title, command: all });
    at = index + all.length;
  }
  return [...parts, { text: hint.slice(at) }].filter(({ text }) => text !== '');
}

/** What a refusal allows, in the page's words. */
export const allowedText = (verb: string): string => (OPERATIONS.find((each) => each.id === verb || each.verb === verb) ?? operationOf(verb))?.title({ relationship: null }) ?? verb;
