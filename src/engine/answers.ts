/** What this host answers its peers. Who asks is proved; whether it may is checked here. */
import { Fault } from '../errors/fault.ts';
import { Refused, refuse } from '../errors/refusal.ts';
import type { MachineDefinition } from '../machine/definition.ts';
import type { Machine, Relationship } from '../machine/records.ts';
import { allowsStorage, type Admission } from '../relationship/authorization.ts';
import { isOnward } from '../relationship/chain.ts';
import { kinship, newestOf, type Lineage } from '../relationship/epoch.ts';
import { sideWords, stateWords } from '../relationship/state.ts';
import { admitted, storageFor } from './admission.ts';
import type { Acceptance, Answers, CreatedReplica, CreateReplica, FailbackStanding, Greeting, Readiness, Standing } from './calls.ts';
import { qemuVersionOf, spaceAt } from './checkup.ts';
import type { Engine } from './engine.ts';
import { demote } from './demotion.ts';
import { askNext, checkNotHandedOn, noticeKind, runningBefore } from './extended/asking.ts';
import { sendingEnded } from './extended/ending.ts';
import { formerOf } from './extended/leaving.ts';
import { awayOf, beginAway, finishAway, handOverAway, noticeEnd } from './failback/away.ts';
import { cancelFailback } from './failback/failback.ts';
import { giveUpMachine } from './failback/givenup.ts';
import { greetingOf, meet } from './greeting.ts';
import { failOverHere } from './operations.ts';
import { awaitMedia } from './firstcopy/travelling.ts';
import type { Host } from './host.ts';
import { seedKind, takeUp } from './replica/seeding.ts';
import { noteStartedAtHome } from './recoveries.ts';
import { RecordIsBehind } from './restored.ts';
import { succeed, successionOf } from './replica/succession.ts';
import { arriving, machineOf } from './spec.ts';
import { relationshipNamed, transition, update } from './transition.ts';
import { yieldTo } from './yielding.ts';
import { inEnglish, saidOf, say, textFrom, told } from '../language/text.ts';

const CALL_TIMEOUT_MS = 24 * 3_600_000;
const ASKER_CHARACTERS = 64;

export const answersOf = (engine: Engine): Answers => ({ ...hostAnswers(engine), ...attemptAnswers(engine), ...failoverAnswers(engine), ...failbackAnswers(engine) });

type Owned = (hostId: string, relationshipId: string) => Relationship;

function successionAnswer(host: Engine['host'], hostId: string, machineId: string): NonNullable<Readiness['succession']> | null {
  const found = successionOf(host, hostId, machineId);
  return found ? { points: host.state.points(machineId).length, refusal: found.refusal && inEnglish(found.refusal), ...(found.refusal && { said: found.refusal }) } : null;
}

/** The relationship, when the asking host is the other side of it. */
const ownedBy = ({ host }: Engine): Owned => (hostId, relationshipId) => {
  const relationship = host.state.relationship(relationshipId);
  if (!relationship) throw new Fault('replica-unknown', say('{host} does not know this relationship', { host: host.hostName }));
  if (relationship.peerId !== hostId) throw new Fault('replica-unknown', say('{host} keeps this replica for {peer} now, and not for {asking}', { host: host.hostName, peer: host.peerName(relationship.peerId), asking: host.peerName(hostId) }));
  return relationship;
};

