/** A real Prometheus that scrapes two real hosts as the documents say, with the rules and the dashboard that are packaged. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Pair } from './pair.ts';
import { until, type TestHost } from './testhost.ts';

const ROOT = join(import.meta.dirname, '../..');
const RULES = join(ROOT, 'packaging/prometheus/understudy.rules.yml');
/** Not one of those that need no sign-in. */
const ELSEWHERE = '127.0.0.5';
const PROMETHEUS_PORT = 9_090;

interface Expression {
  readonly title: string;
  readonly expr: string;
}
interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly targets?: readonly { readonly expr: string }[] }[];
  readonly templating: { readonly list: readonly { readonly definition?: string }[] };
}
interface Rule {
  readonly name: string;
  readonly query: string;
  readonly health: string;
  readonly lastError?: string;
  readonly state?: string;
}

const dashboard = JSON.parse(readFileSync(join(ROOT, 'packaging/grafana/understudy.json'), 'utf8')) as Dashboard;
const expressions: readonly Expression[] = dashboard.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })));
/** What shows nothing on hosts on which nothing has gone wrong and nothing was tested. */
const EMPTY_WHILE_WELL = ['What is wrong', 'Why tries fail', 'Since the last test failover'];

/** How full this machine's own disks are. */
const ABOUT_THE_MACHINE = ['UnderstudyStorageFilling', 'UnderstudyStorageFull'];

/** Asks the host from another address, in the format that is given or else in the one that was asked for. */
class Relay {
  readonly #server: Server;
  readonly contentTypes = new Set<string>();

