/** Notifications as they leave the host: to a real HTTP server and a real program in sendmail's place. The clock is moved. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createHmac } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, afterEach, beforeEach, describe, test } from 'node:test';
import { Fault, type FaultCode } from '../../src/errors/fault.ts';
import { inEnglish } from '../../src/language/text.ts';
import type { Concern } from '../../src/notifications/concern.ts';
import type { Notification } from '../../src/notifications/notification.ts';
import type { Target } from '../../src/notifications/target.ts';
import type { NotifierEvent } from '../../src/notifier/events.ts';
import { Notifier } from '../../src/notifier/notifier.ts';
import { sendMail } from '../../src/notifier/sendmail.ts';
import { postNotification } from '../../src/notifier/webhook.ts';
import { parseProxy, waysOf } from '../../src/peer/proxy.ts';
import { VirtualTime } from '../../src/simulation/time.ts';
import { NotificationRows } from '../../src/state/notifications.ts';
import { until } from '../flow/testhost.ts';
import { TestProxy } from './proxy.ts';

interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const directory = mkdtempSync(join(tmpdir(), 'us-notify-'));
const SECRET = 'a secret of sixteen or more';
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DOWN: Concern = { key: 'relationship:r1', kind: 'relationship', severity: 'critical', title: 'web1, whose replica is on host-b', machine: { id: 'm1', name: 'web1' }, peer: 'host-b', reasons: [{ rule: 'cannot-send', severity: 'critical', message: 'The last 3 tries failed.', hint: 'Look at the network.' }] };

let server: Server;
let received: Received[] = [];
/** What the server answers: status, headers, and a body; null: nothing. */
let answers: [status: number, headers: Record<string, string>, body: string] | null = [200, {}, 'ok'];
const openServer = async (on: Server): Promise<void> => {
  on.on('request', (request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      received.push({ path: request.url!, headers: request.headers, body: Buffer.concat(pieces).toString() });
      if (answers) response.writeHead(answers[0], answers[1]).end(answers[2]);
    });
  });
  await new Promise<void>((resolve) => on.listen(0, '127.0.0.1', resolve));
};
const portOf = (of: Server): number => (of.address() as AddressInfo).port;
const webhook = (more: Partial<Extract<Target, { kind: 'webhook' }>> = {}): Extract<Target, { kind: 'webhook' }> => ({ id: 't1', name: 'hook', kind: 'webhook', minimum: 'warning', isEnabled: true, url: `http://127.0.0.1:${portOf(server)}/services/key`, secret: SECRET, headers: { Authorization: 'Bearer of-the-test' }, authority: null, ...more });

/** A daemon's notifier over a state file: it can end and begin again. */
class Desk {
  readonly time = new VirtualTime();
  readonly path: string;
  concerns: Concern[] = [];
  events: NotifierEvent[] = [];
  sendmail = '/nonexistent/sendmail';
  rows!: NotificationRows;
  notifier!: Notifier;
  #database!: DatabaseSync;

  constructor(path: string) {
    this.path = path;
    this.time.nowMs = 1_800_000_000_000;
    this.begin();
  }

