/** Use case of the doctor: gathers what its checks look at, of this host, its peers and its machines. Every wait has an end. */
import { call } from '../engine/calls.ts';
import { qemuVersionOf, spaceAt } from '../engine/checkup.ts';
import type { Host } from '../engine/host.ts';
import { diagnose, type Finding } from '../doctor/doctor.ts';
import type { Facts, HostFacts, MachineFacts, PeerFacts } from '../doctor/facts.ts';
import { imageFacts } from '../doctor/image.ts';
import { failureText, faultOf } from '../errors/fault.ts';
import { limitsOf } from '../health/limits.ts';
import type { Machine, Relationship } from '../machine/records.ts';
import type { Delivery } from '../notifications/target.ts';
import { isFailing } from '../notifier/courier.ts';
import { isOnward } from '../relationship/chain.ts';
import type { HostRow } from '../state/hosts.ts';
import { audited, type Context } from './context.ts';
import { judgementOf } from './health.ts';
import type { Operations } from './operations.ts';
import type { DiagnosisView } from './healthviews.ts';
import { inLanguage } from '../language/domain.ts';
import type { Language } from '../language/language.ts';
import { saidOf, type Text } from '../language/text.ts';

const PEER_WITHIN_MS = 5_000;
const GUEST_WITHIN_MS = 3_000;
const AT_ONCE = 16;
/** More guests than these are not asked; what is known of them otherwise is looked at. */
const GUESTS_AT_MOST = 256;
const DISKS_AT_MOST = 4_096;

export const doctorOperations = (context: Context): Pick<Operations, 'doctor'> => ({
  doctor: (caller) =>
    audited(context, caller, 'viewer', 'doctor', null, async ({ language }): Promise<DiagnosisView> => {
      const { host } = context.engine;
      const { findings, checks } = diagnose(await gather(context));
      return { host: host.hostName, atMs: host.clock.nowMs(), findings: findings.map((finding) => findingView(finding, language)), checks: checks.map((check) => ({ ...check, title: inLanguage(check.title, language) })) };
    }),
});

const findingView = ({ check, practice, severity, host, machine, meaning, cureSaid, ...finding }: Finding, language: Language = 'en'): DiagnosisView['findings'][number] => ({
  check, practice, severity, host, machine, message: inLanguage(saidOf(finding), language), meaning: inLanguage(meaning, language), cure: inLanguage(cureSaid, language),
});

async function gather(context: Context): Promise<Facts> {
  const relationships = context.engine.host.state.relationships();
  const [host, peers, machines] = await Promise.all([hostFacts(context), Promise.all(context.hosts.list().map((row) => peerFacts(context, row, relationships))), machineFacts(context, relationships)]);
  return { host, peers, machines };
}

async function hostFacts({ engine: { host }, network, serviceSettings, authorizations, notifications, defaultStorage, fleecingDirectory }: Context): Promise<HostFacts> {
  const entries = authorizations.list();
  const { acceptsReplicas, healthLimits } = serviceSettings.get();
  const paths = new Set(acceptsReplicas ? [...entries.map(({ storage }) => storage), ...host.state.machines().map(({ storage }) => storage)] : []);
  if (paths.size === 0) paths.add(defaultStorage);
  const storages = await Promise.all([...paths].map((path) => spaceOrNull(host, path)));
  return {
    name: host.hostName, nowMs: host.clock.nowMs(), version: host.version, acceptsReplicas, entries: [...entries],
    qemuVersion: await qemuVersionOf(host),
    acceleration: await accelerationOf(host),
    certificateExpiresMs: network.self.certificateExpiresMs,
    storages: storages.filter((space) => space !== null),
    fleecing: (await spaceOrNull(host, fleecingDirectory)) ?? { path: fleecingDirectory, freeBytes: 0, totalBytes: 0 },
    limits: limitsOf(healthLimits),
    notifications: notifications.targets().filter(({ isEnabled }) => isEnabled).map(({ id, name }) => ({ name, failure: failureOf(notifications.delivery(id)) })),
  };
}

const failureOf = (delivery: Delivery): Text | null => (isFailing(delivery) && delivery.lastFailure ? failureText(delivery.lastFailure) : null);

