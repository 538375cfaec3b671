/** Subscriptions over CIM-XML and what a listener gets: an own listener on a real socket, and wbemcli where it can. */
import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { CimInstance } from '../../src/cim/instance.ts';
import type { InstanceChange } from '../../src/cim/manager.ts';
import { parseXml } from '../../src/xml/parse.ts';
import { attributeOf, elements, textOf } from '../../src/xml/read.ts';
import { message, requestWith } from '../codec/cimxml.ts';
import { memoryStore, openCimXmlRig, type CimXmlRig, type HttpAnswer } from './cimxmlrig.ts';
import { machine, machineName, machinePath } from './cimxmlworld.ts';

interface Delivered {
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Keeps what it gets and answers with the status that it was told. */
class Listener extends EventEmitter<{ delivered: [] }> {
  readonly delivered: Delivered[] = [];
  status = 200;
  readonly #server: Server;

  constructor() {
    super();
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        this.delivered.push({ headers: request.headers, text: Buffer.concat(chunks).toString() });
        response.writeHead(this.status, { 'content-type': 'application/xml', cimexport: 'MethodResponse' }).end('<CIM/>');
        this.emit('delivered');
      });
    });
  }

  async open(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/listen`;
  }

  async count(wanted: number): Promise<readonly Delivered[]> {
    while (this.delivered.length < wanted) await once(this, 'delivered');
    return this.delivered;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

const INTEROP_PATH = '<LOCALNAMESPACEPATH><NAMESPACE NAME="root"/><NAMESPACE NAME="interop"/></LOCALNAMESPACEPATH>';
const QUERY = 'SELECT * FROM CIM_InstModification WHERE SourceInstance ISA Msvm_ComputerSystem';
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

const property = ([name, text]: readonly [string, string]): string => `<PROPERTY NAME="${name}" TYPE="string"><VALUE>${escaped(text)}</VALUE></PROPERTY>`;
const instanceOf = (className: string, properties: Readonly<Record<string, string>>): string => `<INSTANCE CLASSNAME="${className}">${Object.entries(properties).map(property).join('')}</INSTANCE>`;
const filterOf = (query: string, name = 'f1'): string => instanceOf('CIM_IndicationFilter', { Name: name, Query: query, QueryLanguage: 'WQL', SourceNamespace: 'root/virtualization/v2' });
const handlerOf = (url: string): string => instanceOf('CIM_ListenerDestinationCIMXML', { Name: 'h1', Destination: url });

/** The INSTANCENAME in the answer to CreateInstance. */
const nameIn = ({ text }: HttpAnswer): string => /<IRETURNVALUE>(.*)<\/IRETURNVALUE>/s.exec(text)?.[1] ?? assert.fail(text);
const errorIn = ({ text }: HttpAnswer): string | undefined => /<ERROR CODE="(\d+)"/.exec(text)?.[1];

function change(number: number, previous: CimInstance, atMs = Date.UTC(2026, 0, 2)): InstanceChange {
  return { kind: 'modification', target: { path: machinePath(machineName(number)), instance: machine(number) }, previous, atMs };
}

describe('a subscription', () => {
  let rig: CimXmlRig;
  let listener: Listener;
  const store = memoryStore();

  const ask = (operation: string, parameter: string, value: string, user = 'anna'): Promise<HttpAnswer> => {
    const body = message(`<SIMPLEREQ><IMETHODCALL NAME="${operation}">${INTEROP_PATH}<IPARAMVALUE NAME="${parameter}">${value}</IPARAMVALUE></IMETHODCALL></SIMPLEREQ>`);
    return rig.post(body, { ...requestWith({ cimmethod: operation, cimobject: 'root/interop' }, '').headers, authorization: `Basic ${Buffer.from(`${user}:x`).toString('base64')}` });
  };
  const create = (instance: string, user?: string): Promise<HttpAnswer> => ask('CreateInstance', 'NewInstance', instance, user);
  const remove = (name: string): Promise<HttpAnswer> => ask('DeleteInstance', 'InstanceName', name);
  const subscriptionOf = (filter: string, handler: string, more = ''): string =>
    `<INSTANCE CLASSNAME="CIM_IndicationSubscription"><PROPERTY.REFERENCE NAME="Filter"><VALUE.REFERENCE>${filter}</VALUE.REFERENCE></PROPERTY.REFERENCE><PROPERTY.REFERENCE NAME="Handler"><VALUE.REFERENCE>${handler}</VALUE.REFERENCE></PROPERTY.REFERENCE>${more}</INSTANCE>`;

  async function subscribe(query = QUERY, more = ''): Promise<{ readonly filter: string; readonly handler: string; readonly subscription: string }> {
    const filter = nameIn(await create(filterOf(query)));
    const handler = nameIn(await create(handlerOf(listener.url)));
    return { filter, handler, subscription: nameIn(await create(subscriptionOf(filter, handler, more))) };
  }

  const indicationIn = ({ text }: Delivered): ReadonlyMap<string, string | undefined> => {
    let at = parseXml(text);
    while (at.local !== 'INSTANCE') at = elements(at)[0]!;
    return new Map([['', attributeOf(at, 'CLASSNAME')], ...elements(at).map((each): [string, string | undefined] => [attributeOf(each, 'NAME') ?? '', elements(each)[0] && textOf(elements(each)[0]!)])]);
  };

  beforeEach(async () => {
    listener = new Listener();
    await listener.open();
    rig = await openCimXmlRig({ store });
  });
  afterEach(async () => {
    await rig.close();
    listener.close();
    for (const { text } of store.rows()) assert.doesNotMatch(text, /\n/);
    store.clear();
    assert.deepEqual(rig.bugs, []);
  });

  test('delivers a modification as ExportIndication with the instance before and after', async () => {
    await subscribe();
    rig.manager.publish(change(1, machine(2)));
    const [delivered] = await listener.count(1);
    assert.deepEqual([delivered!.headers['cimexport'], delivered!.headers['cimexportmethod'], delivered!.headers['content-type']], ['MethodRequest', 'ExportIndication', 'application/xml; charset="utf-8"']);
    assert.match(delivered!.text, /<SIMPLEEXPREQ><EXPMETHODCALL NAME="ExportIndication"><EXPPARAMVALUE NAME="NewIndication"><INSTANCE CLASSNAME="CIM_InstModification">/);
    assert.match(delivered!.text, /<PROPERTY NAME="SourceInstance" TYPE="string" EmbeddedObject="object">/);
    const indication = indicationIn(delivered!);
    assert.match(indication.get('SourceInstance') ?? '', new RegExp(`^<INSTANCE CLASSNAME="Msvm_ComputerSystem">.*${machineName(1)}`));
    assert.match(indication.get('PreviousInstance') ?? '', new RegExp(machineName(2)));
    assert.equal(indication.get('IndicationTime'), '20260102000000.000000+000');
    assert.equal(indication.get('IndicationFilterName'), 'f1');
  });

  test('numbers the indications, which come in order', async () => {
    await subscribe();
    for (let sent = 0; sent < 20; sent++) rig.manager.publish(change(1, machine(1)));
    const numbers = (await listener.count(20)).map((each) => indicationIn(each).get('SequenceNumber'));
    assert.deepEqual(numbers, Array.from({ length: 20 }, (_, at) => String(at)));
    assert.equal(new Set(listener.delivered.map((each) => indicationIn(each).get('SequenceContext'))).size, 1);
  });

  test('delivers only what its query asks for', async () => {
    await subscribe('SELECT SourceInstance FROM CIM_InstModification WHERE SourceInstance ISA Msvm_ComputerSystem AND SourceInstance.EnabledState = 2 AND PreviousInstance.EnabledState <> 2');
    rig.manager.publish(change(1, machine(1)));
    rig.manager.publish({ ...change(1, machine(1)), kind: 'creation', previous: null });
    const stopped: CimInstance = { ...machine(2), properties: new Map([...machine(2).properties, ['EnabledState', 3]]) };
    rig.manager.publish(change(2, stopped));
    const [delivered] = await listener.count(1);
    assert.deepEqual([...indicationIn(delivered!).keys()], ['', 'SourceInstance']);
    assert.match(delivered!.text, new RegExp(machineName(2)));
    assert.equal(listener.delivered.length, 1);
  });

  test('by a query of WMI’s event classes delivers WMI’s event', async () => {
    await subscribe("SELECT * FROM __InstanceModificationEvent WITHIN 5 WHERE TargetInstance ISA 'Msvm_ComputerSystem'");
    rig.manager.publish(change(1, machine(1)));
    assert.equal(indicationIn((await listener.count(1))[0]!).get(''), '__InstanceModificationEvent');
  });

  test('outlives the daemon, and nobody looks for changes once it is deleted', async () => {
    const { filter, handler, subscription } = await subscribe();
    await rig.close();
    rig = await openCimXmlRig({ store });
    assert.equal(rig.isWatched, true);
    rig.manager.publish(change(3, machine(3)));
    await listener.count(1);
    assert.equal(errorIn(await remove(filter)), '1');
    for (const name of [subscription, filter, handler]) assert.equal(errorIn(await remove(name)), undefined);
    assert.equal(errorIn(await remove(filter)), '6');
    assert.equal(rig.isWatched, false);
  });

  test('ends with its user, with what nobody else uses of theirs', async () => {
    const { filter, handler, subscription } = await subscribe();
    const others = nameIn(await create(filterOf(QUERY, 'of otto'), 'otto'));
    const shared = nameIn(await create(subscriptionOf(others, handler), 'otto'));
    await rig.close();
    rig = await openCimXmlRig({ store });
    const left = async (): Promise<readonly boolean[]> => Promise.all([subscription, filter, handler, others, shared].map(async (name) => errorIn(await ask('GetInstance', 'InstanceName', name)) === undefined));
    rig.usersAre('anna', 'otto');
    assert.deepEqual(await left(), [true, true, true, true, true]);
    rig.usersAre('otto');
    assert.deepEqual(await left(), [false, false, true, true, true]);
    rig.usersAre();
    assert.deepEqual(await left(), [false, false, false, false, false]);
    assert.equal(rig.isWatched, false);
  });

  test('is tried again after a failure, and what is not taken is given up', async () => {
    listener.status = 503;
    await subscribe();
    rig.manager.publish(change(1, machine(1)));
    await listener.count(4);
    listener.status = 200;
    rig.manager.publish(change(2, machine(2)));
    assert.equal(indicationIn((await listener.count(5))[4]!).get('SequenceNumber'), '1');
    assert.deepEqual(rig.waits, [1_000, 5_000, 20_000]);
    assert.deepEqual(rig.lost, ['the listener answered with status 503']);
  });

  test('that says so ends when an indication is not taken', async () => {
    listener.status = 500;
    const { subscription } = await subscribe(QUERY, '<PROPERTY NAME="OnFatalErrorPolicy" TYPE="uint16"><VALUE>4</VALUE></PROPERTY>');
    rig.manager.publish(change(1, machine(1)));
    await listener.count(4);
    while (rig.isWatched) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(errorIn(await ask('GetInstance', 'InstanceName', subscription)), '6');
  });

  test('is found from its filter, and by wbemcli', async () => {
    const { filter } = await subscribe();
    assert.match((await ask('ReferenceNames', 'ObjectName', filter)).text, /<OBJECTPATH><INSTANCEPATH>.*CIM_IndicationSubscription/);
    assert.match((await rig.wbemcli('ein', 'interop:CIM_IndicationSubscription')).out, /CIM_IndicationSubscription\.Filter=.*,Handler=/);
    assert.match((await rig.wbemcli('ei', 'root/interop:CIM_ListenerDestination')).out, new RegExp(`Destination="${listener.url}"`));
  });

  test('can be set up and taken down with wbemcli', async () => {
    const key = 'SystemCreationClassName="CIM_ComputerSystem",SystemName="host1.example"';
    const named = (className: string, name: string): string => `root/interop:${className}.${key},CreationClassName="${className}",Name="${name}"`;
    const made = await rig.wbemcli('ci', named('CIM_IndicationFilter', 'w1'), `${key},CreationClassName="CIM_IndicationFilter",Name="w1",Query="${QUERY}",QueryLanguage="WQL"`);
    assert.equal(made.error, '');
    assert.match((await rig.wbemcli('gi', named('CIM_IndicationFilter', 'w1'))).out, /QueryLanguage="WQL"/);
    assert.equal((await rig.wbemcli('di', named('CIM_IndicationFilter', 'w1'))).error, '');
    assert.equal((await rig.wbemcli('ein', 'root/interop:CIM_IndicationFilter')).out.trim(), '');
  });

  for (const [what, instance, code] of [
    ['a query that is none', filterOf('SELECT FROM'), '15'],
    ['a query for no event', filterOf('SELECT * FROM Msvm_ComputerSystem'), '15'],
    ['a query in an unknown language', filterOf(QUERY).replace('>WQL<', '>SQL<'), '14'],
    ['an unknown namespace', filterOf(QUERY).replace('virtualization/v2', 'nothing'), '4'],
    ['no name', instanceOf('CIM_IndicationFilter', { Query: QUERY }), '4'],
    ['an unknown property', instanceOf('CIM_IndicationFilter', { Name: 'f', Query: QUERY, Colour: 'red' }), '4'],
    ['a destination that is no URL', handlerOf('listener'), '4'],
    ['a destination of another scheme', handlerOf('file:///etc/passwd'), '4'],
    ['a destination with a password', handlerOf('http://a:b@127.0.0.1/'), '4'],
    ['a filter that is not there', subscriptionOf('<INSTANCENAME CLASSNAME="CIM_IndicationFilter"/>', '<INSTANCENAME CLASSNAME="CIM_ListenerDestinationCIMXML"/>'), '4'],
    ['a class that clients do not make', instanceOf('CIM_Namespace', { Name: 'root/mine' }), '7'],
  ] as const) {
    test(`is refused with ${what}`, async () => {
      assert.equal(errorIn(await create(instance)), code);
    });
  }

  test('is refused to a viewer, twice of the same name, and past the limit', async () => {
    assert.equal(errorIn(await create(filterOf(QUERY), 'vera')), '2');
    assert.equal(errorIn(await create(filterOf(QUERY), 'otto')), undefined);
    assert.equal(errorIn(await create(filterOf(QUERY))), '11');
    for (let made = 1; made < 128; made++) assert.equal(errorIn(await create(filterOf(QUERY, `n${made}`))), undefined);
    assert.equal(errorIn(await create(filterOf(QUERY, 'last'))), '27');
  });
});

test('The Interop namespace names the object manager and every namespace', async () => {
  const rig = await openCimXmlRig();
  try {
    const { out } = await rig.wbemcli('ei', 'interop:CIM_Namespace');
    for (const name of ['root/virtualization/v2', 'root/cimv2', 'root/interop']) assert.ok(out.includes(`Name="${name}"`), out);
    assert.match((await rig.wbemcli('ei', 'root/interop:CIM_ObjectManager')).out, /Description="Understudy version 1\.2\.3"/);
  } finally {
    await rig.close();
  }
});
