/** Messages captured from clients, and ones composed from the specification, are each answered as their sender expects. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { compileEventQuery } from '../../src/cim/events.ts';
import { SCHEMA } from '../../src/cim/schema/published.ts';
import { AuditTrail } from '../../src/wbem/audit.ts';
import { Wsman } from '../../src/wbem/wsman/wsman.ts';
import { attributeOf, childNamed, elements, textOf } from '../../src/xml/read.ts';
import { parseXml } from '../../src/xml/parse.ts';
import type { XmlElement } from '../../src/xml/xml.ts';
import { cimModel, JOB_ID, type CimModel } from '../conformance/cimmodel.ts';
import { bodyOf, headersOf, subcodeOf } from '../conformance/wsmanbench.ts';

const FOLDER = join(import.meta.dirname, 'cim');
const CALLER = { name: 'ada', role: 'administrator', from: '127.0.0.1' } as const;

interface Capture {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A file holds an HTTP request, or an envelope alone. */
function captured(file: string): Capture {
  const text = readFileSync(join(FOLDER, file), 'utf8').replaceAll('\r\n', '\n');
  if (!file.endsWith('.http')) return { headers: { 'content-type': 'application/soap+xml;charset=UTF-8' }, body: text.replace(/<!--.*?-->\s*$/s, '') };
  const [head = '', ...rest] = text.split('\n\n');
  const lines = head.split('\n').slice(1).map((line) => line.split(/: ?/, 2) as [string, string]);
  return { headers: Object.fromEntries(lines.map(([name, value]) => [name.toLowerCase(), value])), body: rest.join('\n\n') };
}

/** Names that the small host of the tests has instead of those of the capture. */
const asHere = (body: string): string => body.replaceAll('>RS<', '>replicasvc<').replaceAll('9A6F1F70-0A4B-4B5C-9D43-0D2F9A7C0001', '9A6F1F70-0A4B-4B5C-9D43-000000000001');

async function answerTo(file: string, change: (body: string) => string = (body) => body): Promise<{ text: string; status: number; model: CimModel }> {
  const model = cimModel();
  const bugs: unknown[] = [];
  const wsman = new Wsman({
    manager: model.manager,
    product: { vendor: 'Understudy', version: '1' },
    profiles: ['https/basic'],
    audit: new AuditTrail(() => undefined),
    newId: randomUUID,
    nowMs: Date.now,
    onBug: (_id, bug) => bugs.push(bug),
    events: { eventFilterOf: (namespace, language, text) => compileEventQuery({ schema: SCHEMA, namespace, host: 'host-a' }, language, text), eventHosts: [], isUser: () => true, onLost: () => undefined },
  });
  const { headers, body } = captured(file);
  const answer = await wsman.handle({ method: 'POST', path: '/wsman', headers, body: Buffer.from(change(asHere(body))), caller: CALLER, signal: new AbortController().signal });
  assert.deepEqual(bugs, []);
  return { text: Buffer.from(answer.body).toString(), status: answer.status, model };
}

/** What a client reads by fixed paths, as libvirt does: only prefixes of the envelope and of the body's first child count. */
function xpath(text: string, path: string): XmlElement | undefined {
  let at: XmlElement | undefined = { uri: '', local: '', prefix: '', attributes: [], children: [parseXml(text)] };
  for (const step of path.split('/').filter(Boolean)) at = at && elements(at).find(({ prefix, local }) => `${prefix}:${local}` === step);
  return at;
}

/** Elements, their namespaces, prefixes and the order in which they come, without the values. */
const shapeOf = (element: XmlElement): unknown => [`${element.prefix}:${element.local}`, element.uri, ...elements(element).map(shapeOf)];

