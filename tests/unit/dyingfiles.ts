/**
 * The real file system of a process that dies at a chosen step: every call that changes something is a step, and from that one on
 * none is carried out. What is on disk then is what `kill -9` leaves.
 */
import fs from 'node:fs';
import { open, rm, writeFile, type FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const STEPS = { sync: ['renameSync', 'rmSync', 'mkdirSync', 'writeFileSync', 'unlinkSync'], promised: ['mkdir', 'rename', 'rm', 'writeFile', 'open'], handle: ['writeFile', 'sync', 'chmod', 'close'] } as const;

type Calls = Record<string, (...args: never[]) => unknown>;

async function handlePrototype(): Promise<object> {
  const path = join(tmpdir(), `us-handle-${process.pid}`);
  await writeFile(path, '');
  const handle: FileHandle = await open(path);
  await handle.close();
  await rm(path);
  return Object.getPrototypeOf(handle) as object;
}

const fail = (): never => {
  throw new Error('died');
};

/** How many steps the work has until it ends, or until it dies: `die` is called instead of that step and of each that follows. */
export async function stepsOf(work: () => Promise<unknown>, dieAt = Infinity, die: () => void = fail): Promise<number> {
  let steps = 0;
  const restore = [
    ...STEPS.sync.map((name) => replaced(fs as unknown as Calls, name)),
    ...STEPS.promised.map((name) => replaced(fs.promises as unknown as Calls, name)),
    ...(await handlePrototype().then((prototype) => STEPS.handle.map((name) => replaced(prototype as Calls, name)))),
  ];
  function replaced(owner: Calls, name: string): () => void {
    const real = owner[name]!;
    owner[name] = function step(this: unknown, ...args: never[]) {
      steps += 1;
      // The dead hold no file open.
      if (steps >= dieAt && name !== 'close') die();
      return real.apply(this, args);
    };
    return () => (owner[name] = real);
  }
  syncBuiltinESMExports();
  try {
    await work();
  } catch (thrown) {
    // Whatever the work says of it: nobody hears the dead.
    if (steps < dieAt) throw thrown;
  } finally {
    for (const each of restore) each();
    syncBuiltinESMExports();
  }
  return steps;
}
