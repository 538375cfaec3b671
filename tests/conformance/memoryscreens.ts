/** What the guests of a host in memory show: all the same. */
import type { Operations } from '../../src/service/operations.ts';
import type { Caller, Role } from '../../src/service/accessviews.ts';
import { GREY_PIXEL } from '../../src/simulation/screens.ts';
import { NOW_MS } from './memoryviews.ts';

type Enter = (needed: Role, caller: Caller, operation: string, machine: string) => void;
const TEXT = 'web login:';

export const memoryScreens = (enter: Enter): Pick<Operations, 'screenshot' | 'consoleText' | 'testResult' | 'testScreenshot'> => ({
  screenshot: async (caller, machine) => (enter('operator', caller, 'screenshot', machine), { png: GREY_PIXEL, atMs: NOW_MS }),
  consoleText: async (caller, machine) => (enter('operator', caller, 'consoleText', machine), { text: TEXT, atMs: NOW_MS }),
  testResult: async (caller, machine) => (enter('operator', caller, 'testResult', machine), { atMs: NOW_MS, moment: 'booted', pointId: 'p-1', hasPicture: true, text: TEXT }),
  testScreenshot: async (caller, machine) => (enter('operator', caller, 'testScreenshot', machine), { png: GREY_PIXEL, atMs: NOW_MS }),
});
