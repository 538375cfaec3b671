/** What the parts of the driver share: where things are, who is connected, and whose turn it is. */
import { Fault } from '../../errors/fault.ts';
import type { LaunchSpec } from '../../engine/ports/hypervisor.ts';
import { say } from '../../language/text.ts';
import { GuestAgent } from './agent.ts';
import { OfflineBlocks, type Blocks } from './blocks.ts';
import { amendCustody, readCustody, type Custody } from './custody.ts';
import { runPaths, statePaths, type Directories, type RunPaths, type StatePaths } from './directories.ts';
import { serveNbd } from './exports.ts';
import { whetherRunning } from './instance.ts';
import { Monitors } from './monitors.ts';
import { Strays } from './strays.ts';
import { Turns } from './turns.ts';

export class Host {
  readonly directories: Directories;
  readonly monitors: Monitors;
  readonly offline: OfflineBlocks;
  readonly turns = new Turns();
  readonly strays = new Strays();
  /** A guest restarted by itself. */
  onRestart: (instanceId: string) => void = () => undefined;
  /** Of the guest agents' ports, which serve one client each. */
  readonly agentTurns = new Turns();

  constructor(directories: Directories) {
    this.directories = directories;
    this.offline = new OfflineBlocks(directories);
    this.monitors = new Monitors(directories, async (qmp, instanceId) => {
      qmp.onEvent(({ event }) => event === 'RESET' && this.onRestart(instanceId));
      await serveNbd(qmp, this.run(instanceId).nbd);
      await this.strays.remove(qmp);
    });
  }

  run(instanceId: string): RunPaths {
    return runPaths(this.directories, instanceId);
  }

  state(instanceId: string): StatePaths {
    return statePaths(this.directories, instanceId);
  }

  /** True while QEMU runs. When it is off, how it left the images has been noted. */
  async isRunning(instanceId: string): Promise<boolean> {
    const isRunning = await whetherRunning(this.run(instanceId));
    if (isRunning === undefined) throw new Fault('qemu-failed', say('the end of instance {instanceId} is not noted: does the state directory hang?', { instanceId }));
    return isRunning;
  }

  /** The machine's disks, by the running QEMU or a storage daemon. The caller has the machine's turn. */
  async blocks(spec: LaunchSpec, signal: AbortSignal): Promise<Blocks> {
    if (!(await this.isRunning(spec.instanceId))) return this.offline.open(spec, signal);
    const qmp = await this.monitors.get(spec.instanceId);
    return { qmp, nbdSocketPath: this.run(spec.instanceId).nbd, live: true, release: () => Promise.resolve() };
  }

  /** Does the work with the disks open, in the machine's turn. */
  withBlocks<T>(spec: LaunchSpec, signal: AbortSignal, work: (blocks: Blocks) => Promise<T>): Promise<T> {
    return this.turns.take(spec.instanceId, async () => {
      const blocks = await this.blocks(spec, signal);
      try {
        return await work(blocks);
      } finally {
        await blocks.release();
      }
    });
  }

  /** Does the work with the guest's agent, alone. Fault agent-silent when nobody answers in time. */
  withAgent<T>(instanceId: string, withinMs: number, work: (agent: GuestAgent) => Promise<T>): Promise<T> {
    return this.#agentTurn(instanceId, withinMs, async () => {
      const agent = await GuestAgent.connect(this.run(instanceId).agent, withinMs);
      try {
        return await work(agent);
      } finally {
        agent.close();
      }
    });
  }

  /** Does the work when nobody has the agent now; else nothing. The work makes its own connection. */
  async withFreeAgent(instanceId: string, work: () => Promise<unknown>): Promise<void> {
    if (!this.agentTurns.isTaken(instanceId)) await this.agentTurns.take(instanceId, work);
  }

  #agentTurn<T>(instanceId: string, withinMs: number, work: () => Promise<T>): Promise<T> {
    return this.agentTurns.takeWithin(instanceId, withinMs, () => new Fault('agent-silent', say('the guest agent still owes an answer to another request')), work);
  }

  /** Begins the work when the agent is free, and holds the agent until `until` of what comes back has resolved. Fault agent-silent when it is not free in time. */
  holdAgent<T extends { readonly ended: Promise<void> }>(instanceId: string, withinMs: number, begin: () => T): Promise<T> {
    const begun = Promise.withResolvers<T>();
    this.#agentTurn(instanceId, withinMs, async () => {
      const held = begin();
      begun.resolve(held);
      await held.ended;
    }).catch((thrown: unknown) => begun.reject(thrown));
    return begun.promise;
  }

  custody(spec: LaunchSpec): Custody {
    return readCustody(this.state(spec.instanceId), spec);
  }

  amendCustody(spec: LaunchSpec, change: (custody: Custody) => Custody): void {
    amendCustody(this.state(spec.instanceId), spec, change);
  }
}
