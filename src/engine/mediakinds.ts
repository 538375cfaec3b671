/** Kinds of jobs about media with a first copy: writing them, and taking them in. */
import { Fault } from '../errors/fault.ts';
import { Refused, refuse } from '../errors/refusal.ts';
import type { Relationship } from '../machine/records.ts';
import { stateWords, standingWords } from '../relationship/state.ts';
import { allowedVerbs } from '../relationship/step.ts';
import type { Engine } from './engine.ts';
import { text } from './jobargs.ts';
import { type JobContext, type JobResult, type JobWork, withTrouble, heldBy } from './jobs.ts';
import { checkExport } from './firstcopy/exporting.ts';
import { importMedia } from './firstcopy/importing.ts';
import { machineOf } from './spec.ts';
import { transition } from './transition.ts';
import { say } from '../language/text.ts';

const POLL_MS = 300;

export const mediaKinds = (engine: Engine): Readonly<Record<string, JobWork>> => ({
  export: (job) => exported(engine, job),
  import: (job) => imported(engine, job),
});

/** Refused when a first copy cannot go onto media now. */
export function checkExportable(engine: Engine, relationship: Relationship, directory: string): void {
  const { side, state, initial, newestPointId, machineId } = relationship;
  const { name } = machineOf(engine.host, machineId);
  if (side === 'primary' && state === 2 && initial?.by === 'media' && initial.directory === directory) return;
  const here = standingWords({ state, side });
  if (side !== 'primary' || state !== 1) throw new Refused(refuse(say('{name}: an export is possible before the initial replication has begun, not in: {here}', { name, here }), allowedVerbs(relationship)));
  if (newestPointId !== null || initial?.by === 'seed') throw new Refused(refuse(say('{name}: the other host has a copy of the disks already, of which only what differs has to travel', { name }), ['start-replication']));
}

/** Ends when the media are whole. Repeated for the same directory it follows what is under way. */
async function exported(engine: Engine, job: JobContext): Promise<JobResult> {
  const { host } = engine;
  const directory = text(job, 'directory')!;
  const found = engine.relationshipOf(job.machineId);
  checkExportable(engine, found, directory);
  if (found.state === 1) {
    await checkExport(host, found, directory, job.signal);
    transition(host, found.id, 'exportInitial', { change: () => ({ initial: { by: 'media', directory } }) });
  }
  const startedMs = host.clock.monotonicMs();
  for (;;) {
    const relationship = engine.relationshipOf(job.machineId);
    const done = relationship.initial?.exported;
    if (done) return { path: done.path, point: done.pointId, seconds: (host.clock.monotonicMs() - startedMs) / 1_000 };
    if (relationship.state !== 2) throw new Fault('cancelled', say('the export was stopped: {state}', { state: stateWords(relationship.state) }));
    const { progress } = engine.workerOf(relationship);
    job.progress(progress && progress.totalBytes > 0 ? (100 * progress.doneBytes) / progress.totalBytes : 0, withTrouble(say('writing to {directory}', { directory }), relationship));
    await host.clock.sleep(POLL_MS, job.signal);
  }
}

async function imported(engine: Engine, job: JobContext): Promise<JobResult> {
  const { id, state } = engine.relationshipOf(job.machineId);
  if (job.resumed && state === 3) return {};
  const worker = engine.worker(job.machineId);
  const directory = text(job, 'directory')!;
  const onProgress = (percent: number) => job.progress(percent, say('checking and copying from {directory}', { directory }));
  const manifest = await worker.exclusive(heldBy(job, 'import the first copy'), (signal) => importMedia(engine.host, id, { directory, onProgress, stopMerging: () => worker.stopMerging() }, signal), job.signal);
  return { point: manifest.pointId };
}
