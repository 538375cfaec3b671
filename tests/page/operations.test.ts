/** The page's table of operations: complete beside the command line and the API, and right about what is offered and lost. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Command } from 'commander';
import { createProgram, fullNameOf } from '../../src/cli/program.ts';
import { allowedVerbs } from '../../src/relationship/step.ts';
import { ALL_STATES, type Side, type State } from '../../src/relationship/state.ts';
import type { RelationshipView } from '../../src/service/relationshipviews.ts';
import type { MachineView, PointView } from '../../src/service/views.ts';
import { readForm, type Typed } from '../../web/src/operations/field.ts';
import { nameToType, type Operation, type Situation } from '../../web/src/operations/operation.ts';
import { nextOf, offered, OPERATIONS } from '../../web/src/operations/operations.ts';

const ROOT = join(import.meta.dirname, '../..');
const NOW_MS = 1_800_000_000_000;

/** Commands that are no operation on one machine, or families of such: where the page has them, or why it does not need them. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  status: 'overview', 'vm list': 'overview', 'vm show': 'machine', 'vm console': 'a terminal', 'vm screenshot': 'machine', 'vm console-text': 'machine', 'test-result': 'machine', 'test-screenshot': 'machine', points: 'machine', 'point show': 'machine', 'network show': 'machine', 'health show': 'machine',
  jobs: 'machine and jobs', events: 'machine and events', audit: 'users', doctor: 'doctor', 'health limits': 'health limits', version: 'about', report: 'report', completion: 'a shell',
  host: 'hosts', server: 'server', authorization: 'authorizations', traffic: 'traffic', user: 'users', notify: 'notifications', 'sign-in': 'sign-in', 'sign-out': 'header',
  'backup-state': 'the host itself: the file holds keys', 'restore-state': 'the host itself, while its daemon is off',
};
const isElsewhere = (command: string): boolean => Object.hasOwn(ELSEWHERE, command) || Object.hasOwn(ELSEWHERE, command.split(' ')[0]!);

const leaves = (command: Command): Command[] => (command.commands.length === 0 ? [command] : command.commands.flatMap(leaves));
const commands = (await createProgram()).commands.flatMap(leaves).map((command) => fullNameOf(command).replace(/^understudy /, '')).filter((name) => name !== 'help');

interface Described { readonly operationId: string; readonly tags?: readonly string[] }
const document = JSON.parse(readFileSync(join(ROOT, 'docs/generated/openapi.json'), 'utf8')) as { paths: Record<string, Record<string, Described>> };
const described = Object.entries(document.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, { operationId }]) => ({ path, method: method.toUpperCase(), operationId })));

const machineOf = (more: Partial<MachineView> = {}): MachineView => ({
  id: '6f1c2a9e-4b0d-4a53-9d0e-2f6a1c3b5d7e', name: 'web1', role: 'replica', power: 'off', startRefusal: null, memoryMiB: 64, cpuCount: 1, autostart: false, disks: [{ name: 'root', path: '/r', format: 'qcow2', sizeBytes: 2 ** 30 }, { name: 'data', path: '/d', format: 'qcow2', sizeBytes: 2 ** 30 }], consoleSocket: null, consoleLog: null, pid: null, ...more,
});
const pointOf = (id: string, ageMs: number, more: Partial<PointView> = {}): PointView => ({ id, sequence: 1, kind: 'standard', instantMs: NOW_MS - ageMs, sizeBytes: 65_536, newest: false, name: null, verification: null, ...more });
const relationshipOf = (side: Side, state: State, more: Partial<RelationshipView> = {}): RelationshipView => ({
  id: 'r-1', kind: 'simple', machineId: 'm', machine: 'web1', side, peer: 'beta', peerConnected: true, state, stateName: '', health: 'ok', healthReasons: [], lagMs: 42_000, lastCycle: null, lastResynchronization: null, lastKind: null, lastConsistentAtMs: null, nextCycleAtMs: null, startsAtMs: null, waitingFor: null, points: 3, commitsAtMs: null, lastTestAtMs: null, epoch: { number: 1, id: 'e' },
  settings: { intervalSeconds: 300, compression: true, disks: ['root'], recoveryHistory: 4, applicationConsistentHours: 0, replicateHostItems: true, bypassProxy: false, resynchronizationWindow: null, additional: {} },
  allowed: allowedVerbs({ side, state }), advice: '', lastFault: null, ...more,
});
const hostOf = (name: string, self = false) => ({ id: name, name, address: 'x:1', fingerprint: '', self, connected: true, lastContactMs: null, certificateExpiresMs: null });
const situationOf = (more: Partial<Situation> = {}): Situation => ({
  host: 'alpha', machine: machineOf(), toml: 'name = "web1"', relationship: relationshipOf('replica', 3), lagMs: 42_000, other: null, points: [pointOf('p-new', 42_000, { newest: true }), pointOf('p-old', 3_600_000)], picked: null, hosts: [hostOf('alpha', true), hostOf('beta'), hostOf('gamma')],
  network: { machineId: 'm', machine: 'web1', guestAgent: true, hasArrived: true, adapters: [{ index: 0, mac: '52:54:00:00:00:01', network: 'br0', bridge: 'br1', testBridge: null, addresses: { protocol: 'both', dhcp: true, addresses: [], gateways: [], dnsServers: [] } }], outcome: null },
  entries: [{ id: 'a-1', host: 'beta', storage: '/s', trustGroup: 'g' }], hasPeerFailedOver: false, nowMs: NOW_MS, ...more,
});
const operation = (id: string): Operation => OPERATIONS.find((each) => each.id === id) ?? assert.fail(`no operation ${id}`);
const valuesOf = (each: Operation, situation: Situation, typed: Readonly<Record<string, Typed>> = {}) => readForm(each.fields?.(situation) ?? [], typed);
const ids = (situation: Situation, role: 'viewer' | 'operator' | 'administrator' = 'administrator') => offered(situation, role).map(({ id }) => id);

describe('the table', () => {
  test('has every command of the command line, or says where else the page has it', () => {
    const covered = new Set(OPERATIONS.map(({ command }) => command));
    assert.deepEqual(commands.filter((name) => !covered.has(name) && !isElsewhere(name)), []);
    assert.deepEqual([...covered].filter((name) => !commands.includes(name)), []);
  });

  test('uses every operation of the API that changes a machine or its relationship', () => {
    const used = new Set(OPERATIONS.flatMap(({ api }) => api));
    const about = described.filter(({ path, method }) => method !== 'GET' && /^\/api\/(relationships|machines)/.test(path)).map(({ operationId }) => operationId);
    assert.deepEqual(about.filter((id) => !used.has(id)), []);
    assert.deepEqual([...used].filter((id) => !described.some(({ operationId }) => operationId === id)), []);
  });

  test('calls only what the API has, by a path and a method of one of the operations that it names', () => {
    for (const each of OPERATIONS) {
      const situation = situationOf({ picked: pointOf('p-old', 3_600_000) });
      for (const typed of [{}, { at: '2027-01-15T22:30', bridging: 'set', bridge: 'br7', force: true }]) {
        const { values } = valuesOf(each, situation, typed);
        const requests = [each.request(situation, values), ...(each.plan ? [each.plan(situation, values)] : [])];
        for (const { method, path } of requests) {
          const asked = path.split('?')[0]!;
          const found = described.find((one) => each.api.includes(one.operationId) && one.method === method && new RegExp(`^${one.path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(asked));
          assert.ok(found, `${each.id}: ${method} ${path}`);
        }
      }
    }
  });

  test('names each operation once, says what happens in whole sentences, and what is lost where a name has to be typed', () => {
    assert.equal(new Set(OPERATIONS.map(({ id }) => id)).size, OPERATIONS.length);
    for (const each of OPERATIONS) {
      const situation = situationOf({ picked: pointOf('p-old', 3_600_000), other: null });
      const { values } = valuesOf(each, situation);
      const happens = each.happens(situation, values);
      assert.ok(happens.length > 0, each.id);
      const lost = each.loses?.(situation, values) ?? [];
      for (const sentence of [...happens, ...lost]) assert.match(sentence, /^(?:[\p{Lu}\d]|web1|alpha|beta|gamma).*[.]$/su, `${each.id}: ${sentence}`);
      for (const sentence of [each.title(situation), ...happens, ...lost]) assert.doesNotMatch(sentence, /\{\w+\}|undefined|NaN/, each.id);
    }
  });
});

describe('what is offered', () => {
  test('is what the relationship allows, in every state and on both sides: each verb leads to an operation', () => {
    for (const side of ['primary', 'replica'] as const) {
      for (const state of ALL_STATES.filter((each) => each !== 0)) {
        const relationship = relationshipOf(side, state, { startsAtMs: NOW_MS + 1 });
        const shown = offered(situationOf({ relationship, machine: machineOf({ role: side }) }), 'administrator');
        for (const verb of relationship.allowed.filter((each) => each !== 'settings --disks' && each !== 'failover')) assert.ok(shown.some((each) => each.verb === verb || each.id === verb), `${verb} in ${state} on the ${side}`);
        const wrong = shown.filter((each) => each.verb !== undefined && !relationship.allowed.includes(each.verb));
        assert.deepEqual(wrong.map(({ id }) => id), [], `${side} ${state}`);
      }
    }
  });

  test('is nothing to a viewer, and no authorization entry to an operator', () => {
    assert.deepEqual(ids(situationOf(), 'viewer'), []);
    assert.deepEqual([ids(situationOf(), 'operator').includes('assign'), ids(situationOf()).includes('assign')], [false, true]);
  });

  test('is an unplanned failover on the replica only, and a planned one on both hosts while replicating', () => {
    const has = (side: Side, state: State) => ['failover-planned', 'failover-unplanned'].map((id) => ids(situationOf({ relationship: relationshipOf(side, state), machine: machineOf({ role: side }) })).includes(id));
    assert.deepEqual([has('replica', 3), has('primary', 3), has('replica', 8)], [[true, true], [true, false], [false, true]]);
  });

  test('is enabling for a machine of its own, and sending on for a replica that is not sent on yet', () => {
    const standalone = situationOf({ relationship: null, machine: machineOf({ role: 'standalone' }) });
    assert.ok(ids(standalone).includes('enable'));
    assert.ok(!ids({ ...standalone, hosts: [hostOf('alpha', true)] }).includes('enable'), 'without another host there is none to replicate to');
    assert.ok(ids(situationOf()).includes('enable'));
    assert.deepEqual(operation('enable').fields!(situationOf())[0], { kind: 'choice', name: 'host', label: 'Host that gets the replica', choices: [{ value: 'gamma', label: 'gamma' }], initial: 'gamma', isNeeded: true });
    const sentOn = situationOf({ other: relationshipOf('primary', 3, { kind: 'extended', peer: 'gamma' }) });
    assert.ok(!ids(sentOn).includes('enable'));
  });

  test('begins with what helps next: to test, to commit, to go on, to yield in a split brain', () => {
    const next = (state: State, more: Partial<RelationshipView> = {}) => nextOf(situationOf({ relationship: relationshipOf('replica', state, more) }), 'operator')?.id;
    const allowed = (...verbs: string[]) => ({ allowed: verbs });
    assert.deepEqual([next(3, allowed('test', 'failover')), next(5, allowed('commit', 'revert')), next(7, allowed('resume')), next(6, allowed('become-replica', 'reverse')), next(12, allowed()), next(3, { ...allowed('test', 'failover'), peerConnected: false })], ['test', 'commit', 'resume', 'become-replica', undefined, 'failover-unplanned']);
    const prepared = (hasPeerFailedOver: boolean) => nextOf(situationOf({ relationship: relationshipOf('primary', 4, allowed('cancel-failover')), hasPeerFailedOver }), 'operator')?.id;
    assert.deepEqual([prepared(false), prepared(true)], ['cancel-failover', undefined]);
  });
});

describe('what is lost', () => {
  const lost = (id: string, situation: Situation, typed: Readonly<Record<string, Typed>> = {}) => operation(id).loses!(situation, valuesOf(operation(id), situation, typed).values).join('\n');

  test('by an unplanned failover is what was written since the chosen point, and grows with time', () => {
    assert.match(lost('failover-unplanned', situationOf()), /What web1 wrote on beta in the last 42 s is not there/);
    assert.match(lost('failover-unplanned', situationOf({ nowMs: NOW_MS + 18_000 })), /in the last 1 min is not there/);
    assert.match(lost('failover-unplanned', situationOf({ relationship: relationshipOf('replica', 3, { peerConnected: false }) })), /nobody can tell whether it is gone or only the line to it/);
    const older = lost('failover-unplanned', situationOf(), { point: 'p-old' });
    assert.match(older, /in the last 1 h is not there/);
    assert.match(older, /1 newer recovery points are not used/);
  });

  test('by an unplanned failover names what force and a damaged point add, and whether the other host answers', () => {
    const damaged = pointOf('p-bad', 1_000, { newest: true, verification: { atMs: NOW_MS, clusters: 9, uncheckedClusters: 0, damage: [{ disk: 'root', clusters: 1, firstOffsetBytes: 0 }] } });
    const text = lost('failover-unplanned', situationOf({ points: [damaged], relationship: relationshipOf('replica', 3, { peerConnected: false }) }), { force: true });
    assert.match(text, /found damaged/);
    assert.match(text, /two guests run apart/);
    assert.match(text, /If beta comes back/);
  });

  test('by reverting a planned failover is nothing more, but the guest runs nowhere then: it says where to let it go on', () => {
    const happens = (kind: PointView['kind']) => operation('revert').happens(situationOf({ relationship: relationshipOf('replica', 5), points: [pointOf('p', 60_000, { newest: true, kind })] }), {}).join(' ');
    assert.match(happens('planned'), /cancel the planned failover there/);
    assert.doesNotMatch(happens('standard'), /planned failover/);
  });

  test('by settings is a disk that is taken out, or points beyond a shorter history; otherwise nothing has to be typed', () => {
    const situation = situationOf({ relationship: relationshipOf('primary', 3, { settings: { ...relationshipOf('primary', 3).settings, disks: ['root', 'data'] } }) });
    const dangerOf = (typed: Readonly<Record<string, Typed>>) => operation('settings').danger(situation, valuesOf(operation('settings'), situation, typed).values);
    assert.deepEqual([dangerOf({}), dangerOf({ recoveryHistory: '8' }), dangerOf({ recoveryHistory: '3' }), dangerOf({ disks: ['root'] })], ['none', 'none', 'loss', 'loss']);
  });

  test('is confirmed by the name, or by the beginning of the UUID where the name cannot be typed', () => {
    assert.equal(nameToType(machineOf()), 'web1');
    assert.equal(nameToType(machineOf({ name: 'web1 - Test' })), 'web1 - Test');
    for (const name of ['we\u202eb1', '  ', 'x'.repeat(10_000), 'Zürich\n', '<script>\u200b']) assert.equal(nameToType(machineOf({ name })), '6f1c2a9e');
  });
});

describe('a form', () => {
  const settings = operation('settings');
  const situation = situationOf({ relationship: relationshipOf('primary', 3, { settings: { ...relationshipOf('primary', 3).settings, additional: { cycleIntervalMs: 2_000, bandwidth: [{ mbitPerSecond: 100 }] } } }) });
  const bodyOf = (typed: Readonly<Record<string, Typed>>) => settings.request(situation, valuesOf(settings, situation, typed).values).body;

  test('of settings that were not changed asks for nothing', () => assert.deepEqual(bodyOf({}), {}));

  test('of settings asks for what was changed only', () => {
    assert.deepEqual(bodyOf({ intervalSeconds: '30', recoveryHistory: '4' }), { intervalSeconds: 30 });
    assert.deepEqual(bodyOf({ resynchronization: 'window', windowFrom: '22:00' }), { resynchronizationWindow: { fromSeconds: 79_200, untilSeconds: 21_600 } });
    assert.deepEqual(bodyOf({ bandwidth: '100\n08:00-18:00=20', commitAfterSeconds: '2h' }), { additional: { commitAfterSeconds: 7_200, bandwidth: [{ mbitPerSecond: 100 }, { from: '08:00', until: '18:00', mbitPerSecond: 20 }] } });
  });

  test('says of each field what cannot be, and asks for nothing that is not needed', () => {
    const { problems } = valuesOf(settings, situation, { recoveryHistory: '25', bandwidth: 'fast', commitAfterSeconds: 'soon', disks: [] });
    assert.deepEqual(Object.keys(problems).sort(), ['bandwidth', 'commitAfterSeconds', 'disks', 'recoveryHistory']);
    const attach = operation('disk-attach');
    assert.deepEqual(Object.keys(valuesOf(attach, situationOf(), { name: 'Data!', path: 'images/x' }).problems).sort(), ['name', 'path']);
    assert.deepEqual(attach.request(situationOf(), valuesOf(attach, situationOf(), { name: 'data2', path: '/images/x', size: '10GiB' }).values).body, { name: 'data2', path: '/images/x', format: 'qcow2', bus: 'virtio', sizeBytes: 10 * 2 ** 30 });
  });

  test('begins with the point that was picked, and a bridge is asked for only where one is chosen', () => {
    const picked = situationOf({ picked: pointOf('p-old', 3_600_000) });
    const test = operation('test');
    assert.deepEqual(test.request(picked, valuesOf(test, picked).values).body, { point: 'p-old', start: true });
    assert.deepEqual(valuesOf(test, picked, { network: 'bridge' }).problems, { bridge: 'This is needed.' });
    assert.deepEqual(test.request(picked, valuesOf(test, picked, { network: 'bridge', bridge: 'br9', start: false }).values).body, { point: 'p-old', start: false, network: 'br9' });
  });
});
