import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { CimError } from '../../src/cim/error.ts';
import { mofText } from '../../src/cim/mof.ts';
import { keysOf, methodNamed, propertyNamed } from '../../src/cim/schema/classes.ts';
import { CIMV2, INTEROP, SCHEMA, VIRTUALIZATION } from '../../src/cim/schema/published.ts';

/** The documented classes as data, which may lie beside the checkout. */
const MODEL = join(dirname(dirname(dirname(import.meta.dirname))), 'shared', 'cim', 'model.json');
const modelIsThere = existsSync(MODEL);

interface Value {
  readonly name?: string;
  readonly type: string;
  readonly array?: boolean;
  readonly class?: string;
  readonly key?: boolean;
  readonly write?: boolean;
  readonly embeddedInstance?: string;
  readonly direction?: string;
  readonly values?: Readonly<Record<string, string>>;
}
interface ModelClass {
  readonly superclass: string | null;
  readonly qualifiers: readonly string[];
  readonly properties: Readonly<Record<string, Value>>;
  readonly methods: Readonly<Record<string, { readonly returns: string; readonly parameters: readonly Value[]; readonly returnValues: Readonly<Record<string, string>> }>>;
}

/** Where the schema knows more than the model: both parameters hold settings as text. */
const EMBEDDED_THOUGH_UNDOCUMENTED = new Set(['ModifyReplicationSettings.ReplicationSettingData', 'ModifyServiceSettings.SettingData']);
const VALUES_FROM_TEXT = new Set(['Msvm_VirtualSystemSettingData.VirtualSystemType']);

const typeOf = (value: Value): string => (value.type.startsWith('CIM_') ? 'instance' : value.type);

test('Every documented class is declared as documented', { skip: modelIsThere ? false : 'shared/cim/model.json is not beside the checkout' }, () => {
  const model = JSON.parse(readFileSync(MODEL, 'utf8')) as { namespace: string; classes: Record<string, ModelClass> };
  for (const [name, documented] of Object.entries(model.classes)) {
    const declared = SCHEMA.classOf(model.namespace, name);
    assert.equal(declared.name, name);
    assert.equal(declared.superclass, documented.superclass, name);
    assert.equal(declared.isAbstract, documented.qualifiers.includes('Abstract'), name);
    assert.equal(declared.isAssociation, documented.qualifiers.includes('Association'), name);
    for (const [property, value] of Object.entries(documented.properties)) {
      const at = `${name}.${property}`;
      const found = declared.properties.find((candidate) => candidate.name === property);
      assert.ok(found, at);
      assert.deepEqual([found.type, found.array ?? false, found.origin], [typeOf(value), value.array ?? false, name], at);
      if (value.key) assert.equal(found.key, true, at);
      if (value.class !== undefined) assert.equal(found.class, value.class, at);
      assert.equal(found.writable ?? false, value.write ?? false, at);
      if (value.values !== undefined && !VALUES_FROM_TEXT.has(at)) assert.deepEqual(found.values, value.values, at);
      assert.equal(found.embeddedInstance, value.embeddedInstance, at);
    }
    for (const [method, documentedMethod] of Object.entries(documented.methods)) {
      const found = declared.methods.find((candidate) => candidate.name === method);
      assert.ok(found, `${name}.${method}`);
      assert.equal(found.returns, documentedMethod.returns);
      assert.deepEqual(found.returnValues ?? {}, documentedMethod.returnValues);
      assert.deepEqual(
        found.parameters.map(({ name, type, direction, array, class: of, embeddedInstance }) => ({ name, type, direction, array, of, embeddedInstance: EMBEDDED_THOUGH_UNDOCUMENTED.has(`${method}.${name}`) ? undefined : embeddedInstance })),
        documentedMethod.parameters.map((value) => ({ name: value.name, type: typeOf(value), direction: value.direction, array: value.array, of: value.class, embeddedInstance: value.embeddedInstance })),
        `${name}.${method}`,
      );
    }
  }
});

test('Every superclass, referenced class and embedded class exists, and every concrete class that is no event has keys', () => {
  const keyless = new Set(['Msvm_Error']);
  for (const namespace of SCHEMA.namespaces) {
    for (const declared of SCHEMA.classes(namespace)) {
      const values = [...declared.properties, ...declared.methods.flatMap((method) => method.parameters)];
      for (const value of values) {
        for (const name of [value.class, value.embeddedInstance]) assert.ok(name === undefined || SCHEMA.find(namespace, name), `${declared.name}.${value.name}: ${name}`);
        assert.equal(value.class === undefined && value.type === 'reference', false, `${declared.name}.${value.name}`);
      }
      if (!declared.isAbstract && !declared.isIndication && !keyless.has(declared.name)) assert.notEqual(keysOf(declared).length, 0, declared.name);
    }
  }
});

