/** The state on SQLite: whole transactions, on stable storage, and nothing that the table does not know. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import { Fault } from '../../src/errors/fault.ts';
import { ClusterSet } from '../../src/extents/clusterset.ts';
import type { MachineDefinition } from '../../src/machine/definition.ts';
import type { EventRecord, Job, Machine, Point, Relationship } from '../../src/machine/records.ts';
import { founded } from '../../src/relationship/epoch.ts';
import { defaultSettings } from '../../src/relationship/settings.ts';
import { ALL_STATES } from '../../src/relationship/state.ts';
import { packClusters } from '../../src/state/clusterbits.ts';
import { MIGRATIONS, openDatabase, openInMemory } from '../../src/state/database.ts';
import { SqliteState } from '../../src/state/state.ts';

const directory = mkdtempSync(join(tmpdir(), 'understudy-state-'));
after(() => rmSync(directory, { recursive: true }));
let directories = 0;
const freshDir = (): string => join(directory, String(++directories));
const inMemory = (): SqliteState => new SqliteState(openInMemory());

const DEFINITION: MachineDefinition = {
  id: 'm1', name: 'web', machineType: 'pc-q35-7.2', cpuModel: 'qemu64', cpuCount: 1, memoryMiB: 64, disks: [], nics: [],
  firmware: { kind: 'bios' }, tpm: false, vga: 'none', guestAgent: false, autostart: false,
};
const machineNamed = (id: string, name: string): Machine => ({
  id, name, definition: { ...DEFINITION, id, name }, stacks: [], lineage: founded('e1', 'host-a'), powerLock: null, storage: '/storage', copyOf: null,
});
const relationshipOf = (machineId: string, more: Partial<Relationship> = {}): Relationship => ({
  id: `r-${machineId}`, machineId, peerId: 'host-b', side: 'primary', state: 3, settings: defaultSettings(['root']), key: 'a2V5', newestPointId: null,
  newestInstantMs: null, sequence: 0, trackId: null, attempt: null, doubtful: null, receiving: null, failover: null, testCopy: null, token: null, divergenceId: null,
  yielded: null, overrides: {}, totals: { bytesChanged: 0, bytesShipped: 0 }, lastCycle: null, lastFault: null, failures: 0, ...more,
});
const pointOf = (id: string, sequence: number, machineId = 'm1'): Point => ({
  id, machineId, parentId: null, epochId: 'e1', sequence, kind: 'standard', instantMs: 1_000 * sequence, definition: DEFINITION, sizeBytes: 0, digest: 'd', name: null, pinned: false,
});
const jobOf = (id: string, startedMs: number, state: Job['state'] = 'completed'): Job => ({
  id, kind: 'cycle', machineId: 'm1', args: {}, state, percent: 0, step: '', startedMs, finishedMs: null, cancellable: false, error: null, result: null,
});
const eventOf = (message: string): Omit<EventRecord, 'id'> => ({ atMs: 1, number: null, severity: 'information', machine: null, message });

const clusterSet = fc.integer({ min: 0, max: 5_000 }).chain((size) =>
  fc.array(fc.nat(Math.max(0, size - 1)), { maxLength: 40 }).map((members) => {
    const set = new ClusterSet(size);
    if (size > 0) for (const member of members) set.add(member);
    return set;
  }),
);
const clusterMaps = fc.uniqueArray(fc.constantFrom('root', 'data', 'swap'), { maxLength: 3 }).chain((disks) =>
  fc.tuple(...disks.map(() => clusterSet)).map((sets) => new Map(sets.map((set, at) => [disks[at]!, set]))),
);
const plain = (map: ReadonlyMap<string, ClusterSet>) => [...map].map(([disk, set]) => [disk, set.clusters, [...set.bytes]]).sort();

test('an event is told of once it is kept, and not when its transaction is undone', () => {
  const told: number[] = [];
  const state: SqliteState = new SqliteState(openInMemory(), (id) => told.push(id));
  state.addEvent(eventOf('alone'));
  state.transaction(() => {
    state.addEvent(eventOf('in a transaction'));
    state.transaction(() => state.addEvent(eventOf('in one within')));
    assert.deepEqual(told, [1]);
  });
  assert.deepEqual(told, [1, 2, 3]);
  assert.throws(() => state.transaction(() => {
    state.addEvent(eventOf('undone'));
    throw new Error('no');
  }));
  state.addEvent(eventOf('after it'));
  assert.deepEqual(told.map((id) => state.events(id - 1, 1)[0]!.message), ['alone', 'in a transaction', 'in one within', 'after it']);
});

describe('a transaction', () => {
  test('that throws leaves nothing behind, of any table', () => {
    const state = inMemory();
    assert.throws(() => state.transaction(() => {
      state.putMachine(machineNamed('m1', 'web'));
      state.putRelationship(relationshipOf('m1'));
      state.addPoint(pointOf('p1', 1), [{ name: 'vars', bytes: new Uint8Array(3) }], new Map([['root', ClusterSet.full(9)]]));
      state.putCarried('r-m1', new Map([['root', ClusterSet.full(9)]]));
      state.addToOutbox('m1', 'tell-peer', {});
      state.putJob(jobOf('j1', 1));
      state.addEvent(eventOf('e'));
      throw new Error('stop');
    }), /stop/);
    assert.deepEqual([state.machines(), state.relationships(), state.points('m1'), state.outbox('m1'), state.jobs(), state.events(null, 10)], [[], [], [], [], [], []]);
    assert.equal(state.clustersOf('p1').size + state.carried('r-m1').size, 0);
  });

  test('within another is part of it: a throw after it undoes it too', () => {
    const state = inMemory();
    assert.throws(() => state.transaction(() => {
      state.transaction(() => state.putMachine(machineNamed('m1', 'web')));
      throw new Error('stop');
    }), /stop/);
    assert.deepEqual(state.machines(), []);
  });

  test('that threw does not spoil the next', () => {
    const state = inMemory();
    assert.throws(() => state.transaction(() => state.transaction(() => {
      throw new Error('stop');
    })));
    assert.equal(state.transaction(() => {
      state.putMachine(machineNamed('m1', 'web'));
      return 7;
    }), 7);
    assert.equal(state.machines().length, 1);
  });

  test('that a constraint ends leaves what was there before', () => {
    const state = inMemory();
    state.putMachine(machineNamed('m1', 'web'));
    assert.throws(() => state.transaction(() => {
      state.putMachine({ ...machineNamed('m1', 'web'), powerLock: 'locked' });
      state.putMachine(machineNamed('m2', 'web'));
    }), /UNIQUE/);
    assert.equal(state.machine('m1')!.powerLock, null);
  });
});

describe('the state file', () => {
  test('holds after reopening what was committed, and not what was not', () => {
    const stateDir = freshDir();
    const first = openDatabase(stateDir);
    const writer = new SqliteState(first);
    writer.putMachine(machineNamed('m1', 'web'));
    writer.putRelationship(relationshipOf('m1'));
    writer.addPoint(pointOf('p1', 1), [], new Map([['root', ClusterSet.full(20)]]));
    first.exec('BEGIN IMMEDIATE');
    writer.putMachine(machineNamed('m2', 'lost'));
    first.close();
    const reader = new SqliteState(openDatabase(stateDir));
    assert.deepEqual(reader.machines(), [machineNamed('m1', 'web')]);
    assert.deepEqual(reader.relationshipOf('m1'), relationshipOf('m1'));
    assert.deepEqual(reader.points('m1'), [pointOf('p1', 1)]);
    assert.equal(reader.clustersOf('p1').get('root')!.size, 20);
  });

  test('is read by others while it is written, and shows them only what is committed', () => {
    const stateDir = freshDir();
    const [writer, reader] = [new SqliteState(openDatabase(stateDir)), new SqliteState(openDatabase(stateDir))];
    writer.transaction(() => {
      writer.putMachine(machineNamed('m1', 'web'));
      assert.deepEqual(reader.machines(), []);
    });
    assert.equal(reader.machines().length, 1);
  });

  test('is in a directory that its owner only can look into', () => {
    const stateDir = freshDir();
    openDatabase(stateDir).close();
    assert.equal(statSync(stateDir).mode & 0o777, 0o700);
  });

  const assertCorrupt = (stateDir: string): void =>
    assert.throws(() => openDatabase(stateDir), (thrown) => thrown instanceof Fault && thrown.code === 'state-corrupt');

  const damage: readonly (readonly [name: string, make: (stateDir: string) => void])[] = [
    ['is no database', (stateDir) => writeFileSync(join(stateDir, 'state.db'), 'this is a letter to the editor, and not a database at all\n'.repeat(200))],
    ['has lost its end', (stateDir) => spoil(stateDir, (bytes) => bytes.subarray(0, bytes.length - 8_192))],
    ['has a page of noise', (stateDir) => spoil(stateDir, (bytes) => bytes.fill(0xa5, 4_096, 12_288))],
    ['has a header of noise', (stateDir) => spoil(stateDir, (bytes) => bytes.fill(0xa5, 0, 100))],
  ];

  /** A file with content, closed cleanly, and then changed. */
  function spoil(stateDir: string, change: (bytes: Buffer) => Uint8Array): void {
    const database = openDatabase(stateDir);
    const state = new SqliteState(database);
    for (let at = 0; at < 200; at++) state.putMachine(machineNamed(`m${at}`, `machine-${at}`));
    database.close();
    const path = join(stateDir, 'state.db');
    writeFileSync(path, change(readFileSync(path)));
  }

  for (const [name, make] of damage) {
    test(`that ${name} is named as damaged and left as it is, byte for byte`, () => {
      const stateDir = freshDir();
      mkdirSync(stateDir);
      make(stateDir);
      const before = readFileSync(join(stateDir, 'state.db'));
      assertCorrupt(stateDir);
      assert.ok(readFileSync(join(stateDir, 'state.db')).equals(before), 'the file was changed');
    });
  }

  test('of a newer version is refused by that name, and left as it is, byte for byte', () => {
    const stateDir = freshDir();
    const database = openDatabase(stateDir);
    database.exec('CREATE TABLE later (id INTEGER); PRAGMA user_version = 999');
    database.close();
    const before = readFileSync(join(stateDir, 'state.db'));
    assert.throws(() => openDatabase(stateDir), (thrown) => thrown instanceof Fault && thrown.code === 'state-newer' && /newer version.*999/.test(thrown.message));
    assert.ok(readFileSync(join(stateDir, 'state.db')).equals(before), 'the file was changed');
  });

  test('that is damaged is left as it is by a program that ends, and so is the log beside it, which may hold the newest commits', () => {
    const [living, stateDir] = [freshDir(), freshDir()];
    const database = openDatabase(living);
    const state = new SqliteState(database);
    for (let at = 0; at < 200; at++) state.putMachine(machineNamed(`m${at}`, `machine-${at}`));
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    state.putMachine(machineNamed('newest', 'newest'));
    mkdirSync(stateDir);
    writeFileSync(join(stateDir, 'state.db'), readFileSync(join(living, 'state.db')).fill(0xa5, 8_192, 20_480));
    writeFileSync(join(stateDir, 'state.db-wal'), readFileSync(join(living, 'state.db-wal')));
    database.close();
    const before = ['state.db', 'state.db-wal'].map((name) => readFileSync(join(stateDir, name)));
    assert.ok(before[1]!.length > 0);
    const program = `import { openDatabase } from '${new URL('../../src/state/database.ts', import.meta.url).href}'; openDatabase(process.argv[1]);`;
    const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program, stateDir], { encoding: 'utf8', timeout: 30_000 });
    assert.ok(status !== 0 && stderr.includes('state-corrupt'), stderr);
    for (const [at, name] of ['state.db', 'state.db-wal'].entries()) assert.ok(readFileSync(join(stateDir, name)).equals(before[at]!), `${name} was changed`);
  });
});

