import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import { interval, timestamp } from '../../src/cim/datetime.ts';
import { readEmbedded } from '../../src/cim/embedded.ts';
import { embeddedText } from '../../src/cim/embeddedtext.ts';
import { CimError, type CimStatusName } from '../../src/cim/error.ts';
import type { CimInstance, CimScalar, CimValue } from '../../src/cim/instance.ts';
import { instancePath } from '../../src/cim/path.ts';
import { SCHEMA, VIRTUALIZATION } from '../../src/cim/schema/published.ts';
import type { PropertyDeclaration } from '../../src/cim/schema.ts';

const capture = (name: string): string => readFileSync(join(import.meta.dirname, 'cim', name), 'utf8');
const SETTINGS = 'Msvm_ReplicationSettingData';
const read = (text: string, expected: string | undefined = SETTINGS): CimInstance => readEmbedded(SCHEMA, VIRTUALIZATION, text, expected);
const write = (instance: CimInstance): string => embeddedText({ schema: SCHEMA, namespace: VIRTUALIZATION, host: 'HOST' }, instance);
const valuesOf = (text: string): Record<string, CimValue> => Object.fromEntries(read(text).properties);

function refused(status: CimStatusName, text: string, message: RegExp, expected: string | undefined = SETTINGS): void {
  assert.throws(() => read(text, expected), (error: unknown) => {
    assert.ok(error instanceof CimError, String(error));
    assert.equal(error.status, status);
    assert.match(error.message, message);
    return true;
  });
}

const SOME = `<INSTANCE CLASSNAME="${SETTINGS}"><PROPERTY NAME="RecoveryConnectionPoint" TYPE="string"><VALUE>replica.example</VALUE></PROPERTY><PROPERTY NAME="RecoveryServerPortNumber" TYPE="uint16"><VALUE>443</VALUE></PROPERTY></INSTANCE>`;
const SOME_VALUES = { RecoveryConnectionPoint: 'replica.example', RecoveryServerPortNumber: 443 };

test('What GetText writes by CIM DTD 2.0 is read, without system properties', () => {
  const values = valuesOf(capture('embedded-1-gettext-cimdtd20.xml'));
  assert.deepEqual(Object.keys(values), ['InstanceID', 'AuthenticationType', 'CertificateThumbPrint', 'CompressionEnabled', 'RecoveryConnectionPoint', 'RecoveryServerPortNumber', 'AutoResynchronizeIntervalStart', 'IncludedDisks']);
  assert.equal(values['InstanceID'], 'Microsoft:9A6F1F70-0A4B-4B5C-9D43-0D2F9A7C0001\\HVR\\0');
  assert.equal(values['CompressionEnabled'], true);
  assert.deepEqual(values['AutoResynchronizeIntervalStart'], interval(66_600_000_000n));
});

test('What the MI serializer writes is read', () => {
  assert.deepEqual(valuesOf(capture('embedded-2-cimserializer.xml')), {
    ...SOME_VALUES,
    CompressionEnabled: true,
    IncludedDisks: ['root/virtualization/v2:Msvm_StorageAllocationSettingData.InstanceID="..."'],
  });
});

test('Declarations, marks, blanks and wrappers around the instance do not count', () => {
  for (const text of [
    `<?xml version="1.0"?>\n  ${SOME}\n`,
    `\ufeff<?xml version="1.0" encoding="utf-16"?>${SOME}`,
    `\n  ${SOME}`,
    `<CIM CIMVERSION="2.0" DTDVERSION="2.0"><DECLARATION><DECLGROUP><VALUE.OBJECT>${SOME}</VALUE.OBJECT></DECLGROUP></DECLARATION></CIM>`,
    `<VALUE.NAMEDINSTANCE><INSTANCENAME CLASSNAME="${SETTINGS}"/>${SOME}</VALUE.NAMEDINSTANCE>`,
    `<DECLGROUP.WITHNAME><VALUE.NAMEDOBJECT>${SOME}</VALUE.NAMEDOBJECT></DECLGROUP.WITHNAME>`,
    SOME.replaceAll('NAME=', 'name=').replaceAll('CLASSname', 'classname'),
    SOME.replace(`CLASSNAME="${SETTINGS}"`, ''),
    SOME.replace('<PROPERTY', '<QUALIFIER NAME="dynamic" TYPE="boolean"><VALUE>TRUE</VALUE></QUALIFIER><PROPERTY'),
    SOME.replaceAll(/ TYPE="\w+"/g, ''),
    SOME.replace('TYPE="uint16"', 'TYPE="string"'),
    SOME.replace('RecoveryConnectionPoint', 'recoveryconnectionpoint').replace(SETTINGS, SETTINGS.toUpperCase()),
  ]) {
    assert.deepEqual(valuesOf(text), SOME_VALUES, text);
  }
});

