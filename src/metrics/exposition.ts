/**
 * Samples as text, in Prometheus' own format and in OpenMetrics; series have the same names and labels in both, so that nothing
 * depends on which was asked for. Source: "Exposition formats" of Prometheus; OpenMetrics 1.0.
 */

export interface Heading {
  readonly name: string;
  readonly type: string;
  readonly help: string;
}

export type Labels = Readonly<Record<string, string>>;
export type Format = 'text' | 'openmetrics';

const MAX_LABEL_CHARACTERS = 256;

const escapedHelp = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
const NEEDS_ESCAPE = /["\\\n]/;
const escaped = (text: string): string => (NEEDS_ESCAPE.test(text) ? text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"') : text);
const labelValue = (text: string): string => escaped((text.length > MAX_LABEL_CHARACTERS ? `${text.slice(0, MAX_LABEL_CHARACTERS - 1)}…` : text).toWellFormed());

/** `{a="1",b="2"}`; nothing without labels. */
export function labelsText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${labelValue(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

export const valueText = (value: number): string => (Number.isFinite(value) ? String(value) : Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf');

/** Families in the order in which they were begun, each with its samples together. */
export class Exposition {
  readonly #families = new Map<string, { readonly heading: Heading; readonly lines: string[] }>();

  begin(heading: Heading): void {
    if (!this.#families.has(heading.name)) this.#families.set(heading.name, { heading, lines: [] });
  }

  /** `sample`: its name, which is the family's but for the parts of a histogram. `labels` as text. */
  add(family: string, labels: string, value: number, sample = family): void {
    this.#families.get(family)!.lines.push(`${sample}${labels} ${valueText(value)}`);
  }

  /** Families without samples are left out. */
  text(format: Format): string {
    const parts: string[] = [];
    for (const { heading: { name, type, help }, lines } of this.#families.values()) {
      if (lines.length === 0) continue;
      const family = format === 'openmetrics' && type === 'counter' ? name.replace(/_total$/, '') : name;
      parts.push(`# HELP ${family} ${escapedHelp(help)}`, `# TYPE ${family} ${type}`, ...lines);
    }
    return `${parts.join('\n')}\n${format === 'openmetrics' ? '# EOF\n' : ''}`;
  }
}
