/** Msvm_ConcreteJob: the host's jobs. They are kept long after they ended (the newest 500). */
import { secondsInterval } from '../cim/datetime.ts';
import { FAULTS, type FaultCode } from '../errors/fault.ts';
import type { Job } from '../machine/records.ts';
import { moment, type Values } from './emission.ts';
import { guidOf } from './objectpaths.ts';
import type { Language } from '../language/language.ts';
import { inLanguage } from '../language/domain.ts';
import { say } from '../language/text.ts';

/** Source: CIM_ConcreteJob.JobState. */
export const JOB_STATES: Readonly<Record<Job['state'], number>> = { running: 4, completed: 7, cancelled: 8, failed: 10 };
export const STATUS: Readonly<Record<Job['state'], { readonly text: string; readonly operational: number }>> = {
  running: { text: 'Job is running', operational: 2 },
  completed: { text: 'Job completed', operational: 2 },
  cancelled: { text: 'Job was cancelled', operational: 10 },
  failed: { text: 'Job failed', operational: 6 },
};

interface JobKind {
  readonly type: number;
  readonly caption: string;
}

/** Source: Msvm_ConcreteJob.JobType. */
export const JOB_KINDS: Readonly<Record<string, JobKind>> = {
  start: { type: 12, caption: 'Start Virtual Machine' },
  stop: { type: 16, caption: 'Shut Down Virtual Machine' },
  initial: { type: 94, caption: 'Start Inband Initial Replication' },
  unplanned: { type: 97, caption: 'Initiate Failover' },
  revert: { type: 98, caption: 'Revert Failover' },
  commit: { type: 99, caption: 'Commit Failover' },
  planned: { type: 100, caption: 'Initiate Synced Replication' },
  test: { type: 102, caption: 'Initiate Test Replica' },
  testEnd: { type: 103, caption: 'Remove Test Replica' },
  reverse: { type: 104, caption: 'Reverse Replication' },
  cycle: { type: 105, caption: 'Replication Sending Delta' },
  resynchronize: { type: 107, caption: 'Resynchronizing' },
  turnOff: { type: 13, caption: 'Power Off Virtual Machine' },
  shutDown: { type: 16, caption: 'Shut Down Virtual Machine' },
  pause: { type: 26, caption: 'Pause Virtual Machine' },
  goOn: { type: 27, caption: 'Resume Virtual Machine' },
  reset: { type: 28, caption: 'Reset Virtual Machine' },
  failOver: { type: 97, caption: 'Initiate Failover' },
  preparePlanned: { type: 100, caption: 'Initiate Synced Replication' },
  cancelPlanned: { type: 101, caption: 'Cancel Synced Replication' },
  reverseHere: { type: 104, caption: 'Reverse Replication' },
  suspend: { type: 96, caption: 'Replicate State Change' },
  resume: { type: 96, caption: 'Replicate State Change' },
  stopInitial: { type: 109, caption: 'Stop Initial Replication' },
  enable: { type: 91, caption: 'Create Replication Relationship' },
  settings: { type: 92, caption: 'Modify Replication Relationship Settings' },
  disable: { type: 93, caption: 'Remove Replication Relationship' },
  failbackHome: { type: 124, caption: 'Initiate Failback' },
  replicationState: { type: 96, caption: 'Replicate State Change' },
  statistics: { type: 111, caption: 'Get Replica statistics' },
  statisticsReset: { type: 119, caption: 'Reset Replica Statistics' },
  pointRemove: { type: 72, caption: 'Delete Virtual Machine Snapshot' },
  authorization: { type: 90, caption: 'Modify Replication Server Settings' },
  serviceSettings: { type: 90, caption: 'Modify Replication Server Settings' },
  connectionTest: { type: 115, caption: 'Test Replication Connection' },
  failoverNetwork: { type: 92, caption: 'Modify Replication Relationship Settings' },
  import: { type: 95, caption: 'Import Replication' },
  changeMode: { type: 123, caption: 'Change the replication mode to primary' },
  becomeReplica: { type: 96, caption: 'Replicate State Change' },
  failback: { type: 124, caption: 'Initiate Failback' },
};
export const FORCED_STOP: JobKind = { type: 13, caption: 'Power Off Virtual Machine' };
/** JobType 0 is "Unknown". */
export const OTHER: JobKind = { type: 0, caption: 'Virtual Machine Operation' };

const kindOf = ({ kind, args }: Job): JobKind => (kind === 'stop' && args['force'] === true ? FORCED_STOP : (JOB_KINDS[kind] ?? OTHER));

/** A return value of Msvm_ReplicationService's methods: the one that the caller got, else a refusal is the wrong state and a defect "failed". */
function errorCodeOf({ error, result }: Job): number {
  if (error === null) return 0;
  if (typeof result?.['returnValue'] === 'number') return result['returnValue'];
  if (error.code === 'refused') return 32_775;
  return Object.hasOwn(FAULTS, error.code) ? FAULTS[error.code as FaultCode].cimReturn : 32_768;
}

const describe = ({ message, hint, allowed }: NonNullable<Job['error']>, language: Language): string =>
  [message, hint, allowed.length > 0 ? inLanguage(say('Allowed now: {operations}.', { operations: { list: allowed } }), language) : ''].filter((part) => part !== '').map((part) => (/[.!?]$/.test(part) ? part : `${part}.`)).join(' ');

export function jobValues(job: Job, nowMs: number, language: Language = 'en'): Values {
  const { caption: english, type } = kindOf(job);
  const caption = inLanguage(english, language);
  const { text: status, operational } = STATUS[job.state];
  const text = inLanguage(status, language);
  const endMs = job.finishedMs ?? nowMs;
  return {
    InstanceID: guidOf(job.id),
    Caption: caption,
    Description: job.step,
    ElementName: caption,
    Name: caption,
    OperationalStatus: [operational],
    StatusDescriptions: [text],
    HealthState: job.state === 'failed' ? 20 : 5,
    JobStatus: text,
    TimeSubmitted: moment(job.startedMs),
    StartTime: moment(job.startedMs),
    ElapsedTime: secondsInterval(Math.max(0, endMs - job.startedMs) / 1_000),
    TimeOfLastStateChange: moment(job.finishedMs ?? job.startedMs),
    JobRunTimes: 1,
    LocalOrUtcTime: 2,
    PercentComplete: job.percent,
    DeleteOnCompletion: false,
    ErrorCode: errorCodeOf(job),
    ErrorDescription: job.error && describe(job.error, language),
    ErrorSummaryDescription: job.error && job.error.message,
    JobState: JOB_STATES[job.state],
    Cancellable: job.cancellable && job.state === 'running',
    JobType: type,
  };
}
