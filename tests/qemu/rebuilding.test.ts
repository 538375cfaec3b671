/** Rule 18 on real images: whatever a kill leaves of the layer files, what is rebuilt from them alone reads as it was. */
import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { emptyRelationship } from '../../src/engine/answers.ts';
import type { Host } from '../../src/engine/host.ts';
import type { LayerStore } from '../../src/engine/ports/layers.ts';
import { labelLive } from '../../src/engine/replica/labels.ts';
import { mergeRetired } from '../../src/engine/replica/merging.ts';
import { begin } from '../../src/engine/replica/receiving.ts';
import { removeFromCatalog, sealPoint } from '../../src/engine/replica/sealing.ts';
import { takeStock } from '../../src/engine/replica/stocktaking.ts';
import { transition, update } from '../../src/engine/transition.ts';
import { RealDirectory } from '../../src/fingerprints/files.ts';
import { Fingerprints } from '../../src/fingerprints/store.ts';
import type { Layer, MachineDefinition } from '../../src/machine/definition.ts';
import { prefixOf } from '../../src/points/stack.ts';
import { founded } from '../../src/relationship/epoch.ts';
import { defaultSettings } from '../../src/relationship/settings.ts';
import { openInMemory } from '../../src/state/database.ts';
import { SqliteState } from '../../src/state/state.ts';
import { CLUSTER, RealLayers, chunkOf, patience } from './layers-scene.ts';

const SIZE = 8 * CLUSTER;
const DISKS = ['a', 'b'];
const RELATIONSHIP = 'r1';
const definitionOf = (id: string): MachineDefinition => ({
  id, name: 'web', machineType: 'pc-q35-7.2', cpuModel: 'qemu64', cpuCount: 1, memoryMiB: 64, disks: [], nics: [],
  firmware: { kind: 'bios' }, tpm: false, vga: 'none', guestAgent: false, autostart: true,
});

/** A replica's host, as far as files and state go. */
class Replica {
  readonly real: RealLayers;
  readonly machineId: string;
  /** What each disk reads as now, and at each point. */
  readonly disks = new Map(DISKS.map((disk) => [disk, Buffer.alloc(SIZE)]));
  readonly expected = new Map<string, ReadonlyMap<string, Buffer>>();
  host: Host;
  #sequence = 0;
  readonly #fingerprints: Fingerprints[] = [];

  constructor(real: RealLayers) {
    this.real = real;
    this.machineId = real.machineId;
    this.host = this.hostOver(real.store);
  }

  hostOver(layers: LayerStore, state = new SqliteState(openInMemory())): Host {
    const fingerprints = new Fingerprints(new RealDirectory(join(this.real.directory, `fingerprints-${randomUUID()}`)));
    this.#fingerprints.push(fingerprints);
    const parts: Partial<Host> = {
      hostId: 'host-b', hostName: 'b', layers, state, newId: randomUUID, newKey: () => randomBytes(32), peerName: (id) => id, changed: () => undefined, admission: () => ({ isAdmitted: true, entry: { id: 'entry', host: '*', storage: this.real.storage, trustGroup: 'DEFAULT' } }), monitoring: () => ({ startSeconds: 0, intervalSeconds: 43_200 }),
      clock: { nowMs: () => 1_000, minutesEast: () => 0, monotonicMs: () => 0, sleep: () => Promise.resolve(), timeout: () => patience() },
      fingerprints,
    };
    return parts as Host;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const each of this.#fingerprints) await each.close();
  }

  accept(stacks: Parameters<Host['state']['putMachine']>[0]['stacks'] = []): void {
    const { state } = this.host;
    const { machineId: id } = this;
    const definition = definitionOf(id);
    state.putMachine({ id, name: 'web', definition, stacks, lineage: founded('e1', 'host-a'), powerLock: null, storage: this.real.storage, copyOf: null });
    state.putRelationship({ ...emptyRelationship, id: RELATIONSHIP, machineId: id, peerId: 'host-a', side: 'replica', state: 0, settings: { ...defaultSettings(DISKS), recoveryHistory: 24, additional: { pointIntervalSeconds: 1 } }, key: 'a2V5', overrides: {} });
    transition(this.host, RELATIONSHIP, 'accept');
  }

