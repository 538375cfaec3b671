/** The CIM side of a daemon with a thousand machines: a client that reads all of them, and one that asks for little but often. */
import { execFileSync } from 'node:child_process';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { WBEM_PORTS } from '../src/daemon/config.ts';
import { answerTo } from './answer.ts';
import { figure, median, type Figure } from './figure.ts';
import { BenchHost } from './host.ts';
import type { Part, Scene } from './scene.ts';

const MACHINES = 1_000;
const PORT_OFFSET = 31_000;
const USER = { name: 'bench', role: 'viewer' as const, password: 'bench-password' };
const ROUNDS = 5;
const GETS = 1_000;
const GETS_AT_ONCE = 4;
const MIB = 1024 * 1024;

const ENUMERATE = `<?xml version="1.0" encoding="utf-8"?><CIM CIMVERSION="2.0" DTDVERSION="2.0"><MESSAGE ID="1" PROTOCOLVERSION="1.0"><SIMPLEREQ><IMETHODCALL NAME="EnumerateInstances"><LOCALNAMESPACEPATH><NAMESPACE NAME="root"/><NAMESPACE NAME="virtualization"/><NAMESPACE NAME="v2"/></LOCALNAMESPACEPATH><IPARAMVALUE NAME="ClassName"><CLASSNAME NAME="Msvm_ComputerSystem"/></IPARAMVALUE></IMETHODCALL></SIMPLEREQ></MESSAGE></CIM>`;
const ENUMERATE_HEADERS = { 'content-type': 'application/xml; charset="utf-8"', CIMOperation: 'MethodCall', CIMMethod: 'EnumerateInstances', CIMObject: 'root/virtualization/v2' };

const getEnvelope = (name: string): string => `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"><s:Header><a:To>http://127.0.0.1/wsman</a:To><w:ResourceURI>http://schemas.microsoft.com/wbem/wsman/1/wmi/root/virtualization/v2/Msvm_ComputerSystem</w:ResourceURI><a:ReplyTo><a:Address>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address></a:ReplyTo><a:Action>http://schemas.xmlsoap.org/ws/2004/09/transfer/Get</a:Action><a:MessageID>uuid:11111111-2222-4333-8444-555555555555</a:MessageID><w:SelectorSet><w:Selector Name="CreationClassName">Msvm_ComputerSystem</w:Selector><w:Selector Name="Name">${name}</w:Selector></w:SelectorSet></s:Header><s:Body/></s:Envelope>`;
const GET_HEADERS = { 'content-type': 'application/soap+xml;charset=UTF-8' };

/** On kept connections, as clients do. */
class Client {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: GETS_AT_ONCE });

  post(port: number, path: string, headers: Readonly<Record<string, string>>, body: string): Promise<string> {
    return answerTo({ host: '127.0.0.1', port: port + PORT_OFFSET, path, method: 'POST', agent: this.#agent, auth: `${USER.name}:${USER.password}`, headers }, body);
  }

  enumerate(): Promise<string> {
    return this.post(WBEM_PORTS.cimxml, '/cimom', ENUMERATE_HEADERS, ENUMERATE);
  }

  get(name: string): Promise<string> {
    return this.post(WBEM_PORTS.wsman, '/wsman', GET_HEADERS, getEnvelope(name));
  }

  end(): void {
    this.#agent.destroy();
  }
}

/** Milliseconds of one enumeration, without the client's work on what came. */
async function enumerationMs(client: Client): Promise<number> {
  const before = performance.now();
  const text = await client.enumerate();
  const elapsedMs = performance.now() - before;
  const found = text.split('<VALUE.NAMEDINSTANCE>').length - 1;
  if (found < MACHINES) throw new Error(`${found} machines were answered instead of ${MACHINES}`);
  return elapsedMs;
}

async function getsPerSecond(client: Client, names: readonly string[]): Promise<number> {
  let asked = 0;
  const before = performance.now();
  const ask = async (): Promise<void> => {
    while (asked < GETS) await client.get(names[asked++ % names.length]!);
  };
  await Promise.all(Array.from({ length: GETS_AT_ONCE }, ask));
  return (1_000 * GETS) / (performance.now() - before);
}

async function run(scene: Scene): Promise<readonly Figure[]> {
  const host = new BenchHost(scene.fresh('cim'), 'cim', PORT_OFFSET);
  execFileSync(process.execPath, [join(import.meta.dirname, '../scripts/seed.ts'), '--vms', String(MACHINES), '--state-dir', scene.at('cim/s')], { stdio: 'ignore' });
  await host.start();
  const client = new Client();
  try {
    await host.api.post('/api/users', { body: USER });
    const elapsedMs: number[] = [];
    for (let round = 0; round < ROUNDS; round++) elapsedMs.push(await enumerationMs(client));
    const names = [...(await client.enumerate()).matchAll(/<KEYBINDING NAME="Name"><KEYVALUE VALUETYPE="string">([0-9A-F-]{36})</g)].map(([, name]) => name!);
    const rate = await getsPerSecond(client, names);
    return [
      figure({ name: `enumerate ${MACHINES} machines over CIM-XML`, unit: 'ms', value: median(elapsedMs), target: { of: 'value', at: 'most', limit: 1_000 } }),
      figure({ name: `memory of a daemon that was asked for ${MACHINES} machines`, unit: 'MiB', value: host.peakMemoryBytes() / MIB, target: { of: 'value', at: 'most', limit: 200 } }),
      figure({ name: 'WS-Management Gets, one daemon', unit: '/s', value: rate, target: { of: 'value', at: 'least', limit: 200 } }),
    ];
  } finally {
    client.end();
    await host.kill();
  }
}

export const cim: Part = { name: 'cim', about: `a daemon with ${MACHINES} machines asked over CIM-XML and WS-Management`, run };