test('A value left out is absent, one without a value is null, and an empty one is empty', () => {
  const property = (content: string, attributes = '') => `<INSTANCE CLASSNAME="${SETTINGS}"><PROPERTY NAME="ReplicationProvider" TYPE="string"${attributes}>${content}</PROPERTY></INSTANCE>`;
  assert.deepEqual(valuesOf(property('')), { ReplicationProvider: null });
  assert.deepEqual(valuesOf(property('<VALUE></VALUE>')), { ReplicationProvider: '' });
  assert.deepEqual(valuesOf(property('', ' PROPAGATED="true"')), {});
  assert.deepEqual(valuesOf(property('<VALUE>x</VALUE>', ' PROPAGATED="true"')), { ReplicationProvider: 'x' });
  assert.deepEqual(valuesOf(`<INSTANCE CLASSNAME="${SETTINGS}"><PROPERTY.ARRAY NAME="IncludedDisks" TYPE="string"/></INSTANCE>`), { IncludedDisks: null });
  assert.deepEqual(valuesOf(`<INSTANCE CLASSNAME="${SETTINGS}"><PROPERTY.ARRAY NAME="IncludedDisks" TYPE="string"><VALUE.ARRAY/></PROPERTY.ARRAY></INSTANCE>`), { IncludedDisks: [] });
});

test('What GetText writes by WMI DTD 2.0 is read: qualifiers in properties are not their values', () => {
  const qualifier = (value: string) => `<QUALIFIER NAME="CIMTYPE" PROPAGATED="true" TYPE="string" TOINSTANCE="true"><VALUE>${value}</VALUE></QUALIFIER>`;
  const array = '<PROPERTY.ARRAY NAME="IncludedDisks" CLASSORIGIN="x" TYPE="string"><QUALIFIER.ARRAY NAME="q" TYPE="string"><VALUE.ARRAY><VALUE>no</VALUE></VALUE.ARRAY></QUALIFIER.ARRAY><VALUE.ARRAY><VALUE>a</VALUE></VALUE.ARRAY></PROPERTY.ARRAY>';
  const text = `<INSTANCE CLASSNAME="${SETTINGS}">${qualifier('x')}<PROPERTY NAME="Notes" PROPAGATED="true" TYPE="string">${qualifier('string')}</PROPERTY><PROPERTY NAME="RecoveryServerPortNumber" TYPE="uint16">${qualifier('uint16')}<VALUE>443</VALUE></PROPERTY><PROPERTY NAME="ReplicationProvider" TYPE="string">${qualifier('string')}</PROPERTY>${array}</INSTANCE>`;
  assert.deepEqual(valuesOf(text), { RecoveryServerPortNumber: 443, ReplicationProvider: null, IncludedDisks: ['a'] });
});

test('Instances in a property are read by either DTD', () => {
  const disk = '<INSTANCE CLASSNAME="Msvm_StorageAllocationSettingData"><PROPERTY NAME="InstanceID" TYPE="string"><VALUE>d0</VALUE></PROPERTY></INSTANCE>';
  const [first] = [read(`<INSTANCE CLASSNAME="${SETTINGS}"><PROPERTY.OBJECTARRAY NAME="IncludedDisks"><VALUE.OBJECTARRAY><VALUE.OBJECT>${disk}</VALUE.OBJECT></VALUE.OBJECTARRAY></PROPERTY.OBJECTARRAY></INSTANCE>`).properties.get('IncludedDisks') as CimInstance[]];
  assert.deepEqual(first, [read(disk, 'CIM_StorageAllocationSettingData')]);
  refused('invalidParameter', `<INSTANCE CLASSNAME="${SETTINGS}"><PROPERTY.OBJECT NAME="IncludedDisks"><VALUE.OBJECT><INSTANCE CLASSNAME="Nothing"/></VALUE.OBJECT></PROPERTY.OBJECT></INSTANCE>`, /"Nothing"/);
});

