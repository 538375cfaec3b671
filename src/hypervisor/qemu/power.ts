/** Starting and ending guests. What is running is read from the processes themselves, never from memory of ours. */
import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { Fault } from '../../errors/fault.ts';
import type { LaunchSpec, Power, TrackSince } from '../../engine/ports/hypervisor.ts';
import { say } from '../../language/text.ts';
import { pointsOf } from './bitmaps.ts';
import { takeCustody } from './custody.ts';
import type { Host } from './host.ts';
import { checkImages, closedBitmaps } from './images.ts';
import { endInstance, hasEnded, isLive, readLaunchRecord } from './instance.ts';
import { launch } from './launch.ts';
import { beginTracking } from './tracking.ts';
import { endTpm } from './tpm.ts';

const QUIT_MS = 60_000;
const POLITE_MS = 5_000;
const POWER_BUTTON_EVERY_MS = 4_000;
const AGENT_MS = 2_000;

export interface StartOptions {
  readonly trackSince?: TrackSince;
  readonly paused?: boolean;
}

const RUN_STATE: Readonly<Record<string, Power>> = { running: 'running', suspended: 'running', shutdown: 'stopping' };

export class PowerSwitch {
  readonly #host: Host;
  /** Asked to shut down, by this process. */
  readonly #stopping = new Set<string>();

  constructor(host: Host) {
    this.#host = host;
  }

  async power(instanceId: string): Promise<Power> {
    if (!isLive(this.#host.run(instanceId))) return 'off';
    try {
      const qmp = await this.#host.monitors.get(instanceId);
      const { status } = await qmp.execute<{ status: string }>('query-status');
      return this.#stopping.has(instanceId) ? 'stopping' : (RUN_STATE[status] ?? 'paused');
    } catch (thrown) {
      if (!(thrown instanceof Fault)) throw thrown;
      return isLive(this.#host.run(instanceId)) ? 'stopping' : 'off';
    }
  }

  /** Repeating it after a crash goes on where it was: a guest that has not run yet is finished, one that runs stays. */
  start(spec: LaunchSpec, options: StartOptions, signal: AbortSignal): Promise<{ intact: boolean }> {
    return this.#host.turns.take(spec.instanceId, async () => {
      const wasRunning = await this.#host.isRunning(spec.instanceId);
      if (!wasRunning) await this.#launch(spec, signal);
      try {
        const qmp = await this.#host.monitors.get(spec.instanceId);
        const intact = options.trackSince === undefined || (await beginTracking(this.#host, spec, qmp, options.trackSince));
        if (options.paused !== true) await qmp.execute('cont');
        return { intact };
      } catch (thrown) {
        if (!wasRunning) await this.#end(spec.instanceId, POLITE_MS);
        throw thrown;
      }
    });
  }

  async #launch(spec: LaunchSpec, signal: AbortSignal): Promise<void> {
    const { offline, monitors } = this.#host;
    const state = this.#host.state(spec.instanceId);
    await offline.close(spec.instanceId);
    await checkImages(spec);
    const paths = { run: this.#host.run(spec.instanceId), state, original: this.#host.state(spec.definition.id) };
    const opening = () => takeCustody(state, spec, async () => pointsOf(await closedBitmaps(spec)));
    await launch(spec, paths, monitors, opening, signal);
  }

  async shutdown(instanceId: string, timeoutMs: number, signal: AbortSignal): Promise<void> {
    const run = this.#host.run(instanceId);
    if (!isLive(run)) return;
    this.#stopping.add(instanceId);
    const waiting = new AbortController();
    try {
      const pressing = this.#pressPowerButton(instanceId, AbortSignal.any([signal, waiting.signal]));
      if (await hasEnded(run, timeoutMs, signal)) return;
      waiting.abort();
      await pressing;
      throw new Fault('guest-not-responding', say('{name}: the guest did not shut down in {round} s', { name: nameOf(this.#host, instanceId), round: Math.round(timeoutMs / 1000) }));
    } finally {
      waiting.abort();
      this.#stopping.delete(instanceId);
    }
  }

  /** Asks the agent once, then presses the button now and again: a guest that is still booting does not notice the first. */
  async #pressPowerButton(instanceId: string, signal: AbortSignal): Promise<void> {
    const run = this.#host.run(instanceId);
    try {
      if (readLaunchRecord(run)?.guestAgent && (await this.#agentTakesOrder(instanceId))) await delay(POWER_BUTTON_EVERY_MS, null, { signal });
      while (!signal.aborted && isLive(run)) {
        const qmp = await this.#host.monitors.get(instanceId);
        await qmp.execute('system_powerdown', {}, { signal });
        await delay(POWER_BUTTON_EVERY_MS, null, { signal });
      }
    } catch {
      // Aborted, or QEMU has ended meanwhile: the waiting side sees which.
    }
  }

  /** An agent that is not there is no fault: the button is pressed then. */
  #agentTakesOrder(instanceId: string): Promise<boolean> {
    const order = this.#host.withAgent(instanceId, AGENT_MS, (agent) => agent.order('guest-shutdown', { mode: 'powerdown' }));
    return order.then(() => true, () => false);
  }

  stop(instanceId: string): Promise<void> {
    return this.#host.turns.take(instanceId, () => this.#end(instanceId, QUIT_MS));
  }

  async #end(instanceId: string, politeMs: number): Promise<void> {
    const run = this.#host.run(instanceId);
    if (isLive(run)) {
      const qmp = await this.#host.monitors.get(instanceId).catch(() => undefined);
      const wasAsked = await qmp?.execute('quit', {}, { timeoutMs: politeMs }).then(() => true, () => false);
      if (!wasAsked || !(await hasEnded(run, politeMs))) await endInstance(run, POLITE_MS);
    }
    await endTpm(run);
  }

  pause(instanceId: string): Promise<void> {
    return this.#command(instanceId, 'stop');
  }

  resume(instanceId: string): Promise<void> {
    return this.#command(instanceId, 'cont');
  }

  async #command(instanceId: string, command: string): Promise<void> {
    if (!isLive(this.#host.run(instanceId))) throw new Fault('qemu-failed', say('{instanceId} is not running', { instanceId }));
    const qmp = await this.#host.monitors.get(instanceId);
    await qmp.execute(command);
  }

  forget(instanceId: string): Promise<void> {
    return this.#host.turns.take(instanceId, async () => {
      if (await this.#host.isRunning(instanceId)) throw new Fault('disk-in-use', say('{name} is running', { name: nameOf(this.#host, instanceId) }));
      await this.#host.offline.close(instanceId);
      await endTpm(this.#host.run(instanceId));
      for (const { directory } of [this.#host.run(instanceId), this.#host.state(instanceId)]) rmSync(directory, { recursive: true, force: true });
    });
  }
}

const nameOf = (host: Host, instanceId: string): string => readLaunchRecord(host.run(instanceId))?.machineName ?? instanceId;
