/** CIM-XML over HTTP: which requests are no operation, and how they are turned away (DSP0200, "Encapsulation"). */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { captured, className, errorIn, message, methodCall, operation, requestWith, serverInMemory, type Request } from './cimxml.ts';

const server = serverInMemory();
const names = operation('EnumerateClassNames');
const withHeaders = (request: Request, headers: Readonly<Record<string, string>>): Request => ({ ...request, headers: { ...request.headers, ...headers } });
const without = (request: Request, header: string): Request => ({ ...request, headers: Object.fromEntries(Object.entries(request.headers).filter(([name]) => name !== header)) });
const body = (request: Request, change: (text: string) => string): Request => ({ ...request, body: new TextEncoder().encode(change(new TextDecoder().decode(request.body))) });
const wrapped = (content: string): Request => requestWith({ cimmethod: 'X', cimobject: 'x' }, message(content));

describe('a request that is no operation', () => {
  for (const [what, request, status, cimError] of [
    ['another HTTP method', { ...names, method: 'GET' }, 405, undefined],
    ['another content type', withHeaders(names, { 'content-type': 'application/json' }), 406, 'header-mismatch'],
    ['no CIMOperation', without(names, 'cimoperation'), 400, 'header-mismatch'],
    ['another CIMOperation', withHeaders(names, { cimoperation: 'MethodRequest' }), 501, 'unsupported-operation'],
    ['a batch', withHeaders(names, { cimbatch: '' }), 501, 'multiple-requests-unsupported'],
    ['another protocol version', withHeaders(names, { cimprotocolversion: '2.0' }), 501, 'unsupported-protocol-version'],
    ['no CIMMethod', without(names, 'cimmethod'), 400, 'header-mismatch'],
    ['another CIMMethod', withHeaders(names, { cimmethod: 'GetClass' }), 400, 'header-mismatch'],
    ['no CIMObject', without(names, 'cimobject'), 400, 'header-mismatch'],
    ['another namespace in CIMObject', withHeaders(names, { cimobject: 'root/cimv2' }), 400, 'header-mismatch'],
    ['another instance in CIMObject', withHeaders(methodCall('StopService', ''), { cimobject: 'root/virtualization/v2:Msvm_ReplicationService.Name="XX"' }), 400, 'header-mismatch'],
    ['a class in CIMObject', withHeaders(methodCall('StopService', ''), { cimobject: 'root/virtualization/v2:Msvm_ReplicationService' }), 400, 'header-mismatch'],
    ['a CIMObject that is no path', withHeaders(methodCall('StopService', ''), { cimobject: '%%%' }), 400, 'header-mismatch'],
    ['a Man of another extension', withHeaders(names, { man: 'http://elsewhere; ns=11' }), 400, 'header-mismatch'],
    ['an empty body', body(names, () => ''), 400, 'request-not-well-formed'],
    ['a truncated body', body(names, (text) => text.slice(0, -10)), 400, 'request-not-well-formed'],
    ['two bodies', body(names, (text) => text + text), 400, 'request-not-well-formed'],
    ['a document type', body(names, (text) => text.replace('?>', '?><!DOCTYPE CIM SYSTEM "http://elsewhere/">')), 400, 'request-not-well-formed'],
    ['an entity bomb', body(names, (text) => text.replace('?>', '?><!DOCTYPE CIM [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>').replace('v2', '&b;')), 400, 'request-not-well-formed'],
    ['deep nesting', requestWith({}, '<CIM>'.repeat(10_000)), 400, 'request-not-well-formed'],
    ['100,000 attributes', requestWith({}, `<CIM ${Array.from({ length: 100_000 }, (_, at) => `a${at}="1"`).join(' ')}/>`), 400, 'request-not-well-formed'],
    ['bytes of another charset', { ...names, body: new Uint8Array([0x3c, 0x43, 0xff, 0x3e]) }, 400, 'request-not-well-formed'],
    ['a charset that is not read', withHeaders(names, { 'content-type': 'text/xml; charset=ebcdic' }), 400, 'request-not-well-formed'],
    ['another root', requestWith({}, '<Envelope/>'), 400, 'request-not-valid'],
    ['another CIM version', body(names, (text) => text.replace('CIMVERSION="2.0"', 'CIMVERSION="3.0"')), 501, 'unsupported-cim-version'],
    ['another DTD version', body(names, (text) => text.replace('DTDVERSION="2.0"', 'DTDVERSION="1.0"')), 501, 'unsupported-dtd-version'],
    ['another protocol version in the message', body(names, (text) => text.replace('PROTOCOLVERSION="1.0"', 'PROTOCOLVERSION="9"')), 501, 'unsupported-protocol-version'],
    ['several operations', wrapped('<MULTIREQ><SIMPLEREQ/><SIMPLEREQ/></MULTIREQ>'), 501, 'multiple-requests-unsupported'],
    ['a response', wrapped('<SIMPLERSP/>'), 400, 'request-not-valid'],
    ['an empty SIMPLEREQ', wrapped('<SIMPLEREQ/>'), 400, 'request-not-valid'],
    ['a call without a name', wrapped('<SIMPLEREQ><IMETHODCALL/></SIMPLEREQ>'), 400, 'request-not-valid'],
    ['a call without a namespace', wrapped('<SIMPLEREQ><IMETHODCALL NAME="X"/></SIMPLEREQ>'), 400, 'request-not-valid'],
    ['an empty namespace path', wrapped('<SIMPLEREQ><IMETHODCALL NAME="X"><LOCALNAMESPACEPATH/></IMETHODCALL></SIMPLEREQ>'), 400, 'request-not-valid'],
    ['a method of nothing', wrapped('<SIMPLEREQ><METHODCALL NAME="X"/></SIMPLEREQ>'), 400, 'request-not-valid'],
    ['a method of a malformed path', wrapped('<SIMPLEREQ><METHODCALL NAME="X"><LOCALINSTANCEPATH/></METHODCALL></SIMPLEREQ>'), 400, 'request-not-valid'],
  ] as const) {
    test(`because of ${what} is answered with status ${status}${cimError === undefined ? '' : ` and ${cimError}`}`, { timeout: 5_000 }, async () => {
      const answer = await server.ask(request);
      assert.deepEqual([answer.status, answer.headers['cimerror'], answer.text], [status, cimError, '']);
    });
  }
});

