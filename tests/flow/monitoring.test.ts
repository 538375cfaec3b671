/** What a real daemon tells: notifications that survive its death, metrics to whom they are for, and a log without secrets. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { NotificationsView, NotificationTargetView } from '../../src/service/notificationviews.ts';
import { Pair } from './pair.ts';
import { until } from './testhost.ts';

interface Payload {
  readonly kind: string;
  readonly severity: string;
  readonly host: { readonly name: string };
  readonly concerns: readonly { readonly key: string; readonly kind: string; readonly change: string; readonly reasons: readonly { readonly rule: string }[] }[];
}

const SECRET = 'the-secret-of-the-webhook';
const received: Payload[] = [];
let server: Server;
let pair: Pair;
let status = 200;

before(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      if (status === 200) received.push(JSON.parse(body) as Payload);
      response.writeHead(status).end('noted');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  pair = await Pair.open();
});
after(async () => {
  await pair.close();
  server.close();
});

const hears = (what: string, holds: (payload: Payload) => boolean) => until(what, () => received.find(holds), 30_000, () => received);
const url = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}/services/the-key-in-the-url`;

test('a target is added and tested; it is shown without its secrets', async () => {
  const secret = join(pair.directory, 'secret');
  writeFileSync(secret, `${SECRET}\n`);
  const target = await pair.b.run<NotificationTargetView>('notify', 'add', 'webhook', url(), '--name', 'oncall', '--secret-file', secret);
  assert.deepEqual([target.state, target.signed], ['untried', true]);
  assert.match(target.address, /^http:\/\/127\.0\.0\.1:\d+\/…$/);
  const [tested] = await pair.b.run<{ answer: string }[]>('notify', 'test', 'oncall');
  assert.equal(tested!.answer, 'HTTP 200 OK: noted');
  assert.deepEqual(received.map(({ kind, host }) => [kind, host.name]), [['test', 'host-b']]);
  const shown = await pair.b.cli('notify', 'list');
  assert.match(shown.stdout, /oncall +webhook +http:\/\/127\.0\.0\.1:\d+\/… +warning +working/);
  status = 500;
  const failed = await pair.b.fails('notify', 'test');
  assert.deepEqual([failed.code, failed.exitCode], ['webhook-refused', 65]);
  assert.match(failed.message, /oncall: .* answered with HTTP 500 Internal Server Error: noted/);
  status = 200;
  const refused = await pair.b.fails('notify', 'add', 'mail', 'a@b\nBcc: c@d');
  assert.equal(refused.code, 'settings-invalid');
});

test('when the primary\'s host is gone, the replica\'s host wakes somebody; what it had to tell before its own death is told after it', async () => {
  await pair.b.run('notify', 'set', '--delay', '0');
  await pair.define();
  await pair.enable();
  await hears('the relationship that has no recovery point yet', ({ severity, concerns }) => severity === 'warning' && concerns.some(({ kind, reasons }) => kind === 'relationship' && reasons[0]?.rule === 'initial-replication-pending'));
  status = 500;
  await pair.a.kill();
  await until('the alert waits', async () => ((await pair.b.run<NotificationsView>('notify', 'list')).targets[0]!.waiting > 0 ? true : undefined));
  await pair.b.kill();
  status = 200;
  await pair.b.start();
  const alert = await hears('the host that does not answer', ({ concerns }) => concerns.some(({ kind, change }) => kind === 'host' && change === 'began'));
  assert.deepEqual([alert.severity, alert.host.name], ['critical', 'host-b']);
  await pair.a.start();
  await hears('that it is over', ({ concerns }) => concerns.some(({ kind, change }) => kind === 'host' && change === 'over'));
});

test('metrics need no sign-in here, a viewer\'s token from elsewhere, and say what was told', async () => {
  const metrics = `http://127.0.0.1:${7_480 + pair.b.portOffset}/metrics`;
  const text = await (await fetch(metrics)).text();
  assert.match(text, /^understudy_notifications_sent_total\{target="oncall"\} \d+$/m);
  assert.match(text, /^understudy_storage_free_bytes\{use="state",path="[^"]+"\} \d+/m);
  assert.match(text, /^understudy_relationship_info\{machine="web1",peer="host-a",kind="simple",side="replica",machine_id="[0-9a-f-]{36}",relationship_id="[0-9a-f-]{36}"\} 1$/m);
  const open = await fetch(metrics, { headers: { accept: 'application/openmetrics-text; version=1.0.0' } });
  assert.match(String(open.headers.get('content-type')), /^application\/openmetrics-text; version=1\.0\.0/);
  assert.match(await open.text(), /# EOF\n$/);
  const password = join(pair.directory, 'password');
  writeFileSync(password, 'correct horse battery\n');
  await pair.b.run('user', 'add', 'prometheus', '--role', 'viewer', '--password-file', password);
  const { stdout } = await pair.b.cli('user', 'token', 'prometheus', '--days', '30');
  const status200 = await fetch(`http://127.0.0.1:${7_480 + pair.b.portOffset}/api/status`, { headers: { authorization: `Bearer ${stdout.trim()}` } });
  assert.equal(status200.status, 200);
  assert.equal((await fetch(`http://127.0.0.1:${7_480 + pair.b.portOffset}/api/status`)).status, 401);
});

test('the log is lines of text, has the event log in it, and neither a secret nor the key in a URL; as JSON it is objects', async () => {
  assert.match(pair.b.log, /^\d{4}-\S+Z INFO {2}understudyd is up version=/m);
  assert.match(pair.b.log, /event=\d+/);
  assert.doesNotMatch(pair.b.log, /the-secret|the-key-in-the-url/);
  const before = pair.b.log.length;
  await pair.b.stop();
  await pair.b.start(['--log-format', 'json']);
  for (const line of pair.b.log.slice(before).trim().split('\n').slice(1)) if (line.startsWith('{')) assert.ok(typeof (JSON.parse(line) as { msg: string }).msg === 'string');
  assert.match(pair.b.log.slice(before), /\{"level":"info","time":"[^"]+","host":"host-b",.*"msg":"understudyd is up"\}/);
});