  begin(): void {
    this.#database = new DatabaseSync(this.path);
    this.#database.exec('PRAGMA synchronous = OFF');
    this.rows = new NotificationRows(this.#database);
    const { time } = this;
    this.notifier = new Notifier({
      rows: this.rows, host: { id: 'h1', name: 'host-a' }, newId: () => crypto.randomUUID(), concerns: () => this.concerns, pace: () => ({ delayMs: MINUTE_MS, repeatMs: 4 * HOUR_MS }),
      clock: {
        nowMs: () => time.nowMs, monotonicMs: () => time.nowMs, minutesEast: () => 0, timeout: (ms) => AbortSignal.timeout(ms),
        sleep: (ms, signal) => new Promise((resolve, reject) => {
          signal?.throwIfAborted();
          const cancel = time.after(ms, resolve);
          signal?.addEventListener('abort', () => { cancel(); reject(signal.reason as Error); }, { once: true });
        }),
      },
      deliver: (target, notification, signal) => (target.kind === 'mail' ? sendMail(target, notification, { sendmail: this.sendmail, hostName: 'host-a' }, signal) : postNotification(target, notification, { version: '1.2.3', nowSeconds: Math.floor(time.nowMs / 1_000), signal })),
      onEvent: (event) => this.events.push(event),
      crash: (bug) => assert.fail(String(bug)),
    });
    this.notifier.start();
  }

  async end(): Promise<void> {
    await this.notifier.stop();
    this.#database.close();
  }

  /** So often something of this kind happened. */
  count(kind: NotifierEvent['kind']): number {
    return this.events.filter((event) => event.kind === kind).length;
  }

  /** Time passes until a try has ended like this once more. */
  async next(kind: 'sent' | 'failed', passMs: number): Promise<void> {
    const before = this.count(kind);
    await this.time.pass(passMs);
    await until(`${kind} ${before + 1} times`, () => (this.count(kind) > before ? true : undefined), 5_000, () => this.events, 5);
  }
}

let desk: Desk;
let made = 0;
beforeEach(async () => {
  server = createServer();
  await openServer(server);
  received = [];
  answers = [200, {}, 'ok'];
  desk = new Desk(join(directory, `${made += 1}.db`));
});
afterEach(async () => {
  await desk.end();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
after(() => rmSync(directory, { recursive: true }));

/** With a certificate that nobody vouches for, which receives as the plain one does. */
async function secureServer(): Promise<{ readonly server: Server; readonly certificate: string }> {
  const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key, '-out', cert, '-days', '2', '-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'], { stdio: 'ignore' });
  const secure = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }) as unknown as Server;
  await openServer(secure);
  return { server: secure, certificate: readFileSync(cert, 'utf8') };
}

const TEST_MESSAGE: Notification = { id: 'n1', atMs: 0, host: { id: 'h1', name: 'host-b' }, isTest: true, told: [], more: 0 };

