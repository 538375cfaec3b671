/** What can be done with a job. */
import type { JobView } from '../../../src/service/views.ts';
import { pathTo, type Action } from '../asking/action.ts';
import { t } from '../language.ts';
import { jobTitle } from '../operations/jobs.ts';

/** The job waits for it only: what was begun is the relationship's own work. */
export const goesOnWithoutJob = ({ kind }: Pick<JobView, 'kind'>): boolean => ['initial', 'resynchronize'].includes(kind);
export const WAITING_ENDS = (): string => t('Nobody waits for it any more, but it goes on by itself: stop it among what can be done with the machine.');

export const cancel = (job: JobView): Action => ({
  command: 'jobs cancel', role: 'operator', label: t('Cancel'),
  title: job.machine === null ? t('Cancel: {job}', { job: jobTitle(job) }) : t('Cancel: {job} of {machine}', { job: jobTitle(job), machine: job.machine }),
  happens: () => [goesOnWithoutJob(job) ? WAITING_ENDS() : t('It ends as soon as it can leave everything in order. What it has brought so far is kept where the next one can use it.')],
  request: () => ({ method: 'POST', path: pathTo('jobs', job.id, 'cancel') }),
});
