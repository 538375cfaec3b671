/** WS-Eventing over real sockets: each way of delivery, the life of a subscription, and where events may go. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, afterEach, before, describe, test } from 'node:test';
import { childNamed, elements, textOf } from '../../src/xml/read.ts';
import { instance, machine, machinePath } from './cimmodel.ts';
import { bodyOf, envelopeText, headersOf, openWsman, subcodeOf, WMI, type EnvelopeOptions, type WsmanAnswer, type WsmanBench } from './wsmanbench.ts';

const EVENTING = 'http://schemas.xmlsoap.org/ws/2004/08/eventing';
const WSMAN = 'http://schemas.dmtf.org/wbem/wsman/1/wsman';
const MODES = { push: `${EVENTING}/DeliveryModes/Push`, pushWithAck: `${WSMAN}/PushWithAck`, events: `${WSMAN}/Events`, pull: `${WSMAN}/Pull` };
const MODIFICATIONS = `SELECT * FROM CIM_InstModification WITHIN 5 WHERE SourceInstance ISA "Msvm_ComputerSystem"`;

interface Sunk {
  readonly text: string;
  readonly headers: IncomingMessage['headers'];
}

/** A listener for events that answers as `reply` says, and keeps what came. */
class EventSink {
  readonly received: Sunk[] = [];
  reply: (text: string) => { status: number; body: string } = () => ({ status: 200, body: '' });
  readonly #server: Server = createServer((request, response) => this.#take(request, response));
  #arrival = Promise.withResolvers<undefined>();

  async open(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/events`;
  }

  async count(wanted: number): Promise<void> {
    while (this.received.length < wanted) {
      await this.#arrival.promise;
      this.#arrival = Promise.withResolvers<undefined>();
    }
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece)).on('end', () => {
      const text = Buffer.concat(pieces).toString();
      this.received.push({ text, headers: request.headers });
      const { status, body } = this.reply(text);
      response.writeHead(status, { 'content-type': 'application/soap+xml' }).end(body);
      this.#arrival.resolve(undefined);
    });
  }
}

const acknowledged = (text: string) => ({
  status: 200,
  body: `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"><s:Header><a:Action>${WSMAN}/Ack</a:Action><a:RelatesTo>${/<a:MessageID>(.*?)</.exec(text)?.[1]}</a:RelatesTo></s:Header><s:Body/></s:Envelope>`,
});