describe('a webhook', () => {
  test('gets one POST of JSON, with the headers that were chosen and a signature over what it got', async () => {
    desk.rows.putTarget(webhook());
    desk.concerns = [DOWN];
    await desk.next('sent', 75_000);
    const [{ path, headers, body }] = received as [Received];
    const payload = JSON.parse(body);
    assert.deepEqual([received.length, path, headers['content-type'], headers['user-agent'], headers.authorization], [1, '/services/key', 'application/json; charset=utf-8', 'Understudy/1.2.3', 'Bearer of-the-test']);
    assert.deepEqual([payload.kind, payload.severity, payload.concerns[0].key, payload.id], ['alert', 'critical', 'relationship:r1', headers['x-understudy-notification']]);
    const timestamp = String(headers['x-understudy-timestamp']);
    assert.equal(headers['x-understudy-signature'], `sha256=${createHmac('sha256', SECRET).update(`${timestamp}.${body}`).digest('hex')}`);
    assert.ok(Math.abs(Number(timestamp) * 1_000 - desk.time.nowMs) < 20_000);
  });

  test('hears that it is over, and of what stays bad every four hours', async () => {
    desk.rows.putTarget(webhook());
    desk.concerns = [DOWN];
    await desk.next('sent', 75_000);
    await desk.next('sent', 4 * HOUR_MS);
    desk.concerns = [];
    await desk.next('sent', 2 * MINUTE_MS);
    assert.deepEqual(received.map(({ body }) => JSON.parse(body).kind), ['alert', 'reminder', 'recovery']);
  });

  test('that refuses is tried again later and later; it counts as failing from the third time, and gets everything in order once it works', async () => {
    desk.rows.putTarget(webhook());
    answers = [503, {}, 'down for\nmaintenance'];
    desk.concerns = [DOWN];
    await desk.next('failed', 75_000);
    await desk.next('failed', 10_000);
    assert.equal(desk.count('failing'), 0);
    await desk.next('failed', 30_000);
    const { failures, lastFailure } = desk.rows.delivery('t1');
    assert.deepEqual([failures, lastFailure?.code, desk.count('failing')], [3, 'webhook-refused', 1]);
    assert.match(lastFailure!.message, /^http:\/\/127\.0\.0\.1:\d+\/… answered with HTTP 503 Service Unavailable: down for.maintenance$/);
    desk.concerns = [];
    await desk.next('failed', MINUTE_MS);
    answers = [204, {}, ''];
    await desk.time.pass(3 * MINUTE_MS);
    await until('both have arrived', () => (desk.count('sent') === 2 ? true : undefined), 5_000, () => desk.events, 5);
    assert.deepEqual(received.slice(-2).map(({ body }) => JSON.parse(body).kind), ['alert', 'recovery']);
    assert.deepEqual([desk.rows.delivery('t1').failures, desk.count('restored'), desk.rows.waiting('t1')], [0, 1, 0]);
  });

  test('is told after a restart what was to be told before, with the same id', async () => {
    desk.rows.putTarget(webhook());
    answers = [500, {}, ''];
    desk.concerns = [DOWN];
    await desk.next('failed', 75_000);
    await desk.end();
    desk.begin();
    answers = [200, {}, ''];
    desk.concerns = [];
    await desk.next('sent', 0);
    assert.equal(JSON.parse(received[1]!.body).id, JSON.parse(received[0]!.body).id);
    await desk.next('sent', 75_000);
    assert.equal(JSON.parse(received.at(-1)!.body).kind, 'recovery');
  });

  test('that takes nothing for a day is not told any more, and that is said; what waits for it has a bound', async () => {
    desk.rows.putTarget(webhook());
    answers = [500, {}, ''];
    desk.concerns = [DOWN];
    await desk.next('failed', 75_000);
    desk.time.nowMs += 25 * HOUR_MS;
    await desk.next('failed', 20_000);
    await until('it is given up', () => (desk.count('lost') > 0 ? true : undefined), 2_000, () => desk.events, 5);
    for (let flaps = 0; flaps < 120; flaps += 1) {
      desk.concerns = flaps % 2 === 0 ? [] : [DOWN];
      await desk.time.pass(75_000);
    }
    assert.equal(desk.rows.waiting('t1'), 100);
  });

  test('that redirects is not followed', async () => {
    answers = [302, { location: '/elsewhere' }, ''];
    await assert.rejects(desk.notifier.test(webhook(), AbortSignal.timeout(5_000)), isFault('webhook-refused', /HTTP 302 Found \(a redirect, which is not followed\)/));
    assert.deepEqual(received.map(({ path }) => path), ['/services/key']);
  });

  test('that is not there, or ends the connection, is a fault that says so and does not show the URL', async () => {
    const target = webhook();
    server.close();
    await assert.rejects(desk.notifier.test(target, AbortSignal.timeout(5_000)), isFault('webhook-unreachable', /^http:\/\/127\.0\.0\.1:\d+\/… cannot be reached: .*ECONNREFUSED/));
  });

  test('with TLS is trusted by the authority that was given, and not without', async () => {
    const secure = await secureServer();
    try {
      const target = webhook({ url: `https://127.0.0.1:${portOf(secure.server)}/` });
      await assert.rejects(desk.notifier.test(target, AbortSignal.timeout(5_000)), isFault('webhook-certificate', /self.signed/i));
      assert.equal(received.length, 0);
      assert.equal(await desk.notifier.test({ ...target, authority: secure.certificate }, AbortSignal.timeout(5_000)), 'HTTP 200 OK: ok');
      assert.equal(JSON.parse(received[0]!.body).kind, 'test');
    } finally {
      secure.server.close();
    }
  });

  test('is reached through the proxy, which sees neither its path nor what is told, and what the proxy refuses is said', async () => {
    const [proxy, secure] = await Promise.all([TestProxy.start(), secureServer()]);
    proxy.credentials = 'anna:the-proxys-password';
    const way = waysOf(parseProxy(`http://anna:the-proxys-password@127.0.0.1:${proxy.port}`));
    const post = (target: Extract<Target, { kind: 'webhook' }>) => postNotification(target, TEST_MESSAGE, { version: '1.2.3', nowSeconds: 1, signal: AbortSignal.timeout(5_000), wayTo: (endpoint) => way(endpoint, 'proxy')?.dial });
    const [plain, overTls] = [webhook(), webhook({ url: `https://127.0.0.1:${portOf(secure.server)}/services/key`, authority: secure.certificate })];
    try {
      assert.deepEqual([await post(plain), await post(overTls)], ['HTTP 200 OK: ok', 'HTTP 200 OK: ok']);
      assert.deepEqual(proxy.asked, [`127.0.0.1:${portOf(server)}`, `127.0.0.1:${portOf(secure.server)}`]);
      await assert.rejects(post({ ...overTls, authority: null }), isFault('webhook-certificate', /self.signed/i));
      proxy.credentials = 'anna:another';
      await assert.rejects(post(plain), isFault('webhook-unreachable', /^http:\/\/127\.0\.0\.1:\d+\/… cannot be reached: the proxy 127\.0\.0\.1:\d+ does not accept this host's credentials/));
      assert.equal(received.length, 2);
    } finally {
      secure.server.close();
      secure.server.closeAllConnections();
      await proxy.close();
    }
  });

  test('that answers without end is listened to for a few kilobytes only', async () => {
    server.removeAllListeners('request');
    let isGone = false;
    server.on('request', (_request, response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write('x'.repeat(65_536)), 1);
      response.on('close', () => {
        clearInterval(timer);
        isGone = true;
      });
    });
    const answer = await desk.notifier.test(webhook(), AbortSignal.timeout(5_000));
    assert.ok(inEnglish(answer).length < 300);
    await until('the connection has ended', () => (isGone ? true : undefined), 2_000);
  });
});

const isFault = (code: FaultCode, message: RegExp) => (thrown: unknown): boolean => {
  assert.ok(thrown instanceof Fault && thrown.code === code && message.test(thrown.message), String(thrown));
  assert.doesNotMatch(thrown.message, /services|of-the-test|sixteen|the-proxys/);
  return true;
};

describe('mail', () => {
  const MAIL: Target = { id: 't2', name: 'oncall', kind: 'mail', minimum: 'critical', isEnabled: true, address: 'oncall@example.org', from: null };
  /** Keeps its arguments and what it is given, and ends as it is told to. */
  const program = (ending: string): string => {
    const path = join(directory, `sendmail-${made}`);
    writeFileSync(path, `#!/bin/sh\nprintf '%s\\n' "$@" > ${path}.arguments\ncat > ${path}.message\n${ending}\n`);
    chmodSync(path, 0o755);
    return path;
  };

  test('is given to sendmail, which finds the recipient in the message', async () => {
    desk.sendmail = program('exit 0');
    desk.rows.putTarget(MAIL);
    desk.concerns = [DOWN];
    await desk.next('sent', 75_000);
    assert.equal(readFileSync(`${desk.sendmail}.arguments`, 'utf8'), '-t\n-i\n');
    const message = readFileSync(`${desk.sendmail}.message`, 'utf8');
    assert.match(message, /^From: Understudy <understudy@host-a>\nTo: <oncall@example\.org>\nSubject: /);
    assert.match(message, /What to do: Look at the network\./);
  });

  test('that sendmail does not take is tried again, with its own words kept', async () => {
    desk.sendmail = program('echo "oncall: user unknown" >&2; exit 67');
    desk.rows.putTarget(MAIL);
    desk.concerns = [DOWN];
    await desk.next('failed', 75_000);
    assert.match(desk.rows.delivery('t2').lastFailure!.message, /sendmail-\d+ ended with 67 \(the address is unknown\): oncall: user unknown$/);
    desk.sendmail = program('exit 0');
    await desk.next('sent', 10_000);
    assert.ok(existsSync(`${desk.sendmail}.message`));
  });

  test('without a sendmail, or with one that ends before it has read anything, is a fault that says so', async () => {
    await assert.rejects(desk.notifier.test(MAIL, AbortSignal.timeout(5_000)), isFault('mail-program-missing', /there is no program \/nonexistent\/sendmail/));
    desk.sendmail = '/bin/false';
    await assert.rejects(desk.notifier.test(MAIL, AbortSignal.timeout(5_000)), isFault('mail-refused', /\/bin\/false ended with 1$/));
  });
});
