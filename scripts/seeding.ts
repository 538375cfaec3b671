/** Machines that have no guest, and disks without files, with their relationships and recovery points: what `npm run seed` and tests of many machines stand on. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { emptyRelationship } from '../src/engine/answers.ts';
import type { State as HostState } from '../src/engine/ports/state.ts';
import type { Piece } from '../src/history/piece.ts';
import type { MachineDefinition } from '../src/machine/definition.ts';
import { macOf } from '../src/machine/parse.ts';
import { noStatistics } from '../src/health/statistics.ts';
import type { Machine, Point, Relationship, Stack, Statistics } from '../src/machine/records.ts';
import { founded } from '../src/relationship/epoch.ts';
import { defaultSettings } from '../src/relationship/settings.ts';
import type { Side, State } from '../src/relationship/state.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../src/language/lengths.ts';

const POINTS_EACH = 6;
/** Of the past: a cycle each half hour. */
const PIECE_MS = HOUR_MS / 2;
/** Standings in which nothing runs by itself: the peer does not exist. */
const STANDINGS: readonly (readonly [Side, State])[] = [['replica', 3], ['primary', 7], ['replica', 3], ['replica', 7]];

const numbered = (index: number): string => `vm-${String(index + 1).padStart(5, '0')}`;

/** The state holds that many machines more, replicated with the peer. */
export function seedMachines(state: HostState, count: number, peerId: string, storage: string, nameOf = numbered): void {
  state.transaction(() => {
    for (let index = 0; index < count; index++) add(state, index, nameOf(index), peerId, storage);
  });
}

function add(state: HostState, index: number, name: string, peerId: string, storage: string): void {
  const id = randomUUID();
  const definition = definitionOf(id, name);
  const [side, standing] = STANDINGS[index % STANDINGS.length]!;
  const points = side === 'replica' ? pointsOf(definition) : [];
  const machine: Machine = { id, name: definition.name, definition, stacks: [stackOf(definition, points, storage)], lineage: founded(randomUUID(), peerId), powerLock: null, storage, copyOf: null };
  const newest = points.at(-1);
  const relationship: Relationship = {
    ...emptyRelationship, id: randomUUID(), machineId: id, peerId, side, state: standing, settings: { ...defaultSettings(['root']), recoveryHistory: POINTS_EACH - 1 }, key: '', overrides: {},
    newestPointId: newest?.id ?? null, newestInstantMs: newest?.instantMs ?? null, sequence: points.length, statistics: statisticsOf(index), previousStatistics: { ...statisticsOf(index + 1), untilMs: Date.now() - 60 * MINUTE_MS },
  };
  state.putMachine(machine);
  state.putRelationship(relationship);
  for (const point of points) state.addPoint(point, [], new Map());
}

/** Each relationship has cycles of so many days behind it, the same ones: the first is told of them, and the others get its rows. */
export function seedHistory(database: DatabaseSync, state: HostState, days: number): void {
  const [first, ...others] = state.relationships();
  if (!first) return;
  const untilMs = Date.now() - HOUR_MS;
  state.transaction(() => {
    for (let fromMs = untilMs - days * DAY_MS; fromMs < untilMs; fromMs += PIECE_MS) state.history.append(first.id, pieceOf(fromMs));
    const copy = database.prepare('INSERT INTO history SELECT ?, unit_ms, from_ms, body FROM history WHERE relationship_id = ?');
    for (const { id } of others) copy.run(id, first.id);
  });
}

function pieceOf(fromMs: number): Piece {
  const untilMs = fromMs + PIECE_MS;
  return { fromMs, untilMs, coverage: 'due', lagMs: PIECE_MS + MINUTE_MS, intervalMs: PIECE_MS, missed: 0, cycle: { kind: 'standard', instantMs: untilMs - MINUTE_MS, tookMs: MINUTE_MS, bytesChanged: 64 * 2 ** 20, bytesShipped: 32 * 2 ** 20 } };
}

/** As of a machine that was replicated for an hour. */
const statisticsOf = (index: number): Statistics => ({
  ...noStatistics(Date.now() - 60 * MINUTE_MS, Date.now()), cycles: 12, bytes: 12 * (index % 50) * 2 ** 20, maxBytes: (index % 50) * 2 ** 21, latencyMs: 12 * (index % 20) * 1_000, maxLatencyMs: (index % 20) * 2_000, missedCycles: index % 3, networkFailures: index % 2,
});

function definitionOf(id: string, name: string): MachineDefinition {
  return {
    id, name, machineType: 'pc-q35-7.2', cpuModel: 'max', cpuCount: 1, memoryMiB: 512, disks: [{ name: 'root', path: `/nonexistent/${name}.qcow2`, format: 'qcow2', bus: 'virtio' }],
    nics: [{ kind: 'none', mac: macOf(id, 0) }], firmware: { kind: 'bios' }, tpm: false, vga: 'none', guestAgent: false, autostart: false,
  };
}

/** A layer for each point, or the disk itself; the files are not there. */
function stackOf({ id, disks: [disk] }: MachineDefinition, points: readonly Point[], storage: string): Stack {
  const received = points.map((point) => ({ layerId: point.id, path: join(storage, id, `${disk!.name}-${point.id}.qcow2`), pointId: point.id }));
  return { disk: disk!.name, sizeBytes: 20 * 2 ** 30, layers: received.length > 0 ? received : [{ layerId: id, path: disk!.path }] };
}

function pointsOf(definition: MachineDefinition): Point[] {
  const nowMs = Date.now();
  return Array.from({ length: POINTS_EACH }, (_, at) => ({
    id: randomUUID(), machineId: definition.id, parentId: null, epochId: randomUUID(), sequence: at + 1, kind: 'standard', instantMs: nowMs - (POINTS_EACH - 1 - at) * 60 * MINUTE_MS,
    definition, sizeBytes: 64 * 2 ** 20, digest: '', name: null, pinned: false,
  }));
}
