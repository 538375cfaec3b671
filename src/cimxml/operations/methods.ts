/** Methods that a class declares. Source: DSP0200, "Extrinsic methods"; DSP0201, "METHODRESPONSE". */
import { CimError } from '../../cim/error.ts';
import type { CimValue } from '../../cim/instance.ts';
import type { CimCaller, MethodOutcome, ObjectManager } from '../../cim/manager.ts';
import { named } from '../../cim/name.ts';
import type { MethodDeclaration, ParameterDeclaration } from '../../cim/schema.ts';
import type { Schema } from '../../cim/schema/classes.ts';
import { element, text, type Markup } from '../../xml/write.ts';
import type { ExtrinsicCall } from '../cimxml.ts';
import { wireType } from '../classes.ts';
import type { Place } from '../objectnames.ts';
import { contentsOf } from '../parameters.ts';
import { embeddedAttribute } from '../qualifiers.ts';
import { valueElements, valueSent } from '../values.ts';

interface Invocation {
  readonly manager: ObjectManager;
  readonly schema: Schema;
  readonly caller: CimCaller;
  readonly host: string;
}

/** Parameters are sent on as they came: the object manager types them by the class. Rejects with CimError. */
export async function invoke({ path, method: name, parameters }: ExtrinsicCall, { manager, schema, caller, host }: Invocation): Promise<{ readonly content: readonly Markup[]; readonly returnValue: number }> {
  const namespace = path.namespace ?? manager.defaultNamespace;
  const method = methodDeclared(schema, namespace, path.className, name);
  const sent = contentsOf(parameters, 'PARAMVALUE').map(({ name: parameter, content }) => [parameter, valueSent(content, namespace)] as const);
  const outcome = await manager.invoke(caller, path, method.name, new Map(sent));
  return { content: outcomeOf(method, outcome, { schema, host, namespace }), returnValue: outcome.returnValue };
}

/** An object may be named by a class above the one that declares the method. */
function methodDeclared(schema: Schema, namespace: string, className: string, name: string): MethodDeclaration {
  const classes = [schema.classOf(namespace, className), ...schema.subclasses(namespace, className)];
  const method = classes.map(({ methods }) => named(methods, name)).find((each) => each !== undefined);
  if (method === undefined) throw new CimError('methodNotFound', `${className} has no method ${name}`);
  return method;
}

function outcomeOf({ returns, parameters }: MethodDeclaration, { returnValue, out }: MethodOutcome, place: Place): readonly Markup[] {
  return [
    element('RETURNVALUE', { PARAMTYPE: wireType({ type: returns }) }, element('VALUE', {}, text(String(returnValue)))),
    ...parameters.filter(({ direction }) => direction !== 'in').flatMap((each) => outParameter(each, out.get(each.name) ?? null, place)),
  ];
}

/** Nothing for null: wbemcli ends with a segmentation fault at a PARAMVALUE without a value. */
function outParameter(parameter: ParameterDeclaration, value: CimValue, place: Place): readonly Markup[] {
  if (value === null) return [];
  const attributes = { NAME: parameter.name, PARAMTYPE: wireType(parameter), EmbeddedObject: embeddedAttribute(parameter) };
  return [element('PARAMVALUE', attributes, valueElements(parameter, value, place))];
}