  /** A point arrives in which these clusters of both disks are new. */
  async point(clusters: readonly number[]): Promise<string> {
    const { host } = this;
    const attemptId = randomUUID();
    const parentId = host.state.relationship(RELATIONSHIP)!.newestPointId;
    const request = { relationshipId: RELATIONSHIP, epochId: 'e1', attemptId, parentId, failbackId: null };
    await begin(host, { ...request, kind: 'cycle', sequence: ++this.#sequence, disks: DISKS.map((disk) => ({ disk, sizeBytes: SIZE })) });
    for (const { disk, layer } of host.state.relationship(RELATIONSHIP)!.receiving!.layers) await this.#write(disk, layer, clusters);
    const digest = await (await host.fingerprints.journal(RELATIONSHIP, attemptId)).digest();
    const attachments = [{ name: 'uefi', bytes: new Uint8Array([this.#sequence]) }];
    await sealPoint(host, { ...request, instantMs: this.#sequence * 60_000, digest, dataClusters: 0, zeroClusters: 0, definition: definitionOf(this.machineId), attachments });
    this.expected.set(attemptId, new Map([...this.disks].map(([disk, bytes]) => [disk, Buffer.from(bytes)])));
    return attemptId;
  }

  async #write(disk: string, layer: Layer, clusters: readonly number[]): Promise<void> {
    const writer = await this.real.store.open(layer);
    for (const cluster of clusters) {
      const bytes = randomBytes(CLUSTER);
      bytes.copy(this.disks.get(disk)!, cluster * CLUSTER);
      await writer.write(cluster * CLUSTER, chunkOf(bytes));
    }
    await writer.flush();
    await writer.close();
  }

  /** A host of the same files without any state, after its start. */
  async startedAnew(storage = this.real.storage): Promise<Host> {
    const host = this.hostOver(this.real.store);
    await takeStock(host, [storage]);
    return host;
  }

  async assertReadsRight(host: Host, points: readonly string[]): Promise<void> {
    const machine = host.state.machine(this.machineId);
    assert.ok(machine, host.state.events(null, 10).map(({ message }) => message).join('\n'));
    assert.deepEqual(host.state.points(this.machineId).map(({ id }) => id), points);
    for (const id of points) {
      for (const stack of machine.stacks) assert.ok(await this.real.reads(prefixOf(stack, id)!.layers, this.expected.get(id)!.get(stack.disk)!), `point ${points.indexOf(id)} of disk ${stack.disk}`);
    }
  }
}

class Killed extends Error {}

/** The store, until a process using it is killed: right before or after its nth change, or in the middle of a merge. */
function dyingAt(store: LayerStore, call: number, when: 'before' | 'after' | 'within'): LayerStore {
  let calls = 0;
  return new Proxy(store, {
    get: (_target, name: keyof LayerStore) => {
      const method = store[name].bind(store) as (...args: unknown[]) => Promise<unknown>;
      if (!['relabel', 'merge', 'remove'].includes(name)) return method;
      return async (...args: unknown[]) => {
        const isLast = ++calls === call;
        if (isLast && when === 'before') throw new Killed();
        if (isLast && when === 'within' && name === 'merge') await method(args[0], args[1], AbortSignal.timeout(Math.floor(Math.random() * 40))).catch(() => undefined);
        else await method(...args);
        if (isLast) throw new Killed();
      };
    },
  });
}

test('whenever a merge is killed, the points that are kept can be rebuilt from their files and read as they were', { timeout: 300_000 }, async () => {
  await using real = await RealLayers.make();
  await using replica = new Replica(real);
  replica.accept();
  const points: string[] = [];
  for (const clusters of [[0, 1, 2, 3], [1], [2, 4], [1, 5], [6]]) points.push(await replica.point(clusters));
  for (const retired of [0, 1, 3]) removeFromCatalog(replica.host, replica.machineId, points[retired]!);
  const kept = [points[2]!, points[4]!];
  let isDone = false;
  for (let call = 1; !isDone; call++) {
    for (const when of ['before', 'within', 'after'] as const) {
      isDone = await mergeRetired({ ...replica.host, layers: dyingAt(real.store, (call % 4) + 1, when) }, replica.machineId, patience()).then(() => true, (thrown: unknown) => {
        if (!(thrown instanceof Killed)) throw thrown;
        return false;
      });
      const copy = join(real.directory, `copy-${call}-${when}`);
      cpSync(real.storage, copy, { recursive: true });
      const host = await replica.startedAnew(copy);
      const found = host.state.points(replica.machineId).map(({ id }) => id);
      for (const id of kept) assert.ok(found.includes(id), `point ${points.indexOf(id)} is missing after call ${call} ${when}`);
      await replica.assertReadsRight(host, found);
      rmSync(copy, { recursive: true });
    }
  }
  const host = await replica.startedAnew();
  await replica.assertReadsRight(host, kept);
  assert.ok(host.state.machine(replica.machineId)!.stacks.every(({ layers }) => layers.length === 2));
});

test('a rebuilt replica waits for its primary with its points, their attachments and clusters, and receives the next one', async () => {
  await using real = await RealLayers.make();
  await using replica = new Replica(real);
  replica.accept();
  const points = [await replica.point([0, 1]), await replica.point([1, 6])];
  replica.host = await replica.startedAnew();
  const { state } = replica.host;
  const relationship = state.relationship(RELATIONSHIP)!;
  assert.deepEqual([relationship.side, relationship.state, relationship.peerId, relationship.newestPointId, relationship.sequence], ['replica', 2, 'host-a', points[1], 2]);
  assert.notEqual(relationship.key, 'a2V5');
  assert.deepEqual([...state.attachmentsOf(points[1]!)[0]!.bytes], [2]);
  const held = state.clustersOf(points[1]!).get('a')!;
  assert.deepEqual([0, 1, 2, 6].map((cluster) => held.has(cluster)), [false, true, false, true]);
  points.push(await replica.point([2]));
  await replica.assertReadsRight(replica.host, points);
  assert.equal(state.relationship(RELATIONSHIP)!.state, 3);
});

test('files that no point explains are moved aside and none is deleted, at a rebuild and at every later start', async () => {
  await using real = await RealLayers.make();
  await using replica = new Replica(real);
  replica.accept();
  const points = [await replica.point([0]), await replica.point([1])];
  const half = await real.layer(SIZE, [[0, randomBytes(CLUSTER)]]);
  const host = await replica.startedAnew();
  await replica.assertReadsRight(host, points);
  assert.ok(!existsSync(half.path));
  const later = await real.layer(SIZE, [[0, randomBytes(CLUSTER)]]);
  const used = await real.layer(SIZE, []);
  update(host, RELATIONSHIP, () => ({ receiving: { id: 'x', kind: 'cycle', parentId: points[1]!, sequence: 3, epochId: 'e1', layers: [{ disk: 'a', sizeBytes: SIZE, layer: used }] } }));
  const going = await real.layer(SIZE, []);
  host.state.addToOutbox(replica.machineId, 'remove-layer', { layer: going });
  await takeStock(host, [real.storage]);
  assert.deepEqual([later, used, going].map(({ path }) => existsSync(path)), [false, true, true]);
  await replica.assertReadsRight(host, points);
  const aside = readdirSync(join(real.storage, 'quarantine'), { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.qcow2'));
  assert.equal(aside.length, 2);
});

test('a replica that stands on the user\'s own disks is rebuilt with what was merged into them', async () => {
  await using real = await RealLayers.make();
  await using replica = new Replica(real);
  const own = join(real.directory, 'own');
  mkdirSync(own);
  const stacks = [];
  for (const disk of DISKS) {
    const layer = { layerId: `${disk}-base`, path: join(own, `${disk}.qcow2`) };
    await real.store.create(layer, SIZE);
    stacks.push({ disk, sizeBytes: SIZE, layers: [{ ...layer, pointId: 'basis' }] });
  }
  replica.accept(stacks);
  const { state } = replica.host;
  state.addPoint({ id: 'basis', machineId: replica.machineId, parentId: null, epochId: 'e1', sequence: 0, kind: 'planned', instantMs: 0, definition: definitionOf(replica.machineId), sizeBytes: 0, digest: '', name: null, pinned: false }, [], new Map());
  update(replica.host, RELATIONSHIP, () => ({ newestPointId: 'basis', yielded: { pointId: 'basis', attemptId: null, basisId: 'basis' } }));
  replica.expected.set('basis', new Map(DISKS.map((disk) => [disk, Buffer.alloc(SIZE)])));
  const points = ['basis', await replica.point([1, 2]), await replica.point([2, 3])];
  cpSync(own, join(real.directory, 'kept'), { recursive: true });
  await replica.assertReadsRight(await replica.startedAnew(), points);
  for (const retired of [0, 1]) removeFromCatalog(replica.host, replica.machineId, points[retired]!);
  await mergeRetired(replica.host, replica.machineId, patience());
  assert.equal(state.machine(replica.machineId)!.stacks[0]!.layers.length, 1);
  await replica.assertReadsRight(await replica.startedAnew(), [points[2]!]);
});

test('a machine that a failover runs here comes back on the disks that its guest wrote, replicated no more', async () => {
  await using real = await RealLayers.make();
  await using replica = new Replica(real);
  replica.accept();
  const points = [await replica.point([0, 1]), await replica.point([1])];
  const layers = DISKS.map((disk) => ({ disk, layer: real.newLayer(disk) }));
  for (const { layer } of layers) await real.store.createActive(layer, SIZE, 'track');
  await labelLive(replica.host, replica.host.state.relationship(RELATIONSHIP)!, { pointId: points[0]!, planned: false, trackId: 'track', layers, fromState: 3 });
  const written = randomBytes(CLUSTER);
  for (const { layer } of layers) {
    const writer = await real.store.open(layer);
    await writer.write(2 * CLUSTER, chunkOf(written));
    await writer.close();
  }
  const { state } = await replica.startedAnew();
  assert.equal(state.relationshipOf(replica.machineId), undefined);
  const machine = state.machine(replica.machineId)!;
  assert.equal(machine.definition.autostart, false);
  for (const stack of machine.stacks) {
    const expected = Buffer.from(replica.expected.get(points[0]!)!.get(stack.disk)!);
    written.copy(expected, 2 * CLUSTER);
    assert.ok(await real.reads(stack.layers, expected));
  }
});

test('a directory whose files do not explain themselves is left as it is', async () => {
  await using real = await RealLayers.make();
  await using replica = new Replica(real);
  const unlabelled = await real.layer(SIZE, []);
  const host = await replica.startedAnew();
  assert.ok(existsSync(unlabelled.path));
  assert.match(host.state.events(null, 1)[0]!.message, /left as they are/);
  replica.accept();
  await replica.point([0]);
  await replica.point([1]);
  for (const { layers } of replica.host.state.machine(replica.machineId)!.stacks) await real.store.relabel(layers[0]!, null);
  const before = readdirSync(join(real.storage, real.machineId)).sort();
  const again = await replica.startedAnew();
  assert.equal(again.state.machine(replica.machineId), undefined);
  assert.deepEqual(readdirSync(join(real.storage, real.machineId)).sort(), before);
});
