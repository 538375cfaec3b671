/** What of a host's concerns is told, when, and in which words: decided without a clock or a network. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Fault } from '../../src/errors/fault.ts';
import type { Concern, Severity } from '../../src/notifications/concern.ts';
import { headerText, mailText, quotedPrintable } from '../../src/notifications/mail.ts';
import { MAX_CONCERNS, notificationOf, payloadOf, summaryOf, textOf } from '../../src/notifications/notification.ts';
import { checkTarget, shownAddress, type MailTarget, type WebhookTarget } from '../../src/notifications/target.ts';
import { decide, type Pace, type Standing, type Told } from '../../src/notifications/telling.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const START_MS = 1_800_000_000_000;

const concern = (severity: Severity, name = 'web1', message = 'Nothing was sent for 2 h.'): Concern => ({
  key: `relationship:${name}`, kind: 'relationship', severity, title: `${name}, whose replica is on host-b`, machine: { id: `id-${name}`, name }, peer: 'host-b',
  reasons: [{ rule: 'stalled', severity, message, hint: 'Look at the network.' }],
});

/** A target, and what it was told at which minute. */
class Listener {
  readonly heard: string[] = [];
  #standings = new Map<string, Standing>();
  #differsSinceMs: ReadonlyMap<string, number> = new Map();
  #minute = 0;
  readonly #pace: Pace;
  readonly #minimum: Severity;

  constructor(minimum: Severity = 'warning', pace: Pace = { delayMs: MINUTE_MS, repeatMs: 4 * HOUR_MS }) {
    this.#minimum = minimum;
    this.#pace = pace;
  }

