/** A real daemon whose state holds machines without guests or disks, and a paired host that is never there. */
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { seedMachines } from '../../scripts/seeding.ts';
import { openDatabase } from '../../src/state/database.ts';
import { PairedHosts } from '../../src/state/hosts.ts';
import { SqliteState } from '../../src/state/state.ts';
import { TestHost, type TestHostOptions } from '../flow/testhost.ts';
import { addUser } from './browser.ts';

const YEAR_MS = 365 * 24 * 3_600_000;

export interface SeededOptions extends Omit<TestHostOptions, 'name'> {
  readonly machines: number;
  /** By the machine's place, from 0; numbered when absent. */
  readonly nameOf?: (index: number) => string;
  readonly peer?: string;
  /** Adds to the state before the daemon opens it. */
  readonly more?: (state: SqliteState) => void;
}

/** Up, with the bench's user. */
export async function seededHost({ machines, nameOf, peer = 'beta', more, ...options }: SeededOptions): Promise<TestHost> {
  const host = new TestHost({ name: 'alpha', ...options });
  mkdirSync(host.stateDir, { recursive: true });
  const database = openDatabase(host.stateDir);
  const paired = { hostId: randomUUID(), name: peer, address: '127.0.0.1:1', pin: '0'.repeat(64), certificateExpiresMs: Date.now() + YEAR_MS };
  new PairedHosts(database).put(paired);
  const state = new SqliteState(database);
  seedMachines(state, machines, paired.hostId, join(host.stateDir, 'replicas'), nameOf);
  more?.(state);
  database.close();
  try {
    await host.start();
    await addUser(host);
  } catch (error) {
    await host.end();
    throw error;
  }
  return host;
}
