/**
 * Making a guest's file systems go on, whatever became of its agent. The agent is asked, over a fresh connection each time,
 * until it confirms; where it does not answer, the guest's kernel is told by its magic key (Alt+SysRq+J, "thaw filesystems"),
 * which works where the guest allows it (kernel.sysrq, bit 64) and does nothing elsewhere.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Fault } from '../../errors/fault.ts';
import { Qmp } from '../../qmp/qmp.ts';
import { AgentError, GuestAgent } from './agent.ts';

export const THAW_COMMAND = 'guest-fsfreeze-thaw';
const KEYS = ['alt', 'sysrq', 'j'];
const MONITOR_MS = 3_000;
const PAUSE_MS = 2_000;

export interface ThawSite {
  readonly agentSocketPath: string;
  /** A monitor that only who thaws connects to; a machine that an older version started has none. Null: the agent alone is asked. */
  readonly rescueSocketPath: string | null;
}

export interface ThawOptions {
  /** How long the agent has for each answer, and how long it is asked at all. */
  readonly answerMs: number;
  readonly forMs: number;
  /** The magic key was pressed, since the agent did not answer. */
  readonly onKeys?: () => void;
}

/**
 * File systems that were thawed now (0: none was frozen any more), `gone` when there is no such QEMU, or null when the agent
 * did not confirm it within the time.
 */
export async function thaw(site: ThawSite, { answerMs, forMs, onKeys }: ThawOptions): Promise<number | 'gone' | null> {
  const deadline = performance.now() + forMs;
  for (;;) {
    try {
      return await askAgent(site, answerMs);
    } catch (thrown) {
      if (hasNoQemu(thrown)) return 'gone';
      if (!(thrown instanceof Fault) && !(thrown instanceof AgentError)) throw thrown;
    }
    if (await pressKeys(site)) onKeys?.();
    if (performance.now() >= deadline) return null;
    await delay(PAUSE_MS);
  }
}

async function askAgent({ agentSocketPath }: ThawSite, answerMs: number): Promise<number> {
  const agent = await GuestAgent.connect(agentSocketPath, answerMs);
  try {
    return await agent.execute<number>(THAW_COMMAND, {}, answerMs);
  } finally {
    agent.close();
  }
}

/** Nobody listens at the path, so no guest can be frozen behind it. */
function hasNoQemu(thrown: unknown): boolean {
  const cause = thrown instanceof Fault ? (thrown.cause as NodeJS.ErrnoException | undefined) : undefined;
  return cause?.code === 'ENOENT' || cause?.code === 'ECONNREFUSED';
}

/** False when the machine has no monitor for this. */
async function pressKeys({ rescueSocketPath }: ThawSite): Promise<boolean> {
  if (rescueSocketPath === null) return false;
  try {
    const qmp = await Qmp.connect(rescueSocketPath, MONITOR_MS);
    try {
      await qmp.execute('send-key', { keys: KEYS.map((data) => ({ type: 'qcode', data })) }, { timeoutMs: MONITOR_MS });
      return true;
    } finally {
      qmp.close();
    }
  } catch (thrown) {
    if (!(thrown instanceof Fault)) throw thrown;
    return false;
  }
}
