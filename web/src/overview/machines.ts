/** The overview's machines: what each host says of a machine put together, and what a person wants to know of it first. */
import type { AnswerOf, View } from '../../../src/client/operation.ts';
import { FAILED_OVER } from '../../../src/relationship/failedover.ts';

export type OverviewView = AnswerOf<'get', '/api/overview'>;
type Side = OverviewView['machines'][number]['sides'][number];
type Summary = View<'RelationshipSummary'>;

/** The worst first: what needs somebody, what has nothing wrong but no replica, what is well, what is only a test. */
export const STANDINGS = ['critical', 'warning', 'unprotected', 'ok', 'test'] as const;
export type Standing = (typeof STANDINGS)[number];

export interface Remark {
  /** The host that says so, when it is not this one. */
  readonly host: string | null;
  readonly text: string;
}

/** One relationship, as its hosts tell of it. */
export interface Link {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly stateName: string;
  readonly health: Summary['health'];
  /** When the newest recovery point was made; null while there is no lag. */
  readonly lagSinceMs: number | null;
  readonly intervalMs: number;
  readonly lastCycle: Summary['lastCycle'];
  readonly nextCycleAtMs: number | null;
  /** On the host that has the replica; null where that tells nothing. */
  readonly points: number | null;
  readonly reasons: readonly Remark[];
  readonly advice: readonly Remark[];
}

export interface Row {
  readonly id: string;
  readonly name: string;
  readonly standing: Standing;
  readonly isProtected: boolean;
  /** Hosts on which its guest runs; more than one is a split brain, or a test. */
  readonly runsOn: readonly string[];
  readonly hosts: readonly string[];
  /** Hosts where its guest belongs and of which nothing is known here. */
  readonly unknown: readonly string[];
  readonly links: readonly Link[];
  /** This host has it. */
  readonly isHere: boolean;
  /** Address of its page on another host, where this one does not have it. */
  readonly elsewhere: string | null;
  /** The hosts that tell nothing now, and since when what is shown is not of now; empty when all is. */
  readonly old: readonly { readonly host: string; readonly asOfMs: number | null }[];
}

interface Told {
  readonly side: Side;
  readonly summary: Summary;
  /** When it was so, by the host's clock. */
  readonly atMs: number;
}

const HEALTHS: readonly Summary['health'][] = ['critical', 'warning', 'ok', 'none'];

const distinct = (remarks: readonly Remark[]): Remark[] => [...new Map(remarks.map((remark) => [remark.text, remark])).values()];

/** `told` holds what each side says of one relationship; what is of now comes first. */
function linkOf(told: readonly Told[], self: string): Link {
  const ordered = told.toSorted((one, other) => Number(other.side.isCurrent) - Number(one.side.isCurrent));
  const first = ordered.find(({ summary }) => summary.side === 'primary') ?? ordered[0]!;
  const replica = ordered.find(({ summary }) => summary.side === 'replica');
  const lagging = ordered.find(({ summary }) => summary.lagMs !== null);
  const remarks = (texts: (summary: Summary) => readonly string[]): Remark[] =>
    distinct(ordered.flatMap(({ side, summary }) => texts(summary).map((text) => ({ host: side.hostId === self ? null : side.host, text }))));
  const rank = ({ health, state }: Summary): number => 2 * HEALTHS.indexOf(health) - (FAILED_OVER.includes(state) ? 1 : 0);
  const worst = ordered.map(({ summary }) => summary).sort((one, other) => rank(one) - rank(other))[0]!;
  return {
    id: first.summary.id,
    from: first.summary.side === 'primary' ? first.side.host : first.summary.peer,
    to: first.summary.side === 'primary' ? first.summary.peer : first.side.host,
    stateName: worst.health === 'ok' ? first.summary.stateName : worst.stateName,
    health: worst.health,
    lagSinceMs: lagging ? lagging.atMs - lagging.summary.lagMs! : null,
    intervalMs: first.summary.intervalMs,
    lastCycle: ordered.map(({ summary }) => summary.lastCycle).find((cycle) => cycle !== null) ?? null,
    nextCycleAtMs: ordered.map(({ summary }) => summary.nextCycleAtMs).find((atMs) => atMs !== null) ?? null,
    points: replica?.summary.points ?? null,
    reasons: remarks(({ healthReasons }) => healthReasons),
    advice: remarks(({ advice }) => (advice === '' ? [] : [advice])),
  };
}

function standingOf(links: readonly Link[], isTest: boolean, isProtected: boolean): Standing {
  if (isTest) return 'test';
  if (links.some(({ health }) => health === 'critical')) return 'critical';
  if (links.some(({ health }) => health === 'warning')) return 'warning';
  return isProtected ? 'ok' : 'unprotected';
}

/** A guest that is held stands behind one that runs, and what was told earlier behind what is of now. */
function running(sides: readonly Side[]): string[] {
  const rank = ({ isCurrent, power }: Side): number => 2 * Number(isCurrent) + Number(power === 'running');
  const live = sides.filter(({ power }) => power !== 'off');
  const best = Math.max(...live.map(rank));
  return live.filter((side) => rank(side) === best).map(({ host }) => host);
}

