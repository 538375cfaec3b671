/** Every check of the doctor: a case in which it fires, and one in which it does not. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { emptyRelationship } from '../../src/engine/answers.ts';
import { CHECKS } from '../../src/doctor/checks.ts';
import { diagnose } from '../../src/doctor/doctor.ts';
import type { DiskFacts, Facts, HostFacts, MachineFacts, PeerFacts } from '../../src/doctor/facts.ts';
import { imageFacts, type ImageFacts } from '../../src/doctor/image.ts';
import { limitsOf } from '../../src/health/limits.ts';
import type { GuestNetwork } from '../../src/machine/guestnetwork.ts';
import type { MachineDefinition } from '../../src/machine/definition.ts';
import type { Machine, Relationship } from '../../src/machine/records.ts';
import { defaultSettings, type Settings } from '../../src/relationship/settings.ts';

const NOW_MS = 1_700_000_000_000;
const DAY_MS = 86_400_000;
const GIB = 2 ** 30;

const roomy = { path: '/replicas', freeBytes: 50 * GIB, totalBytes: 100 * GIB };
const full = { path: '/replicas', freeBytes: 4 * GIB, totalBytes: 100 * GIB };
const entry = { id: 'e', host: 'beta', storage: '/replicas', trustGroup: 'DEFAULT' };
const HOST: HostFacts = { name: 'alpha', nowMs: NOW_MS, version: '1.0.0', qemuVersion: '7.2.5', acceleration: 'kvm', certificateExpiresMs: NOW_MS + 300 * DAY_MS, acceptsReplicas: true, entries: [entry], storages: [roomy], fleecing: { ...roomy, path: '/state' }, limits: limitsOf(), notifications: [{ name: 'oncall', failure: null }] };
const ANSWER = { skewMs: 100, version: '1.0.0', qemuVersion: '7.2.5', storage: roomy };
const PEER: PeerFacts = { name: 'beta', certificateExpiresMs: NOW_MS + 300 * DAY_MS, answer: ANSWER, failure: null, primaries: 1, replicas: 1 };
const SETTINGS: Settings = { ...defaultSettings(['root']), recoveryHistory: 24, declared: { autoResynchronize: true } };
const DEFINITION: MachineDefinition = {
  id: 'm', name: 'web1', machineType: 'pc-q35-7.2', cpuModel: 'qemu64', cpuCount: 1, memoryMiB: 512, disks: [{ name: 'root', path: '/images/root.qcow2', format: 'qcow2', bus: 'virtio' }],
  nics: [{ kind: 'bridge', bridge: 'br0', mac: '52:54:00:00:00:01' }], firmware: { kind: 'bios' }, tpm: false, vga: 'none', guestAgent: true, autostart: false,
};
const NETWORK: GuestNetwork = { adapters: [{ mac: '52:54:00:00:00:01', bridge: 'br1' }] };
const WITH_ADDRESSES: GuestNetwork = { adapters: [{ mac: '52:54:00:00:00:01', addresses: { protocol: 'ipv4', dhcp: true, addresses: [], gateways: [], dnsServers: [] } }] };
const MACHINE: Machine = { id: 'm', name: 'web1', definition: DEFINITION, stacks: [], lineage: [], powerLock: null, storage: '/replicas', copyOf: null, network: NETWORK };
const IMAGE: ImageFacts = { format: 'qcow2', version: 3, isEncrypted: false, internalSnapshots: 0 };
const DISK: DiskFacts = { disk: 'root', path: '/images/root.qcow2', format: 'qcow2', isReplicated: true, image: IMAGE };
const RELATIONSHIP: Relationship = { ...emptyRelationship, id: 'r', machineId: 'm', peerId: 'p', side: 'primary', state: 3, settings: SETTINGS, key: '', overrides: {} };
const OK: MachineFacts['judgement'] = { health: 'ok', issues: [] };
const PRIMARY: MachineFacts = { machine: MACHINE, relationship: RELATIONSHIP, judgement: OK, isRunning: true, agentAnswers: true, ioThreads: 0, disks: [DISK] };
const REPLICA: MachineFacts = { ...PRIMARY, relationship: { ...RELATIONSHIP, side: 'replica', lastTestMs: NOW_MS - DAY_MS }, isRunning: false, agentAnswers: null, ioThreads: null, disks: [] };

const healthy: Facts = { host: HOST, peers: [PEER], machines: [PRIMARY, REPLICA] };
const host = (change: Partial<HostFacts>): Facts => ({ ...healthy, host: { ...HOST, ...change } });
const peer = (change: Partial<PeerFacts>): Facts => ({ ...healthy, peers: [{ ...PEER, ...change }] });
const answer = (change: Partial<typeof ANSWER>): Facts => peer({ answer: { ...ANSWER, ...change } });
const primary = (change: Partial<MachineFacts>): Facts => ({ ...healthy, machines: [{ ...PRIMARY, ...change }] });
const replica = (change: Partial<Relationship>, more: Partial<MachineFacts> = {}): Facts => ({ ...healthy, machines: [{ ...REPLICA, relationship: { ...REPLICA.relationship, ...change }, ...more }] });
const settings = (change: Partial<Settings>): Facts => primary({ relationship: { ...RELATIONSHIP, settings: { ...SETTINGS, ...change } } });
const machine = (definition: Partial<MachineDefinition>, more: Partial<Machine> = {}): Machine => ({ ...MACHINE, definition: { ...DEFINITION, ...definition }, ...more });
const disk = (change: Partial<DiskFacts>): Facts => primary({ disks: [{ ...DISK, ...change }] });
const consistent = { ...RELATIONSHIP, settings: { ...SETTINGS, declared: { applicationConsistentHours: 4 } } };
const critical: MachineFacts['judgement'] = { health: 'critical', issues: [{ rule: 'cannot-send', severity: 'critical', message: 'It cannot send.', hint: 'Mend it.' }] };

/** Check → facts with which it fires; and facts that are near, with which it does not. */
const CASES: Readonly<Record<string, readonly [fires: Facts, not: Facts]>> = {
  'health-critical': [primary({ judgement: critical }), primary({ judgement: { ...critical, health: 'warning' } })],
  paused: [primary({ relationship: { ...RELATIONSHIP, state: 7 } }), primary({ relationship: { ...RELATIONSHIP, state: 9 } })],
  'peer-unreachable': [peer({ answer: null, failure: 'no answer' }), peer({ answer: null, failure: 'no answer', primaries: 0, replicas: 0 })],
  'clock-skew': [answer({ skewMs: -5_001 }), answer({ skewMs: 5_000 })],
  'versions-differ': [answer({ version: '0.9.0' }), answer({})],
  'qemu-older-there': [answer({ qemuVersion: '6.2.0' }), answer({ qemuVersion: '10.0.2' })],
  'peer-certificate-expiry': [peer({ certificateExpiresMs: NOW_MS + 29 * DAY_MS }), peer({ certificateExpiresMs: NOW_MS + 31 * DAY_MS })],
  'certificate-expiry': [host({ certificateExpiresMs: NOW_MS - 1 }), host({ certificateExpiresMs: NOW_MS + 31 * DAY_MS })],
  'replica-space-there': [answer({ storage: full }), peer({ answer: { ...ANSWER, storage: full }, primaries: 0 })],
  'replica-space': [host({ storages: [roomy, full] }), host({ storages: [roomy] })],
  'fleecing-space': [host({ fleecing: { ...roomy, freeBytes: GIB - 1 } }), host({ fleecing: { ...roomy, freeBytes: GIB } })],
  'qemu-missing': [host({ qemuVersion: null }), host({ qemuVersion: '9.0' })],
  'qemu-old': [host({ qemuVersion: '7.1.9' }), host({ qemuVersion: '7.2.0' })],
  'io-threads': [primary({ ioThreads: 1 }), { ...primary({ ioThreads: 1 }), host: { ...HOST, qemuVersion: '8.0.0' } }],
  'no-kvm': [host({ acceleration: 'tcg' }), host({})],
  'replica-server-off': [host({ acceptsReplicas: false }), { ...host({ acceptsReplicas: false }), machines: [] }],
  'any-host': [host({ entries: [{ ...entry, host: '*' }] }), host({ entries: [{ ...entry, host: '*.example' }] })],
  'one-trust-group': [host({ entries: [entry, { ...entry, id: 'f', host: 'gamma' }] }), host({ entries: [entry, { ...entry, id: 'f', host: 'gamma', trustGroup: 'other' }] })],
  'notifications-failing': [host({ notifications: [{ name: 'oncall', failure: 'HTTP 500' }] }), host({})],
  'nobody-notified': [host({ notifications: [] }), { ...host({ notifications: [] }), machines: [] }],
  'compression-off': [settings({ compression: false }), settings({})],
  'consistency-without-agent': [primary({ relationship: consistent, agentAnswers: false }), primary({ relationship: consistent })],
  'addresses-without-agent': [primary({ machine: machine({ guestAgent: false }, { network: WITH_ADDRESSES }) }), primary({ machine: machine({}, { network: WITH_ADDRESSES }) })],
  'agent-silent': [primary({ agentAnswers: false }), primary({ agentAnswers: null })],
  'agent-missing': [primary({ machine: machine({ guestAgent: false }) }), replica({}, { machine: machine({ guestAgent: false }) })],
  'scratch-disk': [disk({ disk: 'swap' }), disk({ disk: 'swap', isReplicated: false })],
  'no-failover-address': [replica({}, { machine: machine({}, { network: { adapters: [] } }) }), replica({})],
  'resync-any-time': [settings({ declared: {} }), settings({ declared: {}, additional: { resynchronization: 'manual' } })],
  'never-tested': [{ ...healthy, machines: [{ ...REPLICA, relationship: { ...RELATIONSHIP, side: 'replica' } }] }, replica({})],
  'test-overdue': [replica({ lastTestMs: NOW_MS - 31 * DAY_MS }), replica({ lastTestMs: NOW_MS - 30 * DAY_MS })],
  'disk-format': [disk({ image: { ...IMAGE, version: 2 } }), disk({ format: 'raw', image: { ...IMAGE, format: 'vmdk' } })],
  'internal-snapshots': [disk({ image: { ...IMAGE, internalSnapshots: 2 } }), disk({})],
  'no-history': [settings({ recoveryHistory: 0 }), settings({ recoveryHistory: 1 })],
  'processor-of-the-host': [primary({ machine: machine({ cpuModel: 'host,+vmx' }) }), primary({ machine: machine({ cpuModel: 'qemu64' }) })],
  'failover-uncommitted': [replica({ state: 5, stateSinceMs: NOW_MS - 2 * DAY_MS }), replica({ state: 5, stateSinceMs: NOW_MS - DAY_MS })],
};

