/** Every method that the host offers, by class: one table, from which the object manager's are made. */
import type { CimCaller, CimMethod } from '../../cim/manager.ts';
import { SHUTDOWN_METHODS, SYSTEM_METHODS } from './computersystem.ts';
import { INITIAL_METHODS } from './initial.ts';
import { invocable, type Host, type Method } from './invocation.ts';
import { JOB_METHODS } from './jobs.ts';
import { RELATIONSHIP_METHODS } from './replication.ts';
import { SERVICE_METHODS } from './service.ts';
import { STATISTICS_METHODS } from './statistics.ts';
import { MANAGEMENT_METHODS, SNAPSHOT_METHODS } from './systems.ts';

const METHODS: Readonly<Record<string, readonly Method[]>> = {
  Msvm_ReplicationService: [...RELATIONSHIP_METHODS, ...INITIAL_METHODS, ...STATISTICS_METHODS, ...SERVICE_METHODS],
  Msvm_ComputerSystem: SYSTEM_METHODS,
  Msvm_ShutdownComponent: SHUTDOWN_METHODS,
  Msvm_ConcreteJob: JOB_METHODS,
  Msvm_VirtualSystemManagementService: MANAGEMENT_METHODS,
  Msvm_VirtualSystemSnapshotService: SNAPSHOT_METHODS,
};

export type MethodTable = Readonly<Record<string, Readonly<Record<string, CimMethod>>>>;

/** Class → method → what it does. Executing is the administrator's, unless it stands for writing. */
export const createMethods = (host: Host, needs: CimCaller['role'] = 'administrator'): MethodTable =>
  Object.fromEntries(Object.entries(METHODS).map(([className, methods]) => [className, Object.fromEntries(methods.map((method) => [method.name, invocable(host, className, method, needs)]))]));
