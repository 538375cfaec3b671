/**
 * The use cases. Every interface (HTTP, command line, CIM) calls these and nothing below them. Each checks the caller's
 * role, writes the audit trail, and either answers, or starts a job and answers with it. Machines are named by name or id.
 * A refusal is thrown as `Refused`, a fault as `Fault`.
 */
import type { AuditView, Caller, CertificateView, UserView, Role } from './accessviews.ts';
import type { DiagnosisView, HealthLimitsView, HealthView } from './healthviews.ts';
import type { NotificationSettingsView, NotificationsView, NotificationTargetChange, NotificationTargetRequest, NotificationTargetView } from './notificationviews.ts';
import type { FindingView, RelationshipView, SettingsView } from './relationshipviews.ts';
import type { AuthorizationView, ConsoleTextView, EventView, FailoverAddressesView, FailoverNetworkView, HostView, JobView, MachineView, OverviewView, PointView, ServerCertificateView, ServerChange, ServerView, TestResultView, TrafficView } from './views.ts';
import type { HistoryView, ReportView } from './historyviews.ts';
import type { TrafficLimits } from '../engine/traffic/limits.ts';

export interface HostStatus {
  host: HostView;
  machines: MachineView[];
  relationships: RelationshipView[];
  jobs: JobView[];
}

export interface EnablePlan {
  settings: SettingsView;
  findings: FindingView[];
  advice: string[];
}

export interface EnableRequest {
  machine: string;
  host: string;
  settings?: Partial<SettingsView>;
  /** Values of the replica's definition that differ there. */
  overrides?: { memoryMiB?: number; bridges?: Record<string, string>; storage?: string };
  force?: boolean;
  /** The replica begins with what the other host kept of it as a former replica. */
  useExisting?: boolean;
}

export interface NetworkChange {
  addresses?: { protocol?: FailoverAddressesView['protocol']; dhcp?: boolean; addresses: string[]; gateways: string[]; dnsServers: string[] } | null;
  /** Bridges of this host. */
  bridge?: string | null;
  testBridge?: string | null;
}

export type TrafficChange = { readonly [K in keyof TrafficLimits]?: TrafficLimits[K] | undefined };

export interface DiskRequest {
  name: string;
  path: string;
  format?: 'qcow2' | 'raw';
  bus?: 'virtio' | 'scsi' | 'sata';
  /** Made with this size when the file is missing. */
  sizeBytes?: number;
}

/** Until now, when that is not said. */
export interface ReportRequest {
  fromMs?: number;
  untilMs?: number;
}

export interface HistoryRequest extends ReportRequest {
  /** At most so many. */
  buckets?: number;
}

/** Of a display. */
export interface PictureAnswer {
  png: Uint8Array;
  atMs: number;
}

export interface Operations {
  status(caller: Caller): Promise<HostStatus>;
  /** Hosts that are in contact are asked when what is known of them is old, for a moment at most; those that are not are as they told last. */
  overview(caller: Caller): Promise<OverviewView>;

  /** Health and statistics of every relationship, as last known. */
  healthList(caller: Caller): Promise<HealthView[]>;
  /** With `refresh` the guest is asked now how much is yet to be replicated. */
  healthShow(caller: Caller, machine: string, options: { refresh?: boolean }): Promise<HealthView>;
  /** Counting begins anew; a warning that no longer holds is gone. */
  statisticsReset(caller: Caller, machine: string): Promise<HealthView>;
  /** Its past in buckets of one length; the last day when no period is given. */
  history(caller: Caller, machine: string, request: HistoryRequest): Promise<HistoryView>;
  /** What each relationship achieved over a period, also those that ended in it; the last 30 days when none is given. */
  report(caller: Caller, request: ReportRequest): Promise<ReportView>;
  /** Every check of the doctor; other hosts and guests are asked now, for a few seconds at most. */
  doctor(caller: Caller): Promise<DiagnosisView>;
  /** From where on the health is a warning, or critical. */
  healthLimits(caller: Caller): Promise<HealthLimitsView>;
  healthLimitsChange(caller: Caller, change: Partial<HealthLimitsView>): Promise<HealthLimitsView>;

