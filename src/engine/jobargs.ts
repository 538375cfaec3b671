/** A job's arguments, as they were kept; what is not given is null, false or the default. */
import type { JobContext } from './jobs.ts';

const DEFAULT_SHUTDOWN_S = 120;

export const text = (job: JobContext, name: string): string | null => (typeof job.args[name] === 'string' ? (job.args[name] as string) : null);
export const whole = (job: JobContext, name: string): number | null => (typeof job.args[name] === 'number' ? (job.args[name] as number) : null);
export const flag = (job: JobContext, name: string): boolean => job.args[name] === true;
export const shutdownMs = (job: JobContext): number => 1_000 * (typeof job.args['timeoutSeconds'] === 'number' ? (job.args['timeoutSeconds'] as number) : DEFAULT_SHUTDOWN_S);