function hostAnswers(engine: Engine): Pick<Answers, 'acceptance' | 'checkup' | 'roster' | 'readiness' | 'createReplica' | 'greet' | 'settings' | 'job' | 'jobShow' | 'jobCancel' | 'dissolve'> {
  const { host, jobs } = engine;
  const owned = ownedBy(engine);
  return {
    acceptance: async (hostId) => acceptanceOf(host.hostName, host.admission(hostId)),
    readiness: async (hostId, { definition: asked, storage }) => {
      const definition = replicaDefinition(host, hostId, asked);
      const admission = host.admission(hostId);
      const place = admission.isAdmitted ? admission.entry.storage : null;
      const capabilities = await host.hypervisor.capabilities();
      const isStorageRefused = admission.isAdmitted && storage !== null && !allowsStorage(admission.entry, storage);
      const freeBytes = place === null ? 0 : await host.layers.freeBytes(isStorageRefused ? place : (storage ?? place));
      const missingFiles = await host.missingFiles(definition);
      return { capabilities, freeBytes, storage: place, isStorageRefused, isServerOff: !admission.isAdmitted && admission.why === 'server-off', machines: host.state.machines().map(({ id, name }) => ({ id, name })), missingFiles, definition, seed: seedKind(host, hostId, definition.id), succession: successionAnswer(host, hostId, definition.id) };
    },
    checkup: async (hostId) => {
      const admission = host.admission(hostId);
      return { nowMs: host.clock.nowMs(), version: host.version, qemuVersion: await qemuVersionOf(host), storage: admission.isAdmitted ? await spaceAt(host, admission.entry.storage) : null };
    },
    roster: (_hostId, request) => engine.roster.answer(request),
    createReplica: async (hostId, request) => {
      return createReplica(engine, hostId, request);
    },
    greet: async (hostId, greeting) => greeted(engine, hostId, greeting),
    settings: async (hostId, { relationshipId, settings }) => {
      // Which disks replicate is the primary's to say, of its own accord.
      const { side, settings: own } = owned(hostId, relationshipId);
      update(host, relationshipId, () => ({ settings: side === 'primary' ? { ...settings, disks: own.disks } : settings }));
      return null;
    },
    job: async (hostId, { machineId, kind, args }) => {
      const relationship = host.state.relationships().find((each) => each.machineId === machineId && each.peerId === hostId) ?? engine.relationshipOf(machineId);
      owned(hostId, relationship.id);
      const { startedBy, ...rest } = args;
      return { jobId: jobs.start(kind, machineId, rest, askerOf(startedBy, host.peerName(hostId))).id };
    },
    jobShow: async (_hostId, { jobId }) => JSON.parse(JSON.stringify(jobs.named(jobId))),
    jobCancel: async (hostId, { jobId }) => {
      const { machineId } = jobs.named(jobId);
      if (!host.state.relationships().some((each) => each.machineId === machineId && each.peerId === hostId)) throw new Fault('job-unknown', say('there is no job {id}', { id: jobId }));
      jobs.cancel(jobId);
      return null;
    },
    dissolve: async (hostId, { relationshipId, why, said }) => {
      const relationship = host.state.relationship(relationshipId);
      if (relationship?.peerId === hostId && why !== undefined) sendingEnded(host, relationship, textFrom(said) ?? why);
      else if (relationship?.peerId === hostId) noticeRemoval(engine, relationship);
      return null;
    },
  };
}

/** A user of the other host, where it says which. */
const askerOf = (user: unknown, peer: string): string => (typeof user === 'string' && user !== '' ? `${user.slice(0, ASKER_CHARACTERS)} on ${peer}` : peer);

function noticeRemoval({ host }: Engine, { id, machineId, peerId }: Relationship): void {
  const atMs = host.clock.nowMs();
  update(host, id, () => ({ peerRemovedMs: atMs }));
  host.state.addEvent({ atMs, number: null, severity: 'warning', machine: host.state.machine(machineId)?.name ?? null, ...told(say('{peer} removed its side of the relationship; remove it here too: understudy disable', { peer: host.peerName(peerId) })) });
}

const acceptanceOf = (hostName: string, admission: Admission): Acceptance =>
  admission.isAdmitted ? { hostName, accepts: true } : { hostName, accepts: false, isServerOff: admission.why === 'server-off' };

/** As the peer's replica here would be run; as it was asked about where there is none. */
function replicaDefinition(host: Host, peerId: string, asked: MachineDefinition): MachineDefinition {
  const machine = host.state.machine(asked.id);
  const relationship = host.state.relationshipOf(asked.id);
  return machine && relationship?.peerId === peerId ? arriving(machine, relationship, asked) : asked;
}

