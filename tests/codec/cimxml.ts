/** The CIM-XML handler without a socket, and requests for it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createObjectManager } from '../../src/cim/objectmanager.ts';
import { SCHEMA } from '../../src/cim/schema/published.ts';
import { AuditTrail } from '../../src/wbem/audit.ts';
import { CimXml } from '../../src/wbem/cimxml.ts';
import { parseXml } from '../../src/xml/parse.ts';
import { elements } from '../../src/xml/read.ts';
import type { XmlElement } from '../../src/xml/xml.ts';
import { cimXmlWorld, type Invoked } from '../conformance/cimxmlworld.ts';

export interface Request {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

export interface Server {
  readonly invoked: readonly Invoked[];
  ask(request: Request): Promise<Answer>;
}

export function serverInMemory(machines = 2): Server {
  const model = cimXmlWorld(machines);
  const manager = createObjectManager({ schema: SCHEMA, instances: model.instances, associations: model.associations });
  let ids = 0;
  const { handle } = new CimXml({
    manager,
    schema: SCHEMA,
    audit: new AuditTrail(() => undefined),
    host: 'host1.example',
    nowMs: () => 0,
    newId: () => `context-${++ids}`,
    onBug: (_id, error) => {
      throw error;
    },
  });
  return {
    invoked: model.invoked,
    ask: async (request) => {
      const answer = await handle({ ...request, path: '/cimom', caller: { name: 'anna', role: 'administrator', from: 'test' }, signal: new AbortController().signal });
      return { status: answer.status, headers: Object.fromEntries(Object.entries(answer.headers).map(([name, value]) => [name.toLowerCase(), value])), text: new TextDecoder().decode(answer.body) };
    },
  };
}

/** A request as a client sent it. */
export function captured(file: string): Request {
  const text = readFileSync(join(import.meta.dirname, 'cim', file), 'utf8').replaceAll('\r\n', '\n');
  const end = text.indexOf('\n\n');
  const [start = '', ...lines] = text.slice(0, end).split('\n');
  const headers = lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]);
  return { method: start.split(' ')[0]!, headers: Object.fromEntries(headers), body: new TextEncoder().encode(text.slice(end + 2)) };
}

const NAMESPACE_PATH = '<LOCALNAMESPACEPATH><NAMESPACE NAME="root"/><NAMESPACE NAME="virtualization"/><NAMESPACE NAME="v2"/></LOCALNAMESPACEPATH>';

export const message = (request: string): string => `<?xml version="1.0" encoding="utf-8"?><CIM CIMVERSION="2.0" DTDVERSION="2.0"><MESSAGE ID="7" PROTOCOLVERSION="1.0">${request}</MESSAGE></CIM>`;

/** An intrinsic operation; parameters by name, each as the element in its IPARAMVALUE. */
export function operation(name: string, parameters: Readonly<Record<string, string>> = {}): Request {
  const values = Object.entries(parameters).map(([parameter, value]) => `<IPARAMVALUE NAME="${parameter}">${value}</IPARAMVALUE>`).join('');
  const body = message(`<SIMPLEREQ><IMETHODCALL NAME="${name}">${NAMESPACE_PATH}${values}</IMETHODCALL></SIMPLEREQ>`);
  return requestWith({ cimmethod: name, cimobject: 'root/virtualization/v2' }, body);
}

export const requestWith = (headers: Readonly<Record<string, string>>, body: string): Request => ({
  method: 'POST',
  headers: { 'content-type': 'application/xml; charset="utf-8"', cimoperation: 'MethodCall', ...headers },
  body: new TextEncoder().encode(body),
});

export const value = (text: string): string => `<VALUE>${text}</VALUE>`;
export const className = (name: string): string => `<CLASSNAME NAME="${name}"/>`;
export const jobName = '<INSTANCENAME CLASSNAME="Msvm_ConcreteJob"><KEYBINDING NAME="InstanceID"><KEYVALUE VALUETYPE="string">JOB-1</KEYVALUE></KEYBINDING></INSTANCENAME>';

/** The call of a method of the replication service. */
export function methodCall(name: string, parameters: string): Request {
  const path = `<LOCALINSTANCEPATH>${NAMESPACE_PATH}<INSTANCENAME CLASSNAME="Msvm_ReplicationService"><KEYBINDING NAME="Name"><KEYVALUE>RS</KEYVALUE></KEYBINDING></INSTANCENAME></LOCALINSTANCEPATH>`;
  const body = message(`<SIMPLEREQ><METHODCALL NAME="${name}">${path}${parameters}</METHODCALL></SIMPLEREQ>`);
  return requestWith({ cimmethod: name, cimobject: 'root/virtualization/v2:Msvm_ReplicationService.Name="RS"' }, body);
}

/** What the answer's (I)METHODRESPONSE holds. */
export function responseIn({ text }: Answer): readonly XmlElement[] {
  let at = parseXml(text);
  while (!at.local.endsWith('METHODRESPONSE')) at = elements(at)[0]!;
  return elements(at);
}

/** The element without what is in it that the names leave out: names of elements, nested. */
export const shapeOf = (element: XmlElement): string => {
  const inner = elements(element).map(shapeOf);
  return inner.length === 0 ? element.local : `${element.local}(${[...new Set(inner)].join(' ')})`;
};

/** CODE of the answer's ERROR; undefined when it has none. */
export const errorIn = (answer: Answer): string | undefined => {
  const [first] = responseIn(answer);
  return first?.local === 'ERROR' ? first.attributes.find(({ local }) => local === 'CODE')?.value : undefined;
};