test('A reference is read from its elements and from text', () => {
  const link = (value: string) => `<INSTANCE CLASSNAME="Msvm_ReplicaSystemDependency"><PROPERTY.REFERENCE NAME="Antecedent"><VALUE.REFERENCE>${value}</VALUE.REFERENCE></PROPERTY.REFERENCE></INSTANCE>`;
  const name = '<INSTANCENAME CLASSNAME="Msvm_ComputerSystem"><KEYBINDING NAME="Name"><KEYVALUE VALUETYPE="string">A</KEYVALUE></KEYBINDING></INSTANCENAME>';
  const space = '<LOCALNAMESPACEPATH><NAMESPACE NAME="root"/><NAMESPACE NAME="virtualization"/><NAMESPACE NAME="v2"/></LOCALNAMESPACEPATH>';
  const path = instancePath(VIRTUALIZATION, 'Msvm_ComputerSystem', { Name: 'A' });
  for (const value of [`<INSTANCEPATH><NAMESPACEPATH><HOST>h</HOST>${space}</NAMESPACEPATH>${name}</INSTANCEPATH>`, `<LOCALINSTANCEPATH>${space}${name}</LOCALINSTANCEPATH>`, '\\\\h\\root\\virtualization\\v2:Msvm_ComputerSystem.Name="A"']) {
    assert.deepEqual(read(link(value), 'CIM_Dependency').properties.get('Antecedent'), path);
  }
  assert.deepEqual(read(link(name), 'CIM_Dependency').properties.get('Antecedent'), { ...path, namespace: null });
});

test('MOF is read, with comments, joined strings, escapes, arrays and NULL', () => {
  assert.deepEqual(
    valuesOf(`// settings
      [Dynamic, Provider("x]y")] instance of ${SETTINGS.toLowerCase()}
      {
        RecoveryConnectionPoint = "replica" /* joined */ ".example";
        recoveryserverportnumber = 0x1BB;
        CompressionEnabled = TRUE;
        InstanceID = "Microsoft:A\\\\HVR\\\\0\\x41\\n\\"";
        IncludedDisks = {"a", "b"};
        Notes = {};
        ReplicationProvider = NULL;
        RecoveryHistory = 101b;
        AutoResynchronizeIntervalStart = "00000000183000.000000:000";
      };`),
    {
      ...SOME_VALUES,
      CompressionEnabled: true,
      InstanceID: 'Microsoft:A\\HVR\\0A\n"',
      IncludedDisks: ['a', 'b'],
      Notes: [],
      ReplicationProvider: null,
      RecoveryHistory: 5,
      AutoResynchronizeIntervalStart: interval(66_600_000_000n),
    },
  );
  const nested = read(`instance of ${SETTINGS} { IncludedDisks = { instance of Msvm_StorageAllocationSettingData { InstanceID = "d0"; } }; }`);
  assert.equal((nested.properties.get('IncludedDisks') as CimInstance[])[0]?.properties.get('InstanceID'), 'd0');
});

test('What is wrong is named', () => {
  refused('invalidParameter', SOME.replace(SETTINGS, 'Msvm_Nothing'), /"Msvm_Nothing", which does not exist/);
  refused('invalidParameter', SOME.replace(SETTINGS, 'Msvm_ComputerSystem'), /Msvm_ReplicationSettingData is expected/);
  refused('invalidParameter', SOME.replace('RecoveryServerPortNumber', 'Port'), /Port is no property of Msvm_ReplicationSettingData/);
  refused('invalidParameter', SOME.replace('RecoveryServerPortNumber', 'RECOVERYCONNECTIONPOINT'), /there twice/);
  refused('typeMismatch', SOME.replace('443', '70000'), /RecoveryServerPortNumber: "70000" is no uint16/);
  refused('typeMismatch', SOME.replace('<VALUE>443</VALUE>', '<VALUE></VALUE>'), /RecoveryServerPortNumber: "" is no uint16/);
  refused('invalidParameter', '', /empty/);
  refused('invalidParameter', '<CLASS NAME="x"/>', /no INSTANCE in CLASS/);
  refused('invalidParameter', `<DECLARATION>${SOME}${SOME}</DECLARATION>`, /more than one/);
  refused('invalidParameter', SOME.slice(0, -5), /no XML/);
  refused('invalidParameter', `<!DOCTYPE x [<!ENTITY a "b">]>${SOME}`, /document type/);
  refused('invalidParameter', 'x'.repeat(300_000), /longer than/);
  refused('invalidParameter', `instance of ${SETTINGS} { A "x"; };`, /MOF: = is expected at character 45/);
  refused('invalidParameter', `instance of ${SETTINGS} { Notes = "x };`, /a value is expected/);
  refused('invalidParameter', `instance of ${SETTINGS} { ${'IncludedDisks = instance of Msvm_StorageAllocationSettingData { '.repeat(1_000)}`, /more than 8 instances/);
  refused('invalidParameter', `instance of ${SETTINGS} { ${Array.from({ length: 20_000 }, (_, index) => `p${index}=1;`).join('')} };`, /more than 512/);
});