describe('a relationship', () => {
  test('cannot be written with a state that the table does not know', () => {
    const state = inMemory();
    state.putMachine(machineNamed('m1', 'web'));
    for (const bad of [-1, 22, 3.5]) assert.throws(() => state.putRelationship(relationshipOf('m1', { state: bad as Relationship['state'] })), /CHECK|cannot store/);
    assert.deepEqual(state.relationships(), []);
  });

  test('can be written with every state that it knows', () => {
    const state = inMemory();
    state.putMachine(machineNamed('m1', 'web'));
    for (const each of ALL_STATES) {
      state.putRelationship(relationshipOf('m1', { state: each }));
      assert.equal(state.relationshipOf('m1')!.state, each);
    }
  });

  test('cannot be on a third side', () => {
    const state = inMemory();
    state.putMachine(machineNamed('m1', 'web'));
    assert.throws(() => state.putRelationship(relationshipOf('m1', { side: 'witness' as Relationship['side'] })), /CHECK/);
  });

  test('is one for each machine, and of a machine that is there', () => {
    const state = inMemory();
    state.putMachine(machineNamed('m1', 'web'));
    state.putRelationship(relationshipOf('m1'));
    assert.throws(() => state.putRelationship(relationshipOf('m1', { id: 'other' })), /UNIQUE/);
    assert.throws(() => state.putRelationship(relationshipOf('m9')), /FOREIGN KEY/);
  });

  test('in the middle of a chain is two, each found by what it is to the machine', () => {
    const state = inMemory();
    state.putMachine(machineNamed('m1', 'web'));
    state.putRelationship(relationshipOf('m1', { side: 'replica' }));
    state.putRelationship(relationshipOf('m1', { id: 'onward', kind: 'extended' }));
    assert.deepEqual([state.relationshipOf('m1')?.id, state.extendedOf('m1')?.id], ['r-m1', 'onward']);
    assert.throws(() => state.putRelationship(relationshipOf('m1', { id: 'another', kind: 'extended' })), /UNIQUE/);
    state.addToOutbox('m1', 'tell-peer', {});
    state.addToOutbox('m1', 'forget-attempt', {}, 'onward');
    assert.deepEqual([state.outbox('m1'), state.outbox('m1', 'onward')].map((items) => items.map(({ effect }) => effect)), [['tell-peer'], ['forget-attempt']]);
  });

  test('at the end of a chain is the machine\'s own, although it is an extended one', () => {
    const state = inMemory();
    state.putMachine(machineNamed('m1', 'web'));
    state.putRelationship(relationshipOf('m1', { side: 'replica', kind: 'extended' }));
    assert.deepEqual([state.relationshipOf('m1')?.id, state.extendedOf('m1')], ['r-m1', undefined]);
  });

  test('of a directory of an older version is a simple one, and what it carries is still there', () => {
    const path = freshDir();
    mkdirSync(path);
    const old = new DatabaseSync(join(path, 'state.db'));
    for (const statements of MIGRATIONS.slice(0, 2)) old.exec(statements);
    old.exec('PRAGMA user_version = 2');
    old.prepare('INSERT INTO machines VALUES (?, ?, ?)').run('m1', 'web', JSON.stringify(machineNamed('m1', 'web')));
    old.prepare('INSERT INTO relationships VALUES (?, ?, ?, ?, ?)').run('r-m1', 'm1', 'primary', 3, JSON.stringify(relationshipOf('m1')));
    old.prepare('INSERT INTO carried VALUES (?, ?, ?, ?)').run('r-m1', 'root', 8, packClusters(ClusterSet.full(8)));
    old.prepare("INSERT INTO outbox (machine_id, effect, payload) VALUES ('m1', 'tell-peer', '{}')").run();
    old.close();
    const state = new SqliteState(openDatabase(path));
    assert.deepEqual(state.relationshipOf('m1'), relationshipOf('m1'));
    assert.equal(state.carried('r-m1').get('root')?.size, 8);
    assert.equal(state.outbox('m1').length, 1);
    state.removeRelationship('r-m1');
    assert.equal(state.carried('r-m1').size, 0, 'what it carried still belongs to it');
  });

  test('takes what it carried with it when it goes', () => {
    const state = inMemory();
    state.putMachine(machineNamed('m1', 'web'));
    state.putRelationship(relationshipOf('m1'));
    state.putCarried('r-m1', new Map([['root', ClusterSet.full(9)]]));
    state.removeRelationship('r-m1');
    assert.equal(state.carried('r-m1').size, 0);
  });
});

