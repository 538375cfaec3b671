/** What paired hosts tell each other of their machines: at once while somebody looks, seldom otherwise, and never as of now when it is not. */
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { update } from '../../src/engine/transition.ts';
import { PeerRosters, type KnownRoster, type RosterStore } from '../../src/engine/roster/rosters.ts';
import { Fault } from '../../src/errors/fault.ts';
import { Pair } from '../../src/simulation/pair.ts';

const MINUTE_MS = 60_000;

class Store implements RosterStore {
  readonly rows = new Map<string, KnownRoster>();
  puts = 0;
  all = () => this.rows;
  put(hostId: string, roster: KnownRoster): void {
    this.puts += 1;
    this.rows.set(hostId, roster);
  }
  remove(hostId: string): void {
    this.rows.delete(hostId);
  }
}

interface Scene {
  readonly pair: Pair;
  readonly rosters: PeerRosters;
  readonly store: Store;
  /** Calls of the roster that B has answered. */
  readonly asked: { count: number };
  /** Times that A told of B's change. */
  readonly news: { count: number };
}

const scenes: Scene[] = [];
afterEach(async () => {
  for (const { rosters, pair } of scenes.splice(0)) {
    const stopped = rosters.stop();
    await pair.pass(MINUTE_MS);
    await stopped;
  }
});

/** A knows B; its machine is replicated there, and the guest is off. */
async function scene(seed: string, store = new Store()): Promise<Scene> {
  const pair = new Pair({ seed });
  await pair.enable();
  const [asked, news] = [{ count: 0 }, { count: 0 }];
  const { host } = pair.a.engine!;
  pair.network.onCall = (line) => {
    if (line.startsWith('A → B roster')) asked.count += 1;
  };
  const rosters = new PeerRosters({ ...host, changed: (kind) => (kind === 'host' ? (news.count += 1) : 0) }, store);
  const made = { pair, rosters, store, asked, news };
  scenes.push(made);
  rosters.contact('B');
  return made;
}

const machineOf = (rosters: PeerRosters) => rosters.of('B')?.machines[0];

test('a host that is met tells its machines: name, role, power, and how each relationship stands', async () => {
  const { pair, rosters } = await scene('met');
  assert.deepEqual([rosters.of('B'), rosters.isFresh('B')], [null, false]);
  await pair.until(() => rosters.of('B') !== null, 'B tells');
  const { name, role, power, relationships } = machineOf(rosters)!;
  assert.deepEqual([name, role, power], ['vm', 'replica', 'off']);
  assert.deepEqual(relationships.map(({ id, side, peerId, state, lagSinceMs }) => [id, side, peerId, state, lagSinceMs]), [[pair.relationshipId, 'replica', 'A', 2, null]]);
  assert.equal(rosters.isFresh('B'), true);
});

test('while somebody looks a change is heard of within a second, and a host without changes is asked a few times a minute', async () => {
  const { pair, rosters, asked, news } = await scene('looking');
  await pair.pass(1_000);
  rosters.look();
  await pair.pass(MINUTE_MS / 2);
  assert.ok(asked.count <= 12, `asked ${asked.count} times`);
  const before = news.count;
  update(pair.b.engine!.host, pair.relationshipId, (relationship) => ({ settings: { ...relationship.settings, additional: { cycleIntervalMs: 10_000 } } }));
  await pair.until(() => machineOf(rosters)!.relationships[0]!.intervalMs === 10_000, 'the change is known', 1_000);
  assert.equal(news.count, before + 1);
});

test('while nobody looks a host is asked about once a minute, and what is known is not of now', async () => {
  const { pair, rosters, asked } = await scene('unwatched');
  await pair.pass(10 * MINUTE_MS);
  assert.ok(asked.count >= 8 && asked.count <= 12, `asked ${asked.count} times`);
  await pair.until(() => !rosters.isFresh('B'), 'the answer is old', MINUTE_MS);
  const refreshed = rosters.refresh(['B'], 1_500);
  await pair.time.until(refreshed, 1_500, 'a fresh answer');
  assert.equal(rosters.isFresh('B'), true);
});

test('what a host told stays when it is out of reach, with its time, also for the next daemon; when it is back it is asked at once', async () => {
  const { pair, rosters, store } = await scene('lost');
  await pair.until(() => rosters.of('B') !== null, 'B tells');
  pair.cutOff();
  rosters.contact('B');
  await pair.until(() => rosters.failureOf('B') !== null, 'B is lost', MINUTE_MS);
  const { asOfMs } = rosters.of('B')!;
  await pair.pass(5 * MINUTE_MS);
  assert.deepEqual([rosters.of('B')!.asOfMs, rosters.isFresh('B'), machineOf(rosters)!.name], [asOfMs, false, 'vm']);
  const next = new PeerRosters(pair.a.engine!.host, store);
  assert.deepEqual([next.of('B')!.asOfMs, next.of('B')!.machines, next.isFresh('B')], [asOfMs, rosters.of('B')!.machines, false]);
  pair.network.heal();
  rosters.contact('B');
  await pair.until(() => rosters.isFresh('B'), 'B is asked again', 5_000);
  assert.equal(rosters.failureOf('B'), null);
});

test('a host is told of the machines that changed, one of an older version of all', async () => {
  const { pair, rosters } = await scene('changes');
  await pair.until(() => rosters.of('B') !== null, 'B tells');
  const telling = pair.b.engine!.roster;
  const { edition } = await telling.answer({ edition: null, waitMs: 0 });
  update(pair.b.engine!.host, pair.relationshipId, (relationship) => ({ settings: { ...relationship.settings, additional: { cycleIntervalMs: 10_000 } } }));
  const asked = async (takesChanges: boolean) => {
    const answer = telling.answer({ edition, waitMs: 0, takesChanges });
    await pair.pass(1_000);
    return answer;
  };
  const { machines, changes } = await asked(true);
  assert.deepEqual([machines, changes!.machines.map(({ name }) => name), changes!.removed], [null, ['vm'], []]);
  const older = await asked(false);
  assert.deepEqual([older.machines!.length, older.changes], [1, undefined]);
});

test('what changes all the time is not written to disk all the time', async () => {
  const { pair, rosters, store } = await scene('busy');
  for (let second = 0; second < 120; second += 1) {
    rosters.look();
    update(pair.b.engine!.host, pair.relationshipId, (relationship) => ({ settings: { ...relationship.settings, additional: { cycleIntervalMs: 10_000 + second } } }));
    await pair.pass(1_000);
  }
  assert.equal(machineOf(rosters)!.relationships[0]!.intervalMs, 10_119);
  assert.ok(store.puts >= 3 && store.puts <= 5, `written ${store.puts} times`);
});

test('a host of an older version is known as such, and is not asked on and on', async () => {
  const { pair, rosters, asked } = await scene('older');
  pair.network.up('B', () => Promise.reject(new Fault('peer-protocol', 'this host does not know the call "roster"')));
  await pair.pass(1_000);
  rosters.look();
  await pair.pass(2 * MINUTE_MS);
  assert.equal(rosters.failureOf('B')?.code, 'peer-protocol');
  assert.ok(asked.count <= 4, `asked ${asked.count} times`);
});

test('a host that was removed is asked no more, and nothing of it is kept', async () => {
  const { pair, rosters, store, asked } = await scene('removed');
  await pair.until(() => rosters.of('B') !== null, 'B tells');
  rosters.forget('B');
  const { count } = asked;
  await pair.pass(5 * MINUTE_MS);
  assert.deepEqual([rosters.of('B'), store.rows.size, asked.count], [null, 0, count]);
});