function attemptAnswers(engine: Engine): Pick<Answers, 'mediaExported' | 'begin' | 'lane' | 'compare' | 'seal' | 'abandon'> {
  const { host, reception } = engine;
  const owned = ownedBy(engine);
  return {
    mediaExported: async (hostId, { relationshipId, pointId, instantMs }) => {
      awaitMedia(host, owned(hostId, relationshipId), pointId, instantMs);
      return null;
    },
    begin: async (hostId, request) => {
      const { machineId, entryId } = owned(hostId, request.relationshipId);
      admitted(host, hostId, entryId);
      if (request.comparedWith) await engine.worker(machineId).stopMerging();
      return reception.begin(request);
    },
    lane: async (hostId, { relationshipId, attemptId, token, journalBytes }) => {
      owned(hostId, relationshipId);
      return reception.lane(hostId, relationshipId, attemptId, token, journalBytes);
    },
    compare: async (hostId, request) => {
      owned(hostId, request.relationshipId);
      return { fingerprints: await reception.compare(request) };
    },
    seal: async (hostId, request) => {
      owned(hostId, request.relationshipId);
      return reception.seal(request);
    },
    abandon: async (hostId, { relationshipId, attemptId }) => {
      owned(hostId, relationshipId);
      return reception.abandon(relationshipId, attemptId);
    },
  };
}

function failoverAnswers(engine: Engine): Pick<Answers, 'preparePlanned' | 'cancelPlanned' | 'failOverPlanned' | 'yield'> {
  const { host } = engine;
  const owned = ownedBy(engine);
  const signal = () => host.clock.timeout(CALL_TIMEOUT_MS);
  return {
    preparePlanned: async (hostId, { relationshipId, token }) => {
      const relationship = owned(hostId, relationshipId);
      if (relationship.side !== 'replica' || relationship.state !== 3) throw new Refused(refuse(say('{host} is not ready for a planned failover of {machine}: its side is in state {number} ({state}, {side})', { host: host.hostName, machine: machineOf(host, relationship.machineId).name, number: relationship.state, state: stateWords(relationship.state), side: sideWords(relationship.side) }), []));
      update(host, relationshipId, () => ({ token }));
      return null;
    },
    cancelPlanned: async (hostId, { relationshipId, token, lineage }) => {
      const relationship = owned(hostId, relationshipId);
      if (relationship.side !== 'replica') throw new Refused(refuse(say('{host} is the primary: a planned failover is cancelled there', { host: host.hostName }), ['cancel-failover']));
      if (relationship.failover) throw new Refused(refuse(say('{host} has failed over already: revert there first', { host: host.hostName }), ['revert']));
      checkNotHandedOn(host, relationship.machineId);
      if (relationship.token !== null && relationship.token !== token) throw new Refused(refuse('the planned failover is another one', []));
      giveUpToken(engine, relationship, lineage);
      return null;
    },
    failOverPlanned: async (hostId, { relationshipId, token, start, commitAfterSeconds = null, askedAgoMs = 0, isFailback = false }) => {
      const relationship = owned(hostId, relationshipId);
      if (relationship.failover === null && relationship.token !== token) throw new Refused(refuse('the planned failover was cancelled', []));
      // It may be given back while this waits for its turn, so the token is looked at once more there.
      await failOverHere(engine, relationship.machineId, { pointId: null, planned: true, token, start, commitAfterSeconds, resumed: relationship.failover?.planned === true, asking: { askedMs: host.clock.nowMs() - askedAgoMs, isFailback } }, signal());
      return null;
    },
    yield: async (hostId, { relationshipId, lineage }) => {
      const relationship = owned(hostId, relationshipId);
      const { machineId } = relationship;
      const answer = async (during: AbortSignal) => {
        // It reverses, so it has given the failback up.
        if (relationshipNamed(host, relationshipId).state === 13) await cancelFailback(engine, relationshipId, during);
        return yieldTo(host, relationshipId, lineage, during);
      };
      const what = 'yielding to the other host';
      const both = (during: AbortSignal) => engine.worker(machineId, 'onward').exclusive(what, answer, during);
      return engine.worker(machineId).exclusive(what, isOnward(relationship) ? both : answer, signal());
    },
  };
}

