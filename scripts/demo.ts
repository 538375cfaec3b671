/** `npm run demo`: two hosts on this machine, a real guest, a disaster, and the way home. It can fail: see --sabotage. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DemoHost } from './demo/hosts.ts';
import { Story, type Figures } from './demo/story.ts';
import { optionsOf } from './options.ts';

const SABOTAGES = ['bitflip', 'drop-extent', 'skip-return-set'];
const PORT_OFFSETS = [41_000, 42_000] as const;

const { values } = optionsOf({ options: { keep: { type: 'boolean' }, json: { type: 'boolean' }, sabotage: { type: 'string' }, 'port-offset': { type: 'string' } } });
if (values.sabotage !== undefined && !SABOTAGES.includes(values.sabotage)) {
  process.stderr.write(`demo: --sabotage takes ${SABOTAGES.join(', ')}\n`);
  process.exit(2);
}

const directory = mkdtempSync(join(tmpdir(), 'usd-'));
const shift = Number(values['port-offset'] ?? 0);
const a = new DemoHost(directory, 'host-a', PORT_OFFSETS[0] + shift, values.sabotage);
const b = new DemoHost(directory, 'host-b', PORT_OFFSETS[1] + shift, values.sabotage);
const tell = (line: string) => process.stderr.write(`${line}\n`);

async function cleanUp(): Promise<void> {
  for (const host of [a, b]) {
    const machines = await host.command<{ name: string; power: string }[]>('vm', 'list').catch(() => []);
    for (const { name, power } of machines) if (power !== 'off') await host.job('vm', 'stop', name, '--force', '--yes').catch(() => undefined);
    await host.end();
  }
  rmSync(directory, { recursive: true, force: true });
}

function report(figures: Figures): void {
  if (values.json) process.stdout.write(`${JSON.stringify(figures)}\n`);
  else {
    const { recordsLost, lagSecondsAtFailure, failoverSeconds, reverse, failback, seconds, verified } = figures;
    tell('');
    tell(`Lost: ${recordsLost.unplanned} records (${lagSecondsAtFailure.toFixed(1)} s) in the disaster, ${recordsLost.planned} in the planned failover.`);
    tell(`Until the guest had verified itself: test ${failoverSeconds.test.toFixed(1)} s, unplanned ${failoverSeconds.unplanned.toFixed(1)} s, planned ${failoverSeconds.planned.toFixed(1)} s.`);
    tell(`Shipped against changed: reverse ${reverse.bytesShipped} of ${reverse.bytesChanged} bytes, failback ${failback.bytesShipped} of ${failback.bytesChanged}.`);
    tell(`${verified ? 'Everything was verified' : 'NOT everything was verified'}; it took ${seconds.toFixed(0)} s.`);
  }
}

/** Where the guest runs depends on how far the story came: on a host where it does not, its stop says so and does no harm. */
function tellHowToUse(state: string): void {
  tell('');
  tell(state);
  const started = [a, b].filter(({ pid }) => pid !== 0);
  for (const host of started) {
    tell(`  ${host.name}: bin/understudy --run-dir ${host.runDir} status      page: ${host.page}/ (pid ${host.pid})`);
    tell(`    state ${host.stateDir}, log ${host.logPath}`);
  }
  tell(`  Sign in to the page after: bin/understudy --run-dir ${a.runDir} user add NAME --role administrator`);
  const stops = started.flatMap(({ runDir, pid }) => [`bin/understudy --run-dir ${runDir} vm stop web1 --force --yes`, `kill ${pid}`]);
  tell(`  Stop: ${[...stops, `rm -r ${directory}`].join('; ')}`);
}

const onSignal = () => void cleanUp().finally(() => process.exit(130));
process.once('SIGINT', onSignal);
process.once('SIGTERM', onSignal);
try {
  const figures = await new Story(a, b, directory, tell).play();
  report(figures);
  process.exitCode = figures.verified ? 0 : 1;
  if (values.keep) tellHowToUse('Both hosts run on. The guest is on host-b now, replicated to host-a.');
} catch (thrown) {
  tell(`demo: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
  if (values.json) process.stdout.write(`${JSON.stringify({ verified: false, error: thrown instanceof Error ? thrown.message : String(thrown) })}\n`);
  process.exitCode = 1;
  if (values.keep) tellHowToUse('What has been started runs on as it was when the demo failed.');
} finally {
  if (!values.keep) await cleanUp();
}
process.exit();