const scalars: Readonly<Partial<Record<PropertyDeclaration['type'], fc.Arbitrary<CimScalar>>>> = {
  string: fc.string({ unit: 'grapheme', maxLength: 20 }).filter((text) => text.isWellFormed() && !/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(text)),
  boolean: fc.boolean(),
  uint16: fc.integer({ min: 0, max: 0xffff }),
  uint64: fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn }),
  datetime: fc.oneof(
    fc.record({ ms: fc.integer({ min: -62_000_000_000_000, max: 253_000_000_000_000 }), micros: fc.integer({ min: 0, max: 999 }) }).map(({ ms, micros }) => timestamp(ms, micros)),
    fc.bigInt({ min: 0n, max: 8_639_999_999_999_999_999n }).map(interval),
  ),
};
const valueOf = (property: PropertyDeclaration): fc.Arbitrary<CimValue> => {
  const scalar = scalars[property.type] ?? fc.constant('x');
  const value: fc.Arbitrary<CimValue> = property.array ? fc.array(scalar, { maxLength: 3 }) : scalar;
  return fc.option(value);
};
const instanceOf = (className: string): fc.Arbitrary<CimInstance> => {
  const properties = SCHEMA.classOf(VIRTUALIZATION, className).properties.filter((property) => scalars[property.type] !== undefined);
  return fc.record(Object.fromEntries(properties.map((property) => [property.name, valueOf(property)]))).map((values) => ({ kind: 'instance', className, properties: new Map(Object.entries(values)) }));
};

test('What is written has every property of the class and is read as it was', () => {
  fc.assert(
    fc.property(instanceOf(SETTINGS), (instance) => {
      const again = read(write(instance));
      const declared = SCHEMA.classOf(VIRTUALIZATION, SETTINGS).properties.map(({ name }) => name);
      assert.deepEqual([...again.properties.keys()], declared);
      assert.deepEqual(again.properties, new Map(declared.map((name) => [name, instance.properties.get(name) ?? null])));
    }),
    { numRuns: 50 },
  );
});

test('Long literals, comments and brackets are read in bounded time', { timeout: 5_000 }, () => {
  const long = 'ab'.repeat(125_000);
  assert.equal(valuesOf(`instance of ${SETTINGS} { ReplicationProvider = "${long}"; };`)['ReplicationProvider'], long);
  for (const hostile of [`"${'\\'.repeat(125_000)}`, `/*${'*'.repeat(250_000)}`, `${'/**/'.repeat(60_000)}`, `${'{'.repeat(250_000)}`, `[${'"'.repeat(250_000)}`, `[${'x'.repeat(250_000)}`, `"a" `.repeat(60_000)]) {
    refused('invalidParameter', `instance of ${SETTINGS} { Notes = ${hostile}`, /MOF/);
    refused('invalidParameter', hostile, /MOF/);
  }
});

test('However a message is damaged, it is an instance or a CimError, and soon', { timeout: 60_000 }, () => {
  const mof = `instance of ${SETTINGS} { RecoveryConnectionPoint = "replica" ".example"; IncludedDisks = {"a", "b"}; Notes = NULL; };`;
  const originals = [capture('embedded-1-gettext-cimdtd20.xml'), capture('embedded-2-cimserializer.xml'), SOME, mof];
  const splice = fc.record({ at: fc.nat(), remove: fc.nat(12), insert: fc.oneof(fc.constantFrom('<', '>', '"', '/', '&', '{', '}', '\\', '/*', '<INSTANCE>', '<VALUE>', '</VALUE>', '\0'), fc.string({ maxLength: 4 })) });
  fc.assert(
    fc.property(fc.constantFrom(...originals), fc.array(splice, { minLength: 1, maxLength: 4 }), (original, splices) => {
      let text = original;
      for (const { at, remove, insert } of splices) text = text.slice(0, at % (text.length + 1)) + insert + text.slice((at % (text.length + 1)) + remove);
      try {
        read(text);
      } catch (error) {
        assert.ok(error instanceof CimError, String(error));
      }
    }),
    { numRuns: 2_000 },
  );
});