function failbackAnswers(engine: Engine): Pick<Answers, 'failbackBegin' | 'failbackShow' | 'failbackFinish' | 'failbackHandOver' | 'failbackCommit'> {
  const { host } = engine;
  const owned = ownedBy(engine);
  const alone = <T>(machineId: string, work: (signal: AbortSignal) => Promise<T>) => {
    const worker = engine.worker(machineId);
    if (worker.operation !== null) throw new Fault('peer-busy', say('another operation holds this machine on {host}: {operation}', { host: host.hostName, operation: [worker.operation] }));
    return worker.exclusive('fail back', work, host.clock.timeout(CALL_TIMEOUT_MS));
  };
  return {
    failbackBegin: async (hostId, { relationshipId, ...request }) => {
      await alone(owned(hostId, relationshipId).machineId, (signal) => beginAway(host, relationshipId, request, signal));
      return null;
    },
    failbackShow: async (hostId, { relationshipId, failbackId }) => standingOf(engine, owned(hostId, relationshipId), failbackId),
    failbackFinish: async (hostId, { relationshipId, failbackId, shutdownMs }) => {
      await alone(owned(hostId, relationshipId).machineId, () => finishAway(host, relationshipId, failbackId, shutdownMs));
      return null;
    },
    failbackHandOver: async (hostId, { relationshipId, ...request }) => {
      owned(hostId, relationshipId);
      await handOverAway(host, relationshipId, request);
      return null;
    },
    failbackCommit: async (hostId, { relationshipId, failbackId, pointId }) =>
      alone(owned(hostId, relationshipId).machineId, () => giveUpMachine(host, relationshipId, failbackId, pointId)),
  };
}

function standingOf(engine: Engine, relationship: Relationship, failbackId: string): FailbackStanding {
  const away = awayOf(relationship);
  const { newestPointId, lastCycle, lastFault, machineId } = relationship;
  const { progress } = engine.worker(machineId);
  const isOther = away?.id !== failbackId;
  return {
    phase: isOther ? 'none' : away.phase,
    rounds: isOther ? 0 : away.rounds,
    lastDurationMs: lastCycle?.durationMs ?? 0,
    newestPointId,
    bytesShipped: isOther ? 0 : away.bytesShipped,
    percent: progress && progress.totalBytes > 0 ? (100 * progress.doneBytes) / progress.totalBytes : 0,
    fault: lastFault && lastFault.code !== 'refused' ? { code: lastFault.code, ...told(saidOf(lastFault)) } : null,
  };
}

function ignoreFault(thrown: unknown): void {
  if (!(thrown instanceof Fault)) throw thrown;
}

function giveUpToken({ host }: Engine, relationship: Relationship, lineage: Lineage): void {
  host.state.transaction(() => {
    update(host, relationship.id, () => ({ token: null }));
    const machine = machineOf(host, relationship.machineId);
    const kin = kinship(machine.lineage, lineage);
    if (kin === 'unrelated') throw new Refused(refuse('the two hosts are in different epochs', []));
    if (kin === 'theirs-descends') host.state.putMachine({ ...machine, lineage });
  });
}

/** A replica goes by its primary's settings: it may have been out of reach when they were changed. */
function adoptSettings(host: Host, relationshipId: string, { settings, side }: Greeting): void {
  const { settings: ours, ...own } = relationshipNamed(host, relationshipId);
  const isMeant = settings !== undefined && side === 'primary' && own.side === 'replica' && own.failover === null && !own.failback;
  // Which disks there are is settled by itself.
  const theirs = settings && { ...settings, disks: ours.disks };
  if (theirs && isMeant && JSON.stringify(theirs) !== JSON.stringify(ours)) update(host, relationshipId, () => ({ settings: theirs }));
}

const ignoreBehind = (thrown: unknown): void => {
  if (!(thrown instanceof RecordIsBehind)) ignoreFault(thrown);
};

