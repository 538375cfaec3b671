/**
 * Every metric of this program: its type, what it says, its labels. Names and units are as Prometheus has them: base units, the
 * unit at the end of the name, `_total` for what only grows. docs/monitoring.md shows this table.
 */

export interface Family {
  readonly type: 'gauge' | 'counter' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
}

const RELATIONSHIP = ['machine', 'peer', 'kind'] as const;

const row = (type: Family['type']) => (help: string, labels: readonly string[] = []): Family => ({ type, help, labels });
const gauge = row('gauge');
const counter = row('counter');
const ofRelationship = (help: string, ...more: readonly string[]): Family => gauge(help, [...RELATIONSHIP, ...more]);
const countedOfRelationship = (help: string, ...more: readonly string[]): Family => counter(help, [...RELATIONSHIP, ...more]);

export const FAMILIES = {
  understudy_build_info: gauge('The version of understudyd; always 1.', ['version', 'host', 'host_id']),

  understudy_relationship_info: ofRelationship('A relationship of this host; always 1. "side" says which of the two this host is.', 'side', 'machine_id', 'relationship_id'),
  understudy_relationship_state: ofRelationship('The CIM number of the relationship\'s state (3 is Replicating).'),
  understudy_relationship_state_info: ofRelationship('The relationship\'s state in words; always 1.', 'state'),
  understudy_relationship_health: ofRelationship('1 for the health that the relationship has, 0 for the others.', 'health'),
  understudy_relationship_issue: ofRelationship('1 for each rule of the health that holds now.', 'rule', 'severity'),
  understudy_relationship_resynchronizing: ofRelationship('1 while the disks are compared.'),
  understudy_relationship_pending_bytes: ofRelationship('What has yet to be replicated, at most, as last known.'),
  understudy_relationship_epoch: ofRelationship('Number of the machine\'s epoch: one more with every failover.'),
  understudy_replica_lag_seconds: ofRelationship('How far the replica is behind: the age of its newest recovery point.'),
  understudy_replica_lag_objective_seconds: ofRelationship('How far the replica is to be behind at most: twice the interval of the settings.'),
  understudy_relationship_last_cycle_timestamp_seconds: ofRelationship('When the last cycle became a recovery point.'),
  understudy_relationship_last_cycle_duration_seconds: ofRelationship('How long the last cycle took.'),
  understudy_relationship_last_cycle_shipped_bytes: ofRelationship('What the last cycle wrote to the network.'),
  understudy_relationship_last_cycle_changed_bytes: ofRelationship('What had changed when the last cycle began.'),
  understudy_relationship_shipped_bytes_total: countedOfRelationship('Written to the network by cycles that became recovery points.'),
  understudy_relationship_changed_bytes_total: countedOfRelationship('Changed on the disks, as cycles that became recovery points carried it.'),
  understudy_relationship_cycles_total: countedOfRelationship('Cycles since the daemon started, by what was tried and how it ended; on the replica those that it made into points.', 'side', 'cycle', 'outcome'),
  understudy_relationship_errors_total: countedOfRelationship('Tries to replicate that failed since the daemon started, by the code of the fault.', 'code'),
  understudy_relationship_missed_cycles_total: countedOfRelationship('Intervals that passed without a cycle of their own, as seen since the daemon started.'),
  understudy_cycle_duration_seconds: { type: 'histogram', help: 'How long cycles took that this host sent.', labels: ['cycle'] },

  understudy_recovery_points: ofRelationship('Recovery points of the machine on this host.'),
  understudy_recovery_points_damaged: ofRelationship('Of those, how many were found damaged, or stand on a damaged one.'),
  understudy_recovery_point_newest_timestamp_seconds: ofRelationship('The instant of the newest recovery point.'),
  understudy_test_failover_timestamp_seconds: ofRelationship('When a test failover was last made on this host.'),
  understudy_replica_testable_since_timestamp_seconds: ofRelationship('Since when this host has a replica that can be tested.'),

  understudy_jobs_running: gauge('Jobs that are under way.', ['job']),
  understudy_jobs_finished_total: counter('Jobs that have ended since the daemon started.', ['job', 'outcome']),
  understudy_guests_running: gauge('Guests that run on this host.'),
  understudy_guests_frozen: gauge('Guests that may stand still by a freeze whose end nobody confirmed.'),

  understudy_peer_connected: gauge('1 while the paired host can be called.', ['peer']),
  understudy_peer_last_contact_timestamp_seconds: gauge('When the paired host last answered.', ['peer']),
  understudy_peer_relationships: gauge('Relationships that this host has with the paired host.', ['peer']),
  understudy_certificate_expiry_timestamp_seconds: gauge('When a certificate ends; "self" is that of this host.', ['certificate_of', 'self']),

  understudy_storage_free_bytes: gauge('What is free where this host keeps replicas, and its own state.', ['use', 'path']),
  understudy_storage_size_bytes: gauge('How large that file system is.', ['use', 'path']),

  understudy_api_requests_total: counter('Answers of the API since the daemon started.', ['method', 'route', 'status']),
  understudy_sign_in_failures_total: counter('Sign-ins that failed since the daemon started.', ['door']),
  understudy_notifications_sent_total: counter('Notifications that a target has taken since the daemon started.', ['target']),
  understudy_notification_failures_total: counter('Tries to deliver a notification that failed since the daemon started.', ['target']),
  understudy_notifications_lost_total: counter('Notifications that were given up since the daemon started.', ['target']),
  understudy_notifications_waiting: gauge('Notifications that wait for a target.', ['target']),
  understudy_notification_target_failing: gauge('1 while notifications do not arrive at a target.', ['target']),
} as const satisfies Record<string, Family>;

export type FamilyName = keyof typeof FAMILIES;

/** In seconds. */
export const CYCLE_BUCKETS = [0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 150, 300, 900, 3_600] as const;
