/**
 * Every text that people read, found where it is written: `say`, `t` and the like in the code and in the page's components,
 * the tables of the domain, and the program's commands. The keys of the catalogues, by the part that shows them.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { Command } from 'commander';
import { parse } from 'svelte/compiler';
import ts from 'typescript';
import { CIM_TITLES } from '../src/cim/error.ts';
import { SCHEMA } from '../src/cim/schema/published.ts';
import { GROUPS } from '../src/cli/commands.ts';
import { createProgram } from '../src/cli/program.ts';
import { OWN_TITLES } from '../src/cli/speaking.ts';
import { CHECKS } from '../src/doctor/checks.ts';
import { FAULTS } from '../src/errors/fault.ts';
import { ALARM_HINTS } from '../src/health/alarms.ts';
import { EVENTS } from '../src/health/events.ts';
import { WORDS } from '../src/language/words.ts';
import { FORCED_STOP, JOB_KINDS, OTHER, STATUS } from '../src/providers/job.ts';
import { ADVICE_AFTER_HANDING_OVER, ADVICE_AFTER_YIELDING, ALL_STATES, STATES } from '../src/relationship/state.ts';
import { CONDITIONS } from '../src/relationship/table.ts';
import { WSMAN_TITLES } from '../src/wsman/fault.ts';

export const REPOSITORY = dirname(import.meta.dirname);
export type Part = 'domain' | 'page' | 'cli';
export const PARTS: readonly Part[] = ['domain', 'page', 'cli'];

export interface Found {
  /** Key → where it is written. */
  readonly keys: ReadonlyMap<string, string>;
  /** Texts that no catalogue can have: not written out where they are said, or hard-coded. */
  readonly problems: readonly string[];
}

/** Functions that take a text, and which of their arguments it is. */
const TAKERS: Readonly<Record<string, readonly number[]>> = { say: [0], phrase: [0], says: [0], t: [0], counted: [1, 2], refuse: [0], progress: [1], finding: [2, 3], report: [3, 4], exclusive: [0], heldBy: [1], alone: [1] };
/** Their text must be written out there and then. */
const STRICT = ['say', 'phrase'];

class Collector implements Found {
  readonly keys = new Map<string, string>();
  readonly problems: string[] = [];

  add(key: string, where: string): void {
    if (/\p{L}/u.test(key)) this.keys.set(key, where);
  }

  addAll(texts: Iterable<string>, where: string): void {
    for (const text of texts) this.add(text, where);
  }

  code(source: string, where: string): void {
    const file = ts.createSourceFile(where, source, ts.ScriptTarget.Latest, true, ts.ScriptKind.TS);
    const visit = (node: ts.Node): void => {
      if (ts.isCallExpression(node)) this.#call(node, file, where);
      if (ts.isNewExpression(node) || ts.isCallExpression(node)) this.#thrown(node, file, where);
      ts.forEachChild(node, visit);
    };
    visit(file);
  }

  /** Words that the command line prints without looking for their translation. */
  printed(source: string, where: string): void {
    const file = ts.createSourceFile(where, source, ts.ScriptTarget.Latest, true, ts.ScriptKind.TS);
    const visit = (node: ts.Node): void => {
      if ((ts.isCallExpression(node) || ts.isNewExpression(node)) && PRINTERS.includes(lastNameOf(node.expression, file))) {
        for (const written of node.arguments ?? []) if (isSentence(written)) this.problems.push(`${where}:${file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1}: ${written.getText(file)} is hard-coded`);
      }
      ts.forEachChild(node, visit);
    };
    visit(file);
  }

  /** What the page's tables hold: a capital letter, then words. */
  tables(source: string, where: string): void {
    const file = ts.createSourceFile(where, source, ts.ScriptTarget.Latest, true, ts.ScriptKind.TS);
    const visit = (node: ts.Node): void => {
      if (ts.isPropertyAssignment(node)) this.addAll(literalsIn(node.initializer).filter((text) => /^\p{Lu}\p{Ll}/u.test(text)), where);
      ts.forEachChild(node, visit);
    };
    visit(file);
  }

