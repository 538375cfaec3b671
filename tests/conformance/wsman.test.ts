/** WS-Management over real sockets: transfer, enumeration, methods and faults, as clients send and read them. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { attributeOf, childNamed, elements, textOf } from '../../src/xml/read.ts';
import type { XmlElement } from '../../src/xml/xml.ts';
import { JOB_ID } from './cimmodel.ts';
import { actionOf, basic, bodyOf, DMTF, envelopeText, headersOf, openWsman, subcodeOf, WMI, type EnvelopeOptions, type WsmanAnswer, type WsmanBench } from './wsmanbench.ts';

const NAME = '9A6F1F70-0A4B-4B5C-9D43-000000000001';
const XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"';
const ANONYMOUS = 'http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous';
const epr = (className = 'Msvm_ComputerSystem', selectors = `<w:Selector Name="CreationClassName">Msvm_ComputerSystem</w:Selector><w:Selector Name="Name">${NAME}</w:Selector>`): string =>
  `<a:Address>${ANONYMOUS}</a:Address><a:ReferenceParameters><w:ResourceURI>${WMI}/${className}</w:ResourceURI><w:SelectorSet>${selectors}</w:SelectorSet></a:ReferenceParameters>`;

describe('WS-Management', () => {
  let bench: WsmanBench;
  let nowMs = Date.UTC(2026, 0, 1);
  before(async () => {
    bench = await openWsman({ nowMs: () => nowMs });
  });
  after(() => bench.close());
  beforeEach(() => {
    bench.model.received.length = 0;
    bench.model.changes.length = 0;
    bench.model.during = null;
  });

  const ask = (options: EnvelopeOptions): Promise<WsmanAnswer> => bench.post(envelopeText(options));
  const get = (options: Partial<EnvelopeOptions>): Promise<WsmanAnswer> => ask({ action: actionOf('Get'), ...options });
  const enumerate = (body: string, more: Partial<EnvelopeOptions> = {}) => ask({ action: actionOf('Enumerate'), ...more, body: `<n:Enumerate>${body}</n:Enumerate>` });
  const pull = (context: string, body = '', more: Partial<EnvelopeOptions> = {}) => ask({ action: actionOf('Pull'), ...more, body: `<n:Pull><n:EnumerationContext>${context}</n:EnumerationContext>${body}</n:Pull>` });
  const contextOf = (answer: WsmanAnswer): string => textOf(childNamed(bodyOf(answer), 'EnumerationContext')!);
  const itemsOf = (answer: WsmanAnswer): readonly XmlElement[] => elements(childNamed(bodyOf(answer), 'Items')!);
  const isEnd = (answer: WsmanAnswer): boolean => childNamed(bodyOf(answer), 'EndOfSequence') !== undefined;
  const property = (found: XmlElement, name: string): string => textOf(childNamed(found, name)!);
  const service = { CreationClassName: 'Msvm_ReplicationService', Name: 'replicasvc', SystemCreationClassName: 'Msvm_ComputerSystem', SystemName: 'HOST1' };
  const invoke = (method: string, body: string, more: Partial<EnvelopeOptions> = {}) =>
    ask({ action: `${WMI}/Msvm_ReplicationService/${method}`, resource: `${WMI}/Msvm_ReplicationService`, selectors: service, body, ...more });
  const create = (parameters: string, more: Partial<EnvelopeOptions> = {}) =>
    invoke('CreateReplicationRelationship', `<p:CreateReplicationRelationship_INPUT xmlns:p="${WMI}/Msvm_ReplicationService">${parameters}</p:CreateReplicationRelationship_INPUT>`, more);
  const detailOf = (answer: WsmanAnswer): string => textOf(childNamed(childNamed(bodyOf(answer), 'Detail')!, 'FaultDetail')!).replace(/^.*\//, '');

  describe('Get', () => {
    test('answers every property of the class, nil where it has no value, and no element for an empty array', async () => {
      const answer = await get({ selectors: { CreationClassName: 'Msvm_ComputerSystem', Name: NAME } });
      assert.equal(answer.status, 200, answer.text);
      const declared = bench.model.manager.classOf('root/virtualization/v2', 'Msvm_ComputerSystem').properties.map(({ name }) => name);
      assert.deepEqual([...new Set(elements(bodyOf(answer)).map(({ local }) => local))], declared.filter((name) => name !== 'StatusDescriptions'));
      assert.match(answer.text, /<p:Status xsi:nil="true">/);
    });

    test('writes arrays as repeated elements, moments in cim:Datetime and 64-bit numbers in full', async () => {
      const { text } = await get({ selectors: { Name: NAME } });
      assert.match(text, /<p:OperationalStatus>2<\/p:OperationalStatus><p:OperationalStatus>15<\/p:OperationalStatus>/);
      assert.match(text, /<p:InstallDate><cim:Datetime>2024-01-02T03:04:05\.000000Z<\/cim:Datetime><\/p:InstallDate>/);
      assert.match(text, /<p:OnTimeInMilliseconds>123456789012345</);
    });

    test('writes intervals as durations', async () => {
      assert.match((await get({ resource: `${WMI}/Msvm_ReplicationSettingData` })).text, /<p:AutoResynchronizeIntervalStart><cim:Interval>P0DT18H30M0S<\/cim:Interval>/);
    });

    test('tells an array without a value from an empty one only when it is asked to', async () => {
      const option = '<w:OptionSet><w:Option Name="msftwinrm:UsePreciseArrays">true</w:Option></w:OptionSet>';
      const precise = await get({ selectors: { Name: NAME }, headers: option });
      assert.match(precise.text, /<p:Roles xsi:nil="true" xmlns:m="[^"]+" m:IsNullArray="true">/);
      assert.match(precise.text, /<p:StatusDescriptions xsi:nil="true">/);
      assert.doesNotMatch((await get({ selectors: { Name: NAME } })).text, /IsNullArray/);
    });

    test('finds names and values of selectors, classes and namespaces in any case', async () => {
      const answer = await get({ resource: `${WMI.replace('virtualization', 'Virtualization').replace('/v2', '/V2')}/msvm_computersystem`, selectors: { creationclassname: 'MSVM_COMPUTERSYSTEM', NAME: NAME.toLowerCase() } });
      assert.equal(property(bodyOf(answer), 'Name'), NAME);
    });

    test('finds one instance with some of its keys or none', async () => {
      assert.equal(property(bodyOf(await get({ resource: `${WMI}/Msvm_ReplicationService`, selectors: { CreationClassName: 'Msvm_ReplicationService' } })), 'Name'), 'replicasvc');
      assert.equal((await get({ resource: `${WMI}/Msvm_ReplicationService` })).status, 200);
    });

    test('reads a URI with blanks and line breaks around it', async () => {
      assert.equal((await get({ resource: `\n      ${WMI}/Msvm_ReplicationService\n    ` })).status, 200);
    });

    test('answers in the family of URIs that it was asked in', async () => {
      const answer = await get({ resource: `${DMTF}/Msvm_ComputerSystem`, selectors: { __cimnamespace: 'root/virtualization/v2', Name: NAME } });
      assert.equal(bodyOf(answer).uri, `${DMTF}/Msvm_ComputerSystem`);
      assert.equal(attributeOf(bodyOf(answer), 'type', 'http://www.w3.org/2001/XMLSchema-instance'), 'p:Msvm_ComputerSystem_Type');
    });

    test('takes the DMTF family without a namespace as this model\'s, and finds others by __cimnamespace', async () => {
      assert.equal((await get({ resource: `${DMTF}/Msvm_ReplicationService` })).status, 200);
      assert.equal((await get({ resource: `${DMTF}/Win32_ComputerSystemProduct`, selectors: { __cimnamespace: 'root\\cimv2' } })).status, 200);
    });

    test('takes a WMI URI with the same __cimnamespace and refuses another', async () => {
      assert.equal((await get({ selectors: { __cimnamespace: 'ROOT/virtualization/v2', Name: NAME } })).status, 200);
      assert.equal(subcodeOf(await get({ selectors: { __cimnamespace: 'root/cimv2', Name: NAME } })), 'w:InternalError');
    });

    test('of an association names its ends by endpoint references', async () => {
      const all = await enumerate('<w:OptimizeEnumeration/><w:MaxElements>9</w:MaxElements>', { resource: `${WMI}/Msvm_SystemReplicationRelationship` });
      const [first] = itemsOf(all);
      assert.match(textOf(childNamed(childNamed(childNamed(first!, 'Antecedent')!, 'ReferenceParameters')!, 'ResourceURI')!), /Msvm_ComputerSystem$/);
    });
  });

  describe('enumeration', () => {
    test('hands out one instance a batch unless the client says how many', async () => {
      const opened = await enumerate('');
      assert.equal(elements(bodyOf(opened))[0]!.local, 'EnumerationContext');
      const context = contextOf(opened);
      const names: string[] = [];
      for (let batch = 1; batch <= 3; batch++) {
        const answer = await pull(context);
        names.push(...itemsOf(answer).map((item) => property(item, 'ElementName')));
        assert.equal(isEnd(answer), batch === 3);
      }
      assert.deepEqual(names, ['web-01', 'web-02', 'web-03']);
      assert.equal(subcodeOf(await pull(context)), 'n:InvalidEnumerationContext');
    });

    test('of everything at once ends in the same answer, with an empty context', async () => {
      const answer = await enumerate('<w:OptimizeEnumeration/><w:MaxElements>100</w:MaxElements>');
      assert.equal(itemsOf(answer).length, 3);
      assert.equal(contextOf(answer), '');
      assert.equal(childNamed(bodyOf(answer), 'Items')!.uri, 'http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd');
      assert.equal(childNamed(bodyOf(answer), 'EndOfSequence')!.uri, 'http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd');
      assert.match(answer.text, /EnumerateResponse<\/a:Action>/);
    });

    test('of nothing has no items and an end', async () => {
      bench.model.machines.splice(0, 0);
      const opened = await enumerate('', { resource: `${WMI}/Msvm_SnapshotOfVirtualSystem` });
      const answer = await pull(contextOf(opened));
      assert.deepEqual([itemsOf(answer).length, isEnd(answer), childNamed(bodyOf(answer), 'EnumerationContext')], [0, true, undefined]);
    });

    test('goes by the context alone: a pull may name another resource', async () => {
      const opened = await enumerate('', { resource: `${WMI}/Msvm_ComputerSystem` });
      assert.equal(itemsOf(await pull(contextOf(opened), '<n:MaxElements>2</n:MaxElements>', { resource: 'http://schemas.microsoft.com/wbem/wsman/1/wmi/root/virtualization/*' })).length, 2);
    });

    test('gives references that find their object again, when their text is put into another envelope', async () => {
      for (const resource of [`${WMI}/Msvm_ComputerSystem`, `${DMTF}/Msvm_ComputerSystem`]) {
        const { text } = await enumerate('<w:OptimizeEnumeration/><w:MaxElements>3</w:MaxElements><w:EnumerationMode>EnumerateEPR</w:EnumerationMode>', { resource });
        const set = /<w:SelectorSet xmlns:w=.*?<\/w:SelectorSet>/.exec(text)![0];
        const copied = envelopeText({ action: actionOf('Get'), resource, headers: set });
        assert.equal((await bench.post(copied)).status, 200);
        assert.equal((await bench.post(copied.replaceAll(' xmlns:w=', ' xmlns:q=').replace('xmlns:q=', 'xmlns:w='))).status, 200);
      }
    });

    test('of objects with references pairs them in w:Item', async () => {
      const answer = await enumerate('<w:OptimizeEnumeration/><w:MaxElements>3</w:MaxElements><w:EnumerationMode>EnumerateObjectAndEPR</w:EnumerationMode>');
      for (const item of itemsOf(answer)) assert.deepEqual(elements(item).map(({ local }) => local), ['Msvm_ComputerSystem', 'EndpointReference']);
    });

    test('of a superclass answers each instance as its own class, as the superclass or not at all', async () => {
      const from = (mode: string) => enumerate(`<w:OptimizeEnumeration/><w:MaxElements>99</w:MaxElements>${mode}`, { resource: `${WMI}/CIM_ComputerSystem` });
      assert.deepEqual([...new Set(itemsOf(await from('')).map(({ local }) => local))], ['Msvm_ComputerSystem']);
      assert.deepEqual([...new Set(itemsOf(await from('<b:PolymorphismMode>ExcludeSubClassProperties</b:PolymorphismMode>')).map(({ local }) => local))], ['CIM_ComputerSystem']);
      assert.equal(itemsOf(await from('<b:PolymorphismMode>None</b:PolymorphismMode>')).length, 0);
    });

    test('tells how many there are when it is asked', async () => {
      const answer = await enumerate('', { headers: '<w:RequestTotalItemsCountEstimate/>' });
      assert.equal(textOf(childNamed(headersOf(answer), 'TotalItemsCountEstimate')!), '3');
    });

    test('that is released or was idle for too long is unknown', async () => {
      const first = contextOf(await enumerate(''));
      const released = await ask({ action: actionOf('Release'), body: `<n:Release><n:EnumerationContext>${first}</n:EnumerationContext></n:Release>` });
      assert.equal(released.status, 200);
      assert.equal(subcodeOf(await pull(first)), 'n:InvalidEnumerationContext');
      const second = contextOf(await enumerate(''));
      nowMs += 239_000;
      assert.equal((await pull(second)).status, 200);
      nowMs += 240_000;
      assert.equal(subcodeOf(await pull(second)), 'n:InvalidEnumerationContext');
    });

    test('belongs to who opened it', async () => {
      const context = contextOf(await enumerate(''));
      const message = envelopeText({ action: actionOf('Pull'), body: `<n:Pull><n:EnumerationContext>${context}</n:EnumerationContext></n:Pull>` });
      const foreign = await bench.post(message, { headers: { authorization: basic('vera') } });
      assert.equal(subcodeOf(foreign), 'n:InvalidEnumerationContext');
      assert.equal((await bench.post(message)).status, 200);
    });

    test('with MaxElements that is no positive number is no valid request', async () => {
      for (const bad of ['0', '-1', 'x', '']) assert.equal(subcodeOf(await enumerate(`<w:MaxElements>${bad}</w:MaxElements>`)), 'w:SchemaValidationError', bad);
    });

    test('of all classes needs a filter', async () => {
      assert.equal(detailOf(await enumerate('', { resource: `${WMI}/*` })), 'FilteringRequired');
    });
  });

  describe('filters', () => {
    const filtered = (filter: string, resource = `${WMI}/*`) => enumerate(`<w:OptimizeEnumeration/><w:MaxElements>100</w:MaxElements>${filter}`, { resource });
    const association = (inside: string, kind = 'AssociatedInstances') => `<w:Filter Dialect="http://schemas.dmtf.org/wbem/wsman/1/cimbinding/associationFilter"><b:${kind}><b:Object>${epr()}</b:Object>${inside}</b:${kind}></w:Filter>`;

    const query = (text: string, dialect = 'http://schemas.microsoft.com/wbem/wsman/1/WQL') => `<w:Filter Dialect="${dialect}">${text}</w:Filter>`;

    test('by query find what fits, in WQL and in CQL, over all classes and one', async () => {
      const cases: [string, string, number][] = [
        [query("select * from Msvm_ComputerSystem where ElementName = 'web-02'"), `${WMI}/*`, 1],
        [query('SELECT * FROM Msvm_ComputerSystem WHERE ElementName LIKE "web-%" AND EnabledState &lt; 3'), `${WMI}/*`, 3],
        [query("select * from Msvm_ComputerSystem where ElementName != 'web-01'", 'http://schemas.dmtf.org/wbem/cql/1/dsp0202.pdf'), `${DMTF}/Msvm_ComputerSystem`, 2],
        [query(`ASSOCIATORS OF {Msvm_ComputerSystem.CreationClassName="Msvm_ComputerSystem",Name="${NAME}"} WHERE AssocClass = Msvm_SystemReplicationRelationship`), `${WMI}/*`, 1],
        [query(`REFERENCES OF {Msvm_ComputerSystem.CreationClassName="Msvm_ComputerSystem",Name="${NAME}"}`), `${WMI}/*`, 1],
        [query('SELECT * FROM Win32_ComputerSystemProduct '), 'http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/*', 1],
      ];
      for (const [filter, resource, count] of cases) {
        const answer = await filtered(filter, resource);
        assert.equal(answer.status, 200, `${filter}: ${answer.text}`);
        assert.equal(itemsOf(answer).length, count, filter);
      }
    });

    test('by query for a list of properties answer only these, by name and without a namespace', async () => {
      const answer = await filtered(query('SELECT Name, ElementName FROM Msvm_ComputerSystem'));
      assert.deepEqual(itemsOf(answer).map((item) => [item.local, ...elements(item).map(({ local, uri }) => `${uri}${local}`)]), Array(3).fill(['XmlFragment', 'ElementName', 'Name']));
    });

    test('by a query that means nothing, or asks for a class that is not there, are faults', async () => {
      assert.equal(subcodeOf(await filtered(query('SELECT FROM WHERE'))), 'n:CannotProcessFilter');
      assert.equal(subcodeOf(await filtered(query('SELECT * FROM Msvm_Nothing'))), 'a:DestinationUnreachable');
    });

    test('by association find what a machine is associated with, with and without the class of the association', async () => {
      for (const inside of ['', '<b:AssociationClassName>Msvm_SystemReplicationRelationship</b:AssociationClassName>', '<b:ResultClassName>Msvm_ReplicationRelationship</b:ResultClassName><b:Role>Antecedent</b:Role><b:ResultRole>Dependent</b:ResultRole>']) {
        const answer = await filtered(association(inside));
        assert.deepEqual(itemsOf(answer).map(({ local }) => local), ['Msvm_ReplicationRelationship'], inside);
      }
      for (const inside of ['<b:Role>Dependent</b:Role>', '<b:ResultClassName>Msvm_ConcreteJob</b:ResultClassName>']) assert.equal(itemsOf(await filtered(association(inside))).length, 0, inside);
    });

    test('by association find the associations themselves', async () => {
      const answer = await filtered(association('', 'AssociationInstances'), 'http://schemas.dmtf.org/wbem/wscim/1/*');
      assert.deepEqual(itemsOf(answer).map(({ local }) => local), ['Msvm_SystemReplicationRelationship']);
    });

    test('by association answer only the properties that are asked for', async () => {
      const answer = await filtered(association('<b:IncludeResultProperty>ReplicationState</b:IncludeResultProperty><b:IncludeResultProperty>InstanceID</b:IncludeResultProperty>'));
      const [fragment] = itemsOf(answer);
      assert.equal(fragment!.local, 'XmlFragment');
      assert.deepEqual(elements(fragment!).map(({ local, uri }) => [local, uri]), [['InstanceID', ''], ['ReplicationState', '']]);
    });

    test('by association from an object that is not there are a fault', async () => {
      const nobody = epr('Msvm_ComputerSystem', '<w:Selector Name="Name">nobody</w:Selector>');
      const answer = await filtered(`<w:Filter Dialect="http://schemas.dmtf.org/wbem/wsman/1/cimbinding/associationFilter"><b:AssociatedInstances><b:Object>${nobody}</b:Object></b:AssociatedInstances></w:Filter>`);
      assert.equal(subcodeOf(answer), 'a:DestinationUnreachable');
    });

    test('by selectors find the instances whose properties, keys or not, are these', async () => {
      const answer = await filtered(`<w:Filter Dialect="http://schemas.dmtf.org/wbem/wsman/1/wsman/SelectorFilter"><w:SelectorSet><w:Selector Name="name">${NAME.toLowerCase()}</w:Selector></w:SelectorSet></w:Filter>`, `${WMI}/Msvm_ComputerSystem`);
      assert.deepEqual(itemsOf(answer).map((item) => property(item, 'ElementName')), ['web-01']);
      const byProperties = async (state: number) => itemsOf(await filtered(`<w:Filter Dialect="http://schemas.dmtf.org/wbem/wsman/1/wsman/SelectorFilter"><w:SelectorSet><w:Selector Name="Name">${NAME}</w:Selector><w:Selector Name="EnabledState">${state}</w:Selector></w:SelectorSet></w:Filter>`, `${WMI}/Msvm_ComputerSystem`)).length;
      assert.deepEqual([await byProperties(2), await byProperties(3)], [1, 0]);
    });

    test('of another dialect, two of them, and ones without a meaning are each a fault of their own', async () => {
      assert.equal(subcodeOf(await filtered('<w:Filter Dialect="http://example.org/x">x</w:Filter>')), 'n:FilterDialectRequestedUnavailable');
      assert.equal(subcodeOf(await filtered('<w:Filter>x</w:Filter>')), 'n:FilterDialectRequestedUnavailable');
      assert.equal(subcodeOf(await filtered(`${association('')}<n:Filter Dialect="http://schemas.microsoft.com/wbem/wsman/1/WQL">x</n:Filter>`)), 'n:CannotProcessFilter');
      assert.equal(subcodeOf(await filtered('<w:Filter Dialect="http://schemas.dmtf.org/wbem/wsman/1/cimbinding/associationFilter"><b:Cousins/></w:Filter>')), 'n:CannotProcessFilter');
    });
  });

  describe('Put', () => {
    const settings = { resource: `${WMI}/Msvm_ReplicationSettingData` };
    const put = (body: string, more: Partial<EnvelopeOptions> = {}) => ask({ action: actionOf('Put'), ...settings, selectors: { InstanceID: 'Microsoft:settings' }, body: `<p:Msvm_ReplicationSettingData xmlns:p="${settings.resource}" ${XSI} xmlns:cim="http://schemas.dmtf.org/wbem/wscim/1/common">${body}</p:Msvm_ReplicationSettingData>`, ...more });

    test('gives the provider typed values, and answers with the instance', async () => {
      const answer = await put('<p:CompressionEnabled>FALSE</p:CompressionEnabled><p:RecoveryServerPortNumber>8443</p:RecoveryServerPortNumber><p:IncludedDisks>only</p:IncludedDisks><p:AutoResynchronizeIntervalStart><cim:Interval>PT1M30S</cim:Interval></p:AutoResynchronizeIntervalStart><p:RecoveryConnectionPoint xsi:nil="true"/>');
      assert.equal(answer.status, 200, answer.text);
      assert.equal(bodyOf(answer).local, 'Msvm_ReplicationSettingData');
      assert.deepEqual(Object.fromEntries(bench.model.changes[0]!.properties), {
        CompressionEnabled: false,
        RecoveryServerPortNumber: 8443,
        IncludedDisks: ['only'],
        AutoResynchronizeIntervalStart: { kind: 'interval', microseconds: 90_000_000n },
        RecoveryConnectionPoint: null,
      });
    });

    test('of what was read goes through unchanged', async () => {
      const read = await get(settings);
      const [markup] = /<p:Msvm_ReplicationSettingData.*<\/p:Msvm_ReplicationSettingData>/s.exec(read.text)!;
      const answer = await ask({ action: actionOf('Put'), ...settings, body: markup });
      assert.equal(answer.status, 200, answer.text);
      assert.equal(bench.model.changes[0]!.properties.get('RecoveryConnectionPoint'), 'replica.example');
    });

    test('of another type, an unknown property or a second value is no valid request', async () => {
      for (const bad of ['<p:RecoveryServerPortNumber>many</p:RecoveryServerPortNumber>', '<p:RecoveryServerPortNumber>70000</p:RecoveryServerPortNumber>', '<p:Shoe>46</p:Shoe>', '<p:RecoveryServerPortNumber>1</p:RecoveryServerPortNumber><p:RecoveryServerPortNumber>2</p:RecoveryServerPortNumber>', '<p:CompressionEnabled><x/></p:CompressionEnabled>']) {
        assert.equal(subcodeOf(await put(bad)), 'w:SchemaValidationError', bad);
      }
      assert.equal(subcodeOf(await put('', { body: '' })), 'w:SchemaValidationError');
    });

    test('of a class that is changed by methods, Create and Delete are not supported', async () => {
      const machine = `<p:Msvm_ComputerSystem xmlns:p="${WMI}/Msvm_ComputerSystem"/>`;
      for (const action of ['Put', 'Create', 'Delete']) assert.equal(subcodeOf(await ask({ action: actionOf(action), selectors: { Name: NAME }, body: action === 'Delete' ? '' : machine })), 'a:ActionNotSupported', action);
    });
  });

  describe('methods', () => {
    const settings = '&lt;INSTANCE CLASSNAME="Msvm_ReplicationSettingData"&gt;&lt;/INSTANCE&gt;';
    const machineGiven = (): unknown => {
      const value = bench.model.received.at(-1)?.parameters.get('ComputerSystem');
      return value && typeof value === 'object' && 'kind' in value && value.kind === 'path' ? `${value.className} ${String(value.keys.get('Name'))}` : value;
    };

    test('answer with every out parameter, the return value, and a job under the prefixes that clients look for', async () => {
      const answer = await create(`<p:ComputerSystem>${epr()}</p:ComputerSystem><p:ReplicationSettingData>${settings}</p:ReplicationSettingData>`);
      assert.equal(answer.status, 200, answer.text);
      const output = bodyOf(answer);
      assert.deepEqual([output.prefix, output.local, property(output, 'ReturnValue')], ['p', 'CreateReplicationRelationship_OUTPUT', '4096']);
      assert.match(answer.text, new RegExp(`<p:Job [^>]*><a:Address[^>]*>[^<]*</a:Address><a:ReferenceParameters[^>]*><w:ResourceURI>[^<]*/Msvm_ConcreteJob</w:ResourceURI><w:SelectorSet[^>]*><w:Selector Name="InstanceID">${JOB_ID}</w:Selector>`));
      assert.match(answer.text, /<a:Action>[^<]*\/CreateReplicationRelationshipResponse<\/a:Action>/);
      assert.equal(bench.model.received[0]!.parameters.get('ReplicationSettingData'), '<INSTANCE CLASSNAME="Msvm_ReplicationSettingData"></INSTANCE>');
    });

    test('take a reference in each shape that clients send', async () => {
      const shapes = {
        'parts of an endpoint reference': epr(),
        'a wrapper around them': `<a:EndpointReference>${epr()}</a:EndpointReference>`,
        'a reference in the DMTF family': epr().replace(`${WMI}/`, `${DMTF}/`).replace('<w:SelectorSet>', '<w:SelectorSet><w:Selector Name="__cimnamespace">root/virtualization/v2</w:Selector>'),
        'an instance with its keys': `<p:Msvm_ComputerSystem><p:CreationClassName>Msvm_ComputerSystem</p:CreationClassName><p:Name>${NAME}</p:Name></p:Msvm_ComputerSystem>`,
        'a path as text': `\\\\HOST1\\root\\virtualization\\v2:Msvm_ComputerSystem.CreationClassName="Msvm_ComputerSystem",Name="${NAME}"`,
        'a path without a host': `root/virtualization/v2:Msvm_ComputerSystem.CreationClassName="Msvm_ComputerSystem",Name="${NAME}"`,
        'a path without a namespace': `Msvm_ComputerSystem.CreationClassName="Msvm_ComputerSystem",Name="${NAME}"`,
      };
      for (const [shape, markup] of Object.entries(shapes)) {
        const answer = await create(`<p:ComputerSystem>${markup}</p:ComputerSystem>`);
        assert.equal(answer.status, 200, `${shape}: ${answer.text}`);
        assert.equal(machineGiven(), `Msvm_ComputerSystem ${NAME}`, shape);
      }
      const typed = await create(`<p:ComputerSystem xsi:type="p:Msvm_ComputerSystem_Type" ${XSI}><p:CreationClassName>Msvm_ComputerSystem</p:CreationClassName><p:Name>${NAME}</p:Name></p:ComputerSystem>`);
      assert.equal(typed.status, 200, typed.text);
    });

    test('take the input element in any namespace, parameters in any order and case, and none at all', async () => {
      assert.equal((await invoke('StartReplication', `<q:StartReplication_INPUT xmlns:q="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"><q:startTIME xmlns:q="urn:x" xsi:nil="1" ${XSI}/><q:ComputerSystem>${epr()}</q:ComputerSystem></q:StartReplication_INPUT>`)).status, 200);
      assert.equal(bench.model.received[0]!.parameters.get('StartTime'), null);
      const bare = await invoke('GetSystemCertificates', '');
      assert.equal(bare.status, 200, bare.text);
      assert.match(bare.text, /<p:EncodedCertificates>AAAA<\/p:EncodedCertificates><p:EncodedCertificates>BBBB<\/p:EncodedCertificates>/);
    });

    test('take the nil of a library that binds xsi to another namespace', async () => {
      await create('<p:ReplicationSettingData xmlns:y="http://www.w3.org/2001/XMLSchema" y:nil="true"/>');
      assert.equal(bench.model.received[0]!.parameters.get('ReplicationSettingData'), null);
    });

    test('take one value as an array of one, and several as several', async () => {
      const summary = (values: string) => ask({ action: `${WMI}/Msvm_VirtualSystemManagementService/GetSummaryInformation`, resource: `${WMI}/Msvm_VirtualSystemManagementService`, body: `<p:GetSummaryInformation_INPUT xmlns:p="${WMI}/Msvm_VirtualSystemManagementService">${values}</p:GetSummaryInformation_INPUT>` });
      await summary('<p:RequestedInformation>4</p:RequestedInformation>');
      const answer = await summary('<p:RequestedInformation>4</p:RequestedInformation><p:RequestedInformation>100</p:RequestedInformation>');
      assert.deepEqual(bench.model.received.map(({ parameters }) => parameters.get('RequestedInformation')), [[4], [4, 100]]);
      const information = childNamed(bodyOf(answer), 'SummaryInformation')!;
      assert.equal(childNamed(information, 'EnabledState')!.uri, `${WMI}/Msvm_SummaryInformation`);
      assert.equal(property(information, 'EnabledState'), '2');
    });

    test('find the instance by some of its keys, and call it by all of them', async () => {
      await invoke('GetSystemCertificates', '', { selectors: { CreationClassName: 'Msvm_ReplicationService' } });
      assert.deepEqual(Object.fromEntries(bench.model.received[0]!.path.keys), service);
    });

    test('that the class does not have are not supported, and wrong parameters are no valid request', async () => {
      assert.equal(subcodeOf(await invoke('Explode', '')), 'a:ActionNotSupported');
      assert.equal(subcodeOf(await ask({ action: 'http://schemas.xmlsoap.org/ws/2004/09/transfer/Explode', selectors: { Name: NAME } })), 'a:ActionNotSupported');
      for (const bad of ['<p:Shoe>46</p:Shoe>', '<p:Job>x</p:Job>', '<p:ComputerSystem>no path at all</p:ComputerSystem>', '<p:ComputerSystem/>', `<p:ComputerSystem>${epr()}</p:ComputerSystem><p:ComputerSystem>${epr()}</p:ComputerSystem>`, '<p:ReplicationSettingData><INSTANCE/></p:ReplicationSettingData>']) {
        const answer = await create(bad);
        assert.equal(subcodeOf(answer), 'w:SchemaValidationError', `${bad}: ${answer.text}`);
      }
      assert.deepEqual(bench.model.received, []);
    });

    test('that take longer than the client waits time out', async () => {
      const gate = Promise.withResolvers<undefined>();
      bench.model.during = () => gate.promise;
      const answer = await create('', { headers: '<w:OperationTimeout>PT0.200S</w:OperationTimeout>' });
      gate.resolve(undefined);
      assert.deepEqual([answer.status, subcodeOf(answer)], [500, 'w:TimedOut']);
    });
  });

});