describe('captured messages', () => {
  test('openwsman is identified to', async () => {
    const { text, status } = await answerTo('cap-openwsman-identify.http');
    const found = bodyOf({ text });
    assert.deepEqual([status, found.local, found.uri], [200, 'IdentifyResponse', 'http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd']);
    assert.equal(textOf(childNamed(found, 'ProtocolVersion')!), 'http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd');
    assert.equal(headersOf({ text }).children.length, 0);
  });

  test('openwsman creates a replication and finds the job by the paths that libvirt has', async () => {
    const { text, model } = await answerTo('cap-openwsman-invoke-create-replication.http');
    const job = xpath(text, '/s:Envelope/s:Body/p:CreateReplicationRelationship_OUTPUT/p:Job/a:ReferenceParameters/w:SelectorSet/w:Selector');
    assert.deepEqual([job && attributeOf(job, 'Name'), job && textOf(job)], ['InstanceID', JOB_ID]);
    assert.match(String(model.received[0]!.parameters.get('ReplicationSettingData')), /RecoveryConnectionPoint/);
  });

  test('the shell client wsl, with a bare message id, starts a replication', async () => {
    const { text, status, model } = await answerTo('cap-wsl-invoke.http');
    assert.equal(status, 200, text);
    assert.equal(textOf(childNamed(headersOf({ text }), 'RelatesTo')!), '881d809a-1320-42b2-aaf7-1fcc89ce19a5');
    assert.equal(model.received[0]!.parameters.get('InitialReplicationType'), 1);
  });

  test('libvirt asks for the systems that are not the host, and pulls them one at a time', async () => {
    const { text, status } = await answerTo('cap-libvirt-virtual-machines.http');
    assert.equal(status, 200, text);
    assert.ok(xpath(text, '/s:Envelope/s:Body/n:EnumerateResponse/n:EnumerationContext'), text);
    const projected = await answerTo('cap-libvirt-virtual-machines.http', (body) => body.replace('<wsen:Enumerate>', '<wsen:Enumerate><wsman:OptimizeEnumeration/>'));
    const items = xpath(projected.text, '/s:Envelope/s:Body/n:EnumerateResponse/w:Items')!;
    assert.deepEqual(elements(items).map(({ local }) => local), ['Msvm_ComputerSystem']);
  });

  test('virt-who asks for summaries with blanks in its addresses, few selectors and an element of another namespace', async () => {
    const { text, status, model } = await answerTo('cap-virtwho-summary.http');
    assert.equal(status, 200, text);
    assert.deepEqual(model.received[0]!.parameters.get('RequestedInformation'), [0, 1, 100]);
    const summary = elements(bodyOf({ text })).find(({ local }) => local === 'SummaryInformation')!;
    assert.equal(textOf(elements(summary).find(({ local }) => local === 'Name')!), model.machines[0]!.properties.get('Name'));
  });

  test('openwsman asks what is associated with a machine that is not there', async () => {
    assert.equal(subcodeOf(await answerTo('cap-openwsman-associators.http')), 'a:DestinationUnreachable');
    const { text } = await answerTo('cap-openwsman-associators.http', (body) => body.replace('>X<', '>9A6F1F70-0A4B-4B5C-9D43-000000000001<'));
    assert.equal(bodyOf({ text }).local, 'EnumerateResponse');
  });

  test('python-winrm enumerates a query in root/cimv2', async () => {
    const { text, status } = await answerTo('cap-pywinrm-certificate-auth.http');
    assert.equal(status, 200, text);
  });

  test('PowerShell enumerates machines as objects with references, optimized and with precise arrays', async () => {
    const { text } = await answerTo('win-1-get-ciminstance-enumerate.xml');
    const found = bodyOf({ text });
    assert.deepEqual(elements(found).map(({ prefix, local }) => `${prefix}:${local}`), ['n:EnumerationContext', 'w:Items', 'w:EndOfSequence']);
    assert.equal(elements(childNamed(found, 'Items')!).length, 3);
    assert.match(text, /m:IsNullArray="true"/);
  });

  test('PowerShell queries a machine by its name', async () => {
    const { text, status } = await answerTo('win-2-get-ciminstance-query.xml');
    assert.equal(status, 200, text);
    assert.equal(elements(childNamed(bodyOf({ text }), 'Items')!).length, 1);
  });

  test('PowerShell asks for associated settings', async () => {
    const { text, status } = await answerTo('win-3-get-cimassociatedinstance.xml');
    assert.equal(status, 200, text);
  });

  test('PowerShell gets a class', async () => {
    const { text } = await answerTo('win-4-get-cimclass.xml');
    assert.deepEqual([bodyOf({ text }).local, attributeOf(bodyOf({ text }), 'NAME')], ['CLASS', 'Msvm_ReplicationService']);
  });

  test('PowerShell invokes a method with a reference and an embedded instance', async () => {
    const { text, status, model } = await answerTo('win-5-invoke-cimmethod.xml');
    assert.equal(status, 200, text);
    assert.equal(bodyOf({ text }).uri, 'http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/Msvm_ReplicationService');
    assert.equal(model.received.length, 1);
  });

  test('answers have the shape that the specification gives them', async () => {
    const invoked = await answerTo('cap-openwsman-invoke-create-replication.http');
    const expected = parseXml(captured('srv-1-invoke-response.xml').body);
    assert.deepEqual(shapeOf(parseXml(invoked.text)), shapeOf(expected));
  });

  test('a fault of a namespace has the fields of MSFT_WmiError in the documented order and types', async () => {
    const { text } = await answerTo('cap-openwsman-invoke-create-replication.http', (body) => body.replaceAll('root/virtualization/v2', 'root/x'));
    const fields = (envelope: string) =>
      elements(childNamed(childNamed(bodyOf({ text: envelope }), 'Detail')!, 'MSFT_WmiError')!).map(({ local, attributes }) => [local, attributes.find((attribute) => attribute.local === 'type')?.value]);
    const expected = fields(captured('srv-3-fault-wmierror.xml').body);
    const found = fields(text).filter(([name]) => expected.some(([wanted]) => wanted === name));
    assert.deepEqual(found, expected);
    assert.equal(textOf(childNamed(headersOf({ text }), 'Action')!), 'http://schemas.dmtf.org/wbem/wsman/1/wsman/fault');
  });
});
