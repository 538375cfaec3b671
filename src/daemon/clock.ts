/** The machine's own clock. */
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../engine/ports/clock.ts';
import { Fault } from '../errors/fault.ts';
import { say } from '../language/text.ts';

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  minutesEast: (atMs) => -new Date(atMs).getTimezoneOffset(),
  monotonicMs: () => performance.now(),
  timeout: (ms) => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Fault('peer-unreachable', say('the other host did not answer in time'))), ms).unref();
    return controller.signal;
  },
  sleep: async (ms, signal) => {
    try {
      await sleep(ms, undefined, signal ? { signal } : {});
    } catch (cause) {
      signal?.throwIfAborted();
      throw cause;
    }
  },
};