  constructor(host: TestHost, accept?: string) {
    this.#server = createServer((incoming, answer) => {
      const headers = { ...incoming.headers, ...(accept !== undefined && { accept }) };
      const outgoing = request({ host: host.address, port: 7_480 + host.portOffset, localAddress: ELSEWHERE, path: incoming.url, headers, agent: false }, (got) => {
        this.contentTypes.add(`${got.statusCode} ${String(got.headers['content-type'])}`);
        answer.writeHead(got.statusCode!, got.headers);
        got.pipe(answer);
      });
      outgoing.on('error', () => answer.destroy());
      outgoing.end();
    });
  }

  async open(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

let pair: Pair;
let relays: readonly [Relay, Relay];
let prometheus: ChildProcess | undefined;
const logPath = (): string => join(pair.directory, 'prometheus.log');

async function asked<T>(path: string): Promise<T> {
  const answer = await fetch(`http://127.0.0.1:${pair.a.portOffset + PROMETHEUS_PORT}/api/v1/${path}`);
  const { status, data, error } = (await answer.json()) as { status: string; data: T; error?: string };
  assert.equal(status, 'success', `${path}: ${error}`);
  return data;
}

const valuesOf = async (expr: string): Promise<readonly { readonly metric: Readonly<Record<string, string>> }[]> => (await asked<{ result: readonly { metric: Readonly<Record<string, string>> }[] }>(`query?query=${encodeURIComponent(expr)}`)).result;
const rulesNow = async (): Promise<readonly Rule[]> => (await asked<{ groups: readonly { rules: readonly Rule[] }[] }>('rules')).groups.flatMap(({ rules }) => rules);
/** As Grafana fills it in when everything is chosen. */
const filled = (expr: string): string => expr.replaceAll('$__rate_interval', '5s').replaceAll(/\$(machine|host|job)/g, '.*');

async function emptyOnes(): Promise<readonly string[]> {
  const found = await Promise.all(expressions.map(async ({ title, expr }) => ((await valuesOf(filled(expr))).length === 0 ? [title] : [])));
  return found.flat();
}

async function tokenOf(host: TestHost): Promise<string> {
  const password = join(pair.directory, 'password');
  writeFileSync(password, 'correct horse battery\n');
  await host.run('user', 'add', 'prometheus', '--role', 'viewer', '--password-file', password);
  const { stdout } = await host.cli('user', 'token', 'prometheus', '--days', '365');
  const path = join(host.directory, 'token');
  writeFileSync(path, stdout, { mode: 0o600 });
  return path;
}

/** The documents' scrape configuration, with these hosts' addresses and tokens in place of the example's. */
async function configuration(): Promise<string> {
  const [example] = /(?<=```yaml\n)scrape_configs:[^`]*/.exec(readFileSync(join(ROOT, 'docs/monitoring.md'), 'utf8'))!;
  const places: (readonly [string, string])[] = [];
  for (const [at, name] of (['a', 'b'] as const).entries()) places.push([`host-${name}:7480`, await relays[at]!.open()], [`/etc/prometheus/understudy-host-${name}.token`, await tokenOf(pair[name])]);
  for (const [there] of places) assert.equal(example.split(there).length, 2, `the example names ${there} once`);
  return `global: { scrape_interval: 1s, evaluation_interval: 1s }\nrule_files: [${RULES}]\n${places.reduce((text, [there, here]) => text.replace(there, here), example)}`;
}

before(async () => {
  pair = await Pair.open();
  relays = [new Relay(pair.a), new Relay(pair.b, 'text/plain')];
  const path = join(pair.directory, 'prometheus.yml');
  writeFileSync(path, await configuration());
  const log = openSync(logPath(), 'a');
  prometheus = spawn('prometheus', [`--config.file=${path}`, `--storage.tsdb.path=${join(pair.directory, 'tsdb')}`, `--web.listen-address=127.0.0.1:${pair.a.portOffset + PROMETHEUS_PORT}`], { stdio: ['ignore', log, log] });
  closeSync(log);
  await pair.define();
  await pair.a.run('notify', 'add', 'mail', 'oncall@example.org', '--name', 'oncall');
  await pair.enable();
  await pair.a.run('start-replication', 'web1');
});
after(async () => {
  if (prometheus && prometheus.exitCode === null) {
    const ended = once(prometheus, 'exit');
    prometheus.kill('SIGKILL');
    await ended;
  }
  for (const relay of relays) relay.close();
  await pair.close();
});

test('both hosts are scraped with their tokens, one in each format', async () => {
  await until('both hosts are up', async () => ((await valuesOf('up{job="understudy"} == 1').catch(() => [])).length === 2 ? true : undefined), 30_000, () => readFileSync(logPath(), 'utf8').slice(-2_000));
  assert.deepEqual([...relays[0].contentTypes], ['200 application/openmetrics-text; version=1.0.0; charset=utf-8']);
  assert.deepEqual([...relays[1].contentTypes], ['200 text/plain; version=0.0.4; charset=utf-8']);
});

test('every panel of the dashboard has data, but for those that show what goes wrong', async () => {
  const isAsExpected = async (): Promise<true | undefined> => ((await emptyOnes()).every((title) => EMPTY_WHILE_WELL.includes(title)) ? true : undefined);
  await until('the panels have data', isAsExpected, 30_000, emptyOnes);
  assert.deepEqual([...new Set(await emptyOnes())], EMPTY_WHILE_WELL);
  for (const { definition } of dashboard.templating.list) {
    const [, match, label] = /^label_values\((.+), (\w+)\)$/.exec(definition ?? '') ?? [];
    if (match !== undefined) assert.ok((await asked<string[]>(`label/${label}/values?match[]=${encodeURIComponent(filled(match))}`)).length > 0, definition);
  }
});

test('every rule is evaluated, and no alert is about hosts that are well', async () => {
  const rules = await until('the rules were evaluated', async () => {
    const found = await rulesNow();
    return found.every(({ health }) => health !== 'unknown') ? found : undefined;
  });
  assert.ok(rules.length > 20);
  assert.deepEqual(rules.filter(({ health }) => health !== 'ok'), []);
  assert.deepEqual(rules.filter(({ name, state = 'inactive' }) => state !== 'inactive' && !ABOUT_THE_MACHINE.includes(name)).map(({ name }) => name), []);
});

test('when a host is gone the alerts about it are on their way, and the dashboard says what is wrong', async () => {
  await pair.b.kill();
  const wanted = ['UnderstudyDaemonDown', 'UnderstudyPeerDown'];
  const active = async () => (await rulesNow()).filter(({ state }) => state === 'pending' || state === 'firing').map(({ name }) => name);
  await until('the alerts', async () => {
    const names = await active();
    return wanted.every((name) => names.includes(name)) ? true : undefined;
  }, 30_000, active);
  await until('the panel of what is wrong', async () => ((await emptyOnes()).includes('What is wrong') ? undefined : true), 30_000, emptyOnes);
});
