/**
 * Simulates the pair of hosts from a seed, without I/O: npm run simulate -- [--seed N] [--seeds N] [--steps N] [--troubles P] [--verbose].
 * Prints each seed; when a rule is broken, the rule and the story that led there.
 */
import { Dead } from '../src/simulation/life.ts';
import { Simulation } from '../src/simulation/simulation.ts';
import { optionsOf, wholeOption } from './options.ts';

const LAST_LINES = 150;

const { values } = optionsOf({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string', default: '1' },
    steps: { type: 'string', default: '120' },
    troubles: { type: 'string' },
    verbose: { type: 'boolean', default: false },
    lines: { type: 'string', default: String(LAST_LINES) },
    'keep-going': { type: 'boolean', default: false },
  },
});

const first = Number(values.seed ?? Math.floor(Math.random() * 1_000_000));
const count = wholeOption('seeds', values.seeds);
let failures = 0;
let points = 0;
let splits = 0;

process.on('unhandledRejection', (reason) => {
  if (!(reason instanceof Dead)) throw reason;
});

for (let seed = first; seed < first + count; seed++) {
  const simulation = new Simulation({
    seed: String(seed),
    steps: Number(values.steps),
    ...(values.troubles !== undefined && { troubles: Number(values.troubles) }),
    ...(values.verbose && { onLine: (line: string) => console.log(line) }),
  });
  try {
    const outcome = await simulation.run();
    points += outcome.points;
    if (outcome.wasSplit) splits++;
    if (count === 1) console.log(`seed ${seed}: ${outcome.points} instants in ${outcome.virtualMinutes} virtual minutes${outcome.wasSplit ? ', after a split brain' : ''}`);
  } catch (thrown) {
    failures++;
    console.log(`seed ${seed}: ${thrown instanceof Error ? (thrown.name === 'Violation' ? thrown.message : thrown.stack) : String(thrown)}`);
    if (!values['keep-going']) {
      if (!values.verbose) for (const line of simulation.pair.story.lines.slice(-Number(values.lines))) console.log(line);
      console.log(`Again: npm run simulate -- --seed ${seed} --steps ${values.steps}`);
      break;
    }
  }
}
if (count > 1) console.log(`seeds ${first} to ${first + count - 1}: ${points} instants, ${splits} went through a split brain, ${failures} broke a rule`);
process.exitCode = failures > 0 ? 1 : 0;
