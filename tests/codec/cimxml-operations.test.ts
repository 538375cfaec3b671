/** CIM-XML messages: what captured clients sent, and the exact shape of every operation's answer (DSP0200, DSP0201). */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { textOf, attributeOf, elements } from '../../src/xml/read.ts';
import { captured, className, errorIn, jobName, methodCall, operation, responseIn, serverInMemory, shapeOf, value, type Request, type Server } from './cimxml.ts';

const machineName = (number: number): string =>
  `<INSTANCENAME CLASSNAME="Msvm_ComputerSystem"><KEYBINDING NAME="Name"><KEYVALUE VALUETYPE="string">9A6F1F70-0A4B-4B5C-9D43-00000000000${number}</KEYVALUE></KEYBINDING></INSTANCENAME>`;

const INSTANCE = 'INSTANCE(PROPERTY PROPERTY(VALUE) PROPERTY.ARRAY(VALUE.ARRAY(VALUE)) PROPERTY.ARRAY)';
const INSTANCE_NAME = 'INSTANCENAME(KEYBINDING(KEYVALUE))';
const LOCAL_PATH = 'LOCALNAMESPACEPATH(NAMESPACE)';
const NAMESPACE_PATH = `NAMESPACEPATH(HOST ${LOCAL_PATH})`;
const INSTANCE_PATH = `INSTANCEPATH(${NAMESPACE_PATH} ${INSTANCE_NAME})`;
const LOCAL_INSTANCE_PATH = `LOCALINSTANCEPATH(${LOCAL_PATH} ${INSTANCE_NAME})`;
const LINK_PATH = `INSTANCEPATH(${NAMESPACE_PATH} INSTANCENAME(KEYBINDING(VALUE.REFERENCE(${LOCAL_INSTANCE_PATH}))))`;
const LINK = `INSTANCE(PROPERTY.REFERENCE(VALUE.REFERENCE(${INSTANCE_PATH})))`;
const RELATIONSHIP = 'INSTANCE(PROPERTY(VALUE) PROPERTY PROPERTY.ARRAY)';
const CLASS_PATH = `CLASSPATH(${NAMESPACE_PATH} CLASSNAME)`;
const END = 'PARAMVALUE(VALUE)';

const shapesOf = async (server: Server, request: Request): Promise<readonly string[]> => {
  const answer = await server.ask(request);
  assert.equal(answer.status, 200);
  return [...new Set(responseIn(answer).map(shapeOf))];
};

const relationships = { ObjectName: machineName(1), AssocClass: className('Msvm_SystemReplicationRelationship') };