describe('WS-Eventing', () => {
  let bench: WsmanBench;
  let sink: EventSink;
  let nowMs = 1_800_000_000_000;
  before(async () => {
    bench = await openWsman({ nowMs: () => nowMs });
  });
  afterEach(async () => {
    await sink?.close().catch(() => undefined);
  });
  after(() => bench.close());

  const openSink = async (reply?: EventSink['reply']): Promise<void> => {
    sink = new EventSink();
    if (reply) sink.reply = reply;
    await sink.open();
  };
  const ask = (options: EnvelopeOptions): Promise<WsmanAnswer> => bench.post(envelopeText(options));
  const subscribe = (mode: string, { inside = '', filter = MODIFICATIONS, expires = '<e:Expires>PT600S</e:Expires>', resource = `${WMI}/*` }: { inside?: string; filter?: string | null; expires?: string; resource?: string } = {}) =>
    ask({
      action: `${EVENTING}/Subscribe`,
      resource,
      body: `<e:Subscribe><e:Delivery Mode="${mode}">${inside}</e:Delivery>${expires}${filter === null ? '' : `<w:Filter Dialect="http://schemas.microsoft.com/wbem/wsman/1/WQL">${filter}</w:Filter>`}</e:Subscribe>`,
    });
  const notify = (url = sink.url, more = ''): string => `<e:NotifyTo><a:Address>${url}</a:Address><a:ReferenceParameters><q:Cookie xmlns:q="urn:q">42</q:Cookie></a:ReferenceParameters></e:NotifyTo>${more}`;
  const idOf = (answer: WsmanAnswer): string => /<e:Identifier>(.*?)</.exec(answer.text)![1]!;
  const about = (action: string, id: string, body = '') => ask({ action: `${EVENTING}/${action}`, headers: `<e:Identifier>${id}</e:Identifier>`, body });
  const modified = (number: number, state: number) =>
    bench.model.manager.publish({ kind: 'modification', target: { path: machinePath(number), instance: machine(number, { EnabledState: state }) }, previous: machine(number), atMs: Date.UTC(2026, 0, 1) });
  const pull = (context: string, headers = '', body = '') => ask({ action: 'http://schemas.xmlsoap.org/ws/2004/09/enumeration/Pull', headers, body: `<n:Pull><n:EnumerationContext>${context}</n:EnumerationContext>${body}</n:Pull>` });
  const contextOf = (answer: WsmanAnswer): string => textOf(childNamed(bodyOf(answer), 'EnumerationContext')!);

  test('pushes each modification of what was asked for, with the headers that the sink wants back', async () => {
    await openSink();
    const answer = await subscribe(MODES.push, { inside: notify() });
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual(elements(bodyOf(answer)).map(({ local }) => local), ['SubscriptionManager', 'Expires']);
    modified(2, 3);
    await sink.count(1);
    const [event] = sink.received;
    assert.equal(textOf(childNamed(headersOf(event!), 'Action')!), `${WSMAN}/Event`);
    assert.equal(textOf(childNamed(headersOf(event!), 'Cookie')!), '42');
    const found = bodyOf(event!);
    assert.equal(found.local, 'CIM_InstModification');
    assert.equal(textOf(childNamed(childNamed(found, 'SourceInstance')!, 'EnabledState')!), '3');
    assert.equal(textOf(childNamed(childNamed(found, 'PreviousInstance')!, 'EnabledState')!), '2');
    assert.equal((await about('Unsubscribe', idOf(answer))).status, 200);
    modified(2, 9);
    assert.equal((await about('Unsubscribe', idOf(answer))).status, 500);
    assert.equal(sink.received.length, 1);
  });

  test('reads WMI\'s words for events too, and conditions on what changed', async () => {
    await openSink();
    const answer = await subscribe(MODES.push, { inside: notify(), filter: `select * from __InstanceModificationEvent within 2 where TargetInstance isa 'Msvm_ComputerSystem' and TargetInstance.EnabledState = 3` });
    assert.equal(answer.status, 200, answer.text);
    modified(1, 9);
    modified(1, 3);
    await sink.count(1);
    assert.equal(bodyOf(sink.received[0]!).local, '__InstanceModificationEvent');
    assert.equal(textOf(childNamed(childNamed(bodyOf(sink.received[0]!), 'TargetInstance')!, 'EnabledState')!), '3');
    await about('Unsubscribe', idOf(answer));
  });

  test('with acknowledgement keeps the order, and sends an event again that was not acknowledged', async () => {
    let refusals = 1;
    await openSink((text) => (refusals-- > 0 ? { status: 200, body: '' } : acknowledged(text)));
    const answer = await subscribe(MODES.pushWithAck, { inside: notify() });
    modified(1, 3);
    modified(1, 9);
    await sink.count(3);
    assert.deepEqual(sink.received.map((event) => textOf(childNamed(childNamed(bodyOf(event), 'SourceInstance')!, 'EnabledState')!)), ['3', '3', '9']);
    assert.ok(childNamed(headersOf(sink.received[0]!), 'AckRequested'));
    await about('Unsubscribe', idOf(answer));
  });

  test('in batches puts several events in one message', async () => {
    await openSink(acknowledged);
    const answer = await subscribe(MODES.events, { inside: notify(sink.url, '<w:MaxElements>2</w:MaxElements><w:MaxTime>PT0.100S</w:MaxTime>') });
    for (const state of [3, 9, 2]) modified(1, state);
    await sink.count(2);
    const batches = sink.received.map((message) => elements(bodyOf(message)).map((event) => `${event.local} ${event.attributes[0]!.value}`));
    assert.deepEqual(batches, [[`Event ${WSMAN}/Event`, `Event ${WSMAN}/Event`], [`Event ${WSMAN}/Event`]]);
    await about('Unsubscribe', idOf(answer));
  });

  test('end with the user who subscribed to them', async () => {
    await openSink();
    const answer = await subscribe(MODES.push, { inside: notify() });
    modified(2, 3);
    await sink.count(1);
    bench.gone.add('ada');
    modified(2, 9);
    bench.gone.clear();
    assert.equal((await about('GetStatus', idOf(answer))).status, 500, 'the subscription does not come back with a user of the same name');
    assert.equal(sink.received.length, 1);
  });

  test('sends heartbeats while nothing happens', async () => {
    await openSink();
    const answer = await subscribe(MODES.push, { inside: notify(sink.url, '<w:Heartbeats>PT1.000S</w:Heartbeats>') });
    await sink.count(1);
    assert.equal(textOf(childNamed(headersOf(sink.received[0]!), 'Action')!), `${WSMAN}/Heartbeat`);
    await about('Unsubscribe', idOf(answer));
  });

  test('by pull holds the answer until something happens, or the client\'s time is over', async () => {
    const answer = await subscribe(MODES.pull);
    const context = contextOf(answer);
    assert.notEqual(context, '');
    const held = pull(context, '<w:OperationTimeout>PT20S</w:OperationTimeout>', '<n:MaxElements>10</n:MaxElements>');
    const timedOut = await pull(context, '<w:OperationTimeout>PT0.100S</w:OperationTimeout>');
    assert.equal(subcodeOf(timedOut), 'w:TimedOut');
    modified(3, 3);
    const items = elements(childNamed(bodyOf(await held), 'Items')!);
    assert.deepEqual(items.map(({ local }) => local), ['CIM_InstModification']);
    assert.equal((await about('Unsubscribe', idOf(answer))).status, 200);
    assert.ok(childNamed(bodyOf(await pull(context)), 'EndOfSequence'));
    assert.equal(subcodeOf(await pull(context)), 'n:InvalidEnumerationContext');
  });

  test('by pull ends when its context is released', async () => {
    const answer = await subscribe(MODES.pull);
    await ask({ action: 'http://schemas.xmlsoap.org/ws/2004/09/enumeration/Release', body: `<n:Release><n:EnumerationContext>${contextOf(answer)}</n:EnumerationContext></n:Release>` });
    assert.equal(subcodeOf(await about('GetStatus', idOf(answer))), 'e:InvalidMessage');
  });

  test('ends at its time unless it is renewed', async () => {
    const answer = await subscribe(MODES.pull, { expires: '<e:Expires>PT60S</e:Expires>' });
    nowMs += 50_000;
    const renewed = await about('Renew', idOf(answer), '<e:Renew><e:Expires>PT60S</e:Expires></e:Renew>');
    assert.equal(textOf(childNamed(bodyOf(renewed), 'Expires')!), 'P0DT0H1M0S');
    nowMs += 50_000;
    assert.equal(textOf(childNamed(bodyOf(await about('GetStatus', idOf(answer))), 'Expires')!), 'P0DT0H0M10S');
    nowMs += 10_000;
    assert.equal(subcodeOf(await about('GetStatus', idOf(answer))), 'e:InvalidMessage');
  });

  test('takes a moment as the end, and refuses one that is past', async () => {
    const later = await subscribe(MODES.pull, { expires: `<e:Expires>${new Date(nowMs + 30_000).toISOString()}</e:Expires>` });
    assert.equal(textOf(childNamed(bodyOf(later), 'Expires')!), 'P0DT0H0M30S');
    await about('Unsubscribe', idOf(later));
    for (const expires of ['PT0S', '-PT5S', 'soon', '2001-01-01T00:00:00Z']) assert.equal(subcodeOf(await subscribe(MODES.pull, { expires: `<e:Expires>${expires}</e:Expires>` })), 'e:InvalidExpirationTime', expires);
  });

  test('pushes only to the host that asks or to one that the configuration names', async () => {
    for (const url of ['http://192.0.2.7/x', 'http://10.0.0.1:9999/', 'http://no-such-host.invalid/', 'ftp://127.0.0.1/', 'http://a:b@127.0.0.1/', 'not a url', `http://127.0.0.1/${'x'.repeat(2_000)}`]) {
      assert.equal(subcodeOf(await subscribe(MODES.push, { inside: notify(url) })), 'w:DeliveryRefused', url);
    }
  });

  test('asks for nothing that is no event, in no way that is not known', async () => {
    assert.equal(subcodeOf(await subscribe(MODES.pull, { filter: 'SELECT * FROM Msvm_ComputerSystem' })), 'n:CannotProcessFilter');
    assert.equal(subcodeOf(await subscribe(MODES.pull, { filter: 'SELECT' })), 'n:CannotProcessFilter');
    assert.equal(subcodeOf(await subscribe(MODES.pull, { filter: 'SELECT * FROM Msvm_ReplicationStateChangeEvent' })), 'a:DestinationUnreachable');
    assert.equal(subcodeOf(await subscribe('urn:pigeon', {})), 'e:DeliveryModeRequestedUnavailable');
    assert.equal(subcodeOf(await subscribe(MODES.push, {})), 'e:InvalidMessage');
    assert.equal(subcodeOf(await subscribe(MODES.pull, { filter: null })), 'w:UnsupportedFeature');
    const ofClass = await subscribe(MODES.pull, { filter: null, resource: `${WMI}/CIM_InstModification` });
    assert.equal(ofClass.status, 200, ofClass.text);
    await about('Unsubscribe', idOf(ofClass));
  });

  test('belongs to who subscribed', async () => {
    const answer = await subscribe(MODES.pull);
    const foreign = await bench.post(envelopeText({ action: `${EVENTING}/Unsubscribe`, headers: `<e:Identifier>${idOf(answer)}</e:Identifier>` }), { headers: { authorization: `Basic ${Buffer.from('vera:correct-horse-battery').toString('base64')}` } });
    assert.equal(subcodeOf(foreign), 'e:InvalidMessage');
    await about('Unsubscribe', idOf(answer));
  });

  test('is refused when somebody has too many, and watches nothing any more when the last has ended', async () => {
    const ids: string[] = [];
    let answer = await subscribe(MODES.pull);
    for (; answer.status === 200; answer = await subscribe(MODES.pull)) ids.push(idOf(answer));
    assert.equal(subcodeOf(answer), 'w:QuotaLimit');
    assert.equal(ids.length, 50);
    for (const id of ids) await about('Unsubscribe', id);
    assert.equal((await subscribe(MODES.pull)).status, 200);
  });

  test('keeps a bounded number of events for a client that does not come, and tells how many were lost', async () => {
    const context = contextOf(await subscribe(MODES.pull, { filter: 'SELECT SourceInstanceModelPath FROM CIM_InstModification WHERE SourceInstance ISA "Msvm_ConcreteJob"' }));
    const job = instance('Msvm_ConcreteJob', { InstanceID: 'x' });
    for (let count = 0; count < 1_100; count++) bench.model.manager.publish({ kind: 'modification', target: { path: { kind: 'path', namespace: 'root/virtualization/v2', className: 'Msvm_ConcreteJob', keys: new Map([['InstanceID', 'x']]) }, instance: job }, previous: job, atMs: nowMs });
    let events = 0;
    let dropped = 0;
    while (events + dropped < 1_100) {
      for (const item of elements(childNamed(bodyOf(await pull(context, '', '<n:MaxElements>500</n:MaxElements>')), 'Items')!)) {
        if (item.local === 'DroppedEvents') dropped += Number(textOf(item));
        else events += 1;
      }
    }
    assert.deepEqual([events, dropped], [1_000, 100]);
  });
});
