/**
 * `npm run seed -- --vms N --state-dir DIR`: a state directory with N machines that have no guest, and disks without files, their
 * relationships and recovery points, to see how the API and the page do with many; with `--history-days D` also that
 * much of a past. Start understudyd on it as usual.
 */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase } from '../src/state/database.ts';
import { PairedHosts } from '../src/state/hosts.ts';
import { SqliteState } from '../src/state/state.ts';
import { seedHistory, seedMachines } from './seeding.ts';
import { optionsOf, wholeOption } from './options.ts';

const YEAR_MS = 365 * 24 * 3_600_000;

const { values } = optionsOf({ options: { vms: { type: 'string' }, 'state-dir': { type: 'string' }, 'history-days': { type: 'string' } } });
const count = Number(values.vms ?? 1_000);
const stateDir = values['state-dir'] ?? join('.cache', 'seed');
if (!Number.isInteger(count) || count < 1 || count > 100_000) fail(`--vms takes a whole number from 1 to 100,000, not ${values.vms}`);
if (existsSync(join(stateDir, 'state.db'))) fail(`${stateDir} holds a state already; name another with --state-dir, or remove it`);

const database = openDatabase(stateDir);
const peer = { hostId: randomUUID(), name: 'seed-peer', address: '127.0.0.1:1', pin: '0'.repeat(64), certificateExpiresMs: Date.now() + YEAR_MS };
new PairedHosts(database).put(peer);
const state = new SqliteState(database);
seedMachines(state, count, peer.hostId, join(stateDir, 'replicas'));
if (values['history-days'] !== undefined) seedHistory(database, state, wholeOption('history-days', values['history-days']));
database.close();
process.stdout.write(`${stateDir}: ${count} machines. Start it with: bin/understudyd --state-dir ${stateDir} --run-dir /tmp/us-seed --port-offset 100\n`);

function fail(message: string): never {
  process.stderr.write(`seed: ${message}\n`);
  process.exit(2);
}