/** Operation → parameters and the shape of the answer. */
const SHAPES: readonly (readonly [string, Readonly<Record<string, string>>, readonly string[]])[] = [
  ['GetInstance', { InstanceName: machineName(1) }, [`IRETURNVALUE(${INSTANCE})`]],
  ['EnumerateInstances', { ClassName: className('Msvm_ComputerSystem') }, [`IRETURNVALUE(VALUE.NAMEDINSTANCE(${INSTANCE_NAME} ${INSTANCE}))`]],
  ['EnumerateInstances', { ClassName: className('Msvm_ReplicationStatistics') }, ['IRETURNVALUE']],
  ['EnumerateInstanceNames', { ClassName: className('CIM_ComputerSystem') }, [`IRETURNVALUE(${INSTANCE_NAME})`]],
  ['Associators', relationships, [`IRETURNVALUE(VALUE.OBJECTWITHPATH(${INSTANCE_PATH} ${RELATIONSHIP}))`]],
  ['AssociatorNames', relationships, [`IRETURNVALUE(OBJECTPATH(${INSTANCE_PATH}))`]],
  ['References', { ObjectName: machineName(1) }, [`IRETURNVALUE(VALUE.OBJECTWITHPATH(${LINK_PATH} ${LINK}))`]],
  ['ReferenceNames', { ObjectName: machineName(1) }, [`IRETURNVALUE(OBJECTPATH(${LINK_PATH}))`]],
  ['AssociatorNames', { ObjectName: className('Msvm_ComputerSystem') }, [`IRETURNVALUE(OBJECTPATH(${CLASS_PATH}))`]],
  ['ReferenceNames', { ObjectName: className('Msvm_ComputerSystem') }, [`IRETURNVALUE(OBJECTPATH(${CLASS_PATH}))`]],
  ['EnumerateClassNames', {}, ['IRETURNVALUE(CLASSNAME)']],
  ['GetProperty', { InstanceName: jobName, PropertyName: value('jobstate') }, ['IRETURNVALUE(VALUE)']],
  ['GetProperty', { InstanceName: jobName, PropertyName: value('Caption') }, ['IRETURNVALUE']],
  ['GetQualifier', { QualifierName: value('key') }, ['IRETURNVALUE(QUALIFIER.DECLARATION(SCOPE VALUE))']],
  ['OpenEnumerateInstances', { ClassName: className('Msvm_ComputerSystem'), MaxObjectCount: value('1') }, [`IRETURNVALUE(VALUE.INSTANCEWITHPATH(${INSTANCE_PATH} ${INSTANCE}))`, END]],
  ['OpenEnumerateInstancePaths', { ClassName: className('Msvm_ComputerSystem'), MaxObjectCount: value('9') }, [`IRETURNVALUE(${INSTANCE_PATH})`, END]],
  ['OpenAssociatorInstances', { InstanceName: machineName(1), MaxObjectCount: value('9') }, [`IRETURNVALUE(VALUE.INSTANCEWITHPATH(${INSTANCE_PATH} ${RELATIONSHIP}))`, END]],
  ['OpenAssociatorInstancePaths', { InstanceName: machineName(1), MaxObjectCount: value('9') }, [`IRETURNVALUE(${INSTANCE_PATH})`, END]],
  ['OpenReferenceInstances', { InstanceName: machineName(1), MaxObjectCount: value('9') }, [`IRETURNVALUE(VALUE.INSTANCEWITHPATH(${LINK_PATH} ${LINK}))`, END]],
  ['OpenReferenceInstancePaths', { InstanceName: machineName(1), MaxObjectCount: value('9') }, [`IRETURNVALUE(${LINK_PATH})`, END]],
];

describe("an operation's answer", () => {
  const server = serverInMemory();

  for (const [name, parameters, shape] of SHAPES) {
    test(`of ${name} ${Object.keys(parameters).join(', ')} has the elements that DSP0200 gives it`, async () => {
      assert.deepEqual(await shapesOf(server, operation(name, parameters)), shape);
    });
  }

  test('repeats the message id and the name as the client spells it', async () => {
    const { text } = await server.ask(operation('enumerateclassnames'));
    assert.match(text, /<MESSAGE ID="7" PROTOCOLVERSION="1.0"><SIMPLERSP><IMETHODRESPONSE NAME="enumerateclassnames">/);
  });

  test('has an end tag at every element, which one client needs', async () => {
    for (const [name, parameters] of SHAPES) assert.doesNotMatch((await server.ask(operation(name, parameters))).text, /\/>/);
  });
});

