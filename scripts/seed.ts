/**
 * `npm run seed -- --vms N --state-dir DIR`: a state directory with N machines that have no guest and no disks, their
 * relationships and recovery points, to see how the API and the page do with many. Start understudyd on it as usual.
 */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { emptyRelationship } from '../src/engine/answers.ts';
import type { MachineDefinition } from '../src/machine/definition.ts';
import { macOf } from '../src/machine/parse.ts';
import type { Machine, Point, Relationship } from '../src/machine/records.ts';
import { founded } from '../src/relationship/epoch.ts';
import { defaultSettings } from '../src/relationship/settings.ts';
import type { Side, State } from '../src/relationship/state.ts';
import { openDatabase } from '../src/state/database.ts';
import { PairedHosts } from '../src/state/hosts.ts';
import { SqliteState } from '../src/state/state.ts';

const POINTS_EACH = 6;
const MINUTE_MS = 60_000;
/** Standings in which nothing runs by itself: the peer does not exist. */
const STANDINGS: readonly (readonly [Side, State])[] = [['replica', 3], ['primary', 7], ['replica', 3], ['replica', 7]];

const { values } = parseArgs({ options: { vms: { type: 'string' }, 'state-dir': { type: 'string' } } });
const count = Number(values.vms ?? 1_000);
const stateDir = values['state-dir'] ?? join('.cache', 'seed');
if (!Number.isInteger(count) || count < 1 || count > 100_000) fail(`--vms takes a whole number from 1 to 100,000, not ${values.vms}`);
if (existsSync(join(stateDir, 'state.db'))) fail(`${stateDir} holds a state already; name another with --state-dir, or remove it`);

const database = openDatabase(stateDir);
const state = new SqliteState(database);
const peer = { hostId: randomUUID(), name: 'seed-peer', address: '127.0.0.1:1', pin: '0'.repeat(64), certificateExpiresMs: Date.now() + 365 * 24 * 60 * MINUTE_MS };
new PairedHosts(database).put(peer);
state.transaction(() => {
  for (let index = 0; index < count; index++) add(index);
});
database.close();
process.stdout.write(`${stateDir}: ${count} machines. Start it with: bin/understudyd --state-dir ${stateDir} --run-dir /tmp/us-seed --port-offset 100\n`);

function add(index: number): void {
  const id = randomUUID();
  const definition = definitionOf(id, `vm-${String(index + 1).padStart(5, '0')}`);
  const [side, standing] = STANDINGS[index % STANDINGS.length]!;
  const points = side === 'replica' ? pointsOf(definition) : [];
  const machine: Machine = { id, name: definition.name, definition, stacks: [{ disk: 'root', sizeBytes: 20 * 2 ** 30, layers: [] }], lineage: founded(randomUUID(), peer.hostId), powerLock: null, storage: join(stateDir, 'replicas'), copyOf: null };
  const newest = points.at(-1);
  const relationship: Relationship = {
    ...emptyRelationship, id: randomUUID(), machineId: id, peerId: peer.hostId, side, state: standing, settings: { ...defaultSettings(['root']), recoveryHistory: POINTS_EACH - 1 }, key: '', overrides: {},
    newestPointId: newest?.id ?? null, newestInstantMs: newest?.instantMs ?? null, sequence: points.length,
  };
  state.putMachine(machine);
  state.putRelationship(relationship);
  for (const point of points) state.addPoint(point, [], new Map());
}

function definitionOf(id: string, name: string): MachineDefinition {
  return {
    id, name, machineType: 'pc-q35-7.2', cpuModel: 'max', cpuCount: 1, memoryMiB: 512, disks: [{ name: 'root', path: `/nonexistent/${name}.qcow2`, format: 'qcow2', bus: 'virtio' }],
    nics: [{ kind: 'none', mac: macOf(id, 0) }], firmware: { kind: 'bios' }, tpm: false, vga: 'none', guestAgent: false, autostart: false,
  };
}

function pointsOf(definition: MachineDefinition): Point[] {
  const nowMs = Date.now();
  return Array.from({ length: POINTS_EACH }, (_, at) => ({
    id: randomUUID(), machineId: definition.id, parentId: null, epochId: randomUUID(), sequence: at + 1, kind: 'standard', instantMs: nowMs - (POINTS_EACH - 1 - at) * 60 * MINUTE_MS,
    definition, sizeBytes: 64 * 2 ** 20, digest: '', name: null, pinned: false,
  }));
}

function fail(message: string): never {
  process.stderr.write(`seed: ${message}\n`);
  process.exit(2);
}
