/** Three hosts: the machine is replicated from A to B, and sent on from there to C. */
import { emptyRelationship } from '../engine/answers.ts';
import { call } from '../engine/calls.ts';
import { transition } from '../engine/transition.ts';
import type { Relationship } from '../machine/records.ts';
import { SimulatedHost } from './host.ts';
import { CYCLE_MS, Pair, type PairOptions } from './pair.ts';
import { MINUTE_MS } from '../language/lengths.ts';

export class Chain extends Pair {
  readonly c: SimulatedHost;

  constructor(options: PairOptions) {
    super(options);
    this.c = new SimulatedHost('C', this.time, this.random, this.network, this.watch);
  }

  override get hosts(): readonly [SimulatedHost, SimulatedHost, ...SimulatedHost[]] {
    return [this.a, this.b, this.c];
  }

  override relationshipOn(host: SimulatedHost): Relationship | undefined {
    return host.state.relationshipOf(this.machineId);
  }

  get extended(): Relationship | undefined {
    return this.b.state.extendedOf(this.machineId);
  }

  /** B's replica is sent on to C (states 1 and 2). */
  async extend(recoveryHistory = 2): Promise<void> {
    const { host } = this.b.engine!;
    const { settings } = this.relationshipOn(this.b)!;
    const { definition, lineage, stacks } = host.state.machine(this.machineId)!;
    const relationship: Relationship = {
      ...emptyRelationship, id: host.newId(), machineId: this.machineId, peerId: 'C', side: 'primary', state: 0, kind: 'extended', key: host.newKey().toString('base64'), overrides: {},
      settings: { ...settings, intervalSeconds: 300, recoveryHistory, additional: { cycleIntervalMs: CYCLE_MS, pointIntervalSeconds: 60 } },
    };
    const sizes = stacks.map(({ disk, sizeBytes }) => ({ disk, sizeBytes }));
    const { id: relationshipId, key, settings: extendedSettings } = relationship;
    const replica = { relationshipId, machineId: this.machineId, definition, settings: extendedSettings, lineage, key, overrides: {}, sizes, kind: 'extended' as const };
    await this.time.until(call(host.peers, 'C', 'createReplica', replica, new AbortController().signal), MINUTE_MS, 'createReplica on C');
    host.state.transaction(() => {
      host.state.putRelationship(relationship);
      transition(host, relationship.id, 'enable');
    });
  }
}
