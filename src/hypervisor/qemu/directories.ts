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

const MAX_SOCKET_PATH_BYTES = 107;

/** 12 hex digits that stand for the instance, also where ids differ in their last digits only. */
export const instanceMark = (instanceId: string): string => createHash('sha256').update(instanceId).digest('hex').slice(0, 12);

export const allRuns = ({ runDir }: Directories): string => join(runDir, 'vm');

/** Of the storage daemons that read stacks for us. */
export const readersDirectory = ({ runDir }: Directories): string => join(runDir, 'readers');

export function runPaths(directories: Directories, instanceId: string) {
  const directory = join(allRuns(directories), instanceMark(instanceId));
  const at = (file: string): string => {
    const path = `${directory}/${file}`;
    assert(Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES, `socket path is too long: ${path}`);
    return path;
  };
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
