/**
 * The doctor's checks, one table: what is looked at, what it means when it fires, what to do. Numbers of practices are those of
 * Hyper-V's best practices analyzer for replication (37 to 54); a check without one is ours.
 */
import { isAlmostFull } from '../health/alarms.ts';
import type { Severity } from '../health/rules.ts';
import { saidOf, say, type Text, phrase } from '../language/text.ts';
import { isOnward } from '../relationship/chain.ts';
import { DEFAULT_FLEECING_BUDGET_MIB, resynchronizationWindow } from '../relationship/settings.ts';
import { DEFAULT_TRUST_GROUP, ANY_HOST } from '../relationship/authorization.ts';
import type { DiskFacts, Facts, HostFacts, MachineFacts, PeerFacts } from './facts.ts';
import { DAY_MS, SECOND_MS } from '../language/lengths.ts';

export interface Check {
  readonly id: string;
  readonly practice: number | null;
  readonly severity: Severity;
  /** What is good practice, in a few words. */
  readonly title: string;
  readonly meaning: string;
  /** {machine} is the one that it is about. */
  readonly cure: string;
  /** Each subject where it fires, with what was found there. */
  find(facts: Facts): readonly Found[];
}

export interface Found {
  /** The host that it is about, or whose machine it is about. */
  readonly host: string;
  readonly machine: string | null;
  readonly message: Text;
}

const MIB = 1_048_576;
export const CERTIFICATE_WARNING_DAYS = 30;
const MAX_SKEW_MS = 5 * SECOND_MS;
const COMMIT_WITHIN_MS = DAY_MS;
/** The oldest that this version is tested on. */
const OLDEST_QEMU = [7, 2] as const;
/** From here on a filter on a disk with an I/O thread does not end QEMU. */
const IO_THREADS_FROM = [8, 0] as const;
const ON_SCRATCH = /swap|page|tmp|scratch/i;

const days = (ms: number): number => Math.floor(ms / DAY_MS);
const numbersOf = (version: string): readonly [number, number] => [Number(/^(\d+)/.exec(version)?.[1] ?? 0), Number(/^\d+\.(\d+)/.exec(version)?.[1] ?? 0)];
const isOlder = (version: string, [major, minor]: readonly [number, number]): boolean => {
  const [ours, rest] = numbersOf(version);
  return ours < major || (ours === major && rest < minor);
};

const orNone = (sentences: readonly Text[]): Text | null => (sentences.length === 0 ? null : sentences);
const skewText = (skewMs: number): Text => {
  const skew = { lengthMs: Math.abs(skewMs) };
  return skewMs > 0 ? say('Its clock is {skew} ahead of this host\'s.', { skew }) : say('Its clock is {skew} behind this host\'s.', { skew });
};

/** About this host: what was found, or null. */
const ofHost = (look: (host: HostFacts, facts: Facts) => Text | null) => (facts: Facts): readonly Found[] => {
  const message = look(facts.host, facts);
  return message === null ? [] : [{ host: facts.host.name, machine: null, message }];
};

const ofPeers = (look: (peer: PeerFacts, facts: Facts) => Text | null) => (facts: Facts): readonly Found[] =>
  facts.peers.flatMap((peer) => {
    const message = look(peer, facts);
    return message === null ? [] : [{ host: peer.name, machine: null, message }];
  });

const ofMachines = (look: (machine: MachineFacts, facts: Facts) => Text | null) => (facts: Facts): readonly Found[] =>
  facts.machines.flatMap((each) => {
    const message = look(each, facts);
    return message === null ? [] : [{ host: facts.host.name, machine: each.machine.name, message }];
  });

const ofPrimaries = (look: (machine: MachineFacts, facts: Facts) => Text | null) => ofMachines((each, facts) => (each.relationship.side === 'primary' && !isOnward(each.relationship) ? look(each, facts) : null));
const ofReplicas = (look: (machine: MachineFacts, facts: Facts) => Text | null) => ofMachines((each, facts) => (each.relationship.side === 'replica' ? look(each, facts) : null));
const ofDisks = (look: (disk: DiskFacts) => Text | null) => ofPrimaries(({ disks }) => orNone(disks.filter(({ isReplicated }) => isReplicated).map(look).filter((message) => message !== null)));