describe('an instance', () => {
  const server = serverInMemory();
  const properties = async (parameters: Readonly<Record<string, string>>, name = 'GetInstance'): Promise<readonly string[]> => {
    const answer = await server.ask(operation(name, name === 'GetInstance' ? { InstanceName: machineName(1), ...parameters } : parameters));
    return [...answer.text.matchAll(/<PROPERTY(?:\.ARRAY)? NAME="([^"]+)"/g)].map(([, property]) => property!);
  };

  test('has every property of its class, null ones without a value', async () => {
    const { text } = await server.ask(operation('GetInstance', { InstanceName: jobName }));
    assert.equal((await properties({})).length, 45);
    assert.match(text, /<PROPERTY NAME="Caption" TYPE="string"><\/PROPERTY>/);
    assert.match(text, /<PROPERTY NAME="ErrorDescription" TYPE="string"><VALUE><\/VALUE><\/PROPERTY>/);
    assert.match(text, /<PROPERTY\.ARRAY NAME="OperationalStatus" TYPE="uint16"><\/PROPERTY\.ARRAY>/);
  });

  test('has values in the spelling of the specification', async () => {
    const { text } = await server.ask(operation('GetInstance', { InstanceName: machineName(1) }));
    assert.match(text, /NAME="ElementName" TYPE="string"><VALUE>web-1 &lt;&amp;&gt; "quoted" ümlaut<\/VALUE>/);
    assert.match(text, /NAME="OnTimeInMilliseconds" TYPE="uint64"><VALUE>9007199254740993<\/VALUE>/);
    assert.match(text, /NAME="TimeOfLastStateChange" TYPE="datetime"><VALUE>20260102030405\.678009\+000<\/VALUE>/);
    assert.match((await server.ask(operation('GetInstance', { InstanceName: jobName }))).text, /NAME="ElapsedTime" TYPE="datetime"><VALUE>00000000000101\.000000:000<\/VALUE>/);
  });

  test('has only the listed properties, in any case, and unknown names are no error', async () => {
    const list = (...names: readonly string[]): string => `<VALUE.ARRAY>${names.map(value).join('')}</VALUE.ARRAY>`;
    assert.deepEqual(await properties({ PropertyList: list('elementNAME', 'Nothing', 'Name') }), ['ElementName', 'Name']);
    assert.deepEqual(await properties({ PropertyList: list() }), []);
    assert.equal((await properties({ PropertyList: '' })).length, 45);
  });

  test('has only its own class’s properties when LocalOnly is asked for', async () => {
    const local = await properties({ LocalOnly: value('TRUE') });
    assert.ok(local.includes('ReplicationState') && !local.includes('InstanceID'), local.join());
  });

  test('has only the asked class’s properties without deep inheritance', async () => {
    const shallow = await properties({ ClassName: className('CIM_ManagedElement'), DeepInheritance: value('false'), PropertyList: '' }, 'EnumerateInstances');
    assert.deepEqual([...new Set(shallow)], ['InstanceID', 'Caption', 'Description', 'ElementName']);
  });

  test('names the class that introduced a property when asked', async () => {
    const { text } = await server.ask(operation('GetInstance', { InstanceName: machineName(1), IncludeClassOrigin: value('true') }));
    assert.match(text, /NAME="Caption" TYPE="string" CLASSORIGIN="CIM_ManagedElement"/);
    assert.match(text, /NAME="ReplicationState" TYPE="uint16" CLASSORIGIN="Msvm_ComputerSystem"/);
  });
});

describe('a class', () => {
  const server = serverInMemory();
  const classText = async (name: string, parameters: Readonly<Record<string, string>> = {}): Promise<string> => (await server.ask(operation('GetClass', { ClassName: className(name), ...parameters }))).text;

  test('declares methods with every parameter, which a client needs in order to send them', async () => {
    const text = await classText('Msvm_ReplicationService');
    assert.match(text, /<METHOD NAME="CreateReplicationRelationship" TYPE="uint32">.*?<PARAMETER\.REFERENCE NAME="ComputerSystem" REFERENCECLASS="CIM_ComputerSystem">.*?<PARAMETER NAME="ReplicationSettingData" TYPE="string">.*?<\/METHOD>/);
  });

  test('is whole only when the inherited is asked for', async () => {
    assert.doesNotMatch(await classText('CIM_Service'), /NAME="Caption"/);
    assert.match(await classText('CIM_Service', { LocalOnly: value('false') }), /<PROPERTY NAME="Caption" TYPE="string" PROPAGATED="true">/);
  });

  test('has qualifiers unless they are not wanted', async () => {
    const keyed = /<PROPERTY NAME="InstanceID" TYPE="string"[^>]*><QUALIFIER NAME="Key" TYPE="boolean" OVERRIDABLE="false"><VALUE>TRUE<\/VALUE><\/QUALIFIER>/;
    assert.match(await classText('Msvm_ReplicationSettingData', { LocalOnly: value('false') }), keyed);
    assert.doesNotMatch(await classText('Msvm_ReplicationSettingData', { IncludeQualifiers: value('false') }), /QUALIFIER/);
    assert.match(await classText('Msvm_HostedService'), /<CLASS NAME="Msvm_HostedService" SUPERCLASS="CIM_HostedService"><QUALIFIER NAME="Association"/);
  });

  test('lists only what was asked for', async () => {
    const text = await classText('Msvm_ComputerSystem', { LocalOnly: value('false'), PropertyList: `<VALUE.ARRAY>${value('name')}</VALUE.ARRAY>` });
    assert.equal([...text.matchAll(/<PROPERTY/g)].length, 1);
  });

  test('is found by name below another one, directly or deep', async () => {
    const names = async (parameters: Readonly<Record<string, string>>): Promise<number> => (await server.ask(operation('EnumerateClassNames', parameters))).text.split('<CLASSNAME ').length - 1;
    assert.equal(await names({ ClassName: className('CIM_Job') }), 1);
    assert.equal(await names({ ClassName: className('CIM_Job'), DeepInheritance: value('TRUE') }), 2);
    assert.ok((await names({ DeepInheritance: value('TRUE') })) > (await names({})));
  });
});

