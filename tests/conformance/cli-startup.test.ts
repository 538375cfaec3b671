/** How long a command takes beside Node.js itself: a ratio, so that a slow or busy machine changes both. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { run } from './cliprogram.ts';
import { openRig, type Rig } from './apiclient.ts';

/** 150 ms beside the 25 ms in which Node.js 24 starts and ends here. */
const MOST_TIMES_NODE = 6;
const LEAST_ROUNDS = 5;
/** A busy machine disturbs the longer of the two more often: so many rounds until both had a quiet moment. */
const MOST_ROUNDS = 60;
const MANY = 500;

async function elapsedMs(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

describe('understudy status', { timeout: 60_000 }, () => {
  let rig: Rig;
  before(async () => {
    rig = await openRig();
    rig.host.addMachine('web');
    rig.host.addRelationship('web', 3);
  });
  after(() => rig.close());
  const status = () => run(['status'], { env: { UNDERSTUDY_RUN_DIR: rig.directory } });
  const nothing = () => once(spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' }), 'close');

  async function checkSpeed(): Promise<void> {
    assert.equal((await status()).code, 0);
    let [ours, bare, rounds] = [Infinity, Infinity, 0];
    while (rounds < LEAST_ROUNDS || (ours > MOST_TIMES_NODE * bare && rounds < MOST_ROUNDS)) {
      bare = Math.min(bare, await elapsedMs(nothing));
      ours = Math.min(ours, await elapsedMs(status));
      rounds++;
    }
    assert.ok(ours <= MOST_TIMES_NODE * bare, `${ours.toFixed(0)} ms are ${(ours / bare).toFixed(1)} times the ${bare.toFixed(0)} ms of node -e 0`);
  }

  test('takes no more than six times as long as Node.js takes for nothing', checkSpeed);

  test('loads no command but its own, and neither TLS nor fetch', async () => {
    const { stdout, stderr } = await run(['status'], { env: { UNDERSTUDY_RUN_DIR: rig.directory, NODE_OPTIONS: `--import=${import.meta.dirname}/modulesloaded.mjs` } });
    assert.match(stdout, /^web /m);
    const loaded = stderr.trim().split('\n');
    assert.ok(loaded.some((line) => line.endsWith('src/cli/status.ts')), stderr);
    assert.deepEqual(loaded.filter((line) => /src\/cli\/(machines|server|follow|health)\.ts|cli-progress|undici|NativeModule tls|src\/(service|api)\//.test(line)), []);
  });

  test(`takes no longer with ${MANY} machines`, async () => {
    for (let index = 0; index < MANY; index++) {
      rig.host.addMachine(`vm-${index}`);
      rig.host.addRelationship(`vm-${index}`, 3, { health: 'warning', healthReasons: ['Replication is suspended.'], advice: 'Go on with understudy resume.' });
    }
    await checkSpeed();
  });
});
