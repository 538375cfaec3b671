/** Methods of Msvm_ReplicationService that tell and reset a relationship's figures. */
import type { MethodOutcome } from '../../cim/manager.ts';
import { Refused, refuse } from '../../errors/refusal.ts';
import type { MachineSnapshot } from '../../service/inventory.ts';
import { statisticsValues } from '../replication.ts';
import { emit, instanceText } from './embedded.ts';
import { healthIssue } from './failuretext.ts';
import { done, type Call, type Method } from './invocation.ts';
import { machineOf } from './parameters.ts';
import { checkRelationship } from './relationship.ts';

async function told({ host }: Call, snapshot: MachineSnapshot): Promise<MethodOutcome> {
  const { relationship, issues, machine } = snapshot;
  if (!relationship) throw new Refused(refuse(`${machine.name} is not replicated`, ['enable']));
  return done({
    ReplicationStatistics: [instanceText(emit('Msvm_ReplicationStatistics', statisticsValues(snapshot, host.nowMs())))],
    ReplicationHealthIssues: issues.map((issue) => instanceText(healthIssue((values) => emit('Msvm_Error', values), issue))),
  });
}

async function reset({ host, caller }: Call, { machine }: MachineSnapshot): Promise<MethodOutcome> {
  await host.management.resetStatistics(caller, machine.id);
  return done();
}

type Work = (call: Call, snapshot: MachineSnapshot) => Promise<MethodOutcome>;

const about = (name: string, kind: string, isReading: boolean, work: Work): Method => ({ name, kind, isReading, run: async (call) => work(call, await machineOf(call)) });

const withRelationship = (work: Work): Work => async (call, snapshot) => {
  checkRelationship(call, snapshot);
  return work(call, snapshot);
};

export const STATISTICS_METHODS: readonly Method[] = [
  about('GetReplicationStatistics', 'statistics', true, told),
  about('GetReplicationStatisticsEx', 'statistics', true, withRelationship(told)),
  about('ResetReplicationStatistics', 'statisticsReset', false, reset),
  about('ResetReplicationStatisticsEx', 'statisticsReset', false, withRelationship(reset)),
];
