/** A WS-Management client of one host, as small as a flow needs: invoking, getting, enumerating, and waiting for jobs. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseXml } from '../../src/xml/parse.ts';
import { childNamed, elements, textOf } from '../../src/xml/read.ts';
import type { XmlElement } from '../../src/xml/xml.ts';
import { actionOf, basic, DMTF, envelopeText, post, type EnvelopeOptions } from '../conformance/wsmanbench.ts';
import { until, type TestHost } from './testhost.ts';

const PASSWORD = 'a-pass-phrase-of-a-test';
const NAMESPACE = 'root/virtualization/v2';
const XML_LIMITS = { characters: 4_000_000, elements: 100_000, depth: 64 };
const JOB_WITHIN_MS = 60_000;

export type Keys = Readonly<Record<string, string>>;

export interface Reference {
  readonly className: string;
  readonly keys: Keys;
}

/** A text, or an object. */
export type Argument = string | number | Reference;

export interface Outcome {
  readonly returnValue: number;
  readonly job: Keys | null;
  /** Keys of the ResultingSystem. */
  readonly system: Keys | null;
  readonly body: string;
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
const selectorsOf = (keys: Keys): string => Object.entries({ __cimnamespace: NAMESPACE, ...keys }).map(([name, value]) => `<w:Selector Name="${name}">${escaped(value)}</w:Selector>`).join('');

const argument = (value: Argument): string =>
  typeof value === 'object'
    ? `<a:Address>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address><a:ReferenceParameters><w:ResourceURI>${DMTF}/${value.className}</w:ResourceURI><w:SelectorSet>${selectorsOf(value.keys)}</w:SelectorSet></a:ReferenceParameters>`
    : escaped(String(value));

function keysIn(parameter: XmlElement | undefined): Keys | null {
  const set = parameter && childNamed(parameter, 'ReferenceParameters') && childNamed(childNamed(parameter, 'ReferenceParameters')!, 'SelectorSet');
  return set ? Object.fromEntries(elements(set).map((selector) => [selector.attributes.find(({ local }) => local === 'Name')!.value, textOf(selector)] as const).filter(([name]) => name !== '__cimnamespace')) : null;
}

/** Properties by name; an empty one is null. */
export type Properties = Readonly<Record<string, string | null>>;
const propertiesOf = (instance: XmlElement): Properties => Object.fromEntries(elements(instance).map((each) => [each.local, textOf(each) || null]));

export class CimClient {
  readonly host: TestHost;
  readonly #user: string;

  private constructor(host: TestHost, user: string) {
    this.host = host;
    this.#user = user;
  }

  /** A new user of the host, with this role. */
  static async of(host: TestHost, user: string, role: string): Promise<CimClient> {
    const file = join(host.directory, 'password');
    writeFileSync(file, PASSWORD, { mode: 0o600 });
    await host.run('user', 'add', user, '--role', role, '--password-file', file);
    return new CimClient(host, user);
  }

  async #ask(options: EnvelopeOptions): Promise<{ status: number; text: string; body: XmlElement }> {
    const { status, text } = await post(`http://127.0.0.1:${5985 + this.host.portOffset}`, envelopeText(options), { headers: { authorization: basic(this.#user, PASSWORD) } });
    return { status, text, body: childNamed(parseXml(text, XML_LIMITS), 'Body')! };
  }

  async get(className: string, keys: Keys): Promise<Properties> {
    const { status, text, body } = await this.#ask({ action: actionOf('Get'), resource: `${DMTF}/${className}`, selectors: { __cimnamespace: NAMESPACE, ...keys } });
    assert.equal(status, 200, text);
    return propertiesOf(elements(body)[0]!);
  }

  /** At most a hundred. */
  async instances(className: string): Promise<readonly Properties[]> {
    const { status, text, body } = await this.#ask({
      action: actionOf('Enumerate'), resource: `${DMTF}/${className}`, selectors: { __cimnamespace: NAMESPACE }, body: '<n:Enumerate><w:OptimizeEnumeration/><w:MaxElements>100</w:MaxElements></n:Enumerate>',
    });
    assert.equal(status, 200, text);
    return elements(childNamed(elements(body)[0]!, 'Items')!).map(propertiesOf);
  }

  async invoke({ className, keys }: Reference, method: string, parameters: Readonly<Record<string, Argument>> = {}): Promise<Outcome> {
    const resource = `${DMTF}/${className}`;
    const content = Object.entries(parameters).map(([name, value]) => `<p:${name}>${argument(value)}</p:${name}>`).join('');
    const { status, text, body } = await this.#ask({
      action: `${resource}/${method}`, resource, selectors: { __cimnamespace: NAMESPACE, ...keys }, body: `<p:${method}_INPUT xmlns:p="${resource}">${content}</p:${method}_INPUT>`,
    });
    assert.equal(status, 200, text);
    const output = elements(body)[0]!;
    const returnValue = Number(textOf(childNamed(output, 'ReturnValue')!));
    return { returnValue, job: keysIn(childNamed(output, 'Job')), system: keysIn(childNamed(output, 'ResultingSystem')), body: text };
  }

  /** Msvm_ReplicationService's method about a machine. */
  replication(method: string, machineId: string, parameters: Readonly<Record<string, Argument>> = {}): Promise<Outcome> {
    return this.invoke({ className: 'Msvm_ReplicationService', keys: { Name: 'replicasvc' } }, method, { ComputerSystem: machine(machineId), ...parameters });
  }

  /** The job has ended, and well. */
  async done(asked: Promise<Outcome>): Promise<Outcome> {
    const outcome = await asked;
    if (outcome.returnValue === 0) return outcome;
    const job = await this.ended(outcome);
    assert.deepEqual([outcome.returnValue, job['JobState'], job['ErrorDescription']], [4_096, '7', null]);
    return outcome;
  }

  /** Polled as clients do. */
  ended({ job }: Outcome): Promise<Properties> {
    assert.ok(job, 'there is a job');
    return until('the job has ended', async () => {
      const seen = await this.get('Msvm_ConcreteJob', job);
      return seen['JobState'] === '4' ? undefined : seen;
    }, JOB_WITHIN_MS, () => this.get('Msvm_ConcreteJob', job), 200);
  }
}

export const machine = (id: string): Reference => ({ className: 'Msvm_ComputerSystem', keys: { CreationClassName: 'Msvm_ComputerSystem', Name: id.toUpperCase() } });
export const point = (id: string): Reference => ({ className: 'Msvm_VirtualSystemSettingData', keys: { InstanceID: `Microsoft:${id.toUpperCase()}` } });
