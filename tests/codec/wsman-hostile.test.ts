/** Whatever arrives is answered with a fault of its protocol, soon, without a stack trace and without a crash. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { compileEventQuery } from '../../src/cim/events.ts';
import { SCHEMA } from '../../src/cim/schema/published.ts';
import { AuditTrail } from '../../src/wbem/audit.ts';
import type { WbemAnswer } from '../../src/wbem/door.ts';
import { Wsman } from '../../src/wbem/wsman/wsman.ts';
import { parseXml } from '../../src/xml/parse.ts';
import { cimModel } from '../conformance/cimmodel.ts';
import { actionOf, bodyOf, envelopeText, subcodeOf, WMI } from '../conformance/wsmanbench.ts';

const LONGEST_CPU_MS = 2_000;
const bugs: unknown[] = [];
const wsman = new Wsman({
  manager: cimModel().manager,
  product: { vendor: 'Understudy', version: '1' },
  profiles: ['https/basic'],
  audit: new AuditTrail(() => undefined),
  newId: randomUUID,
  nowMs: Date.now,
  onBug: (_id, bug) => bugs.push(bug),
  events: { eventFilterOf: (namespace, language, text) => compileEventQuery({ schema: SCHEMA, namespace, host: 'host-a' }, language, text), eventHosts: [], isUser: () => true, onLost: () => undefined },
});
const CALLER = { name: 'ada', role: 'administrator', from: '127.0.0.1' } as const;

async function send(body: string | Uint8Array, contentType = 'application/soap+xml;charset=UTF-8'): Promise<WbemAnswer & { text: string }> {
  const before = process.cpuUsage();
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const answer = await wsman.handle({ method: 'POST', path: '/wsman', headers: { 'content-type': contentType }, body: bytes, caller: CALLER, signal: new AbortController().signal });
  assert.deepEqual(bugs.splice(0), []);
  const { user, system } = process.cpuUsage(before);
  assert.ok((user + system) / 1_000 < LONGEST_CPU_MS, `it took ${(user + system) / 1_000} ms of the processor`);
  return { ...answer, text: new TextDecoder(/UTF-16/.test(answer.headers['content-type'] ?? '') ? 'utf-16le' : 'utf-8').decode(answer.body) };
}

/** An envelope, with a fault when the status is no 200, and nothing of the program in it. */
function checkAnswer({ status, text, body }: WbemAnswer & { text: string }): void {
  if (body.length === 0) return;
  assert.ok([200, 400, 500].includes(status), String(status));
  if (!text.startsWith('<')) return;
  parseXml(text);
  if (status !== 200) assert.match(text, /<s:Fault/);
  assert.doesNotMatch(text, /\.ts:\d+|\bat \w+ \(|node:internal|TypeError|undefined is not/);
}

const GET = envelopeText({ action: actionOf('Get'), resource: `${WMI}/Msvm_ReplicationService` });
const inBody = (body: string): string => envelopeText({ action: actionOf('Enumerate'), body });

describe('hostile messages', () => {
  const malformed: Readonly<Record<string, string>> = {
    'an entity bomb': `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>${GET}`,
    'an outside entity': `<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>${GET.replace('Msvm_', '&a;')}`,
    'an unknown entity': GET.replace('Msvm_', '&nbsp;'),
    'a truncated envelope': GET.slice(0, GET.length / 2),
    'two envelopes': `${GET}${GET}`,
    'text after the envelope': `${GET}hello`,
    'nothing but blanks': '   \n ',
    'something else': 'GET / HTTP/1.1',
    'deep nesting': inBody('<x>'.repeat(100_000)),
    'deep nesting that is closed': inBody(`${'<x>'.repeat(1_000)}${'</x>'.repeat(1_000)}`),
    '100,000 attributes': inBody(`<x ${Array.from({ length: 100_000 }, (_, index) => `a${index}="1"`).join(' ')}/>`),
    '200,000 elements': inBody('<x/>'.repeat(200_000)),
    'a prefix that is bound to nothing': inBody('<zz:x/>'),
    'the same attribute twice': inBody('<x a="1" a="2"/>'),
    'a character that XML does not have': inBody('<x>&#0;</x>'),
    'a tag that another closes': inBody('<x></y>'),
    'a processing instruction': inBody('<?php echo 1 ?>'),
    'another root': '<html/>',
    'two bodies': GET.replace('<s:Body>', '<s:Body/><s:Body>'),
    'something beside the body': GET.replace('</s:Envelope>', '<x/></s:Envelope>'),
  };
  for (const [name, message] of Object.entries(malformed)) {
    test(`${name} is no valid message`, async () => {
      const answer = await send(message);
      checkAnswer(answer);
      assert.deepEqual([answer.status, subcodeOf(answer)], [400, 'w:SchemaValidationError']);
    });
  }

  test('an envelope without a namespace is of another version', async () => {
    assert.match((await send(GET.replace(/xmlns:s="[^"]*"/, 'xmlns:s="urn:x"'))).text, /s:VersionMismatch/);
  });

  test('messages of other operations without their element are no valid requests', async () => {
    for (const action of ['Enumerate', 'Pull', 'Release', 'Put', 'Create']) {
      const answer = await send(envelopeText({ action: actionOf(action), resource: `${WMI}/Msvm_ReplicationService`, body: '<x/>' }));
      checkAnswer(answer);
      assert.match(subcodeOf(answer), /SchemaValidationError/, action);
    }
  });

  test('names of what every object has by nature name nothing', async () => {
    for (const word of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
      for (const message of [
        envelopeText({ action: word }),
        envelopeText({ action: `${WMI}/Msvm_ReplicationService/${word}`, resource: `${WMI}/Msvm_ReplicationService` }),
        envelopeText({ action: actionOf('Get'), resource: `${WMI}/${word}` }),
        envelopeText({ action: actionOf('Get'), selectors: { [word]: 'x' } }),
        inBody(`<n:Enumerate><w:EnumerationMode>${word}</w:EnumerationMode></n:Enumerate>`),
        inBody(`<n:Enumerate><w:Filter Dialect="${word}">x</w:Filter></n:Enumerate>`),
      ]) {
        const answer = await send(message);
        checkAnswer(answer);
        assert.equal(answer.status, 500, message);
        assert.doesNotMatch(answer.text, /a bug in Understudy/);
      }
    }
  });

  test('text of any kind is answered with a fault', async () => {
    await fc.assert(fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 500 }), async (text) => checkAnswer(await send(text))), { numRuns: 200 });
  });

  test('bytes of any kind, of any charset, are answered with a fault', async () => {
    const charset = fc.constantFrom('utf-8', 'utf-16', 'utf-16le', 'utf-16be', 'latin1', '');
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), charset, async (bytes, label) => checkAnswer(await send(bytes, `application/soap+xml;charset=${label}`))), { numRuns: 200 });
  });

  test('values of any kind in every place of an envelope are answered', async () => {
    const hostile = fc.oneof(fc.string(), fc.constantFrom('', ' ', '&lt;', '-1', '1e9', 'NaN', 'root/virtualization/v2', `${WMI}/*`, '\\\\', '"', "'", '%s', 'P1Y', 'uuid:', 'Msvm_ComputerSystem.Name="'));
    const escaped = hostile.map((text) => text.replace(/[&<>"\u0000-\u001f\ud800-\udfff\ufffe\uffff]/g, '.'));
    const message = fc.record({ action: fc.oneof(escaped, fc.constantFrom('Get', 'Put', 'Enumerate', 'Pull', 'Release', 'Create', 'Delete').map(actionOf)), resource: fc.oneof(escaped, escaped.map((text) => `${WMI}/${text}`)), selectors: fc.dictionary(escaped, escaped, { maxKeys: 3 }), body: fc.oneof(escaped, escaped.map((text) => `<n:Pull><n:EnumerationContext>${text}</n:EnumerationContext></n:Pull>`), escaped.map((text) => `<n:Enumerate><w:Filter Dialect="http://schemas.microsoft.com/wbem/wsman/1/WQL">${text}</w:Filter></n:Enumerate>`)) });
    await fc.assert(fc.asyncProperty(message, async (options) => checkAnswer(await send(envelopeText(options)))), { numRuns: 300 });
  });

  test('captured messages with pieces cut out, doubled and exchanged are answered', async () => {
    const folder = join(import.meta.dirname, 'cim');
    const captures = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8').replace(/^POST [^<]*/s, ''));
    const places = fc.tuple(fc.nat(), fc.nat());
    const mutation = fc.record({ capture: fc.constantFrom(...captures), kind: fc.constantFrom('cut', 'double', 'exchange', 'insert'), places, inserted: fc.constantFrom('<', '>', '&', '"', '</s:Body>', '<x/>', '\u0000', 'é', '<![CDATA[', ']]>', '<!--', 'xmlns:q="urn:q"') });
    await fc.assert(
      fc.asyncProperty(mutation, async ({ capture, kind, places: [first, second], inserted }) => {
        const [start = 0, end = 0] = [first % capture.length, second % capture.length].sort((left, right) => left - right);
        const [head, middle, tail] = [capture.slice(0, start), capture.slice(start, end), capture.slice(end)];
        const mutated = { cut: head + tail, double: head + middle + middle + tail, exchange: middle + head + tail, insert: head + inserted + middle + tail }[kind];
        checkAnswer(await send(mutated));
      }),
      { numRuns: 400 },
    );
  });

  test('a message that is not mutated still works after all that', async () => {
    assert.equal(bodyOf(await send(GET)).local, 'Msvm_ReplicationService');
  });
});
