/** Operations on instances. Source: DSP0200, "GetInstance" to "EnumerateInstanceNames". */
import { CimError } from '../../cim/error.ts';
import { readInstanceElement } from '../../cim/instancexml.ts';
import { instanceNameElement } from '../../cim/xmlpath.ts';
import { returnValue } from '../cimxml.ts';
import { AnswerWriter, type InstanceShape } from '../instances.ts';
import { boolean, classNameForm, instanceForm, instanceNameForm, namedInstanceForm, names, optional, required, string } from '../parameters.ts';
import { valueElements } from '../values.ts';
import { INSTANCE_PARAMETERS, operation, type Ask, type Operation } from './operation.ts';

interface ShapeParameters {
  readonly LocalOnly: boolean;
  readonly IncludeClassOrigin: boolean;
  readonly PropertyList: ReadonlySet<string> | null;
}

export const shapeOf = ({ LocalOnly, IncludeClassOrigin, PropertyList }: ShapeParameters): InstanceShape => ({
  localOnly: LocalOnly,
  classOrigin: IncludeClassOrigin,
  properties: PropertyList,
});

/** Without deep inheritance, instances of subclasses show only what the asked class has. */
export function shapeForClass(ask: Ask, className: string, deep: boolean, shape: InstanceShape): InstanceShape {
  if (deep) return shape;
  const own = ask.schema.classOf(ask.namespace, className).properties.map(({ name }) => name.toLowerCase());
  return { ...shape, properties: new Set(own.filter((name) => shape.properties?.has(name) ?? true)) };
}

const getInstance = operation({ InstanceName: required(instanceNameForm), ...INSTANCE_PARAMETERS }, async (ask, { InstanceName, ...shape }) => {
  const { path, instance } = await ask.manager.get(ask.caller, InstanceName);
  return [returnValue([new AnswerWriter(ask.place, shapeOf(shape)).instance(instance, path.namespace ?? ask.namespace)])];
});

const enumerateInstances = operation(
  { ClassName: required(classNameForm), DeepInheritance: optional(boolean, true), ...INSTANCE_PARAMETERS },
  async (ask, { ClassName, DeepInheritance, ...shape }) => {
    const writer = new AnswerWriter(ask.place, shapeForClass(ask, ClassName, DeepInheritance, shapeOf(shape)));
    const found = await ask.manager.instances(ask.caller, ask.namespace, ClassName);
    return [returnValue(found.map((each) => writer.named(each)))];
  },
);

const enumerateInstanceNames = operation({ ClassName: required(classNameForm) }, async (ask, { ClassName }) => {
  const found = await ask.manager.instances(ask.caller, ask.namespace, ClassName);
  return [returnValue(found.map(({ path }) => instanceNameElement(path)))];
});

const getProperty = operation({ InstanceName: required(instanceNameForm), PropertyName: required(string) }, async (ask, { InstanceName, PropertyName }) => {
  const { path, instance } = await ask.manager.get(ask.caller, InstanceName);
  const declaration = ask.schema.classOf(path.namespace ?? ask.namespace, instance.className);
  const property = declaration.properties.find(({ name }) => name.toLowerCase() === PropertyName.toLowerCase());
  if (property === undefined) throw new CimError('noSuchProperty', `${declaration.name} has no property ${PropertyName}`);
  return [returnValue(valueElements(property, instance.properties.get(property.name), ask.place))];
});

const createInstance = operation({ NewInstance: required(instanceForm) }, async (ask, { NewInstance }) => {
  const created = await ask.manager.create(ask.caller, ask.namespace, readInstanceElement(NewInstance));
  return [returnValue([instanceNameElement(created)])];
});

const modifyInstance = operation(
  { ModifiedInstance: required(namedInstanceForm), IncludeQualifiers: optional(boolean, true), PropertyList: optional(names, null) },
  async (ask, { ModifiedInstance: { path, instance }, PropertyList }) => {
    const { kind, className, properties } = readInstanceElement(instance);
    const listed = [...properties].filter(([name]) => PropertyList?.has(name.toLowerCase()) ?? true);
    await ask.manager.modify(ask.caller, path, { kind, className, properties: new Map(listed) });
    return [];
  },
);

const deleteInstance = operation({ InstanceName: required(instanceNameForm) }, async (ask, { InstanceName }) => {
  await ask.manager.remove(ask.caller, InstanceName);
  return [];
});

export const INSTANCE_OPERATIONS = {
  GetInstance: getInstance,
  EnumerateInstances: enumerateInstances,
  EnumerateInstanceNames: enumerateInstanceNames,
  GetProperty: getProperty,
  CreateInstance: createInstance,
  ModifyInstance: modifyInstance,
  DeleteInstance: deleteInstance,
} as const satisfies Readonly<Record<string, Operation>>;
