/** Methods of Msvm_ReplicationService that tell and reset a relationship's figures. */
import type { MethodOutcome } from '../../cim/manager.ts';
import { Refused, refuse } from '../../errors/refusal.ts';
import type { MachineSnapshot } from '../../service/inventory.ts';
import { INSTANCE_IDS } from '../objectpaths.ts';
import { statisticsValues } from '../replication.ts';
import { eachLink } from '../scope.ts';
import { kindOf } from '../../relationship/chain.ts';
import { emit, instanceText } from './embedded.ts';
import { healthIssue } from './failuretext.ts';
import { done, type Call, type Method } from './invocation.ts';
import { machineOf, valueOf } from './parameters.ts';
import { linkOf, referenceTo } from './relationship.ts';
import { say } from '../../language/text.ts';

const figures = (snapshot: MachineSnapshot, nowMs: number): string => instanceText(emit('Msvm_ReplicationStatistics', statisticsValues(snapshot, nowMs)));

const issuesOf = ({ issues, machine, relationship }: MachineSnapshot): string[] =>
  issues.map((issue) => instanceText(healthIssue((values) => emit('Msvm_Error', values), issue, INSTANCE_IDS.Msvm_ReplicationRelationship(machine.id, relationship ? kindOf(relationship) : 'simple'))));

const answered = (snapshots: readonly MachineSnapshot[], nowMs: number): MethodOutcome =>
  done({ ReplicationStatistics: snapshots.map((snapshot) => figures(snapshot, nowMs)), ReplicationHealthIssues: snapshots.flatMap(issuesOf) });

async function told({ host }: Call, snapshot: MachineSnapshot): Promise<MethodOutcome> {
  if (!snapshot.relationship) throw new Refused(refuse(say('{name} is not replicated', { name: snapshot.machine.name }), ['enable']));
  return answered([snapshot], host.nowMs());
}

/** Of every machine that is replicated, when none is named: the arrays have room for them. */
async function toldOfAll({ host, caller }: Call): Promise<MethodOutcome> {
  const snapshots = await host.inventory.machines(caller);
  return answered(snapshots.filter(({ relationship }) => relationship !== null).flatMap(eachLink), host.nowMs());
}

async function reset({ host, caller }: Call, snapshot: MachineSnapshot): Promise<MethodOutcome> {
  await host.management.resetStatistics(caller, referenceTo(snapshot));
  return done();
}

type Work = (call: Call, snapshot: MachineSnapshot) => Promise<MethodOutcome>;

const about = (name: string, kind: string, isReading: boolean, work: Work): Method => ({ name, kind, isReading, run: async (call) => work(call, await machineOf(call)) });

const orAll = (method: Method): Method => ({ ...method, run: (call) => (valueOf(call, 'ComputerSystem') === null && valueOf(call, 'ReplicationRelationship') === null ? toldOfAll(call) : method.run(call)) });

const withRelationship = (work: Work): Work => (call, snapshot) => work(call, linkOf(call, snapshot));

export const STATISTICS_METHODS: readonly Method[] = [
  orAll(about('GetReplicationStatistics', 'statistics', true, told)),
  orAll(about('GetReplicationStatisticsEx', 'statistics', true, withRelationship(told))),
  about('ResetReplicationStatistics', 'statisticsReset', false, reset),
  about('ResetReplicationStatisticsEx', 'statisticsReset', false, withRelationship(reset)),
];
