/** What is packaged for Prometheus and Grafana: promtool runs the rules' own tests, and nothing asks for a metric that /metrics does not have. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { FAMILIES } from '../../src/metrics/families.ts';

const PACKAGING = join(import.meta.dirname, '../../packaging');
const RULES = join(PACKAGING, 'prometheus/understudy.rules.yml');
/** Of Prometheus itself, and of every process. */
const OTHERS = ['up', 'process_start_time_seconds', 'vector'];

const promtool = (...args: readonly string[]) => {
  const { status, stdout, stderr, error } = spawnSync('promtool', args, { cwd: join(PACKAGING, 'prometheus'), encoding: 'utf8', timeout: 60_000 });
  return { status, said: `${stdout}${stderr}${String(error ?? '')}` };
};

const rulesText = readFileSync(RULES, 'utf8');
const rules = rulesText.split(/\n {6}- (?=alert|record)/).slice(1).map((text) => ({
  name: /^(?:alert|record): (\S+)/.exec(text)![1]!, isAlert: text.startsWith('alert'), expr: /\n +expr: (.+)/.exec(text)![1]!,
  severity: /severity: (\w+)/.exec(text)?.[1], summary: /summary: '(.+)'/.exec(text)?.[1], description: /description: '(.+)'/.exec(text)?.[1],
}));
const alerts = rules.filter(({ isAlert }) => isAlert);
const recorded = rules.filter(({ isAlert }) => !isAlert).map(({ name }) => name);

/** Of Grafana's own: its core panels, and the ids of units that it knows ("suffix:" is for words of one's own). */
const PANEL_TYPES = ['row', 'stat', 'table', 'timeseries', 'state-timeline'];
const UNITS = /^(s|bytes|Bps|percentunit|suffix:\S+)$/;

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly description?: string;
  readonly datasource?: { readonly uid: string };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } };
  readonly targets?: readonly { readonly expr: string; readonly refId: string; readonly datasource: { readonly type: string; readonly uid: string } }[];
}
interface Dashboard {
  readonly uid: string;
  readonly schemaVersion: number;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly type: string; readonly definition?: string }[] };
}
const dashboard = JSON.parse(readFileSync(join(PACKAGING, 'grafana/understudy.json'), 'utf8')) as Dashboard;
const expressions = dashboard.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })));

/** Metrics that an expression names. */
function named(expr: string): string[] {
  const withoutLabels = expr.replaceAll(/\{[^}]*\}/g, '{}').replaceAll(/\b(by|on|ignoring|without|group_left|group_right) ?\([^)]*\)/g, '');
  return [...new Set(withoutLabels.match(/\b(understudy[a-z0-9_:]*|up(?=\{)|process_\w+)/g) ?? [])];
}

const isKnown = (name: string): boolean => Object.hasOwn(FAMILIES, name) || recorded.includes(name) || OTHERS.includes(name) || (/_(bucket|sum|count)$/.test(name) && Object.hasOwn(FAMILIES, name.replace(/_(bucket|sum|count)$/, '')));

describe('the alert rules', () => {
  test('are rules, by promtool', () => {
    const { status, said } = promtool('check', 'rules', RULES);
    assert.equal(status, 0, said);
    assert.match(said, new RegExp(`${rules.length} rules found`));
  });

  for (const file of ['understudy.rules.test.yml', 'understudy.days.test.yml']) {
    test(`fire where they should and not where they nearly should: ${file}`, () => {
      const { status, said } = promtool('test', 'rules', file);
      assert.equal(status, 0, said);
    });
  }

  test('are each in a test of theirs', () => {
    const tests = ['understudy.rules.test.yml', 'understudy.days.test.yml'].map((file) => readFileSync(join(PACKAGING, 'prometheus', file), 'utf8')).join('');
    assert.deepEqual(alerts.map(({ name }) => name).filter((name) => !new RegExp(`alertname="${name}"|alertname: ${name}\\b|\\(${name.slice('Understudy'.length)}|\\|${name.slice('Understudy'.length)}`).test(tests)), []);
  });

  test('say how bad it is, what happened and what to do', () => {
    assert.ok(alerts.length >= 15);
    for (const { name, severity, summary, description } of alerts) {
      assert.ok(severity === 'critical' || severity === 'warning', name);
      assert.ok(summary !== undefined && summary.includes('{{'), `${name} names nobody`);
      assert.match(description ?? '', /understudy [a-z]|journalctl/, `${name} does not say what to do`);
    }
  });

  test('ask for metrics that are there, and for values of labels that exist', () => {
    for (const { name, expr } of rules) assert.deepEqual(named(expr).filter((metric) => !isKnown(metric)), [], name);
    assert.ok(rules.every(({ expr }) => named(expr).length > 0));
  });
});

