/** Methods that a class declares. Source: DSP0200, "Extrinsic methods"; DSP0201, "METHODRESPONSE". */
import { CimError } from '../../cim/error.ts';
import type { CimCaller, MethodOutcome, ObjectManager } from '../../cim/manager.ts';
import { named } from '../../cim/name.ts';
import type { MethodDeclaration, ParameterDeclaration } from '../../cim/schema.ts';
import { element, text, type Markup } from '../../xml/write.ts';
import type { ExtrinsicCall } from '../cimxml.ts';
import { wireType } from '../classes.ts';
import type { Place } from '../objectnames.ts';
import { contentsOf } from '../parameters.ts';
import { embeddedAttribute } from '../qualifiers.ts';
import { valueElements, valueSent } from '../values.ts';

interface Invocation {
  readonly manager: ObjectManager;
  readonly caller: CimCaller;
  readonly host: string;
}

/** What the METHODRESPONSE holds. Parameters are sent on as they came: the object manager types them by the class. Rejects with CimError. */
export async function invoke({ path, method: name, parameters }: ExtrinsicCall, { manager, caller, host }: Invocation): Promise<readonly Markup[]> {
  const namespace = path.namespace ?? manager.defaultNamespace;
  const method = methodDeclared(manager, namespace, path.className, name);
  const sent = [...contentsOf(parameters, 'PARAMVALUE')].map(([parameter, content]) => [parameter, valueSent(content, namespace)] as const);
  const outcome = await manager.invoke(caller, path, method.name, new Map(sent));
  return outcomeOf(method, outcome, { host, namespace });
}

/** An object may be named by a class above the one that declares the method. */
function methodDeclared(manager: ObjectManager, namespace: string, className: string, name: string): MethodDeclaration {
  const classes = [manager.classOf(namespace, className), ...manager.classes(namespace, { className, deep: true })];
  const method = classes.map(({ methods }) => named(methods, name)).find((each) => each !== undefined);
  if (method === undefined) throw new CimError('methodNotFound', `${className} has no method ${name}`);
  return method;
}

function outcomeOf({ returns, parameters }: MethodDeclaration, { returnValue, out }: MethodOutcome, place: Place): readonly Markup[] {
  return [
    element('RETURNVALUE', { PARAMTYPE: wireType({ type: returns }) }, element('VALUE', {}, text(String(returnValue)))),
    ...parameters.filter(({ direction }) => direction !== 'in').map((each) => outParameter(each, out, place)),
  ];
}

function outParameter(parameter: ParameterDeclaration, out: MethodOutcome['out'], place: Place): Markup {
  const content = valueElements(parameter, out.get(parameter.name), place);
  const attributes = { NAME: parameter.name, PARAMTYPE: wireType(parameter), EmbeddedObject: content.length > 0 ? embeddedAttribute(parameter) : undefined };
  return element('PARAMVALUE', attributes, content);
}