  machineList(caller: Caller): Promise<MachineView[]>;
  machineShow(caller: Caller, machine: string): Promise<MachineView & { definition: unknown; toml: string }>;
  /** From TOML text; paths in it are absolute. Defining an existing id again changes the definition. */
  machineDefine(caller: Caller, toml: string): Promise<MachineView>;
  machineStart(caller: Caller, machine: string, options: { force?: boolean }): Promise<JobView>;
  machineStop(caller: Caller, machine: string, options: { force?: boolean; timeoutSeconds?: number }): Promise<JobView>;
  /** Disks are kept. */
  machineUndefine(caller: Caller, machine: string): Promise<void>;
  /** Also while the guest runs. The disk does not replicate until the settings name it. */
  diskAttach(caller: Caller, machine: string, disk: DiskRequest): Promise<JobView>;
  /** The image stays. A disk that replicates is taken from the set. */
  diskDetach(caller: Caller, machine: string, disk: string, options: { timeoutSeconds?: number }): Promise<JobView>;
  /** Refused for a smaller size. The replica follows by itself. */
  diskGrow(caller: Caller, machine: string, disk: string, sizeBytes: number): Promise<JobView>;

  hostList(caller: Caller): Promise<HostView[]>;
  /** The invitation is text to paste into `hostJoin` on the other host. */
  hostInvite(caller: Caller, options: { storage?: string; expiresSeconds?: number; address?: string }): Promise<{ invitation: string; expiresAtMs: number }>;
  hostJoin(caller: Caller, invitation: string, options: { storage?: string; address?: string; bypassProxy?: boolean }): Promise<HostView>;
  hostRemove(caller: Caller, host: string): Promise<void>;
  hostRename(caller: Caller, host: string, name: string): Promise<HostView>;
  /** For a peer that moved. */
  hostMove(caller: Caller, host: string, address: string): Promise<HostView>;
  hostRenewCertificate(caller: Caller): Promise<HostView>;
  /** A job that tries each step of the way there, and asks whether that host takes replicas from this one. */
  hostTest(caller: Caller, host: string, options: { bypassProxy?: boolean }): Promise<JobView>;

  authorizationList(caller: Caller): Promise<AuthorizationView[]>;
  serverShow(caller: Caller): Promise<ServerView>;
  serverSet(caller: Caller, change: ServerChange): Promise<ServerView>;
  /** This host's own and those that were installed. */
  serverCertificates(caller: Caller): Promise<ServerCertificateView[]>;
  /** Texts in PEM; a certificate that other hosts could not be shown is refused with the reason. */
  serverCertificateAdd(caller: Caller, files: { certificate: string; key: string; authority?: string }): Promise<ServerCertificateView>;
  serverCertificateRemove(caller: Caller, thumbprint: string): Promise<void>;

  /** For a paired host, `*.domain`, or `*` for any paired host. Without a storage location: the host's own place for replicas. */
  authorizationAdd(caller: Caller, entry: { host: string; storage?: string; trustGroup?: string }): Promise<AuthorizationView>;
  /** Entries are named by id or host. Replicas that exist stay where they are. */
  authorizationChange(caller: Caller, entry: string, change: { host?: string; storage?: string; trustGroup?: string }): Promise<AuthorizationView>;
  /** Nothing more is taken for its replicas. */
  authorizationRemove(caller: Caller, entry: string): Promise<void>;
  /** The replica belongs to this entry alone from now on. */
  authorizationAssign(caller: Caller, machine: string, entry: string): Promise<void>;

