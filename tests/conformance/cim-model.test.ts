/** The whole model as the host shows it: every instance is what its class declares, every association's ends are there. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { CimInstance, CimScalar, CimValue } from '../../src/cim/instance.ts';
import { isPath, pathText } from '../../src/cim/path.ts';
import { propertyNamed } from '../../src/cim/schema/classes.ts';
import { CIMV2, SCHEMA, VIRTUALIZATION } from '../../src/cim/schema/published.ts';
import type { CimType } from '../../src/cim/schema.ts';
import { sceneOf, VIEWER, type Scene } from './cimhost.ts';

const NAMESPACES = [VIRTUALIZATION, CIMV2];
/** Classes of the schema that never have instances of their own: values inside of methods, or told in other ways. */
const WITHOUT_INSTANCES = new Set(['Msvm_Error', 'Msvm_KvpExchangeDataItem', 'Msvm_SummaryInformation', 'CIM_MostCurrentSnapshotInBranch', 'CIM_DataFile',
  // Devices that no machine here has: clients ask for them and take it from there.
  'Msvm_SerialPortSettingData', 'Msvm_Keyboard', 'Msvm_DiskDrive', 'Msvm_SyntheticDisplayController', 'Msvm_S3DisplayController', 'Msvm_VideoHead', 'Msvm_VideoHeadOnController', 'Msvm_VirtualEthernetSwitchManagementService',
]);

const RANGES: Partial<Record<CimType, readonly [number, number]>> = {
  uint8: [0, 2 ** 8 - 1], uint16: [0, 2 ** 16 - 1], uint32: [0, 2 ** 32 - 1], sint8: [-(2 ** 7), 2 ** 7 - 1], sint16: [-(2 ** 15), 2 ** 15 - 1], sint32: [-(2 ** 31), 2 ** 31 - 1],
};

function isOfType(type: CimType, value: CimScalar): boolean {
  const range = RANGES[type];
  if (range) return typeof value === 'number' && Number.isInteger(value) && value >= range[0] && value <= range[1];
  if (type === 'uint64') return typeof value === 'bigint' && value >= 0n;
  if (type === 'sint64') return typeof value === 'bigint';
  if (type === 'datetime') return typeof value === 'object' && (value.kind === 'timestamp' || value.kind === 'interval');
  if (type === 'reference') return isPath(value);
  return typeof value === type;
}

const scalars = (value: CimValue): readonly CimScalar[] => (value === null ? [] : Array.isArray(value) ? (value as readonly CimScalar[]) : [value as CimScalar]);

function complaintsOf(namespace: string, { className, properties }: CimInstance): string[] {
  const declaration = SCHEMA.classOf(namespace, className);
  const missing = declaration.properties.filter(({ name }) => !properties.has(name)).map(({ name }) => `${className}.${name} is missing`);
  const wrong = [...properties].flatMap(([name, value]) => {
    const property = propertyNamed(declaration, name);
    if (property?.name !== name) return [`${className}.${name} is not declared`];
    if (value !== null && Array.isArray(value) !== (property.array === true)) return [`${className}.${name} is ${property.array ? 'no' : 'an'} array`];
    return scalars(value).filter((each) => !isOfType(property.type, each)).map((each) => `${className}.${name} is no ${property.type}: ${typeof each}`);
  });
  const keyless = declaration.properties.filter(({ key, name }) => key && properties.get(name) === null).map(({ name }) => `${className}.${name} is a key and null`);
  return [...missing, ...wrong, ...keyless];
}

const concreteClasses = (namespace: string) => SCHEMA.classes(namespace).filter(({ isAbstract, isIndication }) => !isAbstract && !isIndication);

describe('the model of a host', () => {
  let scene: Scene;
  before(async () => {
    scene = await sceneOf();
  });

  for (const namespace of NAMESPACES) {
    test(`every instance in ${namespace} has exactly the properties of its class, of their types`, async () => {
      for (const { name } of concreteClasses(namespace)) {
        const found = await scene.host.manager.instances(VIEWER, namespace, name);
        assert.deepEqual(found.flatMap(({ instance }) => complaintsOf(namespace, instance)), []);
      }
    });

    test(`every class of ${namespace} that can have instances has some in a host of every standing`, async () => {
      const classes = concreteClasses(namespace).filter(({ name }) => !WITHOUT_INSTANCES.has(name) && /^(Msvm|Win32)_/.test(name) && name !== 'Win32_SystemDevices');
      const empty: string[] = [];
      for (const { name } of classes) if ((await scene.host.manager.instances(VIEWER, namespace, name)).length === 0) empty.push(name);
      assert.deepEqual(empty, []);
    });

    test(`every instance in ${namespace} is found again by its path, and no two have the same`, async () => {
      for (const { name } of concreteClasses(namespace)) {
        const found = await scene.host.manager.instances(VIEWER, namespace, name);
        assert.equal(new Set(found.map(({ path }) => pathText(path))).size, found.length, name);
        for (const { path } of found) assert.deepEqual((await scene.host.manager.get(VIEWER, path)).path, path);
      }
    });

    test(`both ends of every association in ${namespace} are there, and of the classes that it declares`, async () => {
      for (const { name, properties } of concreteClasses(namespace).filter(({ isAssociation }) => isAssociation)) {
        for (const { instance } of await scene.host.manager.instances(VIEWER, namespace, name)) {
          for (const reference of properties.filter(({ type }) => type === 'reference')) {
            const end = instance.properties.get(reference.name) ?? null;
            assert.ok(isPath(end), `${name}.${reference.name}`);
            const { instance: target } = await scene.host.manager.get(VIEWER, end);
            assert.ok(SCHEMA.isA(namespace, target.className, reference.class!), `${name}.${reference.name} is a ${target.className}`);
          }
        }
      }
    });

    test(`each association in ${namespace} is seen from both of its ends as it is in the list`, async () => {
      for (const { name, properties } of concreteClasses(namespace).filter(({ isAssociation }) => isAssociation)) {
        for (const { instance, path } of await scene.host.manager.instances(VIEWER, namespace, name)) {
          for (const reference of properties.filter(({ type }) => type === 'reference')) {
            const end = instance.properties.get(reference.name) ?? null;
            assert.ok(isPath(end));
            const seen = await scene.host.manager.references(VIEWER, end, { resultClass: name, role: reference.name });
            assert.ok(seen.some((link) => pathText(link.path) === pathText(path)), `${pathText(path)} is not seen from ${reference.name}`);
          }
        }
      }
    });
  }
});
