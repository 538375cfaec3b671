/**
 * A host in memory behind the `Operations` interface: the real thing minus the engine. It keeps machines, a small part
 * of the relationship's rules, jobs that run until `finishJobs`, real accounts, events and the audit trail.
 */
import { DatabaseSync } from 'node:sqlite';
import { Fault } from '../../src/errors/fault.ts';
import { refuse, Refused } from '../../src/errors/refusal.ts';
import { limitsOf } from '../../src/health/limits.ts';
import type { Changes, DiskRequest, EnablePlan, EnableRequest, Operations } from '../../src/service/operations.ts';
import type { Caller, Role } from '../../src/service/accessviews.ts';
import type { DiagnosisView, HealthLimitsView } from '../../src/service/healthviews.ts';
import type { RelationshipView, SettingsView } from '../../src/service/relationshipviews.ts';
import type { EventView, FailoverNetworkView, HostView, JobView, MachineView, OverviewView, PointView, TrafficView } from '../../src/service/views.ts';
import { Accounts } from '../../src/state/accounts.ts';
import { memoryHistory } from './memoryhistory.ts';
import { memoryNotifications } from './memorynotifications.ts';
import { memoryScreens } from './memoryscreens.ts';
import { memoryServer } from './memoryserver.ts';
import { ALLOWED, DEFAULTS, healthOf, isSuch, NOW_MS, overviewOf, STATE_NAMES } from './memoryviews.ts';

type Listener = Parameters<Changes['subscribe']>[0];
type Change = Parameters<Listener>[0];

const RANK: Record<Role, number> = { viewer: 0, operator: 1, administrator: 2 };
export class MemoryHost implements Operations, Changes {
  readonly db = new DatabaseSync(':memory:');
  readonly accounts = new Accounts(this.db, Date.now, (name) => this.announce({ kind: 'user', id: name }));
  readonly machines = new Map<string, MachineView>();
  hasPoints = true;
  limits: HealthLimitsView = limitsOf();
  doctorFinds: DiagnosisView['findings'] = [];
  readonly relationships = new Map<string, RelationshipView>();
  readonly jobs = new Map<string, JobView>();
  readonly eventLog: EventView[] = [];
  readonly received: { operation: string; arguments: unknown[] }[] = [];
  readonly hosts: HostView[] = [
    { id: 'h-1', name: 'alpha', address: '10.0.0.1:7443', fingerprint: 'aa:bb', self: true, connected: true, lastContactMs: null, certificateExpiresMs: 1_900_000_000_000 },
    { id: 'h-2', name: 'beta', address: '10.0.0.2:7443', fingerprint: 'cc:dd', self: false, connected: true, lastContactMs: 1_700_000_000_000, certificateExpiresMs: null },
  ];
  /** Set by a test: what the next operation throws instead of working. */
  throws: unknown;
  /** What the plan finds. */
  findings: EnablePlan['findings'] = [];
  /** Whether jobs end by themselves at once. */
  jobsEnd = true;
  readonly #listeners = new Set<Listener>();

  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get subscriberCount(): number {
    return this.#listeners.size;
  }

