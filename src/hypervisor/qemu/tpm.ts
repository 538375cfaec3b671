/** A machine's TPM: a swtpm process of its own, which ends when QEMU lets go of it. Its state is files in a directory. */
import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { Fault } from '../../errors/fault.ts';
import { say } from '../../language/text.ts';
import { endProcess } from '../../storagedaemon/pidfile.ts';
import type { RunPaths, StatePaths } from './directories.ts';
import { makeDirectory, removeFile } from './files.ts';
import { namedProcess } from './instance.ts';
import { launchDetached, logTail } from './detached.ts';

const START_TIMEOUT_MS = 10_000;
const POLITE_MS = 2_000;
const POLL_MS = 5;

/** A swtpm waits for QEMU on the socket. */
export async function startTpm(machine: string, run: RunPaths, state: StatePaths, signal: AbortSignal): Promise<void> {
  await endTpm(run);
  removeFile(run.tpm);
  makeDirectory(state.tpmDirectory);
  const child = launchDetached(
    ['swtpm', 'socket', '--tpm2', '--tpmstate', `dir=${state.tpmDirectory}`, '--ctrl', `type=unixio,path=${run.tpm}`, '--pid', `file=${run.tpmPid}`, '--terminate'],
    state.tpmLog,
  );
  for (let waitedMs = 0; !existsSync(run.tpm); waitedMs += POLL_MS) {
    signal.throwIfAborted();
    if (child.hasEnded() || waitedMs > START_TIMEOUT_MS) throw new Fault('qemu-failed', say('{machine}: swtpm did not start: {log}', { machine, log: logTail(state.tpmLog) }));
    await delay(POLL_MS);
  }
}

/** No swtpm of this instance runs. Its state is saved with every change, so ending it loses nothing. */
export async function endTpm(run: RunPaths): Promise<void> {
  const found = namedProcess(run.tpmPid, `type=unixio,path=${run.tpm}`);
  if (found) await endProcess(found, POLITE_MS);
}