  /** Each minute the concerns are these. */
  sees(concerns: readonly Concern[], minutes: number): this {
    for (let count = 0; count < minutes; count += 1, this.#minute += 1) {
      const { told, standings, differsSinceMs } = decide({ minimum: this.#minimum, concerns, standings: this.#standings, differsSinceMs: this.#differsSinceMs, nowMs: START_MS + this.#minute * MINUTE_MS, pace: this.#pace });
      for (const [key, standing] of standings) if (standing) this.#standings.set(key, standing);
        else this.#standings.delete(key);
      this.#differsSinceMs = differsSinceMs;
      if (told.length > 0) this.heard.push(`${this.#minute}: ${told.map(({ change, level, concern: { machine } }) => `${machine!.name} ${change} ${level}`).join(', ')}`);
    }
    return this;
  }

  get knows(): number {
    return this.#standings.size;
  }
}

const BAD = [concern('critical')];
const WARNED = [concern('warning')];

describe('what is told', () => {
  test('a change is told once it has held for the delay, and its end as well', () => {
    const listener = new Listener().sees([], 5).sees(BAD, 10).sees([], 10);
    assert.deepEqual(listener.heard, ['6: web1 began critical', '16: web1 over ok']);
    assert.equal(listener.knows, 0);
  });

  test('what comes and goes within the delay wakes nobody, however often', () => {
    const listener = new Listener();
    for (let times = 0; times < 50; times += 1) listener.sees(BAD, 1).sees([], 1);
    assert.deepEqual(listener.heard, []);
  });

  test('what is bad now and then worse is told as it is once it has been bad for the delay', () => {
    const listener = new Listener('warning', { delayMs: 3 * MINUTE_MS, repeatMs: 0 });
    for (let times = 0; times < 3; times += 1) listener.sees(WARNED, 1).sees(BAD, 1);
    assert.deepEqual(listener.heard, ['3: web1 began critical']);
  });

  test('with a delay of 0 it is told at once', () => {
    assert.deepEqual(new Listener('warning', { delayMs: 0, repeatMs: 0 }).sees(BAD, 1).heard, ['0: web1 began critical']);
  });

  test('worse and better are told; what was told already is not', () => {
    assert.deepEqual(new Listener().sees(WARNED, 30).sees(BAD, 30).sees(WARNED, 30).heard, ['1: web1 began warning', '31: web1 worse critical', '61: web1 better warning']);
  });

  test('what stays bad is told again after the repeat interval, until it is over', () => {
    assert.deepEqual(new Listener().sees(BAD, 9 * 60).sees([], 600).heard, ['1: web1 began critical', '241: web1 still critical', '481: web1 still critical', '541: web1 over ok']);
    assert.deepEqual(new Listener('warning', { delayMs: 0, repeatMs: 0 }).sees(BAD, 9 * 60).heard, ['0: web1 began critical']);
  });

  test('reminders that would follow soon are told with the first', () => {
    assert.deepEqual(new Listener().sees(BAD, 30).sees([...BAD, concern('critical', 'db1')], 300).heard, ['1: web1 began critical', '31: db1 began critical', '241: web1 still critical, db1 still critical']);
  });

  test('a target that wants only what is critical hears of nothing else, and that it is over when it is a warning only', () => {
    assert.deepEqual(new Listener('critical').sees(WARNED, 60).sees(BAD, 60).sees(WARNED, 60).heard, ['61: web1 began critical', '121: web1 over ok']);
  });

  test('a clock that is put back by an hour delays nothing by an hour', () => {
    const seen = { minimum: 'warning', concerns: BAD, standings: new Map(), pace: { delayMs: MINUTE_MS, repeatMs: 0 } } as const;
    const { differsSinceMs } = decide({ ...seen, differsSinceMs: new Map([['relationship:web1', START_MS + HOUR_MS]]), nowMs: START_MS });
    assert.equal(decide({ ...seen, differsSinceMs, nowMs: START_MS + MINUTE_MS }).told.length, 1);
  });
});

const told = (it: Concern, more: Partial<Told> = {}): Told => ({ change: 'began', level: it.severity, before: 'ok', sinceMs: START_MS - MINUTE_MS, concern: it, ...more });
const AROUND = { id: '0b5e1fcd-6d5c-4f4e-9d10-30d3a9c6a001', atMs: START_MS, host: { id: 'h', name: 'host-a' } };
const HOSTILE = 'web1\r\nBcc: everybody@example.org\r\n\r\n<script>alert(1)</script>\u202e\u0007';

describe('a notification', () => {
  test('says in its one line what is worst, of which machine and why', () => {
    assert.equal(summaryOf(notificationOf(AROUND, [told(concern('critical'))])), '[Understudy host-a] critical: web1, whose replica is on host-b: Nothing was sent for 2 h.');
    const many = Array.from({ length: 5 }, (_, at) => told(concern(at === 4 ? 'critical' : 'warning', `vm${at}`)));
    assert.equal(summaryOf(notificationOf(AROUND, many)), '[Understudy host-a] critical: vm4, whose replica is on host-b, vm0, whose replica is on host-b, vm1, whose replica is on host-b and 2 more');
    assert.match(summaryOf(notificationOf(AROUND, [told(concern('critical'), { change: 'over', level: 'ok', before: 'critical' })])), /\] over: web1/);
    assert.match(summaryOf(notificationOf(AROUND, [told(concern('critical'), { change: 'still' })])), /\] still critical: web1/);
  });

  test('of a thousand machines has an end, with the worst in it and the rest counted', () => {
    const all = Array.from({ length: 1_000 }, (_, at) => told(concern(at === 999 ? 'critical' : 'warning', `vm${at}`)));
    const notification = notificationOf(AROUND, all);
    assert.deepEqual([notification.told.length, notification.more, notification.told[0]!.level], [MAX_CONCERNS, 1_000 - MAX_CONCERNS, 'critical']);
    assert.match(textOf(notification), /900 more concerns are not shown/);
  });

  test('as JSON has what a program needs: kind, severity, and each concern with its reasons and what to do', () => {
    const payload = JSON.parse(JSON.stringify(payloadOf(notificationOf(AROUND, [told(concern('critical'))]))));
    assert.deepEqual([payload.schema, payload.kind, payload.severity, payload.host.name, payload.more], ['understudy.notification.v1', 'alert', 'critical', 'host-a', 0]);
    const [only] = payload.concerns;
    assert.deepEqual([only.key, only.change, only.severity, only.before, only.machine.name, only.peer, only.since], ['relationship:web1', 'began', 'critical', 'ok', 'web1', 'host-b', new Date(START_MS - MINUTE_MS).toISOString()]);
    assert.deepEqual(only.reasons, [{ rule: 'stalled', severity: 'critical', message: 'Nothing was sent for 2 h.', hint: 'Look at the network.' }]);
  });
});

