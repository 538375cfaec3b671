/**
 * One host's engine: a worker per machine, the jobs, and the answers to its peers. It is built of ports alone, so that the
 * same engine runs under the daemon and, two of them, in the simulator.
 */
import { Fault } from '../errors/fault.ts';
import { say } from '../language/text.ts';
import type { Relationship } from '../machine/records.ts';
import { deskOf, type Desk } from '../relationship/chain.ts';
import { answersOf } from './answers.ts';
import type { Answers, Method, ParamsOf } from './calls.ts';
import { CommitDeadlines } from './commitdeadline.ts';
import { HealthWatch } from './healthwatch.ts';
import type { Host } from './host.ts';
import { HostItems } from './hostitems.ts';
import { jobKinds } from './jobkinds.ts';
import { Jobs, type JobContext } from './jobs.ts';
import { ADDRESSING_JOB, expectAddresses, isWaiting } from './network/addressing.ts';
import { PendingBytes } from './pending.ts';
import type { PeerHandler, Wire } from './ports/peers.ts';
import { Reception } from './replica/reception.ts';
import { RosterTelling } from './roster/telling.ts';
import { specOf } from './spec.ts';
import { TestScreens } from './testscreens.ts';
import { Worker } from './worker.ts';

export class Engine {
  readonly host: Host;
  readonly jobs: Jobs;
  readonly reception: Reception;
  readonly pending: PendingBytes;
  readonly roster: RosterTelling;
  readonly testScreens: TestScreens;
  readonly #watch: HealthWatch;
  readonly #hostItems: HostItems;
  readonly #deadlines: CommitDeadlines;
  readonly #workers = new Map<string, Worker>();
  readonly #answers: Answers;
  #started = false;

  /** `host.changed` is called for others; the engine wakes its own workers by it. */
  constructor(host: Host) {
    this.host = {
      ...host,
      changed: (kind, id) => {
        if (kind === 'relationship' && this.#started) {
          this.#wake(id);
          this.#deadlines.look(id);
          this.testScreens.relationshipChanged(id);
        }
        if (kind === 'machine' && this.#started) {
          this.#address(id);
          this.testScreens.look(id);
        }
        if (kind === 'machine' || kind === 'relationship') this.roster.noticed();
        host.changed(kind, id);
      },
    };
    this.reception = new Reception(this.host);
    this.jobs = new Jobs(this.host, jobKinds(this));
    this.pending = new PendingBytes(this.host, (machineId) => this.worker(machineId).progress);
    this.roster = new RosterTelling(this);
    this.testScreens = new TestScreens(this.host);
    this.#watch = new HealthWatch(this.host, this.pending);
    this.#hostItems = new HostItems(this.host);
    this.#deadlines = new CommitDeadlines(this.host, (machineId) => this.jobs.start('commit', machineId, {}));
    this.#answers = answersOf(this);
    host.hypervisor.onRestart((instanceId) => this.#restarted(instanceId));
  }

  /** Everything that a crash left half done goes on. */
  start(): void {
    this.#started = true;
    for (const { id } of this.host.state.machines()) this.#wake(id);
    this.jobs.resume();
    this.#watch.start();
    this.#hostItems.start();
    this.testScreens.start();
    for (const { id } of this.host.state.machines()) {
      this.#address(id);
      this.#deadlines.look(id);
    }
  }

  /** What was set in the guest went with its restart. */
  #restarted(machineId: string): void {
    const machine = this.host.state.machine(machineId);
    if (!machine) return;
    expectAddresses(this.host, machineId, specOf(this.host, machine, this.host.state.relationshipOf(machineId)).definition);
    this.#address(machineId);
  }

  /** A guest that waits for its addresses has a job that sets them. */
  #address(machineId: string): void {
    if (!isWaiting(this.host.state.machine(machineId)?.network)) return;
    const isUnderWay = this.jobs.running().some((job) => job.kind === ADDRESSING_JOB && job.machineId === machineId);
    if (!isUnderWay) this.jobs.start(ADDRESSING_JOB, machineId, {});
  }

  /** Open attempts and running jobs stay as they are for the next daemon. */
  async stop(): Promise<void> {
    this.jobs.stop();
    this.roster.stop();
    this.#deadlines.stop();
    this.reception.stop();
    await this.#watch.stop();
    await this.#hostItems.stop();
    await this.testScreens.stop();
    await Promise.all([...this.#workers.values()].map((worker) => worker.stop()));
  }

  /** Of the machine's own relationship, or of the one by which it is sent on. */
  worker(machineId: string, desk: Desk = 'own'): Worker {
    const key = `${desk} ${machineId}`;
    let worker = this.#workers.get(key);
    if (!worker) this.#workers.set(key, (worker = new Worker(this.host, machineId, desk === 'own' ? null : this.worker(machineId))));
    return worker;
  }

  workerOf(relationship: Relationship): Worker {
    return this.worker(relationship.machineId, deskOf(relationship));
  }

  #wake(machineId: string): void {
    this.worker(machineId).wake();
    const { state } = this.host;
    const isSentOn = state.extendedOf(machineId) !== undefined || state.outbox(machineId, 'onward').length > 0 || state.outbox(machineId, 'farewell').length > 0;
    if (isSentOn || this.#workers.has(`onward ${machineId}`)) this.worker(machineId, 'onward').wake();
  }

  /** The peer can be reached again: what waited for it goes on now. */
  contact(hostId: string): void {
    for (const relationship of this.host.state.relationships()) {
      if (relationship.peerId === hostId && relationship.failures > 0) this.workerOf(relationship).poke();
    }
  }

  /** The one that the job is about: the machine's own, or that by which it is sent on. */
  relationshipFor({ machineId, args }: Pick<JobContext, 'machineId' | 'args'>): Relationship {
    if (args['extended'] !== true) return this.relationshipOf(machineId);
    const extended = this.host.state.extendedOf(machineId);
    if (!extended) throw new Fault('not-replicated', say('{machine} has no extended relationship on {host}', { machine: this.host.state.machine(machineId)?.name ?? machineId, host: this.host.hostName }));
    return extended;
  }

  relationshipOf(machineId: string): Relationship {
    const relationship = this.host.state.relationshipOf(machineId);
    if (!relationship) throw new Fault('not-replicated', say('{machine} is not replicated', { machine: this.host.state.machine(machineId)?.name ?? machineId }));
    return relationship;
  }

  readonly handle: PeerHandler = async (hostId: string, method: string, params: Wire): Promise<Wire> => {
    const answer = this.#answers[method as Method] as ((hostId: string, params: ParamsOf<Method>) => Promise<unknown>) | undefined;
    if (!answer || !Object.hasOwn(this.#answers, method)) throw new Fault('peer-protocol', say('this host does not know the call "{method}"', { method }));
    return (await answer(hostId, params as unknown as ParamsOf<Method>)) as Wire;
  };
}