describe('an operation', () => {
  const isDone = async (request: Request): Promise<void> => {
    const answer = await server.ask(request);
    assert.equal(answer.status, 200, answer.headers['cimerror']);
    assert.equal(errorIn(answer), undefined, answer.text);
  };

  test('may have its headers percent-encoded', async () => {
    await isDone(withHeaders(names, { cimobject: 'root%2Fvirtualization%2Fv2', cimmethod: '%45numerateClassNames' }));
    await isDone(withHeaders(methodCall('StartReplication', ''), { cimobject: encodeURIComponent('root/virtualization/v2:Msvm_ReplicationService.Name="RS"') }));
  });

  test('may name its object in another case, and with keys in another order', async () => {
    await isDone(withHeaders(names, { cimobject: 'ROOT/Virtualization/V2' }));
    const call = captured('cap-pywbem-invoke-embeddedobject.http');
    await isDone(withHeaders(call, { cimobject: 'root/virtualization/v2:MSVM_ReplicationService.Name="rs",systemname="HOST1",SystemCreationClassName="Msvm_ComputerSystem",CreationClassName="Msvm_ReplicationService"' }));
  });

  test('may be called on a class', async () => {
    const call = body(methodCall('StartReplication', ''), (text) => text.replace(/<LOCALINSTANCEPATH>/, '<LOCALCLASSPATH>').replace(/<INSTANCENAME.*<\/LOCALINSTANCEPATH>/, '<CLASSNAME NAME="Msvm_ReplicationService"/></LOCALCLASSPATH>'));
    await isDone(withHeaders(call, { cimobject: 'root/virtualization/v2:Msvm_ReplicationService' }));
  });

  test('may come as UTF-16 and is answered in UTF-8', async () => {
    const text = new TextDecoder().decode(names.body);
    const utf16 = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')]);
    const answer = await server.ask({ ...withHeaders(names, { 'content-type': 'text/xml; charset=utf-16' }), body: utf16 });
    assert.equal(answer.headers['content-type'], 'application/xml; charset="utf-8"');
    assert.equal(errorIn(answer), undefined);
  });

  test('by the extension framework has its prefix on every header of the answer', async () => {
    const { 'content-type': contentType = '', ...headers } = names.headers;
    const prefixed = Object.fromEntries(Object.entries(headers).map(([name, value]) => [`73-${name}`, value]));
    const answer = await server.ask({ ...names, method: 'M-POST', headers: { 'content-type': contentType, man: 'http://www.dmtf.org/cim/mapping/http/v1.0; ns=73', ...prefixed } });
    assert.equal(answer.status, 200, answer.headers['cimerror']);
    assert.equal(answer.headers['73-cimoperation'], 'MethodResponse');
    assert.equal(answer.headers['cimoperation'], undefined);
    assert.equal(answer.headers['ext'], '');
  });

  test('by the extension framework needs the prefix', async () => {
    const answer = await server.ask({ ...names, method: 'M-POST', headers: { ...names.headers, man: 'http://www.dmtf.org/cim/mapping/http/v1.0; ns=73' } });
    assert.deepEqual([answer.status, answer.headers['cimerror']], [400, 'header-mismatch']);
  });

  test('on a class in another namespace is answered from there', async () => {
    const request = body(operation('GetClass', { ClassName: className('CIM_Namespace') }), (text) => text.replace(/<LOCALNAMESPACEPATH>.*?<\/LOCALNAMESPACEPATH>/, '<LOCALNAMESPACEPATH><NAMESPACE NAME="interop"/></LOCALNAMESPACEPATH>'));
    await isDone(withHeaders(request, { cimobject: 'interop' }));
  });
});
