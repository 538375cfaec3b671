/** What is counted of this daemon for /metrics. */
import type { State } from '../engine/ports/state.ts';
import { Counters } from '../metrics/counters.ts';
import type { ChangeFeed } from './changefeed.ts';

const SIGN_IN = '/api/sign-in';
/** Not signed in, or locked out. */
const REFUSED: readonly number[] = [401, 429];

/** Jobs are counted as they end. */
export function countersOf(feed: ChangeFeed, state: State): Counters {
  const counters = new Counters();
  feed.subscribe(({ kind, id }) => {
    const job = kind === 'job' ? state.job(id) : undefined;
    if (job) counters.jobChanged(job);
  });
  return counters;
}

export function countAnswer(counters: Counters, { method, route, status }: { readonly method: string; readonly route: string; readonly status: number }): void {
  counters.requests.add([method, route, String(status)]);
  if (route === SIGN_IN && REFUSED.includes(status)) counters.signInFailures.add(['api']);
}
