/** Prometheus' figures of this host, gathered from the state when they are asked for. */
import { collectDefaultMetrics, Registry, type MetricObjectWithValues, type MetricValue } from 'prom-client';
import type { Context } from '../service/context.ts';
import type { Counters } from './counters.ts';
import { Exposition, labelsText, type Format } from './exposition.ts';
import { sample } from './samples.ts';

/** Whoever asks again within this time, or while another asks, gets the same. */
const FRESH_MS = 1_000;
/** Storages that hang hold up nobody for longer: what was known of them is told. */
const STORAGES_WITHIN_MS = 500;

type Answer = Readonly<Record<Format, string>>;

export class Metrics {
  readonly #context: Context;
  readonly #counters: Counters;
  readonly #process = new Registry();
  #last: { readonly atMs: number; readonly answer: Promise<Answer> } | null = null;

  constructor(context: Context, counters: Counters) {
    this.#context = context;
    this.#counters = counters;
    collectDefaultMetrics({ register: this.#process });
  }

  async text(format: Format): Promise<string> {
    const nowMs = this.#context.engine.host.clock.monotonicMs();
    if (this.#last === null || nowMs - this.#last.atMs >= FRESH_MS) this.#last = { atMs: nowMs, answer: this.#gather() };
    return (await this.#last.answer)[format];
  }

  async #gather(): Promise<Answer> {
    const { engine: { host }, storages } = this.#context;
    const limit = new AbortController();
    await Promise.race([storages.looked(), host.clock.sleep(STORAGES_WITHIN_MS, limit.signal).catch(() => undefined)]);
    limit.abort(new DOMException('the storages were looked at', 'AbortError'));
    const running = await host.hypervisor.instances();
    const exposition = new Exposition();
    sample(this.#context, this.#counters, exposition, running);
    await this.#addProcess(exposition);
    return { text: exposition.text('text'), openmetrics: exposition.text('openmetrics') };
  }

  /** Of this process and its runtime, under the names that they have everywhere. */
  async #addProcess(exposition: Exposition): Promise<void> {
    const families = (await this.#process.getMetricsAsJSON()) as MetricObjectWithValues<MetricValue<string>>[];
    for (const { name, type, help, values } of families) {
      exposition.begin({ name, type: String(type), help });
      for (const { metricName, labels, value } of values as (MetricValue<string> & { metricName?: string })[]) {
        exposition.add(name, labelsText(Object.fromEntries(Object.entries(labels).map(([label, of]) => [label, String(of)]))), value, metricName ?? name);
      }
    }
  }
}
