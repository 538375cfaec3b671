/**
 * What is written to the event log of replication: Hyper-V's number where it has one for the situation, how bad it is, what to do.
 * Source: the numbers are those of Hyper-V-VMMS; where its wording is not public (32546, 33680) the situation is our reading.
 */

export interface EventRow {
  readonly number: number | null;
  readonly severity: 'information' | 'warning' | 'error';
  /** When it is written. */
  readonly when: string;
  /** What to do; empty when there is nothing to do, or when the cause brings its own. */
  readonly hint: string;
}

const row = (number: number | null, severity: EventRow['severity'], when: string, hint = ''): EventRow => ({ number, severity, when, hint });

export const EVENTS = {
  'state-changed': row(null, 'information', 'A relationship came to another state that has no number of its own.'),
  'interval-ended': row(29_174, 'information', 'A monitoring interval ended: what was counted in it.'),
  'resync-started': row(29_242, 'information', 'A resynchronization began, or goes on.'),
  'resync-completed': row(29_244, 'information', 'A resynchronization was completed.'),
  'replicate-failed': row(32_022, 'error', 'Changes could not be replicated: the first failure after a success, or another one than before.'),
  'receive-failed': row(32_032, 'error', 'What the primary sent could not be made a recovery point on the replica.', 'The primary sends it again by itself. Look at the storage of this host: understudy doctor.'),
  'write-failed': row(32_056, 'error', 'What the primary sent could not be written on the replica.', 'The primary sends it again by itself. Look at the storage of this host: understudy doctor.'),
  'merge-failed': row(32_546, 'error', 'Layers of retired recovery points could not be merged on the replica.', 'It is tried again by itself; every recovery point is as before. Look at the storage of this host: understudy doctor.'),
  suspended: row(32_086, 'error', 'Replication stopped for a cause that does not pass by itself (state 8).', 'Mend the cause, then understudy resume.'),
  'will-retry': row(32_315, 'warning', 'A failed attempt is tried again: when.'),
  'out-of-sync': row(33_414, 'error', 'Nothing was sent, or received, for more than an hour.'),
  'operation-failed': row(33_680, 'error', 'An operation on a relationship failed.'),
  'resync-required': row(33_680, 'error', 'The record of changes is gone or does not fit the replica (state 9).', 'understudy resynchronize compares the disks and ships what differs.'),
  'consistency-failed': row(null, 'warning', 'A recovery point that should have been application-consistent is crash-consistent.'),
  'guest-thawed': row(null, 'warning', 'A guest that a daemon left frozen goes on.'),
  'guest-frozen': row(null, 'error', 'A guest that a daemon left frozen does not confirm that it goes on.', 'Look at the guest; if it stands still, start its agent anew or reset it.'),
  'settings-later': row(null, 'information', 'Settings were changed while the other host was out of reach.'),
  'point-damaged': row(null, 'error', 'A recovery point was verified, and is not what arrived.'),
  'health-changed': row(null, 'warning', 'A rule of the health without a number of its own began to hold.'),
  'health-restored': row(null, 'information', 'The health is ok again.'),
  'disk-attached': row(null, 'warning', 'A disk was attached to a machine that replicates; it does not replicate until it is included.'),
  'notification-failing': row(null, 'error', 'Notifications do not arrive at a target: the third try failed.'),
  'notification-restored': row(null, 'information', 'Notifications arrive at a target again.'),
  'notification-lost': row(null, 'error', 'Notifications were given up: nobody took them for a day, or too many waited.'),
  'test-due': row(null, 'warning', 'No test failover was made for a month.', 'understudy test MACHINE boots an isolated copy; understudy test-end removes it.'),
} as const satisfies Record<string, EventRow>;

export type EventName = keyof typeof EVENTS;
