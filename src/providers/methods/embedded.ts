/** Instances inside of parameters, as text or as they are, and texts of instances for out parameters. */
import { readEmbedded } from '../../cim/embedded.ts';
import { embeddedText } from '../../cim/embeddedtext.ts';
import type { CimInstance, CimValue } from '../../cim/instance.ts';
import { SCHEMA, VIRTUALIZATION } from '../../cim/schema/published.ts';
import { typedInstance } from '../../cim/typed.ts';
import { say } from '../../language/text.ts';
import { emitter, type Emit, type Values } from '../emission.ts';
import { Fields } from './fields.ts';
import type { Call } from './invocation.ts';
import { isInstance, valueOf } from './parameters.ts';
import type { ReadInstance } from './replicationsettings.ts';
import { badValue, wrongType } from './rejection.ts';

/** The instance, when it is of the class or of a subclass. */
export const readerOf: ReadInstance = (name, className, value) => {
  const instance = isInstance(value) ? typedInstance(SCHEMA, VIRTUALIZATION, value) : instanceIn(name, className, value);
  if (!SCHEMA.isA(VIRTUALIZATION, instance.className, className)) throw wrongType(name, say('an instance of {className} is expected, not of {given}.', { className, given: instance.className }));
  return new Fields(instance);
};

/** A text that does not say its class is of the one that is expected. */
function instanceIn(name: string, className: string, value: CimValue): CimInstance {
  if (typeof value !== 'string') throw wrongType(name, say('the text of an instance is expected.'));
  if (value.trim() === '') throw badValue(name, value, say('the text of an instance'));
  const saysClass = /CLASSNAME\s*=\s*["']\w|^\s*instance\s/i.test(value);
  return readEmbedded(SCHEMA, VIRTUALIZATION, value, saysClass ? undefined : className);
}

/** The parameter's instance; null when it is not given. */
export function embeddedOf(call: Call, name: string, className: string): Fields | null {
  const value = valueOf(call, name);
  return value === null || value === '' ? null : readerOf(name, className, value);
}

const EMITTERS = new Map<string, Emit>();

/** An instance of the class, with all its properties. */
export function emit(className: string, values: Values): CimInstance {
  let make = EMITTERS.get(className);
  if (!make) EMITTERS.set(className, (make = emitter(SCHEMA.classOf(VIRTUALIZATION, className))));
  return make(values);
}

export const instanceText = (instance: CimInstance): string => embeddedText({ schema: SCHEMA, namespace: VIRTUALIZATION }, instance);
