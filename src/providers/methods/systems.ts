/** Methods of the management and snapshot services: removing a test failover's copy, removing a recovery point. */
import type { MethodOutcome } from '../../cim/manager.ts';
import { say } from '../../language/text.ts';
import { started, done, type Call, type Method } from './invocation.ts';
import { machineOf, pointOf } from './parameters.ts';
import { badValue, RETURNS } from './rejection.ts';
import { summarize } from './summary.ts';

/** Source: Msvm_VirtualSystemManagementService.DestroySystem and Msvm_VirtualSystemSnapshotService.DestroySnapshot, "Return value". */
const DESTROY_NUMBERS = {
  [RETURNS.notSupported]: 1,
  [RETURNS.failed]: 2,
  [RETURNS.notAvailable]: 2,
  [RETURNS.timeout]: 3,
  [RETURNS.invalidParameter]: 4,
  [RETURNS.fileNotFound]: 4,
  [RETURNS.invalidState]: 5,
  [RETURNS.inUse]: 5,
};

async function destroySystem(call: Call): Promise<MethodOutcome> {
  const { machine } = await machineOf(call, 'AffectedSystem');
  return started(await call.host.management.destroyTest(call.caller, machine.id));
}

async function destroySnapshot(call: Call): Promise<MethodOutcome> {
  const point = await pointOf(call, 'AffectedSnapshot', null);
  if (!point) throw badValue('AffectedSnapshot', null, say('a reference to the settings of a recovery point'));
  await call.host.management.removePoint(call.caller, point.id);
  return done();
}

export const MANAGEMENT_METHODS: readonly Method[] = [
  { name: 'DestroySystem', kind: 'testEnd', numbers: { ...DESTROY_NUMBERS, [RETURNS.wrongType]: 4 }, run: destroySystem },
  { name: 'GetSummaryInformation', kind: null, isReading: true, run: summarize },
];

export const SNAPSHOT_METHODS: readonly Method[] = [{ name: 'DestroySnapshot', kind: 'pointRemove', numbers: { ...DESTROY_NUMBERS, [RETURNS.wrongType]: 6 }, run: destroySnapshot }];