const fired = (facts: Facts): string[] => diagnose(facts).findings.map(({ check }) => check);

describe('the doctor', () => {
  test('has a case for each of its checks', () => {
    assert.deepEqual(Object.keys(CASES).sort(), CHECKS.map(({ id }) => id).sort());
  });

  test('finds nothing where all is well, and says what it looked at', () => {
    const { findings, checks } = diagnose(healthy);
    assert.deepEqual([findings, checks.length], [[], CHECKS.length]);
  });

  for (const { id, severity } of CHECKS) {
    const [fires, not] = CASES[id]!;
    test(`says "${id}" where it is so, with what it means and what to do, and not where it is nearly so`, () => {
      const found = diagnose(fires).findings.filter(({ check }) => check === id);
      assert.ok(found.length > 0);
      for (const each of found) {
        assert.equal(each.severity, severity);
        assert.ok(each.host !== '' && each.message.length > 8 && each.meaning.length > 10 && each.cure.length > 10, JSON.stringify(each));
        assert.ok(!each.cure.includes('MACHINE') || each.machine === null);
      }
      assert.ok(!fired(not).includes(id));
    });
  }

  test('says the worst first', () => {
    const facts = { ...settings({ recoveryHistory: 0 }), host: { ...HOST, qemuVersion: null, acceptsReplicas: false } };
    const ranks = diagnose(facts).findings.map(({ severity }) => ['critical', 'warning', 'advice'].indexOf(severity));
    assert.deepEqual(ranks, [...ranks].sort());
    assert.equal(new Set(ranks).size, 3);
  });

  test('names what is wrong with a disk: another format, encryption, or no file', () => {
    for (const [image, message] of [[{ ...IMAGE, format: 'vmdk' as const }, /is vmdk; the definition says qcow2/], [{ ...IMAGE, isEncrypted: true }, /encrypted/], [null, /not there/]] as const) {
      assert.match(diagnose(disk({ image })).findings.find(({ check }) => check === 'disk-format')!.message, message);
    }
  });

  test('covers the practices that make sense here', () => {
    const covered = CHECKS.flatMap(({ practice }) => practice ?? []).sort();
    assert.deepEqual(covered, [37, 38, 39, 40, 41, 42, 45, 47, 48, 49, 50, 51, 52, 53, 54]);
  });
});

describe('an image\'s first bytes', () => {
  const qcow2 = Buffer.alloc(104);
  qcow2.write('QFI\xfb', 'latin1');
  qcow2.writeUInt32BE(2, 4);
  qcow2.writeUInt32BE(1, 32);
  qcow2.writeUInt32BE(3, 60);

  test('tell qcow2 with its version, encryption and snapshots', () => {
    assert.deepEqual(imageFacts(qcow2), { format: 'qcow2', version: 2, isEncrypted: true, internalSnapshots: 3 });
  });

  test('tell other formats by their signatures, and take all else for raw', () => {
    const vdi = Buffer.alloc(512);
    vdi.writeUInt32LE(0xbeda107f, 64);
    const of = (text: string) => imageFacts(Buffer.from(text, 'latin1')).format;
    assert.deepEqual([of('KDMV'), of('vhdxfile'), of('conectix'), of('QED\0'), of('LUKS\xba\xbe'), imageFacts(vdi).format, of('\xebc\x90'), of('')], ['vmdk', 'vhdx', 'vhd', 'qed', 'luks', 'vdi', 'raw', 'raw']);
    assert.equal(imageFacts(qcow2.subarray(0, 10)).format, 'raw', 'a file that ends in its header');
  });
});
