/** What can be done with a job. */
import type { JobView } from '../../../src/service/views.ts';
import { pathTo, type Action } from '../asking/action.ts';
import { t } from '../language.ts';
import { jobTitle } from '../operations/jobs.ts';

export const cancel = (job: JobView): Action => ({
  command: 'jobs cancel', role: 'operator', label: t('Cancel'),
  title: job.machine === null ? t('Cancel: {job}', { job: jobTitle(job) }) : t('Cancel: {job} of {machine}', { job: jobTitle(job), machine: job.machine }),
  happens: () => [t('It ends as soon as it can leave everything in order. What it has brought so far is kept where the next one can use it.')],
  request: () => ({ method: 'POST', path: pathTo('jobs', job.id, 'cancel') }),
});
