/**
 * Host items: a guest is told which host it runs on, by a file that its agent writes. Of a replicated machine only, on the host
 * that runs its guest, where the settings say so; after a failover the replica's host tells it anew.
 * Source: Msvm_ReplicationSettingData.ReplicateHostKvpItems; the names are those of Hyper-V's key-value exchange.
 */
import { faultOf } from '../errors/fault.ts';
import type { Machine, Relationship } from '../machine/records.ts';
import { tellsHostItems } from '../relationship/settings.ts';
import type { Host } from './host.ts';

/** Gone with a reboot, as what it says may be. The second one is for Windows. */
const PATHS = ['/run/understudy-host.json', 'C:\\ProgramData\\understudy-host.json'];
const LOOK_EVERY_MS = 30_000;
/** A guest that was booted anew has lost the file. */
const TELL_AGAIN_MS = 10 * 60_000;

interface Told {
  readonly text: string;
  readonly atMs: number;
}

export class HostItems {
  readonly #host: Host;
  readonly #life = new AbortController();
  readonly #told = new Map<string, Told>();
  #looking: Promise<void> = Promise.resolve();

  constructor(host: Host) {
    this.#host = host;
  }

  /** Guests are told as they come to run here, until `stop`. */
  start(): void {
    this.#looking = this.#look().catch((thrown: unknown) => {
      if (!this.#life.signal.aborted) this.#host.crash(thrown);
    });
  }

  async stop(): Promise<void> {
    this.#life.abort(new DOMException('understudyd ends', 'AbortError'));
    await this.#looking;
  }

  async #look(): Promise<void> {
    for (;;) {
      for (const relationship of this.#host.state.relationships()) await this.#tellWhenDue(relationship);
      await this.#host.clock.sleep(LOOK_EVERY_MS, this.#life.signal);
    }
  }

  async #tellWhenDue(relationship: Relationship): Promise<void> {
    const machine = this.#host.state.machine(relationship.machineId);
    if (!machine?.definition.guestAgent || !tellsHostItems(relationship.settings)) return;
    const [text, nowMs] = [textFor(this.#host, machine), this.#host.clock.monotonicMs()];
    const told = this.#told.get(machine.id);
    if (told?.text === text && nowMs - told.atMs < TELL_AGAIN_MS) return;
    if ((await this.#host.hypervisor.power(machine.id)) !== 'running') return void this.#told.delete(machine.id);
    if (await written(this.#host, machine.id, text, this.#life.signal)) this.#told.set(machine.id, { text, atMs: nowMs });
  }
}

const textFor = ({ hostName }: Host, { id, name }: Machine): string =>
  `${JSON.stringify({ HostName: hostName, PhysicalHostName: hostName.split('.')[0], PhysicalHostNameFullyQualified: hostName, VirtualMachineName: name, VirtualMachineId: id.toUpperCase() }, null, 2)}\n`;

/** False when there is no agent yet, or it may not write files. */
async function written(host: Host, machineId: string, text: string, signal: AbortSignal): Promise<boolean> {
  for (const path of PATHS) {
    try {
      await writeFile(host, machineId, path, text, signal);
      return true;
    } catch (thrown) {
      signal.throwIfAborted();
      const code = faultOf(thrown)?.code;
      if (code === undefined) throw thrown;
      if (code !== 'agent-refused') return false;
    }
  }
  return false;
}

async function writeFile({ hypervisor }: Host, machineId: string, path: string, text: string, signal: AbortSignal): Promise<void> {
  const handle = await hypervisor.askAgent(machineId, 'guest-file-open', { path, mode: 'w' }, signal);
  try {
    await hypervisor.askAgent(machineId, 'guest-file-write', { handle, 'buf-b64': Buffer.from(text).toString('base64') }, signal);
  } finally {
    await hypervisor.askAgent(machineId, 'guest-file-close', { handle }, signal);
  }
}