  announce(change: Change): void {
    for (const listener of this.#listeners) listener(change);
  }

  log(message: string, machine: string | null = null, severity: EventView['severity'] = 'information'): EventView {
    const event: EventView = { id: this.eventLog.length + 1, atMs: 1_700_000_000_000, number: 29_242, severity, machine, message, hint: null };
    this.eventLog.push(event);
    this.announce({ kind: 'event', id: String(event.id) });
    return event;
  }

  addMachine(name: string, changes: Partial<MachineView> = {}): MachineView {
    const id = `00000000-0000-4000-8000-${String(this.machines.size + 1).padStart(12, '0')}`;
    const disks = [{ name: 'vda', path: `/images/${name}.qcow2`, format: 'qcow2', sizeBytes: 1_073_741_824 }];
    const machine: MachineView = { id, name, role: 'standalone', power: 'off', startRefusal: null, memoryMiB: 512, cpuCount: 1, autostart: false, disks, consoleSocket: null, consoleLog: null, pid: null, ...changes };
    this.machines.set(name, machine);
    return machine;
  }

  addRelationship(machine: string, state: number, changes: Partial<RelationshipView> = {}): RelationshipView {
    const relationship: RelationshipView = {
      id: `r-${machine}`, kind: 'simple', machineId: this.#machine(machine).id, machine, side: 'primary', peer: 'beta', peerConnected: true, state, stateName: STATE_NAMES[state]!, health: 'ok', healthReasons: [], lagMs: state === 1 ? null : 12_000,
      lastCycle: state === 1 ? null : { pointId: 'p-9', finishedAtMs: 1_700_000_000_000, durationMs: 840, bytesChanged: 1_048_576, bytesShipped: 524_288 },
      lastResynchronization: null, lastKind: state === 1 ? null : 'standard', lastConsistentAtMs: null, nextCycleAtMs: null, startsAtMs: null, waitingFor: null, points: state === 1 ? 0 : 3, commitsAtMs: null, lastTestAtMs: null, epoch: { number: 1, id: 'e-1' }, settings: DEFAULTS, allowed: ALLOWED[state]!, advice: '', lastFault: null, ...changes,
    };
    this.relationships.set(machine, relationship);
    return relationship;
  }

  /** Every running job has moved on to `percent`. */
  progress(percent: number, step: string): void {
    for (const job of this.jobs.values()) if (job.state === 'running') this.#changeJob(job.id, { percent, step });
  }

  finishJobs(error: JobView['error'] = null): void {
    for (const job of this.jobs.values()) {
      if (job.state === 'running') this.#changeJob(job.id, { state: error ? 'failed' : 'completed', percent: error ? job.percent : 100, finishedAtMs: Date.now(), cancellable: false, error, result: error ? null : { bytesShipped: 4_096, seconds: 1.5 } });
    }
  }

  async status(caller: Caller) {
    this.#enter('viewer', caller, 'status');
    return { host: this.hosts[0]!, machines: [...this.machines.values()], relationships: [...this.relationships.values()], jobs: [...this.jobs.values()] };
  }
  async overview(caller: Caller): Promise<OverviewView> {
    this.#enter('viewer', caller, 'overview');
    return overviewOf(this.hosts[0]!, [...this.machines.values()], NOW_MS);
  }
  async healthList(caller: Caller) {
    this.#enter('viewer', caller, 'healthList');
    return [...this.relationships.values()].map(healthOf);
  }
  async healthShow(caller: Caller, machine: string, options: { refresh?: boolean }) {
    this.#enter('viewer', caller, 'healthShow', machine, options);
    return healthOf(this.#relationship(machine));
  }
  async statisticsReset(caller: Caller, machine: string) {
    this.#enter('operator', caller, 'statisticsReset', machine);
    return healthOf(this.#relationship(machine));
  }
  async doctor(caller: Caller) {
    this.#enter('viewer', caller, 'doctor');
    return { host: 'alpha', atMs: NOW_MS, findings: this.doctorFinds, checks: [{ check: 'clock-skew', practice: null, title: 'The hosts\' clocks agree', fired: this.doctorFinds.length }] };
  }
  async healthLimits(caller: Caller) {
    this.#enter('viewer', caller, 'healthLimits');
    return this.limits;
  }
  async healthLimitsChange(caller: Caller, change: Partial<HealthLimitsView>) {
    this.#enter('operator', caller, 'healthLimitsChange', change);
    this.limits = { ...this.limits, ...change };
    return this.limits;
  }
  async machineList(caller: Caller) {
    this.#enter('viewer', caller, 'machineList');
    return [...this.machines.values()];
  }
  async machineShow(caller: Caller, machine: string) {
    this.#enter('viewer', caller, 'machineShow', machine);
    return { ...this.#machine(machine), definition: { machineType: 'pc-q35-7.2' }, toml: '' };
  }
  async machineDefine(caller: Caller, toml: string) {
    this.#enter('operator', caller, 'machineDefine', toml);
    const name = /name = "(.+)"/.exec(toml)?.[1];
    if (!name) throw new Fault('definition-invalid', 'the definition has no name');
    return this.addMachine(name);
  }
  async machineStart(caller: Caller, machine: string, options: { force?: boolean }) {
    this.#enter('operator', caller, 'machineStart', machine, options);
    return this.#startJob('start', Object.assign(this.#machine(machine), { power: 'running' as const }).name);
  }
  readonly machineStop = (caller: Caller, machine: string, options: { force?: boolean; timeoutSeconds?: number }) => this.#asked('machineStop', caller, machine, options);
  readonly diskAttach = (caller: Caller, machine: string, disk: DiskRequest) => this.#asked('diskAttach', caller, machine, disk);
  readonly diskDetach = (caller: Caller, machine: string, disk: string, options: { timeoutSeconds?: number }) => this.#asked('diskDetach', caller, machine, disk, options);
  readonly diskGrow = (caller: Caller, machine: string, disk: string, sizeBytes: number) => this.#asked('diskGrow', caller, machine, disk, sizeBytes);
  async #asked(kind: string, caller: Caller, machine: string, ...more: unknown[]) {
    this.#enter('operator', caller, kind, machine, ...more);
    return this.#startJob(kind, machine);
  }
  async machineUndefine(caller: Caller, machine: string) {
    this.#enter('operator', caller, 'machineUndefine', machine);
    this.machines.delete(this.#machine(machine).name);
  }
  async commitAfter(caller: Caller, machine: string, seconds: number) {
    this.#enter('operator', caller, 'commitAfter', machine, seconds);
    return this.relationships.get(machine)!;
  }

  readonly network: FailoverNetworkView['adapters'] = [{ index: 0, mac: '52:54:00:00:00:01', network: 'br0', bridge: null, testBridge: null, addresses: null }];

  #networkView(machine: string): FailoverNetworkView {
    const { id, name } = this.#machine(machine);
    return { machineId: id, machine: name, guestAgent: true, hasArrived: false, adapters: this.network, outcome: null };
  }
  async networkShow(caller: Caller, machine: string) {
    this.#enter('viewer', caller, 'networkShow', machine);
    return this.#networkView(machine);
  }
  async networkChange(caller: Caller, machine: string, adapter: string, change: object) {
    this.#enter('operator', caller, 'networkChange', machine, adapter, change);
    return this.#networkView(machine);
  }
  readonly networkApply = (caller: Caller, machine: string) => this.#asked('networkApply', caller, machine);

  async hostList(caller: Caller) {
    this.#enter('viewer', caller, 'hostList');
    return this.hosts;
  }
  async hostInvite(caller: Caller, options: object) {
    this.#enter('administrator', caller, 'hostInvite', options);
    return { invitation: 'understudy1:abc', expiresAtMs: 1_900_000_000_000 };
  }
  async hostJoin(caller: Caller, invitation: string, options: object) {
    this.#enter('administrator', caller, 'hostJoin', invitation, options);
    if (invitation === 'used') throw new Fault('invitation-invalid', 'the invitation was used already');
    return this.hosts[1]!;
  }
  async hostRemove(caller: Caller, host: string) {
    this.#enter('administrator', caller, 'hostRemove', host);
    this.#host(host);
  }
  async hostRename(caller: Caller, host: string, name: string) {
    this.#enter('administrator', caller, 'hostRename', host, name);
    return { ...this.#host(host), name };
  }
  async hostMove(caller: Caller, host: string, address: string) {
    this.#enter('administrator', caller, 'hostMove', host, address);
    return { ...this.#host(host), address };
  }
  hostRenewCertificate = async (caller: Caller) => (this.#enter('administrator', caller, 'hostRenewCertificate'), this.hosts[0]!);

  async hostTest(caller: Caller, host: string, options: object) {
    this.#enter('operator', caller, 'hostTest', host, options);
    return this.#startJob('connectionTest', this.#host(host).name);
  }
  readonly #server = memoryServer((...received) => this.#enter(...received));
  readonly serverShow = this.#server.serverShow;
  readonly serverSet = this.#server.serverSet;
  readonly serverCertificates = this.#server.serverCertificates;
  readonly serverCertificateAdd = this.#server.serverCertificateAdd;
  readonly serverCertificateRemove = this.#server.serverCertificateRemove;
  readonly authorizationList = this.#server.authorizationList;
  readonly authorizationAdd = this.#server.authorizationAdd;
  readonly authorizationChange = this.#server.authorizationChange;
  readonly authorizationRemove = this.#server.authorizationRemove;
  readonly authorizationAssign = this.#server.authorizationAssign;

  async enablePlan(caller: Caller, request: EnableRequest) {
    this.#enter('operator', caller, 'enablePlan', request);
    return { settings: { ...DEFAULTS, ...request.settings }, findings: this.findings, advice: ['Keep 24 recovery points: --history 24.'] };
  }
  async enable(caller: Caller, request: EnableRequest) {
    this.#enter('operator', caller, 'enable', request);
    const { name } = this.#machine(request.machine);
    this.#host(request.host);
    if (this.relationships.has(name)) throw new Refused(refuse(`${name} is replicated already`, ['settings', 'disable']));
    return this.addRelationship(name, 1, { settings: { ...DEFAULTS, ...request.settings } });
  }
  async settingsChange(caller: Caller, machine: string, settings: Partial<SettingsView>) {
    this.#enter('operator', caller, 'settingsChange', machine, settings);
    const relationship = this.#relationship(machine);
    return this.addRelationship(relationship.machine, relationship.state, { settings: { ...relationship.settings, ...settings } });
  }
  initialStart = (caller: Caller, machine: string, options: object) => this.#move(caller, 'initialStart', machine, 'start-replication', 2, options);
  async initialStartAt(caller: Caller, machine: string, startsAtMs: number, options: object) {
    this.#enter('operator', caller, 'initialStartAt', machine, startsAtMs, options);
    return this.addRelationship(this.#relationship(machine).machine, 1, { startsAtMs });
  }
  initialExport = (caller: Caller, machine: string, directory: string) => this.#move(caller, 'initialExport', machine, null, 2, directory);
  initialImport = (caller: Caller, machine: string, directory: string) => this.#move(caller, 'initialImport', machine, null, 3, directory);
  async copyOffer(caller: Caller, machine: string, host?: string) {
    this.#enter('operator', caller, 'copyOffer', machine, host);
    return this.addRelationship(this.#machine(machine).name, 2, { side: 'replica' });
  }
  initialStop = (caller: Caller, machine: string) => this.#become(caller, 'initialStop', machine, 'stop-initial', 1);
  suspend = (caller: Caller, machine: string) => this.#become(caller, 'suspend', machine, 'suspend', 7);
  resume = (caller: Caller, machine: string) => this.#become(caller, 'resume', machine, 'resume', 3);
  resynchronize = (caller: Caller, machine: string) => this.#move(caller, 'resynchronize', machine, 'resynchronize', 10);
  readonly traffic: TrafficView = { transfers: 3, resynchronizations: 2, bandwidth: [], mbitPerSecondNow: null, transferring: ['web'], resynchronizing: [] };
  trafficShow = async (caller: Caller) => (this.#enter('viewer', caller, 'trafficShow'), this.traffic);
  trafficSet = async (caller: Caller, change: object) => (this.#enter('operator', caller, 'trafficSet', change), { ...this.traffic, ...change });
  resynchronizeAt = async (caller: Caller, machine: string, startsAtMs: number) => (this.#enter('operator', caller, 'resynchronizeAt', machine, startsAtMs), this.addRelationship(this.#relationship(machine).machine, 9, { startsAtMs }));
  resynchronizeCancel = (caller: Caller, machine: string) => this.#become(caller, 'resynchronizeCancel', machine, 'cancel-resynchronization', 9);
  cycleNow = (caller: Caller, machine: string) => this.#move(caller, 'cycleNow', machine, 'cycle', 3);
  consistentCycleNow = (caller: Caller, machine: string) => this.#move(caller, 'consistentCycleNow', machine, 'cycle', 3);
  async disable(caller: Caller, machine: string) {
    await this.#become(caller, 'disable', machine, 'disable', 1);
    this.relationships.delete(this.#machine(machine).name);
  }

  #pointsOf(caller: Caller, operation: 'points' | 'pointShow', machine: string, ...more: readonly string[]): PointView[] {
    this.#enter('viewer', caller, operation, machine, ...more);
    this.#relationship(machine);
    return (this.hasPoints ? [1, 2] : []).map((sequence) => ({ id: `p-${sequence}`, sequence, kind: 'standard', instantMs: 1_700_000_000_000 + sequence, sizeBytes: 65_536, newest: sequence === 2, name: null, verification: null }));
  }
  points = async (caller: Caller, machine: string) => this.#pointsOf(caller, 'points', machine);
  pointShow = async (caller: Caller, machine: string, point: string) => ({ ...this.#pointsOf(caller, 'pointShow', machine, point)[0]!, id: point });
  pointDelete = async (caller: Caller, machine: string, point: string) => this.#enter('operator', caller, 'pointDelete', machine, point);
  pointVerify = (caller: Caller, machine: string, point: string) => this.#move(caller, 'pointVerify', machine, null, 3, point);
  testFailover = (caller: Caller, machine: string, options: object) => this.#move(caller, 'testFailover', machine, 'test', 3, options);
  testFailoverEnd = (caller: Caller, machine: string) => this.#move(caller, 'testFailoverEnd', machine, null, 3);
  plannedFailover = (caller: Caller, machine: string, options: object) => this.#move(caller, 'plannedFailover', machine, 'failover', 5, options);
  plannedFailoverCancel = (caller: Caller, machine: string) => this.#become(caller, 'plannedFailoverCancel', machine, 'cancel-failover', 3);
  unplannedFailover = (caller: Caller, machine: string, options: object) => this.#move(caller, 'unplannedFailover', machine, 'failover', 5, options);
  commit = (caller: Caller, machine: string) => this.#move(caller, 'commit', machine, 'commit', 6);
  revert = (caller: Caller, machine: string) => this.#move(caller, 'revert', machine, 'revert', 3);
  reverse = (caller: Caller, machine: string) => this.#move(caller, 'reverse', machine, 'reverse', 3);
  changeMode = (caller: Caller, machine: string) => this.#move(caller, 'changeMode', machine, null, 3);
  becomeReplica = (caller: Caller, machine: string) => this.#move(caller, 'becomeReplica', machine, null, 2);
  failback = (caller: Caller, machine: string, options: object) => this.#move(caller, 'failback', machine, 'failback', 3, options);
  failbackStart = (caller: Caller, machine: string, options: object) => this.#move(caller, 'failbackStart', machine, 'initiate-failback', 14, options);

  async jobList(caller: Caller) {
    this.#enter('viewer', caller, 'jobList');
    return [...this.jobs.values()];
  }
  async jobShow(caller: Caller, id: string) {
    this.#enter('viewer', caller, 'jobShow', id);
    const job = this.jobs.get(id);
    if (!job) throw new Fault('job-unknown', `there is no job ${id}`);
    return job;
  }
  async jobCancel(caller: Caller, id: string) {
    await this.jobShow(caller, id);
    this.#enter('operator', caller, 'jobCancel', id);
    return this.#changeJob(id, { state: 'cancelled', finishedAtMs: Date.now(), cancellable: false });
  }
  async events(caller: Caller, { afterId, limit = 100, machine, severity = 'information' }: { afterId?: number; limit?: number; machine?: string; severity?: EventView['severity'] }) {
    this.#enter('viewer', caller, 'events', afterId, limit);
    return this.eventLog.filter((event) => isSuch(event, machine, severity) && event.id > (afterId ?? 0)).slice(...(afterId === undefined ? [-limit] : [0, limit]));
  }
  auditTrail = async (caller: Caller, { limit = 100 }: { limit?: number }) => (this.#enter('administrator', caller, 'auditTrail', limit), this.accounts.auditTrail(limit));

  readonly #past = memoryHistory((...received) => this.#enter(...received), (machine) => this.#relationship(machine));
  readonly history = this.#past.history;
  readonly report = this.#past.report;
  readonly reported = this.#past.reported;

  readonly #screens = memoryScreens((needed, caller, operation, machine) => {
    this.#enter(needed, caller, operation, machine);
    this.#machine(machine);
  });
  readonly screenshot = this.#screens.screenshot;
  readonly consoleText = this.#screens.consoleText;
  readonly testResult = this.#screens.testResult;
  readonly testScreenshot = this.#screens.testScreenshot;
  readonly #notifications = memoryNotifications((...received) => this.#enter(...received));
  readonly notificationsShow = this.#notifications.notificationsShow;
  readonly notificationsSet = this.#notifications.notificationsSet;
  readonly notificationTargetAdd = this.#notifications.notificationTargetAdd;
  readonly notificationTargetChange = this.#notifications.notificationTargetChange;
  readonly notificationTargetRemove = this.#notifications.notificationTargetRemove;
  readonly notificationTest = this.#notifications.notificationTest;

  async userList(caller: Caller) {
    this.#enter('administrator', caller, 'userList');
    return this.accounts.users();
  }
  async userAdd(caller: Caller, user: { name: string; role: Role; password: string }) {
    this.#enter('administrator', caller, 'userAdd', { ...user, password: '…' });
    return this.accounts.addUser(user.name, user.role, user.password);
  }
  async userSet(caller: Caller, name: string, change: { role?: Role; password?: string }) {
    this.#enter('administrator', caller, 'userSet', name, { ...change, ...(change.password !== undefined && { password: '…' }) });
    return this.accounts.changeUser(name, change);
  }
  async passwordChange(caller: Caller, change: { password: string; newPassword: string; token?: string }) {
    this.#enter('viewer', caller, 'passwordChange');
    await this.accounts.changePassword(caller.name, change);
  }
  async userRemove(caller: Caller, name: string) {
    this.#enter('administrator', caller, 'userRemove', name);
    this.accounts.removeUser(name);
  }
  async userCertificates(caller: Caller, user: string) {
    this.#enter('administrator', caller, 'userCertificates', user);
    return this.accounts.certificates.of(user);
  }
  async userCertificateAdd(caller: Caller, user: string, certificate: string) {
    this.#enter('administrator', caller, 'userCertificateAdd', user, certificate);
    return { user, fingerprint: 'ab'.repeat(32), subject: 'CN=ada', expiresAtMs: 1 };
  }
  userToken = async (caller: Caller, user: string, { days }: { days: number }) => (this.#enter('administrator', caller, 'userToken', user, days), { token: 'token-of-a-program', expiresAtMs: NOW_MS + days * 86_400_000 });
  userCertificateRemove = async (caller: Caller, user: string, fingerprint: string) => this.#enter('administrator', caller, 'userCertificateRemove', user, fingerprint);
  async signIn({ name, password }: { name: string; password: string; from: string }) {
    return this.accounts.signIn(name, password);
  }
  async callerOfToken(token: string, from: string) {
    const user = this.accounts.userOfToken(token);
    return user && { ...user, from };
  }

  #enter(needed: Role, caller: Caller, operation: string, ...received: unknown[]): void {
    this.received.push({ operation, arguments: received });
    if (this.throws !== undefined) {
      const thrown = this.throws;
      this.throws = undefined;
      throw thrown;
    }
    if (RANK[caller.role] < RANK[needed]) throw new Fault('role-missing', `${caller.name} is a ${caller.role}; ${operation} needs ${needed}`);
    if (needed !== 'viewer') this.accounts.recordAudit({ who: caller.name, from: caller.from, operation, subject: null, outcome: 'done' });
  }

  #machine(nameOrId: string): MachineView {
    const found = [...this.machines.values()].find(({ id, name }) => id === nameOrId || name === nameOrId);
    if (!found) throw new Fault('machine-unknown', `there is no virtual machine ${nameOrId}`);
    return found;
  }

  #host(name: string): HostView {
    const found = this.hosts.find((host) => host.name === name);
    if (!found) throw new Fault('host-unknown', `there is no host ${name}`);
    return found;
  }

  /** By its id, or as the machine is named. */
  #relationship(machine: string): RelationshipView {
    const known = [...this.relationships.values()].find(({ id }) => id === machine);
    if (known) return known;
    const { name } = this.#machine(machine);
    const found = this.relationships.get(name);
    if (!found) throw new Refused(refuse(`${name} is not replicated`, ['enable']));
    return found;
  }

  async #become(caller: Caller, operation: string, machine: string, verb: string | null, state: number, ...options: unknown[]): Promise<RelationshipView> {
    this.#enter('operator', caller, operation, machine, ...options);
    const before = this.#relationship(machine);
    if (verb !== null && !before.allowed.includes(verb)) throw new Refused(refuse(`${before.machine} is in the state "${before.stateName}"`, before.allowed));
    this.announce({ kind: 'relationship', id: before.machineId });
    return this.addRelationship(before.machine, state, { settings: before.settings });
  }

  async #move(caller: Caller, operation: string, machine: string, verb: string | null, state: number, ...options: unknown[]): Promise<JobView> {
    const { machine: name } = await this.#become(caller, operation, machine, verb, state, ...options);
    return this.#startJob(operation, name);
  }

  #startJob(kind: string, machine: string): JobView {
    const id = `j-${this.jobs.size + 1}`;
    this.jobs.set(id, { id, kind, machine, state: 'running', percent: 0, step: 'Starting', startedAtMs: Date.now(), startedBy: null, finishedAtMs: null, cancellable: true, error: null, result: null });
    const started = this.jobs.get(id)!;
    if (this.jobsEnd) setImmediate(() => this.finishJobs());
    return started;
  }

  #changeJob(id: string, change: Partial<JobView>): JobView {
    const job = { ...this.jobs.get(id)!, ...change };
    this.jobs.set(id, job);
    this.announce({ kind: 'job', id });
    return job;
  }
}
