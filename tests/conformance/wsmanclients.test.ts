/** Clients that Debian has, against the real listeners: the shell client wsl, and Python's winrm. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { elements, textOf } from '../../src/xml/read.ts';
import { actionOf, bodyOf, DMTF, envelopeText, openWsman, PASSWORD, selfSigned, WMI, type WsmanBench } from './wsmanbench.ts';
import { JOB_ID, machinePath } from './cimmodel.ts';

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(command: string, args: readonly string[], { cwd, env = {} }: { cwd: string; env?: Readonly<Record<string, string>> }): Promise<Ended> {
  const child = spawn(command, args, { cwd, env: { PATH: '/usr/bin:/bin', HOME: cwd, ...env }, stdio: ['ignore', 'pipe', 'pipe'], timeout: 60_000 });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve, reject) => child.on('error', reject).on('close', (code) => resolve({ code, stdout, stderr })));
}

describe('the shell client wsl', () => {
  let bench: WsmanBench;
  let folder: string;
  before(async () => {
    bench = await openWsman();
    folder = mkdtempSync(join(tmpdir(), 'understudy-wsl-'));
  });
  after(async () => {
    rmSync(folder, { recursive: true });
    await bench.close();
  });
  const wsl = async (...args: string[]): Promise<{ text: string; ended: Ended }> => {
    const env = { WSENDPOINT: `127.0.0.1:${bench.port}`, WSUSER: 'ada', WSPASS: PASSWORD, WSNOSSL: 'true', KEEPHISTORY: '0', OUTPREFIX: folder, WSMAXENVELOPESIZE: '32767', WSOPERATIONTIMEOUT: '30' };
    const ended = await run('/usr/bin/wsl', args, { cwd: folder, env });
    return { ended, text: readFileSync(join(folder, 'response.xml'), 'utf8') };
  };

  test('identifies the host', async () => {
    assert.match((await wsl('identify', 'check')).text, /<wsmid:ProductVendor>Understudy</);
  });

  test('gets an instance by its keys', async () => {
    const { text, ended } = await wsl('get', `${WMI}/Msvm_ReplicationService`, 'CreationClassName=Msvm_ReplicationService', 'Name=replicasvc');
    assert.equal(ended.code, 0, ended.stdout);
    assert.match(text, /<p:Name>replicasvc</);
  });

  test('enumerates machines, all at once and one by one', async () => {
    const { ended, text } = await wsl('enum', `${DMTF}/Msvm_ComputerSystem`, '-ns', 'root/virtualization/v2', '-mode', 'epr');
    assert.equal(ended.code, 0, ended.stdout);
    assert.equal(text.match(/<w:Selector Name="Name">/g)?.length, 3);
    const one = await wsl('enum', `${WMI}/Msvm_ComputerSystem`, '-mode', 'epr', '-opti', '1');
    assert.equal(one.ended.stdout.match(/<w:Selector Name="Name">/g)?.length, 3);
  });

  test('finds what is associated with a machine', async () => {
    const name = '9A6F1F70-0A4B-4B5C-9D43-000000000001';
    const { ended } = await wsl('enum', `${DMTF}/Msvm_ComputerSystem`, '-ns', 'root/virtualization/v2', '-references', '-mode', 'epr', `Name=${name}`);
    assert.match(ended.stdout, /Msvm_ReplicationRelationship/);
  });

  test('invokes a method on what it enumerated, with the text of the reference that it was given', async () => {
    await wsl('enum', `${WMI}/Msvm_ComputerSystem`, '-mode', 'epr', '-opti', '1');
    writeFileSync(join(folder, 'machine.xml'), readFileSync(join(folder, 'response-1.xml')));
    const { ended, text } = await wsl('invoke', `${WMI}/Msvm_ReplicationService`, 'CreateReplicationRelationship', `ComputerSystem=FILE:${folder}/machine.xml`, 'ReplicationSettingData=&lt;INSTANCE CLASSNAME="Msvm_ReplicationSettingData"/&gt;');
    assert.equal(ended.code, 0, `${ended.stdout}\n${text}`);
    assert.match(text, /<p:ReturnValue>4096</);
    assert.match(text, new RegExp(JOB_ID));
    assert.deepEqual(bench.model.received[0]!.parameters.get('ComputerSystem'), machinePath(1));
  });
});

const PYTHON = `
import sys
from winrm.transport import Transport
from winrm.exceptions import WinRMError, WinRMTransportError, InvalidCredentialsError
endpoint, method, name, password, cert, key, message = sys.argv[1:8]
arguments = dict(endpoint=endpoint, auth_method=method, server_cert_validation='ignore', message_encryption='never')
if method == 'certificate':
    arguments.update(cert_pem=cert, cert_key_pem=key)
else:
    arguments.update(username=name, password=password)
try:
    answer = Transport(**arguments).send_message(open(message, encoding='utf-8').read())
    sys.stdout.write(answer if isinstance(answer, str) else answer.decode('utf-8'))
except WinRMTransportError as error:
    text = error.response_text
    sys.stdout.write('HTTP %s\\n%s' % (error.code, text if isinstance(text, str) else text.decode('utf-8')))
except InvalidCredentialsError:
    sys.stdout.write('turned away')
`;

describe("Python's winrm", () => {
  let plain: WsmanBench;
  let tls: WsmanBench;
  let folder: string;
  let client: Awaited<ReturnType<typeof selfSigned>>;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'understudy-winrm-'));
    client = await selfSigned('client');
    plain = await openWsman();
    tls = await openWsman({ tls: await selfSigned('host-a') });
    tls.users.certificates.set(client.fingerprint, 'ada');
    writeFileSync(join(folder, 'client.pem'), client.cert);
    writeFileSync(join(folder, 'client.key'), client.key, { mode: 0o600 });
    writeFileSync(join(folder, 'client.py'), PYTHON);
  });
  after(async () => {
    rmSync(folder, { recursive: true });
    await plain.close();
    await tls.close();
  });
  const send = async (bench: WsmanBench, method: string, message: string, password = PASSWORD): Promise<string> => {
    writeFileSync(join(folder, 'message.xml'), message);
    const ended = await run('/usr/bin/python3', ['client.py', `${bench.url}/wsman`, method, 'ada', password, 'client.pem', 'client.key', 'message.xml'], { cwd: folder });
    assert.equal(ended.code, 0, ended.stderr);
    return ended.stdout;
  };
  const enumerate = envelopeText({ action: actionOf('Enumerate'), body: '<n:Enumerate><w:OptimizeEnumeration/><w:MaxElements>10</w:MaxElements></n:Enumerate>' });

  test('enumerates over Basic', async () => {
    const text = await send(plain, 'basic', enumerate);
    assert.deepEqual(elements(bodyOf({ text })).map(({ local }) => local), ['EnumerationContext', 'Items', 'EndOfSequence']);
  });

  test('enumerates over Basic and TLS', async () => {
    assert.match(await send(tls, 'basic', enumerate), /web-03/);
  });

  test('signs in by its certificate', async () => {
    assert.match(await send(tls, 'certificate', enumerate), /web-03/);
  });

  test('is turned away with a wrong password', async () => {
    assert.equal(await send(plain, 'basic', enumerate, 'wrong'), 'turned away');
  });

  test('reads faults as answers with status 500', async () => {
    const text = await send(plain, 'basic', envelopeText({ action: actionOf('Get'), resource: `${WMI}/Msvm_Nothing` }));
    assert.match(text, /^HTTP 500\n/);
    const fault = bodyOf({ text: text.slice(text.indexOf('\n') + 1) });
    assert.match(textOf(elements(elements(fault)[1]!)[0]!), /Msvm_Nothing/);
  });
});
