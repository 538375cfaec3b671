/** What must hold at every moment, whatever fails: each property names the rule of docs that it keeps. */
import { newestOf } from '../relationship/epoch.ts';
import { ROWS } from '../relationship/table.ts';
import type { Relationship } from '../machine/records.ts';
import { prefixOf } from '../points/stack.ts';
import type { Value } from './content.ts';
import type { SimulatedHost } from './host.ts';
import { contentOf } from './instant.ts';
import { checkBranch } from './branchcheck.ts';
import { checkLabels } from './labelcheck.ts';
import { checkMaps } from './mapcheck.ts';
import type { Pair } from './pair.ts';
import { Violation } from './story.ts';

export type Content = ReadonlyMap<string, readonly Value[]>;

/** The first cluster in which the two differ, in words; undefined when they are the same. */
export function difference(found: Content, expected: Content): string | undefined {
  for (const [disk, values] of expected) {
    for (const [cluster, value] of values.entries()) {
      const other = found.get(disk)?.[cluster] ?? 0;
      if (other !== value) return `disk ${disk}, cluster ${cluster} holds ${other} instead of ${value}`;
    }
  }
  return undefined;
}

interface Seen {
  readonly relationship: Relationship | undefined;
  readonly points: readonly string[];
}

export class Properties {
  readonly #pair: Pair;
  readonly #seen = new Map<SimulatedHost, Seen>();
  /** What the disks of a host that yielded held once its guest was held, by point. */
  readonly divergences = new Map<string, Content>();
  /** An operator forced a failover, or asked for one that could not be checked: two guests may run until the hosts have met. */
  mayRunTwice = false;

  constructor(pair: Pair) {
    this.#pair = pair;
  }

  /** After each commit. */
  committed(host: SimulatedHost, what: string): void {
    const before = this.#seen.get(host);
    const relationship = this.#pair.relationshipOn(host);
    const points = host.state.points(this.#pair.machineId).map(({ id }) => id);
    this.#noteChosen(relationship);
    this.#noteSource(host.state.extendedOf(this.#pair.machineId));
    this.#seen.set(host, { relationship, points });
    this.#stepsByTheTable(host, before?.relationship, relationship);
    this.#keepsPoints(host, before, relationship, points, what);
    if (points.some((id) => !before?.points.includes(id)) || what.includes('putMachine')) {
      this.pointsReadRight(host);
      checkBranch(this.#pair, host);
    }
  }

  /** An attempt that carries a chosen point is to read as that point. */
  #noteChosen(relationship: Relationship | undefined): void {
    const { attempt, failback } = relationship ?? {};
    if (!attempt || failback?.at !== 'away' || failback.pointId === null) return;
    const content = this.#pair.instants.get(failback.pointId) ?? this.divergences.get(failback.pointId);
    if (content) this.#pair.instants.set(attempt.id, content);
  }

  /** What is sent on is to read as the point that it is. */
  #noteSource(extended: Relationship | undefined): void {
    const { id, source } = extended?.attempt ?? {};
    const content = source && this.#pair.instants.get(source.pointId);
    if (id && content) this.#pair.instants.set(id, content);
  }

