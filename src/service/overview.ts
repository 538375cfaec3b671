/** Use case of the overview: the machines of this host and of those that it is paired with, each once, and how well they are known. */
import type { RosterMachine, RosterRelationship } from '../engine/roster/roster.ts';
import { FAILED_OVER } from '../relationship/failedover.ts';
import { stateName, type State } from '../relationship/state.ts';
import { audited, type Context } from './context.ts';
import { adviceInSilence } from './outofreach.ts';
import type { Operations } from './operations.ts';
import { hostView, selfView } from './presenting.ts';
import type { RelationshipSummaryView } from './relationshipviews.ts';
import type { HostView, MachineSideView, OverviewHostView, OverviewView } from './views.ts';
import type { Language } from '../language/language.ts';
import { inLanguage } from '../language/domain.ts';
import { type Text, say } from '../language/text.ts';
import { failureText } from '../errors/fault.ts';

/** A host that answers does so sooner; a page that is opened is not held up for longer. */
const ASK_WITHIN_MS = 1_500;
const PREPARED: State = 4;

export const overviewOperations = (context: Context): Pick<Operations, 'overview'> => ({
  overview: (caller) =>
    audited(context, caller, 'viewer', 'overview', null, async (context) => {
      const { hosts, network, rosters, engine } = context;
      const paired = hosts.list();
      await rosters.refresh(paired.map(({ hostId }) => hostId).filter((hostId) => network.connected(hostId)), ASK_WITHIN_MS);
      const told = [await ownTold(context), ...paired.map((row) => peerTold(context, hostView(context, row)))];
      return { atMs: engine.host.clock.nowMs(), hosts: told.map(({ host }) => host), machines: mergedMachines(told, context.language) };
    }),
});

/** What one host says of its machines. */
export interface Told {
  readonly host: OverviewHostView;
  /** How far its clock was ahead of this host's. */
  readonly skewMs: number;
  readonly machines: readonly RosterMachine[];
}

async function ownTold(context: Context): Promise<Told> {
  const { id, name } = selfView(context);
  const { atMs, machines, omitted, version } = await context.engine.roster.answer({ edition: null, waitMs: 0 });
  return { host: { id, name, self: true, connected: true, asOfMs: atMs, isCurrent: true, failure: null, version, pageUrl: null, omitted }, skewMs: 0, machines: machines ?? [] };
}

function peerTold({ rosters, language }: Context, { id, name, connected, address }: HostView): Told {
  const known = rosters.of(id);
  const isCurrent = connected && rosters.isFresh(id);
  return {
    host: {
      id, name, self: false, connected, asOfMs: known?.asOfMs ?? null, isCurrent,
      failure: isCurrent ? null : inLanguage(reachText(name, connected, rosters.failureOf(id)), language),
      version: known?.version ?? null,
      pageUrl: known?.pageUrl ?? (known?.pagePort ? `http://${address.replace(/:\d+$/, '')}:${known.pagePort}/` : null),
      omitted: known?.omitted ?? 0,
    },
    skewMs: known?.skewMs ?? 0,
    machines: known?.machines ?? [],
  };
}

function reachText(name: string, connected: boolean, fault: { readonly code: string; readonly message: string } | null): Text {
  if (!connected) return say('{host} is out of reach', { host: name });
  if (fault?.code === 'peer-protocol') return say('{host} is of an older version, which does not tell its machines: update Understudy there', { host: name });
  return fault ? failureText(fault) : say('{host} has not answered yet', { host: name });
}