describe('a point', () => {
  test('gives back its clusters, whatever they are', () => {
    fc.assert(fc.property(clusterMaps, (clusters) => {
      const state = inMemory();
      state.addPoint(pointOf('p1', 1), [], clusters);
      assert.deepEqual(plain(state.clustersOf('p1')), plain(clusters));
    }));
  });

  test('gives back its attachments, in order and byte for byte', () => {
    fc.assert(fc.property(fc.array(fc.record({ name: fc.string(), bytes: fc.uint8Array({ maxLength: 4_096 }) }), { maxLength: 5 }), (attachments) => {
      const state = inMemory();
      state.addPoint(pointOf('p1', 1), attachments, new Map());
      assert.deepEqual(state.attachmentsOf('p1').map(({ name, bytes }) => [name, [...bytes]]), attachments.map(({ name, bytes }) => [name, [...bytes]]));
    }));
  });

  test('keeps attachments and clusters when its row changes, and loses both when it goes', () => {
    const state = inMemory();
    state.addPoint(pointOf('p1', 1), [{ name: 'vars', bytes: Uint8Array.of(1, 2) }], new Map([['root', ClusterSet.full(9)]]));
    state.putPoint({ ...pointOf('p1', 1), pinned: true });
    assert.equal(state.point('p1')!.pinned, true);
    assert.equal(state.attachmentsOf('p1').length, 1);
    assert.equal(state.clustersOf('p1').get('root')!.size, 9);
    state.removePoint('p1');
    assert.equal(state.attachmentsOf('p1').length + state.clustersOf('p1').size, 0);
  });

  test('is listed in the order of the sequence, not of the clock or of arrival', () => {
    const state = inMemory();
    for (const sequence of [3, 1, 2]) state.addPoint({ ...pointOf(`p${sequence}`, sequence), instantMs: -sequence }, [], new Map());
    assert.deepEqual(state.points('m1').map(({ id }) => id), ['p1', 'p2', 'p3']);
  });
});

