/** QEMU's own long work. A job stays listed until it is dismissed, so that its end is seen however late one looks. */
import { setTimeout as delay } from 'node:timers/promises';
import { QmpError, type Qmp } from '../../qmp/qmp.ts';

interface Job {
  readonly id: string;
  readonly status: string;
  readonly error?: string;
}

const FIRST_LOOK_MS = 10;
const MAX_PAUSE_MS = 200;

const jobsOf = (qmp: Qmp): Promise<readonly Job[]> => qmp.execute('query-jobs');

export const jobIds = async (qmp: Qmp): Promise<readonly string[]> => (await jobsOf(qmp)).map(({ id }) => id);

/** Resolves with what QEMU says of its failure, or undefined when it succeeded. The job must be one that is not dismissed by itself. */
export async function jobEnd(qmp: Qmp, id: string, signal?: AbortSignal): Promise<string | undefined> {
  for (let pauseMs = FIRST_LOOK_MS; ; pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS)) {
    const job = (await jobsOf(qmp)).find((each) => each.id === id);
    if (!job || job.status === 'concluded') return job?.error;
    signal?.throwIfAborted();
    await delay(pauseMs);
  }
}

/** The job is gone, cancelled when it was still at work. Nothing when there was none. */
export async function endJob(qmp: Qmp, id: string): Promise<void> {
  await ignoringAbsence(() => qmp.execute('job-cancel', { id }));
  await jobEnd(qmp, id);
  await ignoringAbsence(() => qmp.execute('job-dismiss', { id }));
}

/** Gone by itself meanwhile, or concluded already, when it cannot be cancelled any more. */
async function ignoringAbsence(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    if (!(thrown instanceof QmpError && /not found|cannot accept command verb/i.test(thrown.description))) throw thrown;
  }
}