/** By name. One that several hosts have is there once, with its sides; where it belongs comes first. */
export function mergedMachines(told: readonly Told[], language?: Language): OverviewView['machines'] {
  const hosts = new Map(told.map(({ host }) => [host.id, host]));
  const sides = told.flatMap(({ host, skewMs, machines }) => machines.map((machine) => ({ id: machine.id, name: machine.name, side: sideOf(host, skewMs, machine, hosts, language) })));
  const merged = [...Map.groupBy(sides, ({ id }) => id)].map(([id, found]) => {
    const [first] = found.sort((one, other) => rankOf(one.side) - rankOf(other.side));
    const ordered = corrected(found.map(({ side }) => side));
    return { id, name: first!.name, isProtected: ordered.some(({ relationships }) => relationships.some(({ lagMs }) => lagMs !== null)), sides: ordered };
  });
  return merged.sort((one, other) => (one.name < other.name ? -1 : one.name > other.name ? 1 : 0));
}

/** In what is of now, or, where nobody tells, in what was told last. */
function hasFailedOver(sides: readonly MachineSideView[], relationshipId: string): boolean {
  const about = sides.filter(({ relationships }) => relationships.some(({ id }) => id === relationshipId));
  const heard = about.some(({ isCurrent }) => isCurrent) ? about.filter(({ isCurrent }) => isCurrent) : about;
  return heard.some(({ relationships }) => relationships.some(({ id, state }) => id === relationshipId && FAILED_OVER.includes(state)));
}

/** Where a host has failed over, cycles are of before, those that are sent on too, and what was prepared is done. */
function corrected(sides: MachineSideView[]): MachineSideView[] {
  if (!sides.some(({ relationships }) => relationships.some(({ id }) => hasFailedOver(sides, id)))) return sides;
  return sides.map((side) => ({
    ...side,
    relationships: side.relationships.map((summary) => ({ ...summary, lagMs: null, lastCycle: null, nextCycleAtMs: null, ...((summary.state === PREPARED || !side.isCurrent) && { healthReasons: [], advice: '' }) })),
  }));
}

/** What is of now comes before what was told earlier. */
const ROLE_RANK: Record<MachineSideView['role'], number> = { primary: 0, standalone: 1, replica: 2, test: 3 };
const rankOf = ({ role, isCurrent }: MachineSideView): number => ROLE_RANK[role] + (isCurrent ? 0 : 0.5);

type Hosts = ReadonlyMap<string, OverviewHostView>;

function sideOf(host: OverviewHostView, skewMs: number, machine: RosterMachine, hosts: Hosts, language: Language | undefined): MachineSideView {
  const { id, isCurrent, asOfMs } = host;
  const relationships = machine.relationships.map((each) => {
    const summary = summaryOf(each, hosts, (asOfMs ?? 0) + skewMs, skewMs, language);
    const isSilent = host.self && hosts.get(each.peerId)?.connected === false;
    const advice = isSilent ? adviceInSilence({ ...summary, machine: machine.name }) : null;
    return advice === null ? summary : { ...summary, advice: inLanguage(advice, language) };
  });
  return { hostId: id, host: host.name, isCurrent, role: machine.role, power: machine.power, relationships };
}

/** Of `atMs`, by the clock of the host that told it. */
function summaryOf(relationship: RosterRelationship, hosts: Hosts, atMs: number, skewMs: number, language: Language | undefined): RelationshipSummaryView {
  const { id, kind, side, peerId, peer, state, health, reasons, reasonsSaid, lagSinceMs, intervalMs, lastCycle, nextCycleMs, points, advice } = relationship;
  return {
    id, kind, side, peer: hosts.get(peerId)?.name ?? peer, state, stateName: inLanguage(stateName(state as State), language), health, healthReasons: (reasonsSaid ?? reasons).map((reason) => inLanguage(reason, language)),
    lagMs: lagSinceMs === null ? null : Math.max(0, atMs - lagSinceMs), intervalMs,
    lastCycle: lastCycle && { finishedAtMs: lastCycle.finishedMs - skewMs, durationMs: lastCycle.durationMs, bytesShipped: lastCycle.bytesShipped },
    nextCycleAtMs: nextCycleMs === null ? null : nextCycleMs - skewMs, points, advice: inLanguage(advice, language),
  };
}