/** Every machine of the hosts that are known, in the order that they were told. */
export function rowsOf({ atMs, hosts, machines }: OverviewView): Row[] {
  const known = new Map(hosts.map((host) => [host.id, host]));
  const self = hosts.find((host) => host.self)?.id ?? '';
  return machines.map(({ id, name, isProtected, sides }) => {
    const told = sides.flatMap((side) => side.relationships.map((summary) => ({ side, summary, atMs: side.isCurrent ? atMs : (known.get(side.hostId)?.asOfMs ?? atMs) })));
    const links = [...Map.groupBy(told, ({ summary }) => summary.id).values()].map((each) => linkOf(each, self));
    const isHere = sides.some(({ hostId }) => hostId === self);
    const page = sides.map(({ hostId }) => known.get(hostId)?.pageUrl).find((url) => url);
    return {
      id, name, isProtected, links, isHere,
      standing: standingOf(links, sides.every(({ role }) => role === 'test'), isProtected),
      runsOn: running(sides),
      hosts: sides.map(({ host }) => host),
      unknown: links.map(({ from }) => from).filter((from) => !sides.some(({ host }) => host === from)),
      elsewhere: isHere || !page ? null : `${page.replace(/\/$/, '')}/machines/${id}`,
      old: sides.filter(({ isCurrent }) => !isCurrent).map(({ hostId, host }) => ({ host, asOfMs: known.get(hostId)?.asOfMs ?? null })),
    };
  });
}

/** How many intervals the furthest replica is behind; 0 without a lag. */
const behindOf = ({ links }: Row, nowMs: number): number => Math.max(0, ...links.map(({ lagSinceMs, intervalMs }) => (lagSinceMs === null ? 0 : (nowMs - lagSinceMs) / intervalMs)));

const byName = (one: Row, other: Row): number => one.name.localeCompare(other.name, undefined, { numeric: true });

export const ORDERS = {
  problems: () => (one: Row, other: Row) => STANDINGS.indexOf(one.standing) - STANDINGS.indexOf(other.standing) || byName(one, other),
  name: () => byName,
  behind: (nowMs: number) => (one: Row, other: Row) => behindOf(other, nowMs) - behindOf(one, nowMs) || byName(one, other),
  host: () => (one: Row, other: Row) => (one.hosts[0] ?? '').localeCompare(other.hosts[0] ?? '') || byName(one, other),
} as const satisfies Record<string, (nowMs: number) => (one: Row, other: Row) => number>;
export type Order = keyof typeof ORDERS;

/** Whether the row is one that is looked for: by a part of its name, of a host's, of its state, or of what is wrong. */
export function fits({ name, hosts, links }: Row, wanted: string): boolean {
  const text = wanted.trim().toLowerCase();
  return text === '' || [name, ...hosts, ...links.flatMap(({ from, to, stateName, reasons }) => [from, to, stateName, ...reasons.map((reason) => reason.text)])].some((each) => each.toLowerCase().includes(text));
}

/** A host that does not answer, and what this host has to do with it. */
export interface Silence {
  readonly host: string;
  /** Machines whose guest belongs there and whose replica is here. */
  readonly replicasHere: number;
  /** Machines of this host whose replica is there. */
  readonly replicasThere: number;
}

/** The hosts that do not answer and with which this host replicates something that has not failed over already. */
export function silencesOf({ hosts, machines }: OverviewView): Silence[] {
  const self = hosts.find((host) => host.self);
  const own = machines.flatMap(({ sides }) => sides.filter(({ hostId }) => hostId === self?.id).flatMap(({ relationships }) => relationships)).filter(({ health, state }) => health !== 'none' && !FAILED_OVER.includes(state));
  return hosts.filter(({ connected }) => !connected).flatMap(({ name }) => {
    const count = (side: Summary['side']): number => own.filter((summary) => summary.peer === name && summary.side === side).length;
    const silence = { host: name, replicasHere: count('replica'), replicasThere: count('primary') };
    return silence.replicasHere + silence.replicasThere > 0 ? [silence] : [];
  });
}

/** Whether the row is one of those. Who is not protected may have something wrong as well. */
export const isOneOf = ({ standing, isProtected }: Row, wanted: Standing): boolean => (wanted === 'unprotected' ? !isProtected && standing !== 'test' : standing === wanted);

export const countsOf = (rows: readonly Row[]): Record<Standing, number> =>
  Object.fromEntries(STANDINGS.map((standing) => [standing, rows.filter((row) => isOneOf(row, standing)).length])) as Record<Standing, number>;

/** What is wrong with more than one machine, in the same words; the commonest first. */
export function commonReasons(rows: readonly Row[]): { readonly text: string; readonly count: number }[] {
  const texts = rows.flatMap(({ links }) => [...new Set(links.flatMap(({ reasons }) => reasons.map(({ text }) => text)))]);
  const groups = [...Map.groupBy(texts, (text) => text)].map(([text, each]) => ({ text, count: each.length }));
  return groups.filter(({ count }) => count > 1).sort((one, other) => other.count - one.count);
}
