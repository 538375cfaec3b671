/**
 * Where the driver keeps an instance's files: what only matters while it runs, in the run directory (sockets, so the
 * paths are short), and what must outlast a reboot, in the state directory.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { assert } from '../../errors/bug.ts';

export interface Directories {
  readonly runDir: string;
  readonly stateDir: string;
}

/** What a socket's path may have, less the longest name of a socket here. */
const MAX_DIRECTORY_BYTES = 107 - Buffer.byteLength('/rescue.sock');

/** 12 hex digits that stand for the instance, also where ids differ in their last digits only. */
export const instanceMark = (instanceId: string): string => createHash('sha256').update(instanceId).digest('hex').slice(0, 12);

export const allRuns = ({ runDir }: Directories): string => join(runDir, 'vm');

/** Of the storage daemons that read stacks for us. */
export const readersDirectory = ({ runDir }: Directories): string => join(runDir, 'readers');

export function runPaths(directories: Directories, instanceId: string) {
  const directory = join(allRuns(directories), instanceMark(instanceId));
  assert(Buffer.byteLength(directory) <= MAX_DIRECTORY_BYTES, `socket paths are too long in ${directory}`);
  const at = (file: string): string => `${directory}/${file}`;
  return {
    directory,
    launch: at('launch.json'),
    /** Written by QEMU itself, before it opens any image. */
    qemuPid: at('qemu.pid'),
    qmp: at('qmp.sock'),
    nbd: at('nbd.sock'),
    agent: at('agent.sock'),
    rescue: at('rescue.sock'),
    freezeNote: at('frozen'),
    serial: at('serial.sock'),
    tpm: at('tpm.sock'),
    tpmPid: at('tpm.pid'),
    imageList: at('images'),
    picture: at('screen.png'),
    networkScript: (nic: number) => at(`nic${nic}-up`),
  };
}

export function statePaths({ stateDir }: Directories, instanceId: string) {
  const directory = join(stateDir, 'machines', instanceId);
  const at = (file: string): string => `${directory}/${file}`;
  return {
    directory,
    qemuLog: at('qemu.log'),
    serialLog: at('serial.log'),
    tpmLog: at('tpm.log'),
    freezeLog: at('freeze.log'),
    variables: at('uefi-variables.fd'),
    tpmDirectory: at('tpm'),
    custody: at('custody.json'),
    closed: at('closed-images'),
    attempt: at('attempt.json'),
    fleecingDirectory: at('fleecing'),
  };
}

export type RunPaths = ReturnType<typeof runPaths>;
export type StatePaths = ReturnType<typeof statePaths>;