  /** Words of ours in a fault are a text; names and words of other programs may stand as they are. */
  #thrown(thrown: ts.NewExpression | ts.CallExpression, file: ts.SourceFile, where: string): void {
    const [code, message] = thrown.arguments ?? [];
    const isThrown = THROWN.includes(thrown.expression.getText(file)) || (thrown.expression.kind === ts.SyntaxKind.SuperKeyword && code !== undefined && ts.isStringLiteral(code) && Object.hasOwn(FAULTS, code.text));
    if (!message || !isThrown) return;
    const line = file.getLineAndCharacterOfPosition(thrown.getStart(file)).line + 1;
    if (wordsIn(message).some((words) => /\p{L}{2}/u.test(words))) this.problems.push(`${where}:${line}: the words of a fault are not said, so nobody can translate them`);
  }

  #call(call: ts.CallExpression, file: ts.SourceFile, where: string): void {
    const name = lastNameOf(call.expression, file);
    const places = Object.hasOwn(TAKERS, name) ? TAKERS[name]! : [];
    if (name === 'heads') this.addAll(call.arguments.flatMap(literalsIn), where);
    for (const place of places) {
      const argument = call.arguments[place];
      if (!argument) continue;
      const literals = literalsIn(argument);
      this.addAll(literals, where);
      const line = file.getLineAndCharacterOfPosition(call.getStart(file)).line + 1;
      if (literals.length === 0 && STRICT.includes(name)) this.problems.push(`${where}:${line}: the text of ${name}() must be written out there`);
      if (ts.isTemplateExpression(argument)) this.problems.push(`${where}:${line}: the text of ${name}() is glued together, so nobody can translate it`);
    }
  }
}

/** Their second argument is what went wrong. */
const THROWN = ['Fault', 'Rejection'];

/** What an expression writes out by itself. */
function wordsIn(node: ts.Expression): string[] {
  if (ts.isStringLiteralLike(node)) return [node.text];
  if (ts.isTemplateExpression(node)) return [node.head, ...node.templateSpans.map(({ literal }) => literal)].map(({ text }) => text);
  if (ts.isConditionalExpression(node)) return [...wordsIn(node.whenTrue), ...wordsIn(node.whenFalse)];
  if (ts.isBinaryExpression(node)) return [...wordsIn(node.left), ...wordsIn(node.right)];
  return ts.isParenthesizedExpression(node) ? wordsIn(node.expression) : [];
}

/** What puts words on the terminal. */
const PRINTERS = ['Failure', 'InvalidArgumentError', 'printable', 'note', 'done'];
const lastNameOf = (called: ts.Expression, file: ts.SourceFile): string => (ts.isPropertyAccessExpression(called) ? called.name.text : called.getText(file));

/** Two words or more, but no command to type. */
function isSentence(node: ts.Expression): boolean {
  if (!ts.isStringLiteralLike(node) && !ts.isTemplateExpression(node)) return false;
  const text = ts.isTemplateExpression(node) ? [node.head, ...node.templateSpans.map(({ literal }) => literal)].map((piece) => piece.text).join('…') : node.text;
  return /\p{L}{2} \p{L}{2}/u.test(text) && !text.startsWith('understudy ');
}

/** The texts that an expression can be; none when it is not written out. */
function literalsIn(node: ts.Expression): string[] {
  if (ts.isStringLiteralLike(node)) return [node.text];
  if (ts.isConditionalExpression(node)) return [...literalsIn(node.whenTrue), ...literalsIn(node.whenFalse)];
  return ts.isParenthesizedExpression(node) ? literalsIn(node.expression) : [];
}

