/**
 * What an old state may still say. Time went on since the backup: guests may have moved, recovery points have come and gone, and the
 * disks' records of changes begin elsewhere. So what the files on disk and the other hosts know better is left to them.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { Machine, Relationship } from '../machine/records.ts';
import { ServiceSettingsRow, type RestoredNote } from '../state/servicesettings.ts';
import { SqliteState } from '../state/state.ts';

/** What becomes of each machine, for people. */
export interface Aged {
  /** Primaries: everything is compared before anything is replicated. */
  readonly compared: readonly string[];
  /** Replicas: found again from their recovery points' files. */
  readonly rebuilt: readonly string[];
  /** Started only when somebody insists. */
  readonly alone: readonly string[];
}

/** A primary whose disks can be compared; in any other state it takes part in something that is long over. */
const isKept = ({ side, state, failover, failback }: Relationship): boolean => side === 'primary' && !failover && !failback && [1, 2, 3, 4, 7, 8, 9, 10, 11, 15, 16].includes(state);

/** Nothing says where its disks differ from the replica's, which is asked. What was under way when the backup was made is over. */
const comparing = (it: Relationship): Relationship => ({
  ...it,
  state: [1, 2].includes(it.state) ? 1 : 9,
  newestPointId: null,
  newestInstantMs: null,
  trackId: null,
  attempt: null,
  doubtful: null,
  incoming: null,
  receiving: null,
  testCopy: null,
  token: null,
  verifyingId: null,
  startsAtMs: null,
  failures: 0,
  lastFault: null,
});

/** The state says nothing any more that may be wrong by now. In one transaction. */
export function age(database: DatabaseSync, backupMs: number): Aged {
  const state = new SqliteState(database);
  return state.transaction(() => {
    forgetWork(database);
    const machines = state.machines();
    const compared = machines.filter((machine) => isComparable(state, machine));
    const rebuilt = machines.filter((machine) => !compared.includes(machine) && isReplica(state, machine));
    const copies = machines.filter(({ copyOf }) => copyOf !== null);
    const alone = machines.filter((machine) => ![...compared, ...rebuilt, ...copies].includes(machine));
    for (const machine of [...rebuilt, ...copies]) forget(state, machine);
    for (const machine of alone) relationshipsOf(state, machine.id).forEach(({ id }) => state.removeRelationship(id));
    for (const { id } of compared) keepComparing(state, id);
    for (const machine of [...compared, ...alone]) state.putMachine({ ...machine, powerLock: null, restoredMs: backupMs });
    const note: RestoredNote = { backupMs, storages: [...new Set(rebuilt.map(({ storage }) => storage))], machines: rebuilt.map(({ id, name }) => ({ id, name })) };
    new ServiceSettingsRow(database).put({ restored: note });
    return { compared: namesOf(compared), rebuilt: namesOf(rebuilt), alone: namesOf(alone) };
  });
}

const namesOf = (machines: readonly Machine[]): string[] => machines.map(({ name }) => name);

/** Sessions and invitations would let people in again who were shut out since; jobs and effects would be done again. */
function forgetWork(database: DatabaseSync): void {
  for (const table of ['outbox', 'invitations', 'sessions']) {
    if (database.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?").get(table)) database.exec(`DELETE FROM ${table}`);
  }
  database.exec("DELETE FROM jobs WHERE json_extract(body, '$.state') = 'running'");
}

const relationshipsOf = (state: SqliteState, machineId: string): readonly Relationship[] => state.relationships().filter((each) => each.machineId === machineId);

function isComparable(state: SqliteState, { id, copyOf }: Machine): boolean {
  const own = state.relationshipOf(id);
  return copyOf === null && own !== undefined && isKept(own);
}

const isReplica = (state: SqliteState, { id, copyOf }: Machine): boolean => copyOf === null && state.relationshipOf(id)?.side === 'replica';

function forget(state: SqliteState, { id }: Machine): void {
  for (const relationship of relationshipsOf(state, id)) state.removeRelationship(relationship.id);
  state.removeMachine(id);
}

function keepComparing(state: SqliteState, machineId: string): void {
  const own = state.relationshipOf(machineId)!;
  for (const { id } of relationshipsOf(state, machineId)) {
    state.clearCarried(id);
    if (id !== own.id) state.removeRelationship(id);
  }
  for (const { id } of state.points(machineId)) state.removePoint(id);
  state.putRelationship(comparing(own));
}
