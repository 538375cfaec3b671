/** Envelopes over real sockets: names, headers, charsets, sizes and classes, and the faults of each. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { attributeOf, childNamed, childrenNamed, elements, textOf } from '../../src/xml/read.ts';
import type { XmlElement } from '../../src/xml/xml.ts';
import { actionOf, bodyOf, DMTF, envelopeText, headersOf, openWsman, subcodeOf, WMI, type EnvelopeOptions, type WsmanAnswer, type WsmanBench } from './wsmanbench.ts';

const NAME = '9A6F1F70-0A4B-4B5C-9D43-000000000001';

describe('envelopes of WS-Management', () => {
  let bench: WsmanBench;
  before(async () => {
    bench = await openWsman();
  });
  after(() => bench.close());

  const ask = (options: EnvelopeOptions): Promise<WsmanAnswer> => bench.post(envelopeText(options));
  const get = (options: Partial<EnvelopeOptions>): Promise<WsmanAnswer> => ask({ action: actionOf('Get'), ...options });
  const enumerate = (body: string, more: Partial<EnvelopeOptions> = {}) => ask({ action: actionOf('Enumerate'), ...more, body: `<n:Enumerate>${body}</n:Enumerate>` });
  const contextOf = (answer: WsmanAnswer): string => textOf(childNamed(bodyOf(answer), 'EnumerationContext')!);
  const itemsOf = (answer: WsmanAnswer): readonly XmlElement[] => elements(childNamed(bodyOf(answer), 'Items')!);
  const isEnd = (answer: WsmanAnswer): boolean => childNamed(bodyOf(answer), 'EndOfSequence') !== undefined;
  const property = (found: XmlElement, name: string): string => textOf(childNamed(found, name)!);
  const detailOf = (answer: WsmanAnswer): string => textOf(childNamed(childNamed(bodyOf(answer), 'Detail')!, 'FaultDetail')!).replace(/^.*\//, '');

  describe('faults of names', () => {
    test('a name that fits several instances is short of selectors', async () => {
      const answer = await get({ selectors: { CreationClassName: 'Msvm_ComputerSystem' } });
      assert.deepEqual([answer.status, subcodeOf(answer), detailOf(answer)], [500, 'w:InvalidSelectors', 'InsufficientSelectors']);
    });
    test('a selector that is no key is unexpected', async () => {
      const answer = await get({ selectors: { Name: NAME, Shoe: '46' } });
      assert.deepEqual([subcodeOf(answer), detailOf(answer)], ['w:InvalidSelectors', 'UnexpectedSelectors']);
    });
    test('a selector that is there twice is a duplicate', async () => {
      const answer = await get({ headers: `<w:SelectorSet><w:Selector Name="Name">a</w:Selector><w:Selector Name="name">b</w:Selector></w:SelectorSet>` });
      assert.deepEqual([subcodeOf(answer), detailOf(answer)], ['w:InvalidSelectors', 'DuplicateSelectors']);
    });
    test('an instance that is not there, a class and a URI that are not known cannot be reached', async () => {
      for (const more of [{ selectors: { Name: 'nobody' } }, { resource: `${WMI}/Msvm_Nothing` }, { resource: `${DMTF}/Msvm_Nothing` }]) {
        const answer = await get(more);
        assert.deepEqual([answer.status, subcodeOf(answer), detailOf(answer)], [500, 'a:DestinationUnreachable', 'ResourceNotFound']);
      }
      for (const resource of ['http://example.org/nothing', `${WMI}/`, `${WMI}/a b`, 'http://schemas.microsoft.com/wbem/wsman/1/wmi/x']) {
        const answer = await get({ resource });
        assert.deepEqual([subcodeOf(answer), detailOf(answer)], ['a:DestinationUnreachable', 'InvalidResourceURI'], resource);
      }
    });
    test('a namespace that is not there is told with the number that clients branch on', async () => {
      const answer = await get({ resource: 'http://schemas.microsoft.com/wbem/wsman/1/wmi/root/virtualization/Msvm_ComputerSystem' });
      const detail = childNamed(childNamed(bodyOf(answer), 'Detail')!, 'MSFT_WmiError')!;
      assert.deepEqual([answer.status, subcodeOf(answer), property(detail, 'error_Code'), property(detail, 'CIMStatusCode')], [500, 'w:InternalError', '2150858778', '3']);
    });
  });

  describe('headers', () => {
    const message = envelopeText({ action: actionOf('Get'), selectors: { Name: NAME } });
    const changed = (from: string | RegExp, to: string) => bench.post(message.replace(from, to));

    test('that are missing are asked for', async () => {
      for (const gone of [/<a:ReplyTo>.*<\/a:ReplyTo>/, /<a:MessageID>.*<\/a:MessageID>/, /<a:Action .*<\/a:Action>/, /<s:Header>.*<\/s:Header>/]) assert.equal(subcodeOf(await changed(gone, '')), 'a:MessageInformationHeaderRequired', String(gone));
    });

    test('that are there twice are not valid', async () => {
      assert.equal(subcodeOf(await changed('</s:Header>', '<a:MessageID>2</a:MessageID></s:Header>')), 'a:InvalidMessageInformationHeader');
    });

    test('with an empty or bare id are answered in relation to it', async () => {
      const bare = await changed(/uuid:1111[0-9-]*/, 'plain');
      assert.equal(textOf(childNamed(headersOf(bare), 'RelatesTo')!), 'plain');
      assert.equal((await changed(/uuid:1111[0-9-]*/, '')).status, 200);
      assert.equal(subcodeOf(await changed(/uuid:1111[0-9-]*/, 'x'.repeat(3_000))), 'a:InvalidMessageInformationHeader');
    });

    test('that want the answer elsewhere are not supported', async () => {
      assert.equal(subcodeOf(await changed(/<a:Address>.*<\/a:Address>/, '<a:Address>http://example.org/</a:Address>')), 'w:UnsupportedFeature');
    });

    test('that must be understood and are not are named in the answer', async () => {
      for (const value of ['true', '1', ' true ']) {
        const answer = await changed('</s:Header>', `<z:Magic xmlns:z="urn:z" s:mustUnderstand="${value}"/></s:Header>`);
        assert.equal(textOf(childNamed(childNamed(bodyOf(answer), 'Code')!, 'Value')!), 's:MustUnderstand');
        assert.match(answer.text, /<s:NotUnderstood xmlns:x="urn:z" qname="x:Magic">/);
      }
      assert.equal((await changed('</s:Header>', '<z:Magic xmlns:z="urn:z" s:mustUnderstand="false"/></s:Header>')).status, 200);
    });

    test('of robust connections are ignored and not sent back', async () => {
      const answer = await changed('</s:Header>', '<x:SessionId s:mustUnderstand="false">uuid:1</x:SessionId><x:OperationID s:mustUnderstand="false">uuid:2</x:OperationID><x:SequenceId s:mustUnderstand="false">1</x:SequenceId></s:Header>');
      assert.equal(answer.status, 200);
      assert.doesNotMatch(answer.text, /OperationID|SequenceId/);
    });

    test('with options that are not known, or none, are no obstacle', async () => {
      for (const options of ['<w:OptionSet s:mustUnderstand="true"/>', '<w:OptionSet><w:Option Name="x" MustComply="true">1</w:Option></w:OptionSet>', '<w:Locale xml:lang="de-DE" s:mustUnderstand="false"/>', '<w:Locale xml:lang="en-US" s:mustUnderstand="true"/>', '<w:Locale xml:lang="de-DE" s:mustUnderstand="true"/>']) {
        assert.equal((await changed('</s:Header>', `${options}</s:Header>`)).status, 200, options);
      }
      assert.equal(subcodeOf(await changed('</s:Header>', '<w:Locale xml:lang="pt-BR" s:mustUnderstand="true"/></s:Header>')), 'w:UnsupportedFeature');
    });

    test('with a time are read in each spelling of a duration', async () => {
      for (const time of ['PT60.000S', 'PT1M30S', 'P0DT0H1M0.5S', ' PT60S ']) assert.equal((await changed('</s:Header>', `<w:OperationTimeout>${time}</w:OperationTimeout></s:Header>`)).status, 200, time);
      assert.equal(subcodeOf(await changed('</s:Header>', '<w:OperationTimeout>soon</w:OperationTimeout></s:Header>')), 'w:InvalidParameter');
    });

    test('for parts of an instance are not supported', async () => {
      assert.equal(detailOf(await changed('</s:Header>', '<w:FragmentTransfer s:mustUnderstand="true">Name</w:FragmentTransfer></s:Header>')), 'FragmentLevelAccess');
    });

    test('of an envelope that is not SOAP 1.2 are not read', async () => {
      const answer = await changed('http://www.w3.org/2003/05/soap-envelope', 'http://schemas.xmlsoap.org/soap/envelope/');
      assert.equal(textOf(childNamed(childNamed(bodyOf(answer), 'Code')!, 'Value')!), 's:VersionMismatch');
    });
  });

  describe('charsets', () => {
    const message = envelopeText({ action: actionOf('Get'), selectors: { Name: NAME } });
    const utf16 = (text: string, isBig = false): Buffer => (isBig ? Buffer.from(text, 'utf16le').swap16() : Buffer.from(text, 'utf16le'));

    test('are answered as they were asked in, with a byte order mark or the charset that the header names', async () => {
      const asked: [Buffer, string][] = [
        [Buffer.concat([Buffer.from([0xff, 0xfe]), utf16(message)]), 'application/soap+xml;charset=UTF-16'],
        [Buffer.concat([Buffer.from([0xfe, 0xff]), utf16(message, true)]), 'application/soap+xml'],
        [utf16(message), 'application/soap+xml; charset="utf-16"'],
      ];
      for (const [body, contentType] of asked) {
        const answer = await bench.post(body, { headers: { 'content-type': contentType } });
        assert.deepEqual([answer.status, answer.headers['content-type']], [200, 'application/soap+xml;charset=UTF-16'], contentType);
        const text = new TextDecoder(answer.bytes[0] === 0xfe ? 'utf-16be' : 'utf-16le', { fatal: true }).decode(answer.bytes);
        assert.equal(property(bodyOf({ text }), 'Name'), NAME);
      }
      const marked = await bench.post(Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(message)]));
      assert.equal(marked.headers['content-type'], 'application/soap+xml;charset=UTF-8');
    });

    test('that are not known, and bytes that are not of their charset, are told', async () => {
      for (const [body, contentType] of [[Buffer.from(message), 'application/soap+xml;charset=EBCDIC'], [Buffer.from([0x3c, 0xff, 0xff, 0x3e]), 'application/soap+xml;charset=UTF-8']] as const) {
        const answer = await bench.post(body, { headers: { 'content-type': contentType } });
        assert.deepEqual([subcodeOf(answer), detailOf(answer)], ['w:EncodingLimit', 'CharacterSet'], contentType);
      }
    });
  });

  describe('limits of the envelope', () => {
    test('cut a batch before it is larger than the client can take, and the rest comes later', async () => {
      const own = await openWsman({ machineCount: 200 });
      try {
        const headers = '<w:MaxEnvelopeSize s:mustUnderstand="true">32767</w:MaxEnvelopeSize>';
        const opened = await own.post(envelopeText({ action: actionOf('Enumerate'), headers, body: '<n:Enumerate><w:OptimizeEnumeration/><w:MaxElements>500</w:MaxElements><w:EnumerationMode>EnumerateObjectAndEPR</w:EnumerationMode></n:Enumerate>' }));
        let count = itemsOf(opened).length;
        assert.ok(count > 1 && opened.bytes.length <= 32_767);
        for (let context = contextOf(opened); context !== ''; ) {
          const answer = await own.post(envelopeText({ action: actionOf('Pull'), headers, body: `<n:Pull><n:EnumerationContext>${context}</n:EnumerationContext><n:MaxElements>500</n:MaxElements></n:Pull>` }));
          assert.ok(answer.bytes.length <= 32_767);
          count += itemsOf(answer).length;
          context = isEnd(answer) ? '' : contextOf(answer);
        }
        assert.equal(count, 200);
      } finally {
        await own.close();
      }
    });

    test('that are too small, or smaller than one answer, are told', async () => {
      const small = await get({ selectors: { Name: NAME }, headers: '<w:MaxEnvelopeSize>8191</w:MaxEnvelopeSize>' });
      assert.deepEqual([subcodeOf(small), detailOf(small)], ['w:EncodingLimit', 'MinimumEnvelopeLimit']);
      const large = await get({ resource: 'http://schemas.dmtf.org/wbem/cim-xml/2/cim-schema/2/*', selectors: { ClassName: 'Msvm_ReplicationService' }, headers: '<w:MaxEnvelopeSize>8192</w:MaxEnvelopeSize>' });
      assert.deepEqual([subcodeOf(large), detailOf(large)], ['w:EncodingLimit', 'MaxEnvelopeSize']);
    });
  });

  describe('classes', () => {
    const METADATA = 'http://schemas.dmtf.org/wbem/cim-xml/2/cim-schema/2/*';
    test('are answered as CIM-XML without a namespace, with their lineage', async () => {
      const answer = await get({ resource: METADATA, selectors: { __cimnamespace: 'root/virtualization/v2', ClassName: 'msvm_replicationservice' } });
      const found = bodyOf(answer);
      assert.deepEqual([found.local, found.uri, attributeOf(found, 'NAME'), attributeOf(found, 'SUPERCLASS')], ['CLASS', '', 'Msvm_ReplicationService', 'CIM_Service']);
      assert.match(attributeOf(found, 'DERIVATION')!, /^CIM_Service,.*CIM_ManagedElement$/);
      assert.ok(childrenNamed(found, 'METHOD').some((method) => attributeOf(method, 'NAME') === 'CreateReplicationRelationship'));
    });
    test('can be listed, all and below one', async () => {
      const list = async (className: string) => itemsOf(await enumerate('<w:OptimizeEnumeration/><w:MaxElements>32000</w:MaxElements>', { resource: METADATA, selectors: { __cimnamespace: 'root/virtualization/v2', ClassName: className } }));
      assert.ok((await list('')).length > 20);
      assert.deepEqual((await list('CIM_ComputerSystem')).map((found) => attributeOf(found, 'NAME')), ['Msvm_ComputerSystem', 'Msvm_VirtualEthernetSwitch']);
    });
  });
});
