/** The tables of docs/monitoring.md that the code and the rules' file are the source of. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FAMILIES, type Family } from '../src/metrics/families.ts';

const ROOT = join(import.meta.dirname, '..');
const METRICS = /\| metric \| type \|[^]*?(?=\n\n)/;
const ALERTS = /\| alert \| \|[^]*?(?=\n\n)/;

const metricsTable = (): string => {
  const rows = Object.entries(FAMILIES as Readonly<Record<string, Family>>).map(([name, { type, help, labels }]) => `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} |`);
  return ['| metric | type | labels | |', '|---|---|---|---|', ...rows].join('\n');
};

/** Each alert with its severity and its first sentence of what it means. */
const alertsTable = (): string => {
  const text = readFileSync(join(ROOT, 'packaging/prometheus/understudy.rules.yml'), 'utf8');
  const rows = [...text.matchAll(/- alert: (\w+)\n[^]*?severity: (\w+)[^]*?summary: '(.+)'/g)].map(([, name, severity, summary]) => `| \`${name}\` | ${severity} | ${summary!.replaceAll(/\{\{ ?\$?(?:labels\.)?(\w+)[^}]*\}\}/g, '*$1*').replaceAll("''", "'")} |`);
  return ['| alert | | |', '|---|---|---|', ...rows].join('\n');
};

/** The page as it is, with its tables as they have to be. */
export function monitoringMarkdown(): string {
  const page = readFileSync(join(ROOT, 'docs/monitoring.md'), 'utf8');
  return page.replace(METRICS, () => metricsTable()).replace(ALERTS, () => alertsTable());
}