  /** The defaults and the readiness findings; changes nothing. */
  enablePlan(caller: Caller, request: EnableRequest): Promise<EnablePlan>;
  enable(caller: Caller, request: EnableRequest): Promise<RelationshipView>;
  settingsChange(caller: Caller, machine: string, settings: Partial<SettingsView>): Promise<RelationshipView>;
  /** By "seed", only what differs from a copy on the other host travels. As it was chosen before when not given, else by "network". */
  initialStart(caller: Caller, machine: string, options: { transfer?: 'network' | 'seed' }): Promise<JobView>;
  /** It begins by itself at that moment, within the next seven days. */
  initialStartAt(caller: Caller, machine: string, startsAtMs: number, options: { transfer?: 'network' | 'seed' }): Promise<RelationshipView>;
  /** One that is only scheduled is not begun. */
  initialStop(caller: Caller, machine: string): Promise<RelationshipView>;
  /** The first copy goes onto media, into a subdirectory of this directory here; changes flow meanwhile. Ends when the media are whole. */
  initialExport(caller: Caller, machine: string, directory: string): Promise<JobView>;
  /** On the replica's host: media that were carried here, checked while they are copied. */
  initialImport(caller: Caller, machine: string, directory: string): Promise<JobView>;
  /** On the replica's host: the machine here is a copy of that host's, and waits to become its replica; the only paired host when none is named. */
  copyOffer(caller: Caller, machine: string, host?: string): Promise<RelationshipView>;
  suspend(caller: Caller, machine: string): Promise<RelationshipView>;
  resume(caller: Caller, machine: string): Promise<RelationshipView>;
  trafficShow(caller: Caller): Promise<TrafficView>;
  /** What is under way goes by the new limits. */
  trafficSet(caller: Caller, change: TrafficChange): Promise<TrafficView>;
  /** One that was suspended goes on. */
  resynchronize(caller: Caller, machine: string): Promise<JobView>;
  /** It begins by itself at that moment, within the next seven days. */
  resynchronizeAt(caller: Caller, machine: string, startsAtMs: number): Promise<RelationshipView>;
  /** What it has brought is dropped, and it begins from the start when somebody asks for it; one that is only scheduled is not begun. */
  resynchronizeCancel(caller: Caller, machine: string): Promise<RelationshipView>;
  /** Runs a cycle now and waits for its acknowledgement as a job. */
  cycleNow(caller: Caller, machine: string): Promise<JobView>;
  /** The same, with the guest's file systems held still at the instant by its agent; the job's result says which kind of point it became. */
  consistentCycleNow(caller: Caller, machine: string): Promise<JobView>;
  disable(caller: Caller, machine: string): Promise<void>;

  points(caller: Caller, machine: string): Promise<PointView[]>;
  /** `point` is an id, or last-application-consistent. */
  pointShow(caller: Caller, machine: string, point: string): Promise<PointView>;
  /** Every other point stays as it is. Refused while the point is needed or in use. */
  pointDelete(caller: Caller, machine: string, point: string): Promise<void>;
  /** Reads the whole point; the job fails when it is damaged, and the point is marked. */
  pointVerify(caller: Caller, machine: string, point: string): Promise<JobView>;
  /** On each adapter's own test network, on the one that is named, or isolated. */
  testFailover(caller: Caller, machine: string, options: { point?: string; start: boolean; network?: string; isolated?: boolean }): Promise<JobView>;
  testFailoverEnd(caller: Caller, machine: string): Promise<JobView>;
  /** What the last test failover on this host showed: once its guest had booted, and again before its end. */
  testResult(caller: Caller, machine: string): Promise<TestResultView>;
  testScreenshot(caller: Caller, machine: string): Promise<PictureAnswer>;
  /** What the guest's display shows now. Refused when it is off, or has no display. */
  screenshot(caller: Caller, machine: string): Promise<PictureAnswer>;
  /** The last of its serial console; also when it is off. */
  consoleText(caller: Caller, machine: string): Promise<ConsoleTextView>;
  /** Runs on either host: shut down, last cycle, boot on the other host. */
  plannedFailover(caller: Caller, machine: string, options: { start: boolean; reverse: boolean; timeoutSeconds?: number; force?: boolean; commitAfterSeconds?: number }): Promise<JobView>;
  /** With force also while the other host cannot be asked: as a new epoch, so that it yields when it is met. */
  plannedFailoverCancel(caller: Caller, machine: string, options: { force?: boolean }): Promise<RelationshipView>;
  /** On the replica's host. Refused while the primary reports its guest running, unless forced. */
  unplannedFailover(caller: Caller, machine: string, options: { point?: string; start: boolean; force?: boolean; commitAfterSeconds?: number }): Promise<JobView>;
  /** The failover commits itself after so many seconds from now; never for 0. */
  commitAfter(caller: Caller, machine: string, seconds: number): Promise<RelationshipView>;
  commit(caller: Caller, machine: string): Promise<JobView>;
  revert(caller: Caller, machine: string): Promise<JobView>;
  /** Commits first when needed; ends with this host primary, the old one replica, and the first reverse cycle acknowledged. */
  reverse(caller: Caller, machine: string): Promise<JobView>;
  /** After a committed failover in the middle of a chain: this host is primary, the third host its replica, and the first has no part in it any more. */
  changeMode(caller: Caller, machine: string): Promise<JobView>;
  /** After a split brain: this host yields to the other; what its guest wrote is set aside as a named point. */
  becomeReplica(caller: Caller, machine: string): Promise<JobView>;
  /** One command home: ends with the guest running on the host it came from and replication in the old direction. */
  failback(caller: Caller, machine: string, options: { start: boolean; timeoutSeconds?: number }): Promise<JobView>;

