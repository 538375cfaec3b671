/**
 * The bench: our side and its peers, interleaved in one run.
 *
 *   npm run bench                        every part
 *   npm run bench -- transfer memory     these parts
 *   npm run bench -- --json              nothing but an array of figures on standard output
 */
import { cim } from './cim.ts';
import { GIB } from './data.ts';
import { failover } from './failover.ts';
import type { Figure } from './figure.ts';
import { health } from './health.ts';
import { incremental } from './incremental.ts';
import { operator } from './operator.ts';
import { memory } from './memory.ts';
import { resync } from './resync.ts';
import { Scene, type Part } from './scene.ts';
import { compression, transfer } from './transfer.ts';
import { optionsOf } from '../scripts/options.ts';
import { table } from '../src/cli/output.ts';

const PARTS: readonly Part[] = [transfer, compression, incremental, failover, resync, memory, cim, health, operator];
/** Room for the largest part: sources, targets and the replica's files. */
const SCENE_BYTES = 7 * GIB;

const { values, positionals } = optionsOf({ allowPositionals: true, options: { json: { type: 'boolean', default: false } } });

function selectedParts(names: readonly string[]): readonly Part[] {
  const unknown = names.find((name) => !PARTS.some((part) => part.name === name));
  if (unknown !== undefined) {
    console.error(`There is no part ${unknown}. Parts:\n${PARTS.map((part) => `  ${part.name.padEnd(12)} ${part.about}`).join('\n')}`);
    process.exit(2);
  }
  return PARTS.filter((part) => names.length === 0 || names.includes(part.name));
}

async function measure(part: Part): Promise<readonly Figure[]> {
  console.error(`${part.name}: ${part.about} …`);
  const scene = new Scene(SCENE_BYTES);
  const onSignal = (): void => void scene.end().then(() => process.exit(130));
  process.once('SIGINT', onSignal);
  try {
    return await part.run(scene);
  } finally {
    process.removeListener('SIGINT', onSignal);
    await scene.end();
  }
}

const shown = (value: number | null): string => (value === null ? '–' : String(value));
const verdict = ({ met, target }: Figure): string => (met === null ? target : `${target}: ${met ? 'met' : 'NOT MET'}`);

function printTable(figures: readonly Figure[]): void {
  const rows = figures.map((each) => [each.name, `${shown(each.value)} ${each.unit}`, each.peer, shown(each.peerValue), shown(each.ratio), verdict(each)]);
  console.log(table(['figure', 'ours', 'peer', "peer's", 'ratio', 'target'], rows));
}

const figures: Figure[] = [];
for (const part of selectedParts(positionals)) figures.push(...(await measure(part)));
if (values.json) console.log(JSON.stringify(figures, null, 2));
else printTable(figures);
if (figures.some((each) => each.met === false)) process.exitCode = 1;