  /** design.md §3, style.md "One table": no state is written that the table does not lead to. */
  #stepsByTheTable(host: SimulatedHost, before: Relationship | undefined, after: Relationship | undefined): void {
    if (!before || before.id !== after?.id || (before.state === after.state && before.side === after.side)) return;
    this.#pair.story.tell(`${host.name}: ${before.side} ${before.state} → ${after.side} ${after.state}`);
    const isKnown = ROWS.some((row) => row.supported && row.side === before.side && row.from.includes(before.state) && row.to === after.state && (row.becomes ?? row.side) === after.side);
    if (!isKnown) throw new Violation('every state written is reachable by the table', `${host.name}: ${before.side} ${before.state} → ${after.side} ${after.state}`);
  }

  /** Rule 21: at most one point goes for each that arrives; a commit, a reverse or a return gives points up. */
  #keepsPoints(host: SimulatedHost, before: Seen | undefined, relationship: Relationship | undefined, points: readonly string[], what: string): void {
    const gone = before?.points.filter((id) => !points.includes(id)) ?? [];
    const isGivenUp = before?.relationship?.state !== relationship?.state || before?.relationship?.side !== relationship?.side;
    // Two, while a history that was made shorter is being reached.
    if (gone.length > 2 && !isGivenUp) throw new Violation('no recovery point is lost but by retention', `${host.name} removed ${gone.length} points at once (${what})`);
    const isReplica = relationship?.side === 'replica' && [3, 7, 8, 12, 5].includes(relationship.state);
    const isOwnDivergence = relationship?.yielded !== null || relationship?.failover?.fromState === 2;
    // While it goes home from here, the row names what the other host has.
    const newestPointId = relationship?.failback?.at === 'away' ? relationship.failback.before.newestPointId : relationship?.newestPointId;
    if (isReplica && !isOwnDivergence && newestPointId && !points.includes(newestPointId)) {
      throw new Violation('no acknowledged recovery point is lost', `${host.name} does not have its newest point ${newestPointId}`);
    }
  }

  /** Rules 1, 3, 13, 19: every recovery point reads as the primary's disks did at its instant; rule 5: so does a divergence. */
  pointsReadRight(host: SimulatedHost): void {
    checkLabels(this.#pair, host, (pointId) => this.#pair.instants.get(pointId) ?? this.divergences.get(pointId));
    const machine = host.state.machine(this.#pair.machineId);
    if (!machine) return;
    for (const point of host.state.points(machine.id)) {
      const expected = this.#pair.instants.get(point.id) ?? this.divergences.get(point.id);
      if (!expected) continue;
      const stacks = machine.stacks.flatMap((stack) => prefixOf(stack, point.id) ?? []);
      const disks = stacks.map(({ disk }) => disk).sort();
      if (disks.join() !== [...expected.keys()].sort().join()) throw new Violation('every recovery point has its layers', `${host.name}: point ${point.id} (${point.kind}) has disks ${disks.join()} instead of ${[...expected.keys()].join()}`);
      const wrong = difference(contentOf(host.files, { stacks }), expected);
      if (wrong) throw new Violation('every recovery point reads as the disks did at its instant', `${host.name}: point ${point.id} (${point.kind}, sequence ${point.sequence}): ${wrong}`);
    }
  }

  /** Rules 4–7: never two guests by our doing. */
  started(instanceId: string): void {
    if (instanceId !== this.#pair.machineId) return;
    const running = this.#pair.hosts.filter((host) => this.#pair.isRunning(host));
    this.#pair.story.tell(`the guest runs on ${running.map(({ name }) => name).join(' and ')}`);
    if (running.length > 1 && !this.mayRunTwice) throw new Violation('never two guests run', 'no failover was forced or made while the primary could not be asked');
  }

  /** Once the hosts have met, one of two guests is held. */
  oneGuestAtMost(): void {
    const running = this.#pair.hosts.filter((host) => this.#pair.isRunning(host));
    if (running.length > 1) throw new Violation('never two guests run once the hosts have met', this.#pair.standing());
  }

  /** Everything that can be looked at between two steps. */
  async check(): Promise<void> {
    for (const host of this.#pair.hosts) {
      this.#noteDivergence(host);
      this.pointsReadRight(host);
      checkBranch(this.#pair, host);
      await checkMaps(this.#pair, host, (pointId) => this.#pair.instants.get(pointId) ?? this.divergences.get(pointId));
    }
  }

  /** A host that yielded and whose guest is held or off: what its disks hold is the divergence, from now on. */
  #noteDivergence(host: SimulatedHost): void {
    const relationship = this.#pair.relationshipOn(host);
    const id = relationship?.divergenceId;
    if (!id || this.divergences.has(id) || this.#pair.isRunning(host) || !host.state.point(id)) return;
    if (host.state.outbox(this.#pair.machineId).some(({ effect }) => effect === 'hold-guest')) return;
    const machine = host.state.machine(this.#pair.machineId)!;
    const stacks = machine.stacks.flatMap((stack) => prefixOf(stack, id) ?? []);
    this.divergences.set(id, contentOf(host.files, { stacks }));
  }

  /** After settling and a cycle with nothing written: the newest point is the primary's disks, byte for byte. */
  newestPointIsTheDisks(primary: SimulatedHost): void {
    const replica = this.#pair.other(primary);
    const machine = replica.state.machine(this.#pair.machineId)!;
    const newestId = this.#pair.relationshipOn(replica)!.newestPointId!;
    const stacks = machine.stacks.flatMap((stack) => prefixOf(stack, newestId) ?? []);
    const { disks } = this.#pair.relationshipOn(primary)!.settings;
    const replicated = new Map([...this.#pair.diskContent(primary)].filter(([disk]) => disks.includes(disk)));
    const wrong = difference(contentOf(replica.files, { stacks }), replicated);
    if (wrong) throw new Violation('the newest recovery point is the primary\'s disks', `${replica.name}: ${wrong}`);
    const epochs = this.#pair.hosts.map((host) => newestOf(host.state.machine(machine.id)!.lineage).id);
    if (epochs[0] !== epochs[1]) throw new Violation('both hosts are in one epoch', epochs.join(' and '));
  }
}