describe('carried changes', () => {
  test('are given back as they were put, until they are cleared', () => {
    fc.assert(fc.property(clusterMaps, (clusters) => {
      const state = inMemory();
      state.putMachine(machineNamed('m1', 'web'));
      state.putRelationship(relationshipOf('m1'));
      state.putCarried('r-m1', clusters);
      assert.deepEqual(plain(state.carried('r-m1')), plain(clusters));
      state.clearCarried('r-m1');
      assert.equal(state.carried('r-m1').size, 0);
    }), { numRuns: 30 });
  });
});

describe('the outbox', () => {
  test('gives each machine its own effects in the order they were added, until each is taken', () => {
    const state = inMemory();
    for (const [machineId, effect] of [['m1', 'a'], ['m2', 'x'], ['m1', 'b'], ['m1', 'a']] as const) state.addToOutbox(machineId, effect, { of: machineId });
    assert.deepEqual(state.outbox('m1').map(({ effect }) => effect), ['a', 'b', 'a']);
    assert.deepEqual(state.outbox('m2').map(({ machineId, payload }) => [machineId, payload]), [['m2', { of: 'm2' }]]);
    state.takeFromOutbox(state.outbox('m1')[1]!.id);
    assert.deepEqual(state.outbox('m1').map(({ effect }) => effect), ['a', 'a']);
  });

  test('never gives an id twice, so that an effect taken late takes no other', () => {
    const state = inMemory();
    state.addToOutbox('m1', 'a', {});
    const { id } = state.outbox('m1')[0]!;
    state.takeFromOutbox(id);
    state.addToOutbox('m1', 'b', {});
    state.takeFromOutbox(id);
    assert.deepEqual(state.outbox('m1').map(({ effect }) => effect), ['b']);
  });

  test('of a machine goes with the machine', () => {
    const state = inMemory();
    state.putMachine(machineNamed('m1', 'web'));
    state.addToOutbox('m1', 'a', {});
    state.addPoint(pointOf('p1', 1), [], new Map());
    state.removeMachine('m1');
    assert.deepEqual([state.outbox('m1'), state.points('m1'), state.machine('m1')], [[], [], undefined]);
  });
});

