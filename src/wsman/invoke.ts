/** Methods: `<Method>_INPUT` in, `<Method>_OUTPUT` out. Source: DSP0227 §10, DSP0230 §9. */
import type { CimValue } from '../cim/instance.ts';
import type { MethodOutcome } from '../cim/manager.ts';
import { named } from '../cim/name.ts';
import type { ClassDeclaration, MethodDeclaration } from '../cim/schema.ts';
import { elements } from '../xml/read.ts';
import { element, text, type Markup } from '../xml/write.ts';
import type { XmlElement } from '../xml/xml.ts';
import { WsmanFault } from './fault.ts';
import { valueElements, type Writing } from './instance.ts';
import { NS } from './namespaces.ts';
import { valuesIn } from './reading.ts';
import { classUri } from './resource.ts';
import type { Naming } from './selectors.ts';

/** The method that an action names by its last part. WsmanFault ActionNotSupported. */
export function methodOf(action: string, declaration: ClassDeclaration): MethodDeclaration {
  const method = named(declaration.methods, action.slice(action.lastIndexOf('/') + 1));
  if (!method) throw new WsmanFault('ActionNotSupported', `${declaration.name} has no operation ${JSON.stringify(action.slice(-200))}`, { status: 'methodNotFound' });
  return method;
}

/** The in parameters that were given. The element's namespace is not looked at (some clients send a wrong one); a method without parameters needs none. */
export function parametersOf(body: XmlElement, method: MethodDeclaration, naming: Naming): Map<string, CimValue> {
  const [input, ...others] = elements(body);
  if (others.length > 0) throw new WsmanFault('SchemaValidationError', 'the body holds more than one element');
  return input ? valuesIn(input, method.parameters.filter(({ direction }) => direction !== 'out'), naming) : new Map();
}

/** Every out parameter, nil when it has no value, and the return value. */
export function methodOutput(className: string, method: MethodDeclaration, outcome: MethodOutcome, writing: Writing): Markup {
  const out = method.parameters.filter(({ direction }) => direction !== 'in');
  const values = out.flatMap((parameter) => valueElements(`p:${parameter.name}`, parameter, outcome.out.get(parameter.name) ?? null, writing));
  const attributes = { 'xmlns:p': classUri(writing.family, writing.namespace, className), 'xmlns:xsi': NS.instance, 'xmlns:cim': NS.common };
  return element(`p:${method.name}_OUTPUT`, attributes, [...values, element('p:ReturnValue', {}, text(String(outcome.returnValue)))]);
}