describe('an open enumeration', () => {
  const server = serverInMemory(5);
  const outOf = (answer: Awaited<ReturnType<Server['ask']>>, name: string): string => textOf(elements(responseIn(answer).find((each) => attributeOf(each, 'NAME') === name)!)[0]!);
  const itemsIn = (answer: Awaited<ReturnType<Server['ask']>>): number => elements(responseIn(answer)[0]!).length;
  const machines = { ClassName: className('Msvm_ComputerSystem') };

  test('gives each object once, in the pieces that are asked for', async () => {
    const first = await server.ask(operation('OpenEnumerateInstancePaths', { ...machines, MaxObjectCount: value('2') }));
    const context = outOf(first, 'EnumerationContext');
    const pull = (): Promise<Awaited<ReturnType<Server['ask']>>> => server.ask(operation('PullInstancePaths', { EnumerationContext: value(context), MaxObjectCount: value('2') }));
    const answers = [first, await pull(), await pull()];
    assert.deepEqual(answers.map(itemsIn), [2, 2, 1]);
    assert.deepEqual(answers.map((answer) => outOf(answer, 'EndOfSequence')), ['FALSE', 'FALSE', 'TRUE']);
    assert.equal(new Set(answers.flatMap(({ text }) => [...text.matchAll(/<KEYVALUE[^>]*>(9A6F[^<]*)/g)].map(([, name]) => name))).size, 5);
    assert.equal(errorIn(await pull()), '21');
  });

  test('gives nothing at first unless a number is asked for', async () => {
    assert.equal(itemsIn(await server.ask(operation('OpenEnumerateInstances', machines))), 0);
  });

  test('has one kind of pull operation and ends when it is closed', async () => {
    const context = value(outOf(await server.ask(operation('OpenEnumerateInstances', machines)), 'EnumerationContext'));
    assert.equal(errorIn(await server.ask(operation('PullInstancePaths', { EnumerationContext: context, MaxObjectCount: value('1') }))), '21');
    assert.equal(errorIn(await server.ask(operation('CloseEnumeration', { EnumerationContext: context }))), undefined);
    assert.equal(errorIn(await server.ask(operation('CloseEnumeration', { EnumerationContext: context }))), '21');
  });
});

describe('captured requests', () => {
  test('wbemcli’s GetInstance is answered with the job', async () => {
    const answer = await serverInMemory().ask(captured('cap-wbemcli-getinstance.http'));
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['cimoperation'], 'MethodResponse');
    assert.match(answer.text, /<MESSAGE ID="4711".*<PROPERTY NAME="InstanceID" TYPE="string" CLASSORIGIN="[^"]+"><VALUE>JOB-1<\/VALUE>/s);
  });

  test('pywbem’s call with an embedded instance reaches the method as typed values', async () => {
    const server = serverInMemory();
    const answer = await server.ask(captured('cap-pywbem-invoke-embeddedobject.http'));
    assert.match(answer.text, /<METHODRESPONSE NAME="CreateReplicationRelationship"><RETURNVALUE PARAMTYPE="uint32"><VALUE>4096<\/VALUE><\/RETURNVALUE><PARAMVALUE NAME="Job" PARAMTYPE="reference"><VALUE\.REFERENCE><INSTANCEPATH>/);
    const [call] = server.invoked;
    const { keys } = call!.parameters.get('ComputerSystem') as { keys: ReadonlyMap<string, string> };
    assert.equal(keys.get('Name'), '9A6F1F70-0A4B-4B5C-9D43-0D2F9A7C0001');
    assert.match(String(call!.parameters.get('ReplicationSettingData')), /^<INSTANCE CLASSNAME="Msvm_ReplicationSettingData">.*<VALUE>a&lt;&amp;&gt;\.vhdx<\/VALUE>/);
  });
});