describe('events', () => {
  test('are paged without a gap or a repeat, oldest first; without a place the newest come', () => {
    const state = inMemory();
    for (let at = 1; at <= 25; at++) state.addEvent(eventOf(`event ${at}`));
    const seen: number[] = [];
    for (let page = state.events(0, 10); page.length > 0 && seen.length < 100; page = state.events(page.at(-1)!.id, 10)) seen.push(...page.map(({ id }) => id));
    assert.deepEqual(seen, Array.from({ length: 25 }, (_, at) => at + 1));
    assert.deepEqual(state.events(null, 3).map(({ message }) => message), ['event 23', 'event 24', 'event 25']);
    assert.deepEqual(state.events(25, 10), []);
  });

  test('of one machine come without those of others, paged the same way', () => {
    const state = inMemory();
    for (let at = 1; at <= 9; at++) state.addEvent({ ...eventOf(`event ${at}`), machine: at % 3 === 0 ? 'web1' : at % 3 === 1 ? 'web10' : null });
    const named = (afterId: number | null, limit: number) => state.events(afterId, limit, { machine: 'web1' }).map(({ id }) => id);
    assert.deepEqual([named(null, 10), named(null, 2), named(3, 10), named(0, 1)], [[3, 6, 9], [6, 9], [6, 9], [3]]);
  });

  test('of some severities come without the others, together with one machine too', () => {
    const state = inMemory();
    const severities = ['information', 'warning', 'error'] as const;
    for (let at = 0; at < 9; at++) state.addEvent({ ...eventOf(`event ${at}`), severity: severities[at % 3]!, machine: at < 6 ? 'web1' : null });
    const ids = (which: Parameters<typeof state.events>[2]) => state.events(null, 10, which).map(({ id }) => id);
    assert.deepEqual([ids({ severities: ['warning', 'error'] }), ids({ severities: ['error'], machine: 'web1' })], [[2, 3, 5, 6, 8, 9], [3, 6]]);
  });

  test('are kept to the newest 10,000, and their numbers go on', () => {
    const state = inMemory();
    state.transaction(() => {
      for (let at = 1; at <= 10_020; at++) state.addEvent(eventOf(String(at)));
    });
    assert.deepEqual([state.events(0, 1)[0]!.id, state.events(0, 20_000).length, state.addEvent(eventOf('next')).id], [21, 10_000, 10_021]);
  });
});

describe('jobs', () => {
  const endedJob = (id: string, endedMs: number): Job => ({ ...jobOf(id, endedMs), finishedMs: endedMs });

  test('are listed newest first and kept to 500, but none that runs is forgotten', () => {
    const state = inMemory();
    state.transaction(() => {
      state.putJob(jobOf('runs', 0, 'running'));
      for (let minute = 1; minute <= 600; minute++) state.putJob(endedJob(`j${minute}`, minute * 60_000));
    });
    const listed = state.jobs();
    assert.equal(listed[0]!.id, 'j600');
    assert.equal(listed.at(-1)!.id, 'runs');
    assert.ok(listed.length <= 501, String(listed.length));
  });

  test('can be read for five minutes after they ended, however many come after them', () => {
    const state = inMemory();
    state.transaction(() => {
      for (let second = 1; second <= 900; second++) state.putJob(endedJob(`j${second}`, second * 1_000));
    });
    assert.equal(state.job('j601')?.id, 'j601');
    assert.equal(state.job('j1'), undefined);
  });
});
