/** CIM-XML on real sockets, with Debian's wbemcli as the client: what it prints is what it understood. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { captured, className, operation, responseIn, value, type Request } from '../codec/cimxml.ts';
import { HOST_NAME, openCimXmlRig, type CimXmlRig, type HttpAnswer } from './cimxmlrig.ts';
import { machineName } from './cimxmlworld.ts';

const NAMESPACE = 'root/virtualization/v2';
const machine = (number: number): string => `${NAMESPACE}:Msvm_ComputerSystem.CreationClassName="Msvm_ComputerSystem",Name="${machineName(number)}"`;
const SERVICE = `${NAMESPACE}:Msvm_ReplicationService.CreationClassName="Msvm_ReplicationService",Name="RS",SystemCreationClassName="Msvm_ComputerSystem",SystemName="HOST1"`;

let rig: CimXmlRig;
before(async () => {
  rig = await openCimXmlRig();
});
after(async () => {
  await rig.close();
  assert.deepEqual(rig.bugs, []);
});

const send = (request: Request): Promise<HttpAnswer> => rig.post(request.body, request.headers);

async function printed(what: string, object: string, ...rest: readonly string[]): Promise<string> {
  const { out, error, code } = await rig.wbemcli(what, object, ...rest);
  assert.equal(error, '', `${what} ${object}`);
  assert.equal(code, 0);
  return out;
}

describe('wbemcli', () => {
  test('prints every instance of a class with all its properties', async () => {
    const out = await printed('ei', `${NAMESPACE}:Msvm_ComputerSystem`, '-nl');
    for (const number of [1, 2, 3]) assert.match(out, new RegExp(`Msvm_ComputerSystem\\.CreationClassName="Msvm_ComputerSystem",Name="${machineName(number)}"`));
    assert.match(out, /^-OnTimeInMilliseconds=9007199254740993$/m);
    assert.match(out, /^-InstallDate=$/m);
  });

  test('prints the names of instances of a superclass too', async () => {
    assert.equal((await printed('ein', `${NAMESPACE}:CIM_ComputerSystem`)).trim().split('\n').length, 3);
  });

  test('gets one instance by its name, also by a part of its keys and in another case', async () => {
    assert.match(await printed('gi', machine(2)), /ElementName="web-2 <&> "quoted" ümlaut"/);
    assert.match(await printed('gi', `ROOT/virtualization/v2:msvm_computersystem.name="${machineName(2).toLowerCase()}"`), /ElementName="web-2/);
  });

  test('gets only the properties that it asks for', async () => {
    assert.match(await printed('gi', machine(2), 'EnabledState,Name'), /:Msvm_ComputerSystem[^ ]* Name="[^"]+",EnabledState=2\n/);
  });

  test('prints a class, its subclasses and their names', async () => {
    assert.match(await printed('gc', `${NAMESPACE}:Msvm_ReplicationRelationship`), /ReplicationState=/);
    assert.match(await printed('ec', `${NAMESPACE}:CIM_Job`, '-nl'), /Msvm_ConcreteJob : CIM_ConcreteJob/);
    assert.equal((await printed('ecn', `${NAMESPACE}:CIM_Job`)).trim().split('\n').length, 2);
  });

  test('follows associations with and without a filter', async () => {
    const related = new RegExp(`^${HOST_NAME}/${NAMESPACE}:Msvm_ReplicationRelationship\\.InstanceID="Microsoft:${machineName(2)}`);
    assert.match(await printed('ain', machine(2)), related);
    assert.match(await printed('ai', machine(2), '-ac', 'Msvm_SystemReplicationRelationship', '-ar', 'Antecedent'), related);
    assert.match(await printed('rin', machine(2)), /Msvm_SystemReplicationRelationship\.Antecedent=.*,Dependent=/);
    assert.match(await printed('ri', machine(2)), /Antecedent=.*Dependent=/);
    assert.equal((await printed('ain', machine(2), '-ar', 'Dependent')).trim(), '');
  });

  test('calls a method with a value, a reference and an embedded instance', async () => {
    const settings = '&lt;INSTANCE CLASSNAME=&quot;Msvm_ReplicationSettingData&quot;/&gt;';
    const out = await printed('cm', SERVICE, `CreateReplicationRelationship.ComputerSystem=Msvm_ComputerSystem.Name="${machineName(1)}",ReplicationSettingData="${settings}"`);
    assert.match(out, /CreateReplicationRelationship: 4096, Job \(reference\): .*Msvm_ConcreteJob\.InstanceID="JOB-1"/);
    const { parameters } = rig.invoked.at(-1)!;
    assert.equal(parameters.get('ReplicationSettingData'), '<INSTANCE CLASSNAME="Msvm_ReplicationSettingData"/>');
    assert.equal((parameters.get('ComputerSystem') as { keys: ReadonlyMap<string, string> }).keys.get('Name'), machineName(1));
  });

  test('sees the returned number of a method that refuses', async () => {
    assert.match((await rig.wbemcli('cm', SERVICE, 'StartReplication.InitialReplicationType=1')).out, /StartReplication: 32775/);
    assert.equal(rig.invoked.at(-1)!.parameters.get('InitialReplicationType'), 1);
  });

  test('gets a property', async () => {
    assert.equal((await printed('gp', machine(2), 'EnabledState')).trim(), '2');
  });

  for (const [what, object, code] of [
    ['ei', `${NAMESPACE}:Nothing`, 'CIM_ERR_INVALID_CLASS'],
    ['ei', 'root/virtualization:Msvm_ComputerSystem', 'CIM_ERR_INVALID_NAMESPACE'],
    ['gc', `${NAMESPACE}:Nothing`, 'CIM_ERR_NOT_FOUND'],
    ['gi', `${NAMESPACE}:Msvm_ConcreteJob.InstanceID="JOB-9"`, 'CIM_ERR_NOT_FOUND'],
    ['di', machine(1), 'CIM_ERR_NOT_SUPPORTED'],
    ['dc', `${NAMESPACE}:Msvm_ConcreteJob`, 'CIM_ERR_NOT_SUPPORTED'],
  ] as const) {
    test(`is told ${code} for ${what} ${object}`, async () => {
      assert.match((await rig.wbemcli(what, object)).error, new RegExp(code));
    });
  }
});

describe('a listener', () => {
  test('answers one connection’s requests one after the other, and both captured clients', async () => {
    for (const file of ['cap-wbemcli-getinstance.http', 'cap-pywbem-invoke-embeddedobject.http']) {
      const { host: _host, 'content-length': _length, authorization: _authorization, ...headers } = captured(file).headers;
      const answer = await rig.post(captured(file).body, headers);
      assert.equal(answer.status, 200);
      assert.equal(answer.headers['cimoperation'], 'MethodResponse');
      assert.equal(answer.headers['content-length'], String(Buffer.byteLength(answer.text)));
    }
  });

  test('turns a body away that is too large', async () => {
    const answer = await rig.post(Buffer.alloc(5 * 1024 * 1024, 0x20), operation('EnumerateClassNames').headers);
    assert.equal(answer.status, 413);
  });

  test('answers others while a client is silent in the middle of a request', async () => {
    const socket = connect(rig.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write('POST /cimom HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n<?xml');
    assert.equal((await send(operation('EnumerateClassNames'))).status, 200);
    socket.destroy();
  });

  test('gives no answer to what is no HTTP, and lives on', async () => {
    const socket = connect(rig.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.end('\0\0\0\x10garbage\r\n\r\n');
    socket.resume();
    await once(socket, 'close');
    assert.equal((await send(operation('EnumerateClassNames'))).status, 200);
  });
});

describe('an enumeration that a client leaves open', () => {
  const machines = { ClassName: className('Msvm_ComputerSystem'), OperationTimeout: value('30') };
  const contextIn = ({ text }: HttpAnswer): string => /NAME="EnumerationContext" PARAMTYPE="string"><VALUE>([^<]*)/.exec(text)?.[1] ?? '';
  const pull = (context: string): Promise<HttpAnswer> => send(operation('PullInstancesWithPath', { EnumerationContext: value(context), MaxObjectCount: value('1') }));

  test('ends when it was idle for its timeout, and not while it is used', async () => {
    const context = contextIn(await send(operation('OpenEnumerateInstances', machines)));
    for (let pulls = 0; pulls < 2; pulls++) {
      rig.clockMs += 29_000;
      assert.doesNotMatch((await pull(context)).text, /<ERROR/);
    }
    rig.clockMs += 30_001;
    assert.match((await pull(context)).text, /<ERROR CODE="21"/);
  });

  test('belongs to the user who opened it', async () => {
    const context = contextIn(await send(operation('OpenEnumerateInstances', machines)));
    const request = operation('PullInstancesWithPath', { EnumerationContext: value(context), MaxObjectCount: value('1') });
    const other = await rig.post(request.body, { ...request.headers, authorization: `Basic ${Buffer.from('otto:secret').toString('base64')}` });
    assert.match(other.text, /<ERROR CODE="21"/);
  });

  test('is refused when the user has too many', async () => {
    for (let opened = 0; opened < 1_500; opened++) {
      const answer = await send(operation('OpenEnumerateInstances', machines));
      if (answer.text.includes('<ERROR CODE="27"')) return;
    }
    const [last] = responseIn({ ...(await send(operation('OpenEnumerateInstances', machines))), headers: {} });
    assert.equal(last?.local, 'ERROR');
  });
});

test('Changes and calls of methods are in the audit trail with what they returned', async () => {
  rig.audited.length = 0;
  await rig.wbemcli('cm', SERVICE, 'StartReplication.InitialReplicationType=1');
  await rig.wbemcli('di', machine(1));
  const records = rig.audited.filter(({ operation: name }) => !name.includes('GetClass'));
  assert.deepEqual(
    records.map(({ who, operation: name, outcome }) => [who, name, outcome]),
    [
      ['anna', 'CIM-XML StartReplication', 'returned 32775'],
      ['anna', 'CIM-XML DeleteInstance', 'notSupported'],
    ],
  );
  assert.match(records[0]!.subject ?? '', /Msvm_ReplicationService\..*Name="RS"/);
});