const check = (severity: Severity, practice: number | null, id: string, title: string, words: Pick<Check, 'meaning' | 'cure'>, find: Check['find']): Check => ({ severity, practice, id, title, ...words, find });
const untilExpiry = (expiresMs: number, nowMs: number): Text | null =>
  expiresMs <= nowMs ? phrase('Its certificate has expired.') : expiresMs - nowMs < CERTIFICATE_WARNING_DAYS * DAY_MS ? say('Its certificate expires in {days} days.', { days: days(expiresMs - nowMs) }) : null;
const budgetBytes = ({ relationship }: MachineFacts): number => (relationship.settings.additional.fleecingBudgetMiB ?? DEFAULT_FLEECING_BUDGET_MIB) * MIB;
const untestedMs = ({ relationship: { lastTestMs, testableSinceMs } }: MachineFacts, { host }: Facts): number | null => (lastTestMs === undefined ? (testableSinceMs === undefined ? null : host.nowMs - testableSinceMs) : host.nowMs - lastTestMs);

const EXPIRED_MEANS = phrase('Paired hosts know each other by their keys and go on; programs that check certificates (clients of WS-Management and CIM-XML) refuse an expired one.');

export const CHECKS: readonly Check[] = [
  check('critical', null, 'health-critical', 'No relationship is critical', { meaning: 'Replication of this machine stands still or is about to lose its point.', cure: 'understudy health {machine} says what to do for each reason.' },
    ofMachines(({ judgement }) => (judgement.health === 'critical' ? judgement.issues.filter(({ severity }) => severity === 'critical').map(saidOf) : null))),
  check('warning', 50, 'paused', 'Replication is not left suspended', { meaning: 'The replica falls behind more with every minute; changes are tracked, and travel later.', cure: 'understudy resume {machine}.' },
    ofMachines(({ relationship, judgement }) => (relationship.state === 7 && judgement.health !== 'critical' ? phrase('Replication is suspended.') : null))),
  check('critical', null, 'peer-unreachable', 'Every host that machines replicate with answers', { meaning: 'Nothing is replicated with it, and a planned failover is not possible.', cure: 'Look whether it is up, and whether its peer port (7443) can be reached: understudy host list.' },
    ofPeers(({ answer, failure, primaries, replicas }) => (answer === null && primaries + replicas > 0 ? say('It does not answer: {failure}', { failure: [failure ?? ''] }) : null))),
  check('warning', null, 'clock-skew', 'The hosts\' clocks agree', { meaning: 'Ages of recovery points, windows and monitoring intervals are judged by clocks that differ.', cure: 'Run a time service (chrony, systemd-timesyncd) on both hosts.' },
    ofPeers(({ answer }) => (answer && Math.abs(answer.skewMs) > MAX_SKEW_MS ? skewText(answer.skewMs) : null))),
  check('warning', null, 'versions-differ', 'Both hosts run the same version of Understudy', { meaning: 'What only the newer version can do is not done between them.', cure: 'Bring both to the newer version; guests run on meanwhile.' },
    ofPeers(({ answer }, { host }) => (answer && answer.version !== host.version ? say('It runs Understudy {version}; this host runs {ours}.', { version: answer.version, ours: host.version }) : null))),
  check('warning', null, 'qemu-older-there', 'The replica\'s QEMU is not older than the primary\'s', { meaning: 'A machine type or processor model may not be there when the guest has to start.', cure: 'Install at least the same QEMU there. What fails now is said by understudy enable.' },
    ofPeers(({ answer, primaries }, { host }) => (answer?.qemuVersion && host.qemuVersion && primaries > 0 && isOlder(answer.qemuVersion, numbersOf(host.qemuVersion)) ? say('Its QEMU is {version}; this host\'s is {ours}.', { version: answer.qemuVersion, ours: host.qemuVersion }) : null))),
  check('warning', null, 'peer-certificate-expiry', 'Certificates of paired hosts are valid for a while', { meaning: EXPIRED_MEANS, cure: 'understudy host renew-certificate on that host.' },
    ofPeers(({ certificateExpiresMs }, { host }) => (certificateExpiresMs === null ? null : untilExpiry(certificateExpiresMs, host.nowMs)))),
  check('warning', 49, 'certificate-expiry', 'This host\'s certificate is valid for a while', { meaning: EXPIRED_MEANS, cure: 'understudy host renew-certificate.' },
    ofHost(({ certificateExpiresMs, nowMs }) => untilExpiry(certificateExpiresMs, nowMs))),
  check('critical', null, 'replica-space-there', 'The replica\'s storage has room', { meaning: 'When it is full, no recovery point can be made there.', cure: 'Free space there, or keep fewer recovery points: understudy settings {machine} --history N.' },
    ofPeers(({ answer, primaries }) => (primaries > 0 && answer?.storage && isAlmostFull(answer.storage) ? say('{path} has {free} free of {total}.', { path: answer.storage.path, free: { sizeBytes: answer.storage.freeBytes }, total: { sizeBytes: answer.storage.totalBytes } }) : null))),
  check('warning', null, 'replica-space', 'The storage for replicas has room', { meaning: 'When it is full, no recovery point can be made here.', cure: 'Free space there, or keep fewer recovery points: understudy settings {machine} --history N on the primary.' },
    ofHost(({ storages }) => orNone(storages.filter(isAlmostFull).map(({ path, freeBytes, totalBytes }) => say('{path} has {free} free of {total}.', { path, free: { sizeBytes: freeBytes }, total: { sizeBytes: totalBytes } }))))),
  check('warning', null, 'fleecing-space', 'There is room for what guests overwrite during a cycle', { meaning: 'A cycle that finds no room fails and is tried again; the guest never waits.', cure: 'Free space there, or lower fleecingBudgetMiB: understudy settings {machine} --additional.' },
    ofHost(({ fleecing }, { machines }) => {
      const needed = Math.max(0, ...machines.filter(({ relationship, isRunning }) => relationship.side === 'primary' && isRunning).map(budgetBytes));
      return fleecing.freeBytes < needed ? say('{path} has {free} free; one cycle may need {needed}.', { path: fleecing.path, free: { sizeBytes: fleecing.freeBytes }, needed: { sizeBytes: needed } }) : null;
    })),
  check('critical', null, 'qemu-missing', 'QEMU is installed', { meaning: 'No guest can be started here, after a failover neither.', cure: 'Install qemu-system-x86 and qemu-utils.' },
    ofHost(({ qemuVersion }) => (qemuVersion === null ? phrase('qemu-system-x86_64 was not found, or did not tell its version.') : null))),
  check('warning', null, 'qemu-old', 'QEMU is 7.2 or newer', { meaning: 'Understudy is not tested with it: bitmaps and exports may behave otherwise.', cure: 'Install QEMU 7.2 or newer.' },
    ofHost(({ qemuVersion }) => (qemuVersion !== null && isOlder(qemuVersion, OLDEST_QEMU) ? say('QEMU is {version}.', { version: qemuVersion }) : null))),
  check('critical', null, 'io-threads', 'No replicated guest has I/O threads on a QEMU older than 8', { meaning: 'A cycle would end QEMU, so it is refused: the machine is not replicated.', cure: 'Restart the guest without I/O threads, or install QEMU 8 or newer.' },
    ofPrimaries(({ ioThreads }, { host }) => ((ioThreads ?? 0) > 0 && host.qemuVersion !== null && isOlder(host.qemuVersion, IO_THREADS_FROM) ? say('QEMU {version} runs it with {threads} I/O threads.', { version: host.qemuVersion, threads: ioThreads ?? 0 }) : null))),
  check('advice', null, 'no-kvm', 'Guests run with hardware virtualization', { meaning: 'Without it a guest that fails over to this host is many times slower.', cure: 'Switch virtualization on in the firmware, load the kvm module, and let understudyd open /dev/kvm.' },
    ofHost(({ acceleration }) => (acceleration === 'tcg' ? phrase('/dev/kvm cannot be used.') : null))),
  check('warning', 37, 'replica-server-off', 'This host takes replicas', { meaning: 'A machine that failed over elsewhere could not be reversed to here, nor come home.', cure: 'understudy server set --replica-server on.' },
    ofHost(({ acceptsReplicas }, { machines }) => (!acceptsReplicas && machines.length > 0 ? phrase('It takes no replicas.') : null))),
  check('warning', null, 'notifications-failing', 'Notifications arrive', { meaning: 'When something goes wrong here, that target does not hear of it.', cure: 'understudy notify test NAME shows what the other side answers; understudy notify set mends it.' },
    ofHost(({ notifications }) => orNone(notifications.filter(({ failure }) => failure !== null).map(({ name, failure }) => say('{name}: {failure}.', { name, failure: [failure!] }))))),
  check('advice', null, 'nobody-notified', 'Somebody is told when something goes wrong', { meaning: 'Whoever does not look at this host does not know.', cure: 'understudy notify add webhook URL, or understudy notify add mail ADDRESS; on both hosts.' },
    ofHost(({ notifications }, { machines }) => (notifications.length === 0 && machines.length > 0 ? phrase('No target of notifications is set.') : null))),
  check('advice', 38, 'any-host', 'Only named hosts may replicate here', { meaning: 'Every host that is paired, now or later, can fill this host\'s storage.', cure: 'understudy server set --any-host off, and an entry for each host: understudy authorization add.' },
    ofHost(({ entries }) => (entries.some(({ host }) => host === ANY_HOST) ? phrase('Any paired host may replicate here.') : null))),
  check('advice', 42, 'one-trust-group', 'Hosts of different owners are in different trust groups', { meaning: 'Hosts of one group may take over each other\'s replicas.', cure: 'understudy authorization set --trust-group, where the hosts are not of one owner.' },
    ofHost(({ entries }) => {
      const shared = entries.filter(({ host, trustGroup }) => trustGroup === DEFAULT_TRUST_GROUP && host !== ANY_HOST);
      return shared.length > 1 ? say('{hosts} are all in the group {group}.', { hosts: { list: shared.map(({ host }) => host) }, group: DEFAULT_TRUST_GROUP }) : null;
    })),
  check('advice', 39, 'compression-off', 'What travels is compressed', { meaning: 'More bytes travel than have to; where it does not pay, compression does nothing.', cure: 'understudy settings {machine} --compression.' },
    ofPrimaries(({ relationship }) => (relationship.settings.compression ? null : phrase('Compression is off.')))),
  check('warning', 40, 'consistency-without-agent', 'A guest whose points are to be application-consistent can freeze', { meaning: 'Its points are crash-consistent only.', cure: 'Install qemu-guest-agent in the guest, set guestAgent = true in its definition, and restart it.' },
    ofPrimaries(({ relationship, machine, agentAnswers }) => ((relationship.settings.declared?.applicationConsistentHours ?? 0) > 0 && (!machine.definition.guestAgent || agentAnswers === false) ? phrase('Application-consistent points are asked for, and no guest agent answers.') : null))),
  check('warning', 41, 'addresses-without-agent', 'A guest that gets addresses after a failover has an agent', { meaning: 'Without the agent nobody sets the addresses in the guest.', cure: 'Install qemu-guest-agent in the guest, set guestAgent = true in its definition, and restart it.' },
    ofMachines(({ machine, agentAnswers }) => ((machine.network?.adapters ?? []).some(({ addresses }) => addresses !== undefined) && (!machine.definition.guestAgent || agentAnswers === false) ? phrase('Addresses are set for it on this host, and no guest agent can set them.') : null))),
  check('warning', null, 'agent-silent', 'The guest agent of a running guest answers', { meaning: 'The guest is shut down by its power button, its points are crash-consistent, and no addresses are set in it.', cure: 'Look in the guest whether qemu-guest-agent runs.' },
    ofMachines(({ agentAnswers }) => (agentAnswers === false ? phrase('Its guest agent does not answer.') : null))),
  check('advice', null, 'agent-missing', 'A replicated machine has a guest agent', { meaning: 'Its points are crash-consistent, and no addresses are set in it after a failover.', cure: 'Install qemu-guest-agent in the guest, and set guestAgent = true in its definition.' },
    ofPrimaries(({ machine }) => (machine.definition.guestAgent ? null : phrase('Its definition has no guest agent.')))),
  check('advice', 45, 'scratch-disk', 'Disks for paging and scratch are not replicated', { meaning: 'What is on them is worth nothing after a failover, and travels all the same.', cure: 'Leave them out: understudy settings {machine} --disks, or enable with --disks.' },
    ofPrimaries(({ disks }) => orNone(disks.filter(({ isReplicated, disk, path }) => isReplicated && (ON_SCRATCH.test(disk) || ON_SCRATCH.test(path.split('/').at(-1)!))).map(({ disk }) => say('Disk {disk} looks like one for paging or scratch.', { disk }))))),
  check('advice', 47, 'no-failover-address', 'Guests on a bridge have an address for the replica\'s network', { meaning: 'Where the other site has another network, the guest is not reached after a failover.', cure: 'understudy network set {machine} on this host, where its network is another one.' },
    ofReplicas(({ machine }) => (machine.definition.nics.some(({ kind }) => kind === 'bridge') && (machine.network?.adapters ?? []).every(({ addresses, bridge }) => addresses === undefined && bridge === undefined) ? phrase('Nothing is set for its adapters on this host.') : null))),
  check('advice', 48, 'resync-any-time', 'Resynchronizations run off-peak', { meaning: 'A resynchronization that is needed begins at once, and reads whole disks at the busiest hour too.', cure: 'understudy settings {machine} --resynchronization-window 18:30-06:00, or the hours that suit.' },
    ofPrimaries(({ relationship: { settings } }) => (settings.additional.resynchronization !== 'manual' && resynchronizationWindow(settings) === null ? phrase('A resynchronization may begin at any time.') : null))),
  check('advice', 51, 'never-tested', 'Every replica was tested once', { meaning: 'Nobody has seen this replica boot.', cure: 'understudy test {machine} boots an isolated copy; understudy test-end removes it.' },
    ofReplicas(({ relationship }) => (relationship.state === 3 && relationship.lastTestMs === undefined ? phrase('No test failover was made yet.') : null))),
  check('warning', 52, 'test-overdue', 'Every replica is tested each month', { meaning: 'What changed in the guest or on this host since may keep it from booting.', cure: 'understudy test {machine} boots an isolated copy; understudy test-end removes it.' },
    ofReplicas((each, facts) => {
      const ms = each.relationship.state === 3 ? untestedMs(each, facts) : null;
      return ms !== null && ms > facts.host.limits.testDays * DAY_MS ? say('No test failover was made for {days} days.', { days: days(ms) }) : null;
    })),
  check('critical', 53, 'disk-format', 'Disks are qcow2 (version 3) or raw, as the definition says', { meaning: 'Changes of such an image cannot be recorded, or its guest would read something else.', cure: 'Convert it while the guest is off: qemu-img convert -O qcow2, or qemu-img amend -o compat=1.1 for an old qcow2; then correct the definition.' },
    ofDisks(({ disk, path, format, image }) => {
      if (image === null) return say('Disk {disk}: {path} is not there, or cannot be read.', { disk, path });
      // What a raw disk holds may begin with anything.
      if (format !== 'raw' && image.format !== format) return say('Disk {disk}: {path} is {found}; the definition says {format}.', { disk, path, found: image.format, format });
      if (format === 'qcow2' && (image.version ?? 0) < 3) return say('Disk {disk}: {path} is qcow2 of version {version}, which keeps no bitmaps.', { disk, path, version: image.version ?? 0 });
      return image.isEncrypted && format === 'qcow2' ? say('Disk {disk}: {path} is encrypted by QEMU, which needs a secret that nobody gives here.', { disk, path }) : null;
    })),
  check('advice', null, 'internal-snapshots', 'Images have no internal snapshots', { meaning: 'They do not travel, and going back to one behind the daemon\'s back needs a resynchronization.', cure: 'Remove them while the guest is off: qemu-img snapshot -d.' },
    ofDisks(({ disk, image }) => ((image?.internalSnapshots ?? 0) > 0 ? say('Disk {disk} has {count} internal snapshots.', { disk, count: image!.internalSnapshots }) : null))),
  check('advice', null, 'no-history', 'More than the newest point is kept', { meaning: 'Damage in the guest replicates too, and cannot be undone by an older point.', cure: 'understudy settings {machine} --history 24.' },
    ofPrimaries(({ relationship }) => (relationship.settings.recoveryHistory === 0 ? phrase('Only the newest recovery point is kept.') : null))),
  check('warning', null, 'processor-of-the-host', 'The processor model is the same on both hosts', { meaning: 'The model "host" is whatever each host has: the guest may not run on the other one.', cure: 'Choose a named model that both hosts have in the definition.' },
    ofMachines(({ machine }) => (machine.definition.cpuModel.split(',')[0] === 'host' ? phrase('Its processor model is "host".') : null))),
  check('warning', 54, 'failover-uncommitted', 'A failover is committed or reverted soon', { meaning: 'All recovery points are kept and the guest is not protected meanwhile.', cure: 'understudy commit {machine} keeps what runs, understudy revert {machine} goes back; then understudy reverse.' },
    ofReplicas(({ relationship }, { host }) => (relationship.state === 5 && host.nowMs - (relationship.stateSinceMs ?? host.nowMs) > COMMIT_WITHIN_MS ? say('It failed over {days} days ago and was not committed.', { days: days(host.nowMs - relationship.stateSinceMs!) }) : null))),
];