test('The replication service has exactly the 29 documented methods', () => {
  assert.equal(SCHEMA.classOf(VIRTUALIZATION, 'msvm_replicationservice').methods.length, 29);
});

test('Names are found in any case, with either slash and by alias', () => {
  assert.equal(SCHEMA.namespaceOf('\\ROOT\\Virtualization\\V2'), VIRTUALIZATION);
  assert.equal(SCHEMA.namespaceOf('root//cimv2/'), CIMV2);
  assert.equal(SCHEMA.namespaceOf('interop'), INTEROP);
  assert.equal(SCHEMA.namespaceOf('root/virtualization'), undefined);
  const declared = SCHEMA.classOf('ROOT\\VIRTUALIZATION\\V2', 'MSVM_COMPUTERSYSTEM');
  assert.equal(propertyNamed(declared, 'ELEMENTNAME')?.name, 'ElementName');
  assert.equal(methodNamed(declared, 'requeststatechange')?.origin, 'Msvm_ComputerSystem');
});

test('What is inherited keeps its key, its values and where it comes from', () => {
  const relationship = SCHEMA.classOf(VIRTUALIZATION, 'Msvm_ReplicationRelationship');
  assert.deepEqual(keysOf(relationship).map((key) => key.name), ['InstanceID']);
  assert.equal(propertyNamed(relationship, 'Caption')?.origin, 'CIM_ManagedElement');
  const system = SCHEMA.classOf(VIRTUALIZATION, 'Msvm_ComputerSystem');
  assert.equal(propertyNamed(system, 'HealthState')?.values?.['5'], 'OK');
  assert.equal(methodNamed(system, 'SetPowerState')?.origin, 'CIM_ComputerSystem');
  assert.equal(SCHEMA.classOf(VIRTUALIZATION, 'Msvm_HostedService').isAssociation, true);
  assert.deepEqual(keysOf(SCHEMA.classOf(CIMV2, 'Win32_ComputerSystemProduct')).map((key) => key.name), ['IdentifyingNumber', 'Name', 'Version']);
});

test('Subclasses are found to any depth, and a class is its superclasses', () => {
  const names = (depth: 'direct' | 'deep') => SCHEMA.subclasses(VIRTUALIZATION, 'CIM_Service', depth).map((declared) => declared.name);
  assert.equal(names('direct').includes('Msvm_ReplicationService'), true);
  assert.equal(names('direct').includes('Msvm_VirtualSystemManagementService'), false);
  assert.equal(names('deep').includes('Msvm_VirtualSystemManagementService'), true);
  assert.equal(SCHEMA.isA(VIRTUALIZATION, 'msvm_computersystem', 'cim_managedelement'), true);
  assert.equal(SCHEMA.isA(VIRTUALIZATION, 'CIM_ManagedElement', 'Msvm_ComputerSystem'), false);
});

test('What does not exist is said with the status that DSP0200 gives it', () => {
  const status = (act: () => unknown) => {
    try {
      act();
    } catch (error) {
      return error instanceof CimError ? error.status : error;
    }
    return undefined;
  };
  assert.equal(status(() => SCHEMA.classOf('root/virtualization', 'Msvm_ComputerSystem')), 'invalidNamespace');
  assert.equal(status(() => SCHEMA.classOf(VIRTUALIZATION, '__proto__')), 'invalidClass');
});

test('The MOF declares every class of every namespace once, after its superclass', () => {
  const [, ...parts] = mofText(SCHEMA).split('#pragma namespace');
  assert.equal(parts.length, SCHEMA.namespaces.length);
  for (const [index, namespace] of SCHEMA.namespaces.entries()) {
    const declared = [...(parts[index] ?? '').matchAll(/^(?:\[[^\]]*\] )?class (\w+)(?: : (\w+))? \{$/gm)].map(([, name, superclass]) => ({ name, superclass }));
    assert.deepEqual(declared.map(({ name }) => name), SCHEMA.classes(namespace).map(({ name }) => name));
    for (const [at, { superclass }] of declared.entries()) assert.ok(superclass === undefined || declared.slice(0, at).some(({ name }) => name === superclass), superclass);
  }
});

test('The MOF says key, override, embedded class, reference and return values', () => {
  const mof = mofText(SCHEMA);
  for (const line of [
    '  [key, read, Override("InstanceID")] string InstanceID;',
    '    [in] CIM_ComputerSystem ref ComputerSystem,',
    '    [in, EmbeddedInstance("Msvm_ReplicationSettingData")] string ReplicationSettingData,',
    '    [out, EmbeddedInstance("Msvm_SummaryInformationBase")] string SummaryInformation[]);',
    '  [read, Override("Started")] boolean Started = TRUE;',
    '[association] class Msvm_HostedService : CIM_HostedService {',
  ]) {
    assert.ok(mof.includes(`${line}\n`), line);
  }
});