describe('the dashboard', () => {
  test('has expressions that Prometheus understands', () => {
    const directory = mkdtempSync(join(tmpdir(), 'us-dash-'));
    const file = join(directory, 'dashboard.yml');
    const filled = (expr: string) => expr.replaceAll('$__rate_interval', '5m').replaceAll('$machine', 'web1').replaceAll('$host', 'host-a').replaceAll('$job', 'understudy');
    const groups = expressions.map(({ expr }, at) => `      - record: dashboard:expression:${at}\n        expr: ${JSON.stringify(filled(expr))}`);
    writeFileSync(file, `groups:\n  - name: dashboard\n    rules:\n${groups.join('\n')}\n`);
    const { status, said } = promtool('check', 'rules', file);
    rmSync(directory, { recursive: true });
    assert.equal(status, 0, said);
    assert.match(said, new RegExp(`${expressions.length} rules found`));
  });

  test('asks for metrics that /metrics has', () => {
    assert.ok(expressions.length > 20);
    const known = (metric: string) => isKnown(metric) && !recorded.includes(metric);
    for (const { title, expr } of expressions) {
      assert.ok(named(expr).length > 0, title);
      assert.deepEqual(named(expr).filter((metric) => !known(metric)), [], title);
    }
    for (const { name, definition } of dashboard.templating.list) if (definition !== undefined) assert.ok(named(definition).every(known), name);
  });

  test('takes its data from the source that is chosen, and has panels that do not overlap and that say what they show', () => {
    assert.deepEqual(dashboard.templating.list.map(({ name, type }) => `${name} ${type}`), ['datasource datasource', 'job query', 'host query', 'machine query']);
    assert.ok(dashboard.schemaVersion >= 36 && dashboard.uid !== '');
    const panels = dashboard.panels.filter(({ type }) => type !== 'row');
    for (const { title, description, datasource, gridPos: { x, w } } of panels) {
      assert.equal(datasource?.uid, '${datasource}', title);
      assert.ok((description ?? '').length > 10 && x >= 0 && x + w <= 24, title);
    }
    const taken = new Map<string, string>();
    for (const { title, gridPos: { x, y, w, h } } of dashboard.panels) {
      for (let column = x; column < x + w; column += 1) for (let line = y; line < y + h; line += 1) {
        assert.equal(taken.get(`${column} ${line}`), undefined, `${title} lies on ${taken.get(`${column} ${line}`)}`);
        taken.set(`${column} ${line}`, title);
      }
    }
  });

  test('is made of what every Grafana has: its own panels and units, each panel and each query with a name of its own', () => {
    assert.equal(new Set(dashboard.panels.map(({ id }) => id)).size, dashboard.panels.length);
    for (const { title, type, fieldConfig, targets = [] } of dashboard.panels) {
      assert.ok(PANEL_TYPES.includes(type), `${title}: ${type}`);
      assert.match(fieldConfig?.defaults.unit ?? 's', UNITS, title);
      assert.equal(new Set(targets.map(({ refId }) => refId)).size, targets.length, title);
      for (const { datasource } of targets) assert.deepEqual(datasource, { type: 'prometheus', uid: '${datasource}' }, title);
    }
    // A file with inputs asks for them at each import; the variable finds the source by itself.
    assert.ok(!Object.hasOwn(dashboard, '__inputs') && !Object.hasOwn(dashboard, 'id'));
  });
});