/** Headers and body as a mail reader takes them apart. Source: RFC 5322, 2.2.3 and RFC 2047. */
function parsedMail(text: string): { headers: Map<string, string>; body: string } {
  const at = text.indexOf('\n\n');
  const unfolded = text.slice(0, at).replaceAll(/\n(?=[ \t])/g, '').split('\n');
  const decoded = (value: string) => value.replaceAll(/\?= +=\?/g, '?==?').replaceAll(/=\?UTF-8\?B\?([^?]*)\?=/g, (_, base64: string) => Buffer.from(base64, 'base64').toString());
  const headers = new Map(unfolded.map((line) => [line.slice(0, line.indexOf(':')), decoded(line.slice(line.indexOf(':') + 2))]));
  const bytes = text.slice(at + 2).replaceAll('=\n', '').replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return { headers, body: Buffer.from(bytes, 'latin1').toString() };
}

describe('a mail', () => {
  const ADDRESSES = { from: 'understudy@host-a', to: 'oncall@example.org' };

  test('is well-formed: one of each header, lines that are short, and a body that reads as it was written', () => {
    const notification = notificationOf(AROUND, [told(concern('critical', 'wéb-ü1', 'Größe 100 % = „voll“ …'))]);
    const text = mailText(notification, ADDRESSES);
    const { headers, body } = parsedMail(text);
    assert.equal(body, textOf(notification));
    assert.equal(headers.get('Subject'), summaryOf(notification));
    assert.deepEqual([headers.get('To'), headers.get('From'), headers.get('Date'), headers.get('Message-ID')], ['<oncall@example.org>', 'Understudy <understudy@host-a>', 'Fri, 15 Jan 2027 08:00:00 +0000', `<${AROUND.id}@host-a>`]);
    for (const line of text.split('\n')) assert.ok(line.length <= 76 && /^[\u0020-\u007e]*$/.test(line), line);
    assert.doesNotMatch(text, /[ \t]$/m);
  });

  test('has no header that a machine\'s or a host\'s name brought, and nothing that drives a terminal', () => {
    const hostile = { ...AROUND, host: { id: 'h', name: HOSTILE } };
    const text = mailText(notificationOf(hostile, [told(concern('critical', HOSTILE, HOSTILE))]), ADDRESSES);
    const { headers, body } = parsedMail(text);
    assert.deepEqual([...headers.keys()].sort(), ['Auto-Submitted', 'Content-Transfer-Encoding', 'Content-Type', 'Date', 'From', 'Importance', 'MIME-Version', 'Message-ID', 'Subject', 'To', 'X-Priority', 'X-Understudy-Kind']);
    assert.equal(headers.get('To'), '<oncall@example.org>');
    assert.doesNotMatch(body, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
    assert.doesNotMatch(body, /^Bcc/m);
  });

  test('of a name of 10,000 characters has a subject that ends', () => {
    const text = mailText(notificationOf(AROUND, [told(concern('critical', 'x'.repeat(10_000)))]), ADDRESSES);
    assert.ok(parsedMail(text).headers.get('Subject')!.length <= 200);
  });

  test('does not cut a character in two, nor take an encoded word of somebody else\'s for its own', () => {
    const text = '😀'.repeat(60);
    assert.equal(parsedMail(`Subject: ${headerText(text)}\n\n`).headers.get('Subject'), text);
    assert.match(headerText('=?UTF-8?B?QmNj?='), /^=\?UTF-8\?B\?PT9VVEY/);
  });

  test('quotes what a transport or a mailbox would take for something else', () => {
    assert.equal(quotedPrintable('.\nFrom here\na = b \n'), '=2E\n=46rom here\na =3D b=20\n');
  });
});

const WEBHOOK: WebhookTarget = { kind: 'webhook', id: 't', name: 'hook', minimum: 'warning', isEnabled: true, url: 'https://hooks.example/services/T0/key?token=s3cret', secret: null, headers: {}, authority: null };
const MAIL: MailTarget = { kind: 'mail', id: 't', name: 'mail', minimum: 'warning', isEnabled: true, address: 'oncall@example.org', from: null };

describe('a target', () => {
  const refuses = (target: WebhookTarget | MailTarget, message: RegExp) =>
    assert.throws(() => checkTarget(target), (thrown: unknown) => thrown instanceof Fault && thrown.code === 'settings-invalid' && message.test(thrown.message) && !/s3cret/.test(thrown.message));

  test('may be a webhook or a mail address as they are in the world', () => {
    for (const url of ['https://hooks.example/x', 'http://127.0.0.1:9093/api', 'https://[2001:db8::1]:8443/']) checkTarget({ ...WEBHOOK, url });
    checkTarget({ ...WEBHOOK, secret: 's'.repeat(16), headers: { Authorization: 'Bearer abc', 'X-Routing-Key': '1' } });
    for (const address of ['oncall@example.org', 'first.last+tag@mail.example.co.uk', 'root@localhost']) checkTarget({ ...MAIL, address });
  });

  test('is refused when its URL is none that can be posted to, without showing what may be a secret', () => {
    for (const url of ['file:///etc/passwd', 'ftp://hooks.example/', 'javascript:alert(1)', 'hooks.example', '', 'https://', 'https://user:s3cret@hooks.example/', `https://hooks.example/${'x'.repeat(3_000)}`]) refuses({ ...WEBHOOK, url }, /URL/);
  });

  test('is refused with a header that would be two, or that frames the message', () => {
    refuses({ ...WEBHOOK, headers: { 'X-A': 'b\r\nX-Evil: 1' } }, /X-A/);
    refuses({ ...WEBHOOK, headers: { 'X-A\r\nX-Evil': 'b' } }, /cannot be called/);
    for (const name of ['Host', 'content-length', 'Transfer-Encoding', 'X-Understudy-Signature']) refuses({ ...WEBHOOK, headers: { [name]: 'x' } }, /written by Understudy/);
    refuses({ ...WEBHOOK, headers: { 'X-A': 'x'.repeat(5_000) } }, /4096/);
    refuses({ ...WEBHOOK, headers: Object.fromEntries(Array.from({ length: 17 }, (_, at) => [`X-${at}`, '1'])) }, /17 headers/);
  });

  test('is refused with a secret that is too short, or an authority that is no certificate', () => {
    refuses({ ...WEBHOOK, secret: 's3cret' }, /16 to 256/);
    refuses({ ...WEBHOOK, authority: 'no certificate' }, /PEM/);
  });

  test('is refused when its address is more than an address', () => {
    for (const address of ['a@b\nBcc: c@d', 'a@b, c@d', 'A <a@b>', '-f@b', 'a b@c', '@b', 'a@', 'a@b..c', `${'a'.repeat(65)}@b`, 'a@b>']) refuses({ ...MAIL, address }, /address cannot be/);
    refuses({ ...MAIL, from: 'a@b\r\nX: y' }, /from cannot be/);
    refuses({ ...MAIL, name: '\u001b[31m' }, /name of a target/);
  });

  test('of a webhook shows no more of its URL than where it is', () => {
    assert.equal(shownAddress(WEBHOOK), 'https://hooks.example/…');
    assert.equal(shownAddress({ ...WEBHOOK, url: 'https://hooks.example:8443' }), 'https://hooks.example:8443');
  });
});
