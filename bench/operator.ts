/** What an operator waits for on a host with five hundred machines and a month behind them. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { answerTo } from './answer.ts';
import { figure, median, type Figure, type Target } from './figure.ts';
import { BenchHost } from './host.ts';
import type { Part, Scene } from './scene.ts';

const MACHINES = 500;
const DAYS = 30;
const PORT_OFFSET = 33_000;
const ROUNDS = 15;
/** 150 ms where Node.js takes 25 to start and end. */
const MOST_TIMES_NODE = 6;
const COMMAND = join(import.meta.dirname, '../bin/understudy');

/** What is asked for, how many it has to name, and how long it may take. */
const ANSWERS = [
  { name: 'status', path: '/api/status', each: '"healthReasons"', limitMs: 100 },
  { name: "the page's overview", path: '/api/overview', each: '"healthReasons"', limitMs: 100 },
  { name: `report of ${DAYS} days`, path: '/api/report', each: '"withinObjectivePercent"', limitMs: 2_000 },
  { name: '/metrics', path: '/metrics', each: '\nunderstudy_relationship_state{', limitMs: 200 },
] as const;

async function elapsedMs(work: () => unknown): Promise<number> {
  const before = performance.now();
  await work();
  return performance.now() - before;
}

async function answerFigure(runDir: string, { name, path, each, limitMs }: (typeof ANSWERS)[number]): Promise<Figure> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    let text = '';
    times.push(await elapsedMs(async () => (text = await answerTo({ socketPath: join(runDir, 'api.sock'), path, headers: { host: 'localhost' } }))));
    const found = text.split(each).length - 1;
    if (found !== MACHINES) throw new Error(`${path} named ${found} machines instead of ${MACHINES}`);
  }
  return figure({ name: `${name}, ${MACHINES} machines`, unit: 'ms', value: median(times), target: { of: 'value', at: 'most', limit: limitMs } });
}

/** The command from its start to its end, in turn with Node.js that does nothing: both take longer on a busy machine. */
async function commandFigure(runDir: string): Promise<Figure> {
  const [ours, bare]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    bare.push(await elapsedMs(() => execFileSync(process.execPath, ['-e', '0'])));
    ours.push(await elapsedMs(() => execFileSync(COMMAND, ['--run-dir', runDir, 'status'])));
  }
  const target: Target = { of: 'ratio', at: 'most', limit: MOST_TIMES_NODE };
  return figure({ name: `understudy status, ${MACHINES} machines`, unit: 'ms', value: median(ours), peer: 'node -e 0', peerValue: median(bare), target });
}

async function run(scene: Scene): Promise<readonly Figure[]> {
  const host = new BenchHost(scene.fresh('operator'), 'operator', PORT_OFFSET);
  const runDir = scene.at('operator/r');
  execFileSync(process.execPath, [join(import.meta.dirname, '../scripts/seed.ts'), '--vms', String(MACHINES), '--history-days', String(DAYS), '--state-dir', scene.at('operator/s')], { stdio: 'ignore' });
  await host.start();
  try {
    const figures = [await commandFigure(runDir)];
    for (const answer of ANSWERS) figures.push(await answerFigure(runDir, answer));
    return figures;
  } finally {
    await host.kill();
  }
}

export const operator: Part = { name: 'operator', about: `what an operator waits for with ${MACHINES} machines and ${DAYS} days behind them`, run };