/** Each side tells its epochs; whoever has to yield has yielded, and held its guest, before the answer is given. */
async function greeted(engine: Engine, hostId: string, greeting: Greeting): Promise<Standing> {
  const { host } = engine;
  const found = host.state.relationship(greeting.relationshipId);
  if (found?.peerId !== hostId) return unknown(host, greeting);
  const ownBefore = host.state.relationshipOf(found.machineId);
  await meet(host, found, greeting.lineage).catch(ignoreBehind);
  await yieldPrepared(host, found.id, greeting);
  noticeEnd(host, found.id, greeting);
  if (greeting.startedAtHome) noteStartedAtHome(host, found.id, greeting.startedAtHome);
  adoptSettings(host, found.id, greeting);
  noticeKind(host, found.id, greeting);
  const own = host.state.relationshipOf(found.machineId);
  if (own?.side !== ownBefore?.side || (isOnward(found) && own?.state !== ownBefore?.state)) await engine.worker(found.machineId).tended();
  if (greeting.starting) await askNext(engine, found.machineId);
  const relationship = relationshipNamed(host, found.id);
  const machine: Machine = machineOf(host, relationship.machineId);
  const power = await host.hypervisor.power(machine.id);
  return {
    ...greetingOf(host, relationship),
    known: true,
    power,
    newestPointId: relationship.newestPointId,
    newestInstantMs: relationship.newestInstantMs,
    failoverPlanned: relationship.failover?.planned ?? null,
    isPreparing: relationship.side === 'primary' && relationship.state === 3 && relationship.token !== null,
    storageFreeBytes: 0,
    seedId: relationship.seed?.isOffer ? null : (relationship.seed?.id ?? null),
    exportedId: relationship.initial?.exported?.pointId ?? null,
    ...(power === 'off' && isOnward(relationship) && (await runningBefore(engine, relationship))),
  };
}

/** The other host has become primary by another way than the failover that this one is prepared for. */
async function yieldPrepared(host: Host, relationshipId: string, greeting: Greeting): Promise<void> {
  const relationship = relationshipNamed(host, relationshipId);
  const { lineage } = machineOf(host, relationship.machineId);
  const isTheirs = newestOf(lineage).ownerHostId === relationship.peerId && kinship(lineage, greeting.lineage) === 'same';
  if (relationship.side === 'primary' && relationship.state === 4 && greeting.side === 'primary' && isTheirs) await demote(host, relationship, greeting.lineage);
}

/** Where this host went on without the one that asks, it hears of the newer epoch. */
const unknown = async (host: Host, greeting: Greeting): Promise<Standing> => ({
  ...greeting, lineage: formerOf(host, greeting.relationshipId)?.lineage ?? greeting.lineage,
  known: false, power: host.state.machine(greeting.machineId ?? '') ? await host.hypervisor.power(greeting.machineId!) : 'off', newestPointId: null, newestInstantMs: null, failoverPlanned: null, storageFreeBytes: 0, seedId: null,
});

/** The replica exists in state 2, off: with no disks yet, or with those of a seed. Repeats change nothing. */
async function createReplica(engine: Engine, hostId: string, request: CreateReplica): Promise<CreatedReplica> {
  const { host } = engine;
  const entry = admitted(host, hostId);
  const known = host.state.relationship(request.relationshipId);
  if (known) return { seedId: known.seed?.id ?? null };
  const { machineId, definition, settings, key, overrides, lineage, kind } = request;
  if (host.state.machines().some(({ name, id }) => name === definition.name && id !== machineId)) throw new Fault('machine-exists', say('{host} has a machine named {machine} already', { host: host.hostName, machine: definition.name }));
  const joined = kind === undefined ? await succeed(engine, hostId, request) : null;
  if (joined) return { seedId: null, joined };
  const storage = storageFor(host, hostId, entry, overrides.storage);
  const seeded = await takeUp(host, hostId, request);
  host.state.transaction(() => {
    host.state.putMachine({ id: machineId, stacks: [], storage, copyOf: null, ...seeded?.machine, name: definition.name, definition, lineage, powerLock: null });
    if (seeded?.offerId) host.state.removeRelationship(seeded.offerId);
    host.state.putRelationship({ ...emptyRelationship, id: request.relationshipId, machineId, peerId: hostId, side: 'replica', state: 0, settings, key, overrides, ...(kind && { kind }), seed: seeded?.seed ?? null });
    transition(host, request.relationshipId, 'accept');
  });
  host.changed('machine', machineId);
  return { seedId: seeded?.seed.id ?? null };
}

export const emptyRelationship = {
  newestPointId: null, newestInstantMs: null, sequence: 0, trackId: null, attempt: null, doubtful: null, receiving: null, failover: null, testCopy: null, token: null,
  divergenceId: null, yielded: null, totals: { bytesChanged: 0, bytesShipped: 0 }, lastCycle: null, lastFault: null, failures: 0,
} as const satisfies Partial<Relationship>;
