/** Interleaved rounds: absolute figures drift on a shared machine, so the contestants take turns and medians count. */
import { median } from './figure.ts';

/** Does one thing and says how long it took, in seconds; undefined where there is nothing to measure. */
export type Contestant = (() => Promise<number>) | undefined;

/** The median of each contestant, after one round that does not count when `warmUp` says so. */
export async function medians<K extends string>(
  rounds: number,
  contestants: Readonly<Record<K, Contestant>>,
  { warmUp = false }: { readonly warmUp?: boolean } = {},
): Promise<Record<K, number | null>> {
  const names = Object.keys(contestants) as K[];
  const measured = new Map<K, number[]>(names.map((name) => [name, []]));
  for (let round = warmUp ? -1 : 0; round < rounds; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const seconds = await contestants[name]?.();
      if (seconds !== undefined && round >= 0) measured.get(name)!.push(seconds);
    }
  }
  const results = names.map((name) => [name, measured.get(name)!.length > 0 ? median(measured.get(name)!) : null] as const);
  return Object.fromEntries(results) as Record<K, number | null>;
}

export async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}
