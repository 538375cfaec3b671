/** The report as a page: what it makes of hostile names, and whether its figures are those of the report. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { View } from '../../src/client/operation.ts';
import { reportHtml } from '../../src/cli/reporthtml.ts';
import { parseXml } from '../../src/xml/parse.ts';
import { attributeOf, elements, textOf } from '../../src/xml/read.ts';
import type { XmlElement } from '../../src/xml/xml.ts';

const FROM_MS = Date.UTC(2026, 9, 27);
const HOUR_MS = 3_600_000;

const FAILOVER: View<'Recovery'> = { id: 'f', kind: 'unplanned', askedAtMs: FROM_MS + HOUR_MS, pointId: 'p', pointInstantMs: FROM_MS + HOUR_MS - 41_003, lostMs: 41_003, recoveryMs: 17_009, startedAtMs: FROM_MS + HOUR_MS + 17_009 };
const TEST: View<'Recovery'> = { ...FAILOVER, id: 't', kind: 'test', lostMs: 23_011, recoveryMs: null, startedAtMs: null };

const ROW: View<'ReportRow'> = {
  id: 'r', kind: 'simple', machineId: 'm', machine: 'web', side: 'primary', peer: 'beta', endedAtMs: null, health: 'warning', healthReasons: ['late'], intervalMs: 30_001, objectiveMs: 60_002, knownMs: 7_200_003, protectedMs: 7_100_005, unprotectedMs: 100_007, withinObjectivePercent: 99.125,
  lag: { medianMs: 15_013, p95Ms: 31_017, p99Ms: 33_019, worstMs: 91_023, worstAtMs: FROM_MS + 1_029_000 }, outages: 211, cycles: 239, missed: 223, resynchronizations: 227, bytesChanged: 1_610_612_741, bytesShipped: 524_287_999, durationMs: 2_039, maxDurationMs: 9_041,
  tests: { count: 229, lastAtMs: FROM_MS + HOUR_MS, worstRecoveryMs: 8_053 }, failovers: [FAILOVER],
};

const bucket = (index: number, maxLagMs: number | null): View<'HistoryBucket'> => ({ fromMs: FROM_MS + index * HOUR_MS, cycles: 1, missed: 0, maxLagMs, meanLagMs: maxLagMs, bytesChanged: 1, bytesShipped: 1, durationMs: 1, unprotectedMs: maxLagMs === null ? HOUR_MS : 0 });
const HISTORY: View<'History'> = { id: 'r', kind: 'simple', machineId: 'm', machine: 'web', fromMs: FROM_MS, untilMs: FROM_MS + 3 * HOUR_MS, bucketMs: HOUR_MS, intervalMs: 30_001, objectiveMs: 60_002, buckets: [bucket(0, 20_000), bucket(1, null), bucket(2, 91_023)], recoveries: [FAILOVER, TEST] };

const pageOf = (relationships: readonly View<'ReportRow'>[], histories: readonly View<'History'>[] = []): string =>
  reportHtml({ report: { host: 'alpha', madeAtMs: FROM_MS + 4 * HOUR_MS, fromMs: FROM_MS, untilMs: FROM_MS + 3 * HOUR_MS, relationships: [...relationships] }, histories: new Map(histories.map((it) => [it.id, it])) });

/** The page is a document type and a well-formed document. */
function parsed(page: string): XmlElement {
  const doctype = '<!DOCTYPE html>\n';
  assert.ok(page.startsWith(doctype));
  return parseXml(page.slice(doctype.length));
}

const all = (element: XmlElement): readonly XmlElement[] => [element, ...elements(element).flatMap(all)];
const named = (root: XmlElement, local: string): readonly XmlElement[] => all(root).filter((it) => it.local === local);

function leavesOf(value: unknown): (number | string)[] {
  if (typeof value === 'number') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(leavesOf) : [];
}

test('every figure of the report is in the page, to the last digit, and each moment to the second', () => {
  const root = parsed(pageOf([ROW], [HISTORY]));
  const shown = new Set([...named(root, 'data').map((it) => Number(attributeOf(it, 'value'))), ...named(root, 'time').map((it) => Date.parse(attributeOf(it, 'datetime')!))]);
  const { withinObjectivePercent, ...row } = ROW;
  for (const figure of [...leavesOf({ ...row, failovers: [] }), withinObjectivePercent!, FAILOVER.askedAtMs, FAILOVER.pointInstantMs, FAILOVER.lostMs, FAILOVER.recoveryMs!, TEST.lostMs]) assert.ok(shown.has(Number(figure)), `${figure} is missing`);
});