  /**
   * The guest goes home to this host, to be looked at before it is committed: on the host that it came from, its guest off, the
   * other host failed over. The guest there runs on until all but its last changes are here. With a point of that host, this
   * host has exactly that point in the end, and what came after it is kept there by the commit.
   */
  failbackStart(caller: Caller, machine: string, options: { point?: string; timeoutSeconds?: number }): Promise<JobView>;

  networkShow(caller: Caller, machine: string): Promise<FailoverNetworkView>;
  /** The adapter by its place in the definition, from 0, or by its MAC address. Null clears; what is absent stays. */
  networkChange(caller: Caller, machine: string, adapter: string, change: NetworkChange): Promise<FailoverNetworkView>;
  /** Sets the addresses in a running guest now; it gets them by itself when it starts. */
  networkApply(caller: Caller, machine: string): Promise<JobView>;

  jobList(caller: Caller): Promise<JobView[]>;
  jobShow(caller: Caller, id: string): Promise<JobView>;
  jobCancel(caller: Caller, id: string): Promise<JobView>;
  /** Oldest first; of one machine, or of everything. */
  /** `severity`: as bad as that at least. */
  events(caller: Caller, options: { afterId?: number; limit?: number; machine?: string; severity?: EventView['severity'] }): Promise<EventView[]>;
  auditTrail(caller: Caller, options: { limit?: number }): Promise<AuditView[]>;

  /** Who is told when something is wrong, and whether it arrives. */
  notificationsShow(caller: Caller): Promise<NotificationsView>;
  notificationsSet(caller: Caller, change: Partial<NotificationSettingsView>): Promise<NotificationsView>;
  /** The name is the address, or the webhook's host, when none is given. */
  notificationTargetAdd(caller: Caller, target: NotificationTargetRequest): Promise<NotificationTargetView>;
  /** By name or id. What waits for it is tried at once. */
  notificationTargetChange(caller: Caller, target: string, change: NotificationTargetChange): Promise<NotificationTargetView>;
  notificationTargetRemove(caller: Caller, target: string): Promise<void>;
  /** A message is sent now: what the other side answered. A fault when it did not take it. */
  notificationTest(caller: Caller, target: string): Promise<{ answer: string; tookMs: number }>;

  userList(caller: Caller): Promise<UserView[]>;
  userAdd(caller: Caller, user: { name: string; role: Role; password: string }): Promise<UserView>;
  /** With another password the user's sessions and tokens end. Refused for the role of the last administrator. */
  userSet(caller: Caller, name: string, change: { role?: Role; password?: string }): Promise<UserView>;
  /** Of the caller, who says the present one; of their sessions and tokens only that of `token` goes on. */
  passwordChange(caller: Caller, change: { password: string; newPassword: string; token?: string }): Promise<void>;
  /** Refused for the last administrator. */
  userRemove(caller: Caller, name: string): Promise<void>;
  /** A token for a program, for so many days; shown once. */
  userToken(caller: Caller, name: string, options: { days: number }): Promise<{ token: string; expiresAtMs: number }>;
  userCertificates(caller: Caller, user: string): Promise<CertificateView[]>;
  /** Whoever holds the key of this TLS client certificate (PEM) acts as the user over the management protocols. */
  userCertificateAdd(caller: Caller, user: string, certificate: string): Promise<CertificateView>;
  userCertificateRemove(caller: Caller, user: string, fingerprint: string): Promise<void>;
  /** A token for the API, for 12 hours. */
  signIn(credentials: { name: string; password: string; from: string }): Promise<{ token: string; user: UserView; expiresAtMs: number }>;
  /** The caller behind a token, or undefined when it is unknown or has ended. */
  callerOfToken(token: string, from: string): Promise<Caller | undefined>;
}

export interface Change {
  readonly kind: 'machine' | 'relationship' | 'job' | 'host' | 'event' | 'user';
  /** Of a user, the name. */
  readonly id: string;
}

/** Anything that changed, for server-sent events. The listener gets the name of what to read again. */
export interface Changes {
  subscribe(listener: (change: Change) => void): () => void;
}
