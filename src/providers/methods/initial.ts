/**
 * Methods of Msvm_ReplicationService about the first copy. Source: StartReplication: InitialReplicationType 1 is over the
 * network, 2 an export, 3 compares with a copy that is on the replica's host; StartTime is ignored for 2.
 */
import type { MethodOutcome } from '../../cim/manager.ts';
import { say } from '../../language/text.ts';
import { STEPS } from '../../service/steps.ts';
import { isNamed, pairedHost } from './connection.ts';
import type { Fields } from './fields.ts';
import { done, started, type Call, type Method } from './invocation.ts';
import { machineOf, numberOf, startOf, textOf } from './parameters.ts';
import { badValue } from './rejection.ts';
import { referenceTo, sendingLinkOf } from './relationship.ts';
import type { Subject } from './replicationsettings.ts';

const EXPORT = 2;
const TRANSFERS: Readonly<Partial<Record<number, 'network' | 'seed'>>> = { 1: 'network', 3: 'seed' };

function transferOf(call: Call): 'network' | 'seed' | 'media' {
  const type = numberOf(call, 'InitialReplicationType') ?? 1;
  const transfer = type === EXPORT ? 'media' : TRANSFERS[type];
  if (!transfer) throw badValue('InitialReplicationType', type, say('1 (over the network), 2 (export) or 3 (from a copy that is on the replica\'s host)'));
  return transfer;
}

function directoryOf(call: Call, name: string): string {
  const text = textOf(call, name)?.trim() ?? '';
  if (text === '') throw badValue(name, null, say('a directory of this host'));
  return text;
}

async function startReplication(call: Call): Promise<MethodOutcome> {
  const snapshot = await machineOf(call);
  const reference = referenceTo(sendingLinkOf(snapshot));
  const transfer = transferOf(call);
  if (transfer === 'media') return started(await call.host.operations.initialExport(call.caller, snapshot.machine.id, directoryOf(call, 'InitialReplicationExportLocation')));
  const startsAtMs = startOf(call, 'StartTime');
  if (startsAtMs === null) return started(await call.host.management.step(call.caller, reference, 'startInitial', { transfer }));
  await call.host.management.startAt(call.caller, reference, 'startInitial', startsAtMs, transfer);
  return done();
}

async function importReplica(call: Call): Promise<MethodOutcome> {
  const { machine } = await machineOf(call);
  return started(await call.host.operations.initialImport(call.caller, machine.id, directoryOf(call, 'InitialReplicationImportLocation')));
}

const PRIMARIES = ['PrimaryConnectionPoint', 'PrimaryHostSystem'];

const primaryIn = (fields: Fields): string | undefined => PRIMARIES.find((name) => (fields.text(name)?.trim() ?? '') !== '');

/** The relationship is asked for with this host as the recovery host of another: the machine here is to be the replica. */
export const asksForCopy = (fields: Fields, { host }: Subject): boolean => primaryIn(fields) !== undefined && isNamed(host.self, fields.text('RecoveryConnectionPoint')?.trim() ?? '');

/** The machine here is a copy of that primary's. */
export async function offerCopy(call: Call, fields: Fields, { host, snapshot: { machine } }: Subject): Promise<MethodOutcome> {
  const name = primaryIn(fields)!;
  await call.host.operations.copyOffer(call.caller, machine.id, pairedHost(host, name, fields.text(name)!).id);
  return done();
}

export const INITIAL_METHODS: readonly Method[] = [
  { name: 'StartReplication', kind: STEPS.startInitial.kind, run: startReplication },
  { name: 'ImportInitialReplica', kind: 'import', run: importReplica },
];
