/**
 * A replica goes on with another relationship of its machine's: its primary begins anew after it removed its side alone, or
 * another host of the same trust group has the machine now. Recovery points and layers stay; everything is compared.
 * Source: Msvm_ReplicationAuthorizationSettingData.TrustGroup.
 */
import { Fault } from '../../errors/fault.ts';
import type { Relationship } from '../../machine/records.ts';
import { kinship, newestOf } from '../../relationship/epoch.ts';
import { kindOf } from '../../relationship/chain.ts';
import { stateWords } from '../../relationship/state.ts';
import type { CreateReplica, Joined } from '../calls.ts';
import type { Engine } from '../engine.ts';
import type { Host } from '../host.ts';
import { machineOf } from '../spec.ts';
import { relationshipNamed, transition } from '../transition.ts';
import { type Said, say, told } from '../../language/text.ts';

/** The replica that this host keeps of the machine; with the reason when the asking one may not go on with it. */
export interface Succession {
  readonly relationship: Relationship;
  readonly refusal: Said | null;
}

const RESTING: readonly number[] = [2, 3, 7, 8];

/** Undefined when this host keeps no replica of the machine, or one that is a seed for somebody. */
export function successionOf(host: Host, askingId: string, machineId: string): Succession | undefined {
  const relationship = host.state.relationshipOf(machineId);
  if (relationship?.side !== 'replica' || relationship.seed || kindOf(relationship) === 'extended') return undefined;
  return { relationship, refusal: refusalOf(host, askingId, relationship) };
}

function refusalOf(host: Host, askingId: string, relationship: Relationship): Said | null {
  const { peerId, state, failover, testCopy, failback, yielded } = relationship;
  const { name, lineage } = machineOf(host, relationship.machineId);
  if (!RESTING.includes(state) || failover || failback || yielded) return say('{name} is not resting there ({state})', { name, state: stateWords(state) });
  if (newestOf(lineage).ownerHostId === host.hostId) return say('{host} owns {name}', { host: host.hostName, name });
  if (testCopy) return say('a test failover of {name} is there: end it first', { name });
  if (host.state.extendedOf(relationship.machineId)) return say('{name} is sent on from there', { name });
  if (askingId === peerId) return null;
  const [before, now] = [host.admission(peerId, relationship.entryId), host.admission(askingId)];
  const isSameGroup = before.isAdmitted && now.isAdmitted && before.entry.trustGroup === now.entry.trustGroup;
  return isSameGroup ? null : say('the replica of {name} is {owner}\'s, which is of another trust group than {asking}', { name, owner: host.peerName(peerId), asking: host.peerName(askingId) });
}

/** The replica is the asking host's now. Null when there is none to go on with; fault machine-exists when it may not. */
export async function succeed(engine: Engine, askingId: string, request: CreateReplica): Promise<Joined | null> {
  const { host } = engine;
  const found = successionOf(host, askingId, request.machineId);
  if (!found) return null;
  const { name } = machineOf(host, request.machineId);
  if (found.refusal !== null) throw new Fault('machine-exists', say('{host} keeps a replica of {name} already: {refusal}', { host: host.hostName, name, refusal: found.refusal }));
  checkSameDisks(host, request);
  await engine.reception.drop(found.relationship.id);
  return host.state.transaction(() => {
    const { id, key, newestPointId, newestInstantMs, sequence } = takeOver(host, askingId, relationshipNamed(host, found.relationship.id), request);
    host.state.addEvent({ atMs: host.clock.nowMs(), number: null, severity: 'information', machine: name, ...told(say('{name}: its replica goes on with {peer} as its primary; recovery points stay, and everything is compared', { name, peer: host.peerName(askingId) })) });
    return { relationshipId: id, key, newestPointId, newestInstantMs, sequence };
  });
}

function checkSameDisks(host: Host, { machineId, settings }: CreateReplica): void {
  const { name, stacks } = machineOf(host, machineId);
  const kept = stacks.map(({ disk }) => disk);
  if (kept.length === 0 || (kept.length === settings.disks.length && kept.every((disk) => settings.disks.includes(disk)))) return;
  throw new Fault('machine-exists', say('{host} keeps a replica of {name} with the disks {kept}: replicate the same ones (--disks {option}), or remove and undefine it there', { host: host.hostName, name, kept: { list: kept }, option: kept.join(',') }));
}

function takeOver(host: Host, askingId: string, { id, machineId }: Relationship, { settings, overrides, lineage }: CreateReplica): Relationship {
  const machine = machineOf(host, machineId);
  const after = transition(host, id, 'succeed', { change: () => ({ settings, overrides, peerId: askingId, token: null, lastFault: null, failures: 0 }) });
  const { entryId: _entry, peerRemovedMs: _removed, ...row } = after;
  host.state.putRelationship(row);
  if (kinship(machine.lineage, lineage) !== 'ours-descends') host.state.putMachine({ ...machine, lineage });
  return row;
}
