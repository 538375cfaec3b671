/**
 * The use cases that only CIM clients ask for: the steps of what the command line does in one go, each a job that is refused
 * at once where it is not possible, and what CIM's services have beside. As `Operations`, they check the caller's role,
 * write the audit trail, and throw `Refused` and `Fault`. Machines are named by name or id.
 */
import type { SettingsChange } from '../relationship/settings.ts';
import type { Job } from '../machine/records.ts';
import type { ServiceSettings } from '../state/servicesettings.ts';
import { audited, type Context } from './context.ts';
import { entryOperations } from './entries.ts';
import type { PowerRequest } from './guestpower.ts';
import { changeAdapters, type AdapterChange } from './network.ts';
import { stepOperations } from './stepoperations.ts';
import type { ServiceChange } from './server.ts';
import { serviceOperations } from './serviceoperations.ts';
import type { Step } from './steps.ts';
import type { Caller, Role } from './accessviews.ts';
import type { AuthorizationView, JobView } from './views.ts';

export interface FailedRequest {
  /** The kind that the job would have had. */
  readonly kind: string;
  readonly machineId: string | null;
  readonly error: NonNullable<Job['error']>;
  /** The number that the caller got. */
  readonly returnValue: number;
}

export interface StepOptions {
  /** Of failOver: a recovery point's id; the newest when absent. */
  readonly point?: string | undefined;
  /** Of startInitial; as it was chosen before when absent. */
  readonly transfer?: 'network' | 'seed' | undefined;
  /** Of reverse: what changes in the settings once this host is primary. */
  readonly settings?: SettingsChange | undefined;
}

export interface EntryChange {
  readonly host: string;
  /** Absent or null: the host's own place for replicas; of a changed entry, as before. */
  readonly storage?: string | null | undefined;
  readonly trustGroup?: string | null | undefined;
}

export interface Management {
  /** Runs the work when the role allows it; the audit trail has the call and how it ended. */
  audited<T>(caller: Caller, needs: Role, operation: string, subject: string | null, work: () => Promise<T>): Promise<T>;
  /** The request is kept as a job that has failed. Its id. */
  recordFailed(request: FailedRequest): string;

  /** Ends with the relationship in state 1 here and 2 on the other host. What only a question would stop is in the events. */
  create(caller: Caller, machine: string, host: string, settings: SettingsChange): Promise<JobView>;
  /** The job in which both hosts go by the new settings; null when they are as asked for already. */
  modify(caller: Caller, machine: string, settings: SettingsChange): Promise<JobView | null>;
  /** Refused unless the step is possible now, fault machine-busy while another operation holds the machine. */
  checkStep(caller: Caller, machine: string, step: Step): Promise<void>;
  step(caller: Caller, machine: string, step: Step, options?: StepOptions): Promise<JobView>;
  /** The initial replication or the resynchronization begins by itself at that moment. */
  startAt(caller: Caller, machine: string, event: 'startInitial' | 'resynchronize', startsAtMs: number, transfer?: 'network' | 'seed'): Promise<void>;
  test(caller: Caller, machine: string, options: { point?: string | undefined }): Promise<{ job: JobView; copyId: string }>;
  /** All changes are made, or none. */
  changeAdapters(caller: Caller, machine: string, changes: readonly AdapterChange[]): Promise<void>;
  /** Refused for any machine but a test failover's copy. */
  destroyTest(caller: Caller, copy: string): Promise<JobView>;
  removePoint(caller: Caller, pointId: string): Promise<void>;
  power(caller: Caller, machine: string, request: PowerRequest): Promise<JobView>;
  resetStatistics(caller: Caller, machine: string): Promise<void>;

  addEntry(caller: Caller, entry: EntryChange): Promise<AuthorizationView>;
  /** The entry of this id, or of this host. */
  changeEntry(caller: Caller, id: string | null, entry: Omit<EntryChange, 'host'> & { readonly host: string | null }): Promise<AuthorizationView>;
  removeEntry(caller: Caller, host: string): Promise<void>;
  /** The replica's machine belongs to this entry from now on; its layers stay where they are. */
  bindEntry(caller: Caller, machine: string, entry: { readonly id: string | null; readonly host: string | null }): Promise<void>;

  changeService(caller: Caller, change: ServiceChange): Promise<ServiceSettings>;
  /** A job that asks the host whether it would take replicas from this one. */
  testConnection(caller: Caller, host: string, options?: { bypassProxy?: boolean }): Promise<JobView>;
  /** Base64 of each certificate's DER. */
  certificates(caller: Caller): Promise<readonly string[]>;
}

export function createManagement(context: Context): Management {
  return {
    audited: (caller, needs, operation, subject, work) => audited(context, caller, needs, operation, subject, work),
    recordFailed: ({ kind, machineId, error, returnValue }) => context.engine.jobs.recordFailed(kind, machineId, error, { returnValue }).id,
    ...stepOperations(context),
    ...entryOperations(context),
    ...serviceOperations(context),
    changeAdapters: (caller, machine, changes) => changeAdapters(context, caller, machine, changes),
  };
}

