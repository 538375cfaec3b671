import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { CimError } from '../../src/cim/error.ts';
import { instancePath, isSamePath, parsePath, pathText, type KeyValue } from '../../src/cim/path.ts';
import { SCHEMA, VIRTUALIZATION } from '../../src/cim/schema/published.ts';
import { typedPath } from '../../src/cim/typed.ts';
import { pathElement, readPathElement } from '../../src/cim/xmlpath.ts';
import { parseXml } from '../../src/xml/parse.ts';

const SETTING = instancePath(VIRTUALIZATION, 'Msvm_ReplicationSettingData', { InstanceID: 'Microsoft:9A6F\\HVR\\0' });

test('Every way to write a path is read as the same path', () => {
  for (const text of [
    '\\\\HOST\\root\\virtualization\\v2:Msvm_ReplicationSettingData.InstanceID="Microsoft:9A6F\\\\HVR\\\\0"',
    '//HOST/root/virtualization/v2:Msvm_ReplicationSettingData.InstanceID="Microsoft:9A6F\\\\HVR\\\\0"',
    '\\\\.\\root\\virtualization\\v2:Msvm_ReplicationSettingData.InstanceID="Microsoft:9A6F\\\\HVR\\\\0"',
    'root/virtualization/v2:Msvm_ReplicationSettingData.InstanceID="Microsoft:9A6F\\\\HVR\\\\0"',
    '\\root\\virtualization\\v2:Msvm_ReplicationSettingData.InstanceID=\'Microsoft:9A6F\\HVR\\0\'',
    ' root\\virtualization/v2:Msvm_ReplicationSettingData.InstanceID = "Microsoft:9A6F\\HVR\\0"\n',
  ]) {
    assert.deepEqual(parsePath(text), SETTING, text);
  }
});

test('A path may lack the namespace, the keys or the name of its key', () => {
  assert.deepEqual(parsePath('Msvm_ConcreteJob'), instancePath(null, 'Msvm_ConcreteJob', {}));
  assert.deepEqual(parsePath('Msvm_ConcreteJob="x"'), instancePath(null, 'Msvm_ConcreteJob', { '': 'x' }));
  assert.deepEqual(parsePath('__SystemSecurity=@'), instancePath(null, '__SystemSecurity', {}));
  assert.deepEqual(typedPath(SCHEMA, parsePath('msvm_concretejob="x"')), instancePath(VIRTUALIZATION, 'Msvm_ConcreteJob', { InstanceID: 'x' }));
  assert.deepEqual(parsePath('A.B=1,c=-2,d=TRUE,e=18446744073709551615,f="a,\\"b=c"').keys, new Map<string, KeyValue>([['B', 1], ['c', -2], ['d', true], ['e', 18_446_744_073_709_551_615n], ['f', 'a,"b=c']]));
});

test('References among the keys are paths after typing', () => {
  const system = instancePath(VIRTUALIZATION, 'Msvm_ComputerSystem', { CreationClassName: 'Msvm_ComputerSystem', Name: 'A "quoted" \\ name' });
  const link = instancePath(VIRTUALIZATION, 'Msvm_SystemReplicationRelationship', { Antecedent: system, Dependent: instancePath(VIRTUALIZATION, 'Msvm_ReplicationRelationship', { InstanceID: 'A\\HVR\\0' }) });
  for (const host of ['HOST', undefined]) assert.deepEqual(typedPath(SCHEMA, parsePath(pathText(link, host))), link);
});

test('The same object is the same whatever its path looks like', () => {
  assert.ok(isSamePath(parsePath('a.B="x",c=1'), parsePath('root/x:A.C=1,b="X"')));
  assert.ok(isSamePath(parsePath('a.b=1'), parsePath('a.b="1"')));
  assert.equal(isSamePath(parsePath('a.b="x"'), parsePath('a.b="y"')), false);
  assert.equal(isSamePath(parsePath('a.b="x"'), parsePath('a.b="x",c=""')), false);
});

test('What is no path is refused, and the message says where', () => {
  const message = (text: string): string => {
    try {
      parsePath(text);
    } catch (error) {
      assert.ok(error instanceof CimError && error.status === 'invalidParameter', String(error));
      return error.message;
    }
    return 'read';
  };
  assert.match(message(''), /no object path/);
  assert.match(message('A.b="x'), /no closing "/);
  assert.match(message('A.b="x",'), /no key name/);
  assert.match(message('A.b="x" c'), /no end at character 9/);
  assert.match(message('A.b="x",B="y"'), /second key B/);
  assert.match(message('A.b=x'), /no key value/);
  assert.match(message(`A.${Array.from({ length: 40 }, (_, index) => `k${index}=1`).join(',')}`), /more than 32 keys/);
  assert.match(message(`A.b="${'x'.repeat(40_000)}"`), /longer than/);
});

const name = fc.stringMatching(/^[A-Za-z_]\w{0,8}$/);
const key: fc.Arbitrary<KeyValue> = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 12 }).filter((value) => value.isWellFormed()), fc.integer(), fc.boolean());
const path = fc
  .record({ className: name, keys: fc.uniqueArray(fc.tuple(name, key), { selector: ([each]) => each.toLowerCase(), maxLength: 4 }), namespace: fc.constantFrom('root/cimv2', VIRTUALIZATION) })
  .map(({ namespace, className, keys }) => instancePath(namespace, className, Object.fromEntries(keys)));

test('What is written is read as it was, as text and as elements', () => {
  fc.assert(
    fc.property(path, fc.constantFrom('HOST', undefined), (path, host) => {
      assert.deepEqual(parsePath(pathText(path, host)), path);
      const element = readPathElement(parseXml(pathElement(path, host)));
      const expected = new Map([...path.keys].map(([key, value]) => [key, typeof value === 'string' ? value.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/gu, '?') : value]));
      assert.deepEqual(element, { ...path, keys: expected });
    }),
  );
});

test('Whatever the text is, it is a path or a CimError', () => {
  const piece = fc.constantFrom('\\\\', '//', 'HOST', 'root', '/', '\\', ':', 'A', '.', '=', '"', "'", 'b', ',', '1', '-', 'true', '@', '\\"', ' ');
  fc.assert(
    fc.property(fc.array(fc.oneof(piece, fc.string({ maxLength: 2 })), { maxLength: 20 }), (pieces) => {
      try {
        parsePath(pieces.join(''));
      } catch (error) {
        assert.ok(error instanceof CimError, String(error));
      }
    }),
    { numRuns: 2_000 },
  );
});
