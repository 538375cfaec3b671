/**
 * A roster as it arrives: whatever another host, of whatever version, sends, what is kept of it has the shape that is shown.
 * A machine that cannot be read is left out; texts and numbers of entries are bounded.
 */
import { ALL_STATES } from '../../relationship/state.ts';
import type { RosterChanges } from './changes.ts';
import type { RosterMachine, RosterRelationship } from './roster.ts';
import { MAX_MACHINES, type RosterAnswer } from './telling.ts';
import { type Text, textFrom } from '../../language/text.ts';

const MAX_TEXT = 1_000;
const MAX_REASONS = 16;
const MAX_RELATIONSHIPS = 2;
const MAX_URL = 300;

type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (value: unknown): Fields => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {});
const listOf = (value: unknown, most: number): readonly unknown[] => (Array.isArray(value) ? value.slice(0, most) : []);
const text = (value: unknown): string => (typeof value === 'string' ? value.slice(0, MAX_TEXT) : '');
const boundedText = (value: unknown): Text => (JSON.stringify(value ?? '').length <= 4 * MAX_TEXT ? textFrom(value) : undefined) ?? '';
const amount = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null);
const oneOf = <T extends string>(value: unknown, allowed: readonly T[]): T | undefined => allowed.find((each) => each === value);

/** What can be shown of an answer; `machines` is null when it says that they are known. */
export function readRoster(value: unknown): RosterAnswer | null {
  const { atMs, edition, machines, changes, omitted, pageUrl, pagePort, version } = fieldsOf(value);
  const tellsAt = amount(atMs);
  if (tellsAt === null || typeof edition !== 'string' || (machines !== null && !Array.isArray(machines))) return null;
  const read = machines === null ? null : readMachines(machines);
  return { atMs: tellsAt, version: text(version), pageUrl: readUrl(pageUrl), pagePort: readPort(pagePort), edition: text(edition), machines: read, ...(machines === null && changes !== undefined && { changes: readChanges(changes) }), omitted: amount(omitted) ?? 0 };
}

const readMachines = (value: unknown): RosterMachine[] => listOf(value, MAX_MACHINES).map(readMachine).filter((machine) => machine !== null);

/** A machine that changed into one that cannot be read is left out too. */
function readChanges(value: unknown): RosterChanges {
  const { machines, removed } = fieldsOf(value);
  const read = readMachines(machines);
  const ids = new Set(read.map(({ id }) => id));
  const unread = listOf(machines, MAX_MACHINES).map((machine) => text(fieldsOf(machine)['id'])).filter((id) => !ids.has(id));
  return { machines: read, removed: [...listOf(removed, MAX_MACHINES).map(text), ...unread] };
}

function readMachine(value: unknown): RosterMachine | null {
  const { id, name, role, power, relationships } = fieldsOf(value);
  const known = { role: oneOf(role, ['standalone', 'primary', 'replica', 'test']), power: oneOf(power, ['off', 'running', 'paused', 'stopping']) };
  if (text(id) === '' || text(name) === '' || !known.role || !known.power) return null;
  const read = listOf(relationships, MAX_RELATIONSHIPS).map(readRelationship).filter((each) => each !== null);
  return { id: text(id), name: text(name), role: known.role, power: known.power, relationships: read };
}

function readRelationship(value: unknown): RosterRelationship | null {
  const { id, kind, side, peerId, peer, state, health, reasons, reasonsSaid, lagSinceMs, intervalMs, lastCycle, nextCycleMs, points, advice } = fieldsOf(value);
  const known = { kind: oneOf(kind, ['simple', 'extended']), side: oneOf(side, ['primary', 'replica']), health: oneOf(health, ['ok', 'warning', 'critical', 'none']), state: ALL_STATES.find((each) => each === state) };
  if (text(id) === '' || !known.kind || !known.side || !known.health || known.state === undefined) return null;
  return {
    id: text(id), kind: known.kind, side: known.side, peerId: text(peerId), peer: text(peer), state: known.state, health: known.health,
    reasons: listOf(reasons, MAX_REASONS).map(text), ...(reasonsSaid !== undefined && { reasonsSaid: listOf(reasonsSaid, MAX_REASONS).map((each) => boundedText(each)) }),
    lagSinceMs: amount(lagSinceMs), intervalMs: amount(intervalMs) ?? 0, lastCycle: readCycle(lastCycle), nextCycleMs: amount(nextCycleMs), points: amount(points) ?? 0, advice: text(advice),
  };
}

function readCycle(value: unknown): RosterRelationship['lastCycle'] {
  const { finishedMs, durationMs, bytesShipped } = fieldsOf(value);
  const finished = amount(finishedMs);
  return finished === null ? null : { finishedMs: finished, durationMs: amount(durationMs) ?? 0, bytesShipped: amount(bytesShipped) ?? 0 };
}

/** A link that a person may follow, and nothing that runs in their page. */
function readUrl(value: unknown): string | null {
  const given = text(value);
  if (given === '' || given.length > MAX_URL || !URL.canParse(given)) return null;
  const { protocol, href } = new URL(given);
  return protocol === 'http:' || protocol === 'https:' ? href : null;
}

const readPort = (value: unknown): number | null => (typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= 65_535 ? value : null);
