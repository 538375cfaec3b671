/** Starting QEMU so that it outlives this daemon. A shell stays around it and notes how it left the images (see custody.ts). */
import { chmodSync, existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { Fault } from '../../errors/fault.ts';
import type { LaunchSpec } from '../../engine/ports/hypervisor.ts';
import { say } from '../../language/text.ts';
import { bridgeOf, qemuArguments } from './arguments.ts';
import { accelerationOf } from './acceleration.ts';
import { listImages, SHEPHERD_SCRIPT } from './custody.ts';
import { instanceMark, type RunPaths, type StatePaths } from './directories.ts';
import { launchDetached, logTail } from './detached.ts';
import { isBridge } from './capabilities.ts';
import { makeDirectory, replaceFile } from './files.ts';
import { endInstance, isLive, writeLaunchRecord } from './instance.ts';
import type { Monitors } from './monitors.ts';
import { complaint } from './program.ts';
import { endTpm, startTpm } from './tpm.ts';
import { placeVariables } from './attachments.ts';

const PROGRAM = 'qemu-system-x86_64';
const START_TIMEOUT_MS = 30_000;
const POLL_MS = 10;
const MAX_SERIAL_LOG_BYTES = 16 * 1024 * 1024;
const EXECUTABLE = 0o700;

export interface LaunchPaths {
  readonly run: RunPaths;
  readonly state: StatePaths;
  /** The machine's own state, of which a test failover's copy takes its UEFI variables when it was given none. */
  readonly original: StatePaths;
}

/**
 * QEMU runs with the images open and answers its monitor; the guest has not executed an instruction yet. `opening` is
 * called when all else is ready and the images are opened next.
 */
export async function launch(spec: LaunchSpec, paths: LaunchPaths, monitors: Monitors, opening: () => Promise<unknown>, signal: AbortSignal): Promise<void> {
  const { run, state } = paths;
  checkBridges(spec);
  prepareFiles(spec, paths);
  if (spec.definition.tpm) await startTpm(spec.definition.name, run, state, signal);
  const mark = instanceMark(spec.instanceId).slice(0, 9);
  const args = qemuArguments(spec, { run, state, acceleration: accelerationOf(), tapName: (nic) => `us${mark}n${nic}` });
  const { id: machineId, name: machineName, guestAgent } = spec.definition;
  const record = { instanceId: spec.instanceId, machineId, machineName, guestAgent };
  writeLaunchRecord(run, record);
  await opening();
  const child = launchDetached(['sh', '-c', SHEPHERD_SCRIPT, 'understudy-machine', state.closed, run.imageList, PROGRAM, ...args], state.qemuLog);
  writeLaunchRecord(run, { ...record, shepherd: child.identity });
  try {
    await answering(spec, paths, monitors, signal);
  } catch (thrown) {
    await endInstance(run, 0);
    await endTpm(run);
    throw thrown;
  }
}

/** A test failover's copy is on its test networks alone. */
function checkBridges(spec: LaunchSpec): void {
  const missing = spec.definition.nics.map((nic) => bridgeOf(nic, spec)).find((bridge) => bridge !== undefined && !isBridge(bridge));
  if (missing !== undefined) throw new Fault('bridge-missing', say('{machine} cannot be started: there is no bridge "{missing}" on this host', { machine: spec.definition.name, missing }));
}

function prepareFiles(spec: LaunchSpec, { run, state, original }: LaunchPaths): void {
  const { definition, stacks } = spec;
  rmSync(run.directory, { recursive: true, force: true });
  makeDirectory(run.directory);
  makeDirectory(state.directory);
  if (existsSync(state.qemuLog)) renameSync(state.qemuLog, `${state.qemuLog}.1`);
  const serialLog = statSync(state.serialLog, { throwIfNoEntry: false });
  if (serialLog && serialLog.size > MAX_SERIAL_LOG_BYTES) renameSync(state.serialLog, `${state.serialLog}.1`);
  listImages(run, stacks);
  placeVariables(definition, state, original);
  for (const [index, nic] of definition.nics.entries()) {
    const bridge = bridgeOf(nic, spec);
    if (bridge !== undefined) writeNetworkScript(run.networkScript(index), bridge);
  }
}

/** QEMU makes the tap device and calls this with its name; the device goes away with QEMU. */
function writeNetworkScript(path: string, bridge: string): void {
  replaceFile(path, `#!/bin/sh\nexec ip link set dev "$1" master "${bridge}" up\n`);
  chmodSync(path, EXECUTABLE);
}

/** Nothing announces the monitor's socket; QEMU may also end instead. */
async function answering(spec: LaunchSpec, { run, state }: LaunchPaths, monitors: Monitors, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    signal.throwIfAborted();
    if (existsSync(run.qmp)) {
      const answered = await monitors.get(spec.instanceId).then(() => true, () => false);
      if (answered) return;
    }
    if (!isLive(run)) throw complaint(spec.definition.name, `QEMU did not start: ${logTail(state.qemuLog)}`);
    if (performance.now() > deadline) throw new Fault('qemu-failed', say('{machine}: QEMU does not answer: {log}', { machine: spec.definition.name, log: logTail(state.qemuLog) }));
    await delay(POLL_MS);
  }
}
