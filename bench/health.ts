/** A daemon with a thousand relationships, asked how they are: status and health over the API, statistics over CIM-XML. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { WBEM_PORTS } from '../src/daemon/config.ts';
import { answerTo } from './answer.ts';
import { figure, median, type Figure } from './figure.ts';
import { BenchHost } from './host.ts';
import type { Part, Scene } from './scene.ts';

const RELATIONSHIPS = 1_000;
const PORT_OFFSET = 32_000;
const USER = { name: 'bench', role: 'administrator' as const, password: 'bench-password' };
const ROUNDS = 9;
const LIMIT_MS = 200;

const STATISTICS = `<?xml version="1.0" encoding="utf-8"?><CIM CIMVERSION="2.0" DTDVERSION="2.0"><MESSAGE ID="1" PROTOCOLVERSION="1.0"><SIMPLEREQ><METHODCALL NAME="GetReplicationStatisticsEx"><LOCALINSTANCEPATH><LOCALNAMESPACEPATH><NAMESPACE NAME="root"/><NAMESPACE NAME="virtualization"/><NAMESPACE NAME="v2"/></LOCALNAMESPACEPATH><INSTANCENAME CLASSNAME="Msvm_ReplicationService"><KEYBINDING NAME="SystemCreationClassName"><KEYVALUE VALUETYPE="string">Msvm_ComputerSystem</KEYVALUE></KEYBINDING><KEYBINDING NAME="SystemName"><KEYVALUE VALUETYPE="string">health</KEYVALUE></KEYBINDING><KEYBINDING NAME="CreationClassName"><KEYVALUE VALUETYPE="string">Msvm_ReplicationService</KEYVALUE></KEYBINDING><KEYBINDING NAME="Name"><KEYVALUE VALUETYPE="string">replicasvc</KEYVALUE></KEYBINDING></INSTANCENAME></LOCALINSTANCEPATH></METHODCALL></SIMPLEREQ></MESSAGE></CIM>`;
const HEADERS = { 'content-type': 'application/xml; charset="utf-8"', CIMOperation: 'MethodCall', CIMMethod: 'GetReplicationStatisticsEx', CIMObject: 'root/virtualization/v2:Msvm_ReplicationService.SystemCreationClassName="Msvm_ComputerSystem",SystemName="health",CreationClassName="Msvm_ReplicationService",Name="replicasvc"' };

async function medianMs(ask: () => Promise<string>, count: (text: string) => number): Promise<number> {
  const elapsedMs: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const before = performance.now();
    const text = await ask();
    elapsedMs.push(performance.now() - before);
    if (count(text) !== RELATIONSHIPS) throw new Error(`${count(text)} relationships were answered instead of ${RELATIONSHIPS}`);
  }
  return median(elapsedMs);
}

const times = (word: string) => (text: string): number => text.split(word).length - 1;

async function run(scene: Scene): Promise<readonly Figure[]> {
  const host = new BenchHost(scene.fresh('health'), 'health', PORT_OFFSET);
  execFileSync(process.execPath, [join(import.meta.dirname, '../scripts/seed.ts'), '--vms', String(RELATIONSHIPS), '--state-dir', scene.at('health/s')], { stdio: 'ignore' });
  await host.start();
  try {
    await host.api.post('/api/users', { body: USER });
    const overApi = (path: string) => () => answerTo({ socketPath: join(scene.at('health/r'), 'api.sock'), path, headers: { host: 'localhost' } });
    const overCim = () => answerTo({ host: '127.0.0.1', port: WBEM_PORTS.cimxml + PORT_OFFSET, path: '/cimom', method: 'POST', auth: `${USER.name}:${USER.password}`, headers: HEADERS }, STATISTICS);
    const target = { of: 'value', at: 'most', limit: LIMIT_MS } as const;
    return [
      figure({ name: `status of ${RELATIONSHIPS} relationships`, unit: 'ms', value: await medianMs(overApi('/api/status'), times('"healthReasons"')), target }),
      figure({ name: `health and statistics of ${RELATIONSHIPS} relationships`, unit: 'ms', value: await medianMs(overApi('/api/health'), times('"lastSynchronizedMs"')), target }),
      figure({ name: `GetReplicationStatisticsEx of ${RELATIONSHIPS} relationships`, unit: 'ms', value: await medianMs(overCim, times('ReplicationSuccessCount')), target }),
    ];
  } finally {
    await host.kill();
  }
}

export const health: Part = { name: 'health', about: `status, health and statistics of ${RELATIONSHIPS} relationships`, run };