describe('the parameters of a method', () => {
  const sent = async (parameter: string, name: string): Promise<unknown> => {
    const server = serverInMemory();
    const answer = await server.ask(methodCall('StartReplication', parameter));
    assert.equal(errorIn(answer), undefined, answer.text);
    return server.invoked[0]!.parameters.get(name);
  };
  const path = (name: string): string => `<LOCALNAMESPACEPATH><NAMESPACE NAME="root"/><NAMESPACE NAME="virtualization"/><NAMESPACE NAME="v2"/></LOCALNAMESPACEPATH>${name}`;
  const host = `<NAMESPACEPATH><HOST>elsewhere</HOST>${path('')}</NAMESPACEPATH>`;

  for (const [form, reference] of Object.entries({
    INSTANCENAME: machineName(1),
    LOCALINSTANCEPATH: `<LOCALINSTANCEPATH>${path(machineName(1))}</LOCALINSTANCEPATH>`,
    INSTANCEPATH: `<INSTANCEPATH>${host}${machineName(1)}</INSTANCEPATH>`,
  })) {
    test(`may refer to an object by ${form}`, async () => {
      const found = (await sent(`<PARAMVALUE NAME="ComputerSystem"><VALUE.REFERENCE>${reference}</VALUE.REFERENCE></PARAMVALUE>`, 'ComputerSystem')) as { namespace: string; className: string };
      assert.deepEqual([found.namespace, found.className], ['root/virtualization/v2', 'Msvm_ComputerSystem']);
    });
  }

  test('have the type that the class gives them, whatever PARAMTYPE says', async () => {
    assert.equal(await sent('<PARAMVALUE NAME="initialreplicationtype"><VALUE> 2 </VALUE></PARAMVALUE>', 'InitialReplicationType'), 2);
    assert.equal(await sent('<PARAMVALUE NAME="InitialReplicationType" PARAMTYPE="string"><VALUE>3</VALUE></PARAMVALUE>', 'InitialReplicationType'), 3);
  });

  test('are null without a value', async () => {
    assert.equal(await sent('<PARAMVALUE NAME="InitialReplicationExportLocation" PARAMTYPE="string"/>', 'InitialReplicationExportLocation'), null);
  });

  for (const [wrong, parameter, code] of [
    ['unknown', '<PARAMVALUE NAME="Nothing"><VALUE>1</VALUE></PARAMVALUE>', '4'],
    ['given twice', '<PARAMVALUE NAME="StartTime"/><PARAMVALUE NAME="starttime"/>', '4'],
    ['an out parameter', '<PARAMVALUE NAME="Job"/>', '4'],
    ['of another type', '<PARAMVALUE NAME="InitialReplicationType"><VALUE>soon</VALUE></PARAMVALUE>', '13'],
    ['a reference to nothing', '<PARAMVALUE NAME="ComputerSystem"><VALUE.REFERENCE/></PARAMVALUE>', '4'],
    ['a reference to an unknown class', '<PARAMVALUE NAME="ComputerSystem"><VALUE.REFERENCE><INSTANCENAME CLASSNAME="X"/></VALUE.REFERENCE></PARAMVALUE>', '4'],
  ] as const) {
    test(`are refused when one is ${wrong}`, async () => {
      assert.equal(errorIn(await serverInMemory().ask(methodCall('StartReplication', parameter))), code);
    });
  }
});