test('hostile names are text: escaped, in a direction of their own, without control characters', () => {
  const hostile = `<script>alert("1")</script>'&\u202etxt.exe\u0007\u{ffff}\ud800${'x'.repeat(10_000)}`;
  const root = parsed(pageOf([{ ...ROW, machine: hostile, peer: hostile, healthReasons: [hostile] }], [{ ...HISTORY, machine: hostile }]));
  const seen = `<script>alert("1")</script>'&\u{fffd}txt.exe\u{fffd}\u{fffd}\u{fffd}${'x'.repeat(10_000)}`;
  assert.deepEqual(named(root, 'bdi').map(textOf).filter((text) => text.includes('alert')), [seen, seen, seen]);
  assert.deepEqual(named(root, 'script'), []);
  assert.deepEqual(named(root, 'li').map(textOf), [seen]);
  for (const { attributes } of all(root)) for (const { local } of attributes) assert.doesNotMatch(local, /^on|^src$|^style$/);
});

test('the page needs nothing else: no address but that of its own parts', () => {
  const root = parsed(pageOf([ROW, { ...ROW, id: 's', machine: 'db' }], [HISTORY]));
  const ids = all(root).flatMap((it) => attributeOf(it, 'id') ?? []);
  assert.equal(new Set(ids).size, ids.length);
  for (const reference of all(root).flatMap((it) => [attributeOf(it, 'href')?.slice(1), attributeOf(it, 'aria-labelledby'), attributeOf(it, 'aria-describedby')]).filter((it) => it !== undefined)) assert.ok(ids.includes(reference), reference);
  assert.doesNotMatch(textOf(named(root, 'style')[0]!), /url\(|@import/);
});

test('the chart is a picture with words: how many parts, the worst lag, how many above the objective and without a point', () => {
  const root = parsed(pageOf([ROW], [HISTORY]));
  assert.match(textOf(named(root, 'figcaption')[0]!), /in 3 parts of 1 h each\. The worst lag of a part was between 20 s and 1 min 31 s; in 1 of them it exceeded the objective of 1 min; in 1 there was time without a recovery point; of 1 no lag is known\./);
  const line = named(root, 'path').map((it) => attributeOf(it, 'd')!)[0]!;
  assert.equal(line.match(/M/g)?.length, 2, 'a gap where no lag is known');
  assert.equal(named(root, 'rect').length, 1);
});

test('test failovers are listed where the history is known, and their number is told where the relationship was removed', () => {
  const kinds = (root: XmlElement): string[] => named(root, 'th').filter((it) => attributeOf(it, 'scope') === 'row').map(textOf).filter((text) => / failover$|^Failback$/.test(text));
  assert.deepEqual(kinds(parsed(pageOf([ROW], [HISTORY]))), ['Unplanned failover', 'Test failover']);
  const removed = pageOf([{ ...ROW, endedAtMs: FROM_MS + HOUR_MS, health: 'none', failovers: [] }]);
  assert.deepEqual(kinds(parsed(removed)), []);
  assert.match(removed, /There were test failovers, but no failover and no failback in this period\..*\n.*Test failovers are not listed one by one/);
});

test('a period in which nothing was replicated, and a relationship of which nothing is known, make a page as well', () => {
  assert.match(pageOf([]), /Nothing was replicated in this period/);
  const nothing: View<'ReportRow'> = { ...ROW, withinObjectivePercent: null, durationMs: null, maxDurationMs: null, lag: { medianMs: null, p95Ms: null, p99Ms: null, worstMs: null, worstAtMs: null }, tests: { count: 0, lastAtMs: null, worstRecoveryMs: null }, failovers: [] };
  assert.doesNotMatch(pageOf([nothing], [{ ...HISTORY, buckets: [bucket(0, null)], recoveries: [] }]), /NaN|null|undefined|Infinity/);
  parsed(pageOf([nothing], [{ ...HISTORY, buckets: [bucket(0, null)], recoveries: [] }]));
});
