/**
 * How a restored state takes the place of another, so that it can be interrupted anywhere: what is to come is made whole in a
 * directory of its own; one rename makes it the plan; and the plan is carried out by steps that can be repeated. Before the rename
 * nothing has changed; after it no daemon starts until the last step.
 */
import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Fault } from '../errors/fault.ts';
import { makeDirectory, sync } from '../files/files.ts';
import { say } from '../language/text.ts';
import { isRestoring, RESTORING } from '../state/database.ts';
import { STATE_FILE } from './archive.ts';

/** What was prepared and never became the plan, or was carried out: it may be removed at any time. */
const ASIDE = 'restoring.new';
const PLAN = 'plan.json';
/** What no backup brings and what would speak of another state: fingerprint maps know other recovery points. */
const ONLY_OLD = ['fingerprints', `${STATE_FILE}-wal`, `${STATE_FILE}-shm`];
/** The state comes last: without it there is nothing that could start. */
const BROUGHT = ['identity', STATE_FILE];
const MACHINES = 'machines/';

export interface Plan<Result> {
  /** Of the backup that it restores. */
  readonly digest: string;
  /** Beside the state; null when nothing was there. */
  readonly keptAs: string | null;
  /** Files that the backup brings. */
  readonly names: readonly string[];
  /** What the restore says when it is done. */
  readonly result: Result;
}

/** Empty, for what is to come. */
export async function freshPlace(stateDir: string): Promise<string> {
  const place = join(stateDir, ASIDE);
  rmSync(place, { recursive: true, force: true });
  await makeDirectory(place);
  return place;
}

/** A restore that was given up has changed nothing. */
export const discard = (stateDir: string): void => rmSync(join(stateDir, ASIDE), { recursive: true, force: true });

/** A name that nothing has, for what was there; null when nothing was. */
export function nameToKeep(stateDir: string, nowMs: number): string | null {
  if (![...ONLY_OLD, ...BROUGHT].some((name) => existsSync(join(stateDir, name)))) return null;
  const name = `replaced-${new Date(nowMs).toISOString().replaceAll(/[:.]/g, '-')}`;
  const taken = readdirSync(stateDir);
  for (let number = 1; ; number += 1) {
    const candidate = number === 1 ? name : `${name}-${number}`;
    if (!taken.includes(candidate)) return candidate;
  }
}

/** What was prepared is the plan from now on, durably. */
export async function decide<Result>(stateDir: string, plan: Plan<Result>): Promise<void> {
  const place = join(stateDir, ASIDE);
  await writeFile(join(place, PLAN), JSON.stringify(plan));
  await sync(join(place, PLAN));
  await sync(place);
  renameSync(place, join(stateDir, RESTORING));
  await sync(stateDir);
}

/** Takes the decision back, of which nothing was carried out yet. */
export function withdraw(stateDir: string): void {
  renameSync(join(stateDir, RESTORING), join(stateDir, ASIDE));
  discard(stateDir);
}

/** The plan that was decided on, carried out to its end from wherever it stands; undefined when there is none. */
export async function carryOut<Result>(stateDir: string): Promise<Plan<Result> | undefined> {
  if (!isRestoring(stateDir)) return undefined;
  const place = join(stateDir, RESTORING);
  const plan = planIn<Result>(place);
  if (plan.keptAs !== null) await moveAside(stateDir, join(stateDir, plan.keptAs));
  await moveIn(stateDir, place, plan.names);
  renameSync(place, join(stateDir, ASIDE));
  await sync(stateDir);
  discard(stateDir);
  return plan;
}

function planIn<Result>(place: string): Plan<Result> {
  try {
    return JSON.parse(readFileSync(join(place, PLAN), 'utf8')) as Plan<Result>;
  } catch (cause) {
    throw new Fault('state-corrupt', say('{place} does not say what a restore that was interrupted has to do: {reason}', { place, reason: (cause as Error).message }), { cause });
  }
}

/** What is there is the old state's as long as the new one's waits, and what was put aside before is not touched again. */
async function moveAside(stateDir: string, keptIn: string): Promise<void> {
  await makeDirectory(keptIn);
  const isOld = (name: string): boolean => ONLY_OLD.includes(name) || existsSync(join(stateDir, RESTORING, name));
  for (const name of [...ONLY_OLD, ...BROUGHT]) {
    const [from, to] = [join(stateDir, name), join(keptIn, name)];
    if (existsSync(from) && isOld(name) && !existsSync(to)) renameSync(from, to);
  }
  await sync(keptIn);
  await sync(stateDir);
}

/** Files of machines that are there are newer than the backup's and belong to the disks as they are. */
async function moveIn(stateDir: string, place: string, names: readonly string[]): Promise<void> {
  const ofMachines = names.filter((name) => name.startsWith(MACHINES));
  for (const name of [...ofMachines, ...BROUGHT]) {
    const [from, to] = [join(place, name), join(stateDir, name)];
    if (!existsSync(from) || (name.startsWith(MACHINES) && existsSync(to))) continue;
    await makeDirectory(dirname(to));
    renameSync(from, to);
    await sync(dirname(to));
  }
}