describe('an operation that fails', () => {
  const server = serverInMemory();
  const unknownName = '<INSTANCENAME CLASSNAME="Msvm_ConcreteJob"><KEYBINDING NAME="InstanceID"><KEYVALUE>JOB-9</KEYVALUE></KEYBINDING></INSTANCENAME>';
  const otherKey = '<INSTANCENAME CLASSNAME="Msvm_ConcreteJob"><KEYBINDING NAME="Id"><KEYVALUE>JOB-9</KEYVALUE></KEYBINDING></INSTANCENAME>';
  const instance = '<INSTANCE CLASSNAME="Msvm_ComputerSystem"><PROPERTY NAME="Name" TYPE="string"><VALUE>x</VALUE></PROPERTY></INSTANCE>';

  for (const [what, request, code] of [
    ['an unknown class', operation('EnumerateInstances', { ClassName: className('Nothing') }), '5'],
    ['GetClass of an unknown class', operation('GetClass', { ClassName: className('Nothing') }), '6'],
    ['an unknown instance', operation('GetInstance', { InstanceName: unknownName }), '6'],
    ['an unknown key', operation('GetInstance', { InstanceName: otherKey }), '4'],
    ['a missing parameter', operation('GetInstance'), '4'],
    ['an unknown parameter', operation('EnumerateInstanceNames', { ClassName: className('Msvm_ComputerSystem'), Deep: value('TRUE') }), '4'],
    ['a parameter of another form', operation('EnumerateInstances', { ClassName: '<VALUE.ARRAY/>' }), '4'],
    ['a class where an instance belongs', operation('GetInstance', { InstanceName: className('Msvm_ConcreteJob') }), '4'],
    ['neither true nor false', operation('EnumerateClassNames', { DeepInheritance: value('yes') }), '4'],
    ['a filter by an unknown association', operation('Associators', { ObjectName: machineName(1), AssocClass: className('Nothing') }), '4'],
    ['an unknown property', operation('GetProperty', { InstanceName: jobName, PropertyName: value('Nothing') }), '12'],
    ['an unknown qualifier', operation('GetQualifier', { QualifierName: value('Nothing') }), '6'],
    ['an unknown query language', operation('ExecQuery', { QueryLanguage: value('SQL'), Query: value('select * from x') }), '14'],
    ['an unknown operation', operation('ExecuteQuery'), '7'],
    ['a change of the schema', operation('DeleteClass', { ClassName: className('Msvm_ConcreteJob') }), '7'],
    ['the creation of a machine', operation('CreateInstance', { NewInstance: instance }), '7'],
    ['the change of a machine', operation('ModifyInstance', { ModifiedInstance: `<VALUE.NAMEDINSTANCE>${machineName(1)}${instance}</VALUE.NAMEDINSTANCE>` }), '7'],
    ['the deletion of a machine', operation('DeleteInstance', { InstanceName: machineName(1) }), '7'],
    ['an unknown method', methodCall('Nothing', ''), '17'],
    ['a filtered enumeration', operation('OpenEnumerateInstances', { ClassName: className('Msvm_ComputerSystem'), FilterQuery: value('x'), FilterQueryLanguage: value('DMTF:FQL') }), '25'],
    ['an enumeration that goes on after errors', operation('OpenEnumerateInstances', { ClassName: className('Msvm_ComputerSystem'), ContinueOnError: value('TRUE') }), '26'],
    ['an enumeration without a timeout', operation('OpenEnumerateInstances', { ClassName: className('Msvm_ComputerSystem'), OperationTimeout: value('0') }), '22'],
    ['an unknown enumeration', operation('PullInstancesWithPath', { EnumerationContext: value('x'), MaxObjectCount: value('1') }), '21'],
  ] as const) {
    test(`because of ${what} is answered with code ${code} and a description`, async () => {
      const answer = await server.ask(request);
      assert.equal(answer.status, 200);
      assert.equal(errorIn(answer), code, answer.text);
      assert.notEqual(attributeOf(responseIn(answer)[0]!, 'DESCRIPTION'), '');
    });
  }

  test('because of an unknown namespace is answered with code 3', async () => {
    const request = operation('EnumerateClassNames');
    const body = new TextDecoder().decode(request.body).replace('NAME="v2"', 'NAME="v1"');
    assert.equal(errorIn(await server.ask({ ...request, headers: { ...request.headers, cimobject: 'root/virtualization/v1' }, body: new TextEncoder().encode(body) })), '3');
  });
});