function filesBelow(folder: string, ends: readonly string[]): string[] {
  return readdirSync(join(REPOSITORY, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && ends.some((end) => entry.name.endsWith(end)))
    .map((entry) => relative(REPOSITORY, join(entry.parentPath, entry.name)))
    .sort();
}

/** `say` there is a word of another protocol, and `refuse` is of XML and of addresses. */
const NOT_OF_THE_HOST = /^src\/(cli|client|simulation|language|xml|interop|hypervisor\/qemu\/freezewatchdog\.ts)/;

function wordsOfSchema(): string[] {
  const ours = SCHEMA.classes('root/virtualization/v2').filter(({ name }) => name.startsWith('Msvm_Replication'));
  const returned = ours.flatMap(({ methods }) => methods.flatMap(({ returnValues }) => Object.values(returnValues ?? {})));
  const states = ours.flatMap(({ properties }) => properties.filter(({ name }) => /^Replication(State|Health)/.test(name)).flatMap(({ values }) => Object.values(values ?? {})));
  return [...returned, ...states];
}

function addTables(found: Collector): void {
  found.addAll(ALL_STATES.flatMap((state) => [STATES[state].name, ...Object.values(STATES[state].advice)]), 'src/relationship/state.ts');
  for (const advice of [ADVICE_AFTER_HANDING_OVER, ADVICE_AFTER_YIELDING]) found.add(advice, 'src/relationship/state.ts');
  found.addAll(Object.values(CONDITIONS), 'src/relationship/table.ts');
  found.addAll(Object.values(FAULTS).flatMap(({ title, hint }) => [title, hint]), 'src/errors/fault.ts');
  found.addAll(Object.values(EVENTS).map(({ hint }) => hint), 'src/health/events.ts');
  found.add(EVENTS['health-restored'].when, 'src/health/events.ts');
  found.addAll(Object.values(ALARM_HINTS), 'src/health/alarms.ts');
  found.addAll(CHECKS.flatMap(({ title, meaning, cure }) => [title, meaning, cure]), 'src/doctor/checks.ts');
  found.addAll([...Object.values(CIM_TITLES), ...Object.values(WSMAN_TITLES)], 'src/cim/error.ts');
  found.addAll([...Object.values(JOB_KINDS), FORCED_STOP, OTHER].map(({ caption }) => caption), 'src/providers/job.ts');
  found.addAll(Object.values(STATUS).map(({ text }) => text), 'src/providers/job.ts');
  found.addAll(wordsOfSchema(), 'src/cim/schema');
  found.addAll(Object.values(WORDS).flatMap((words) => Object.values(words)), 'src/language/words.ts');
  found.add('{title}: {detail}', 'src/errors/fault.ts');
}

function domainTexts(): Found {
  const found = new Collector();
  for (const file of filesBelow('src', ['.ts'])) if (!NOT_OF_THE_HOST.test(file)) found.code(readFileSync(join(REPOSITORY, file), 'utf8'), file);
  addTables(found);
  return found;
}

/** Attributes that people read. */
const SPOKEN_ATTRIBUTES = ['title', 'alt', 'placeholder', 'aria-label', 'label'];

interface SvelteNode {
  readonly type: string;
  readonly name?: string;
  readonly data?: string;
  readonly start?: number;
  readonly end?: number;
  readonly value?: unknown;
  readonly [field: string]: unknown;
}

const isNode = (value: unknown): value is SvelteNode => typeof value === 'object' && value !== null && typeof (value as SvelteNode).type === 'string';

/** Text between tags that is no code: what a reader of another language would get in English. */
function hardCoded(node: unknown, where: string, problems: string[]): void {
  if (Array.isArray(node)) return node.forEach((each) => hardCoded(each, where, problems));
  if (!isNode(node) || ['Script', 'StyleSheet', 'Css'].includes(node.type)) return;
  if (node.type === 'Attribute') {
    const texts = SPOKEN_ATTRIBUTES.includes(node.name ?? '') && Array.isArray(node.value) ? node.value.filter(isNode).flatMap(({ type, data }) => (type === 'Text' ? [data ?? ''] : [])) : [];
    for (const text of texts) if (/\p{L}{2}/u.test(text) && !AS_THEY_ARE.includes(text)) problems.push(`${where}: ${node.name}="${text}" is hard-coded`);
    return;
  }
  if (node.type === 'Text' && /\p{L}{2}/u.test(node.data ?? '') && !AS_THEY_ARE.includes((node.data ?? '').trim())) problems.push(`${where}: "${(node.data ?? '').trim()}" is hard-coded`);
  for (const [field, inner] of Object.entries(node)) if (field !== 'expression') hardCoded(inner, where, problems);
}

/** Names and marks between tags. */
const AS_THEY_ARE = ['Understudy', 'px', 'understudy user add NAME --role administrator'];

function componentTexts(found: Collector, file: string): void {
  const source = readFileSync(join(REPOSITORY, file), 'utf8');
  const { fragment } = parse(source, { modern: true });
  hardCoded(fragment, file, found.problems);
  for (const [, script] of source.matchAll(/<script[^>]*>(.*?)<\/script>/gs)) {
    found.code(script!, file);
    found.tables(script!, file);
  }
  for (const expression of expressionsIn(fragment, source)) found.code(expression, file);
}

/** Source of every expression between the tags. */
function expressionsIn(node: unknown, source: string): string[] {
  if (Array.isArray(node)) return node.flatMap((each) => expressionsIn(each, source));
  if (!isNode(node)) return typeof node === 'object' && node !== null ? Object.values(node).flatMap((each) => expressionsIn(each, source)) : [];
  if (node.type === 'CallExpression' && typeof node.start === 'number') return [source.slice(node.start, node.end)];
  return Object.values(node).flatMap((each) => expressionsIn(each, source));
}

/** What goes wrong on the way to the daemon is said by the command line and by the page. */
function clientTexts(found: Collector): void {
  for (const file of filesBelow('src/client', ['.ts'])) found.code(readFileSync(join(REPOSITORY, file), 'utf8'), file);
}

/** The page reads a definition as the host does, before it is sent. */
const READ_BY_THE_PAGE = ['src/machine/parse.ts', 'src/machine/table.ts'];

function pageTexts(): Found {
  const found = new Collector();
  for (const file of filesBelow('web/src', ['.ts'])) {
    const source = readFileSync(join(REPOSITORY, file), 'utf8');
    found.code(source, file);
    found.tables(source, file);
  }
  for (const file of filesBelow('web/src', ['.svelte'])) componentTexts(found, file);
  clientTexts(found);
  for (const file of READ_BY_THE_PAGE) found.code(readFileSync(join(REPOSITORY, file), 'utf8'), file);
  return found;
}

const PROGRAM = await createProgram();

/** What the help of a command and of those below it says. */
function ofCommand(command: Command): string[] {
  const { options, registeredArguments } = command;
  return [command.description(), command.helpGroup(), ...[...options, ...registeredArguments].map(({ description }) => description), ...command.commands.flatMap(ofCommand)];
}

/** Units of the health limits that are words, and the kinds of failover that a report names. */
const OTHER_WORDS = ['cycles', 'times', 'planned', 'unplanned', 'failback'];

/** Names of a job's figures, as the command line writes them. */
const FIGURES = ['changed', 'shipped', 'compared', 'comparing', 'time', 'machine', 'machine id', 'reverse bytes shipped', 'clusters', 'unchecked clusters', 'name', 'port', 'proxy', 'TLS', 'key', 'known there', 'authorization'];

function cliTexts(): Found {
  const found = new Collector();
  for (const file of filesBelow('src/cli', ['.ts'])) {
    const source = readFileSync(join(REPOSITORY, file), 'utf8');
    found.code(source, file);
    found.printed(source, file);
  }
  clientTexts(found);
  found.addAll(OTHER_WORDS, 'src/health/limits.ts');
  found.addAll(FIGURES, 'src/cli/words.ts');
  found.addAll([...ofCommand(PROGRAM), ...Object.keys(GROUPS), ...OWN_TITLES], 'src/cli/program.ts');
  found.addAll(Object.values(FAULTS).map(({ hint }) => hint), 'src/errors/fault.ts');
  found.addAll(Object.values(WORDS).flatMap((words) => Object.values(words)), 'src/language/words.ts');
  return found;
}

const FINDERS: Readonly<Record<Part, () => Found>> = { domain: domainTexts, page: pageTexts, cli: cliTexts };
export const textsOf = (part: Part): Found => FINDERS[part]();