const spaceOrNull = (host: Host, path: string) => orNull(() => spaceAt(host, path));
const accelerationOf = async (host: Host): Promise<HostFacts['acceleration']> => (await orNull(async () => (await host.hypervisor.capabilities()).acceleration)) ?? 'tcg';

/** Null for what the world does not tell. */
async function orNull<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (thrown) {
    if (!faultOf(thrown)) throw thrown;
    return null;
  }
}

async function peerFacts({ engine: { host } }: Context, row: HostRow, relationships: readonly Relationship[]): Promise<PeerFacts> {
  const shared = relationships.filter(({ peerId }) => peerId === row.hostId);
  const primaries = shared.filter(({ side }) => side === 'primary').length;
  const known = { name: row.name, certificateExpiresMs: row.certificateExpiresMs, primaries, replicas: shared.length - primaries };
  const askedMs = host.clock.nowMs();
  try {
    const { nowMs, ...answer } = await call(host.peers, row.hostId, 'checkup', {}, host.clock.timeout(PEER_WITHIN_MS));
    // Its clock was read somewhere on the way.
    return { ...known, answer: { ...answer, skewMs: Math.round(nowMs - (askedMs + host.clock.nowMs()) / 2) }, failure: null };
  } catch (thrown) {
    const fault = faultOf(thrown);
    if (!fault) throw thrown;
    // It answers, and knows nothing of a doctor.
    if (fault.code === 'peer-protocol') return { ...known, answer: { skewMs: 0, version: 'of an older version', qemuVersion: null, storage: null }, failure: null };
    return { ...known, answer: null, failure: failureText(fault) };
  }
}

async function machineFacts(context: Context, relationships: readonly Relationship[]): Promise<MachineFacts[]> {
  const { host } = context.engine;
  const machines = new Map(host.state.machines().map((machine) => [machine.id, machine]));
  const live = new Set(await host.hypervisor.instances());
  const asked = new Set([...live].slice(0, GUESTS_AT_MOST));
  let disks = 0;
  return eachOf(relationships, async (relationship) => {
    const machine = machines.get(relationship.machineId)!;
    const isRunning = live.has(machine.id);
    disks += machine.definition.disks.length;
    return {
      machine, relationship, isRunning,
      judgement: judgementOf(context, relationship, machine, host.peerName(relationship.peerId)),
      ...(await guestFacts(context, machine, asked.has(machine.id))),
      disks: relationship.side === 'primary' && !isOnward(relationship) && disks <= DISKS_AT_MOST ? await diskFacts(context, machine, relationship) : [],
    };
  });
}

async function guestFacts({ engine: { host }, machines }: Context, { id, definition }: Machine, isAsked: boolean): Promise<Pick<MachineFacts, 'agentAnswers' | 'ioThreads'>> {
  if (!isAsked) return { agentAnswers: null, ioThreads: null };
  const ping = async (): Promise<true> => {
    await host.hypervisor.askAgent(id, 'guest-ping', {}, host.clock.timeout(GUEST_WITHIN_MS));
    return true;
  };
  const [answer, ioThreads] = await Promise.all([definition.guestAgent ? orNull(ping) : undefined, orNull(() => machines.ioThreads(id))]);
  return { agentAnswers: answer === undefined ? null : answer === true, ioThreads };
}

/** As the guest has them, or would. A wrapper of a raw disk is ours, what it wraps is the user's; a host that took the machine over has layers of its own. */
async function diskFacts({ machines }: Context, { definition, stacks }: Machine, { settings }: Relationship): Promise<MachineFacts['disks']> {
  return Promise.all(definition.disks.map(async ({ name, path, format }) => {
    const top = stacks.find(({ disk }) => disk === name)?.layers.at(-1);
    const shown = top?.dataFilePath ?? top?.path ?? path;
    const header = await machines.imageHeader(shown);
    return { disk: name, path: shown, format: shown === path ? format : 'qcow2', isReplicated: settings.disks.includes(name), image: header && imageFacts(header) };
  }));
}

/** In order, some at once. */
async function eachOf<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let at = 0; at < items.length; at += AT_ONCE) results.push(...(await Promise.all(items.slice(at, at + AT_ONCE).map(work))));
  return results;
}
