/** A command that runs in the guest, by its agent. Source: QEMU guest agent protocol, guest-exec and guest-exec-status. */
import { Fault } from '../../errors/fault.ts';
import { say } from '../../language/text.ts';
import type { Host } from '../host.ts';

const WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 300;
const SAID_CHARACTERS = 300;

interface Status {
  readonly exited?: boolean;
  readonly exitcode?: number;
  readonly signal?: number;
  readonly 'err-data'?: string;
  readonly 'out-data'?: string;
}

export interface Ran {
  readonly exitCode: number;
  /** The end of what it said, as one line. */
  readonly said: string;
}

/** It has ended. Fault addresses-not-set when it does not in a minute: it may run on there. */
export async function runInGuest(host: Host, machineId: string, command: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<Ran> {
  const begun = (await host.hypervisor.askAgent(machineId, 'guest-exec', command, signal)) as { readonly pid?: unknown } | null;
  const deadlineMs = host.clock.monotonicMs() + WITHIN_MS;
  for (;;) {
    const status = (await host.hypervisor.askAgent(machineId, 'guest-exec-status', { pid: begun?.pid }, signal)) as Status;
    if (status.exited === true) return { exitCode: status.exitcode ?? 128 + (status.signal ?? 0), said: lineOf(status['err-data'] ?? status['out-data'] ?? '') };
    if (host.clock.monotonicMs() > deadlineMs) throw new Fault('addresses-not-set', say('a command in the guest did not end in {seconds} s', { seconds: WITHIN_MS / 1_000 }));
    await host.clock.sleep(LOOK_EVERY_MS, signal);
  }
}

const lineOf = (base64: string): string => Buffer.from(base64, 'base64').toString('utf8').replaceAll(/[\u0000-\u001f\u007f\s]+/g, ' ').trim().slice(-SAID_CHARACTERS);
