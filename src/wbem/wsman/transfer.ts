/** Get, Put, Create, Delete, and methods. Source: WS-Transfer; DSP0226 §7; DSP0227 §8 and §10. */
import { CimError } from '../../cim/error.ts';
import type { Located } from '../../cim/manager.ts';
import type { ObjectPath } from '../../cim/instance.ts';
import { referenceParts } from '../../wsman/endpoint.ts';
import { WsmanFault } from '../../wsman/fault.ts';
import { instanceElement } from '../../wsman/instance.ts';
import { methodOf, methodOutput, parametersOf } from '../../wsman/invoke.ts';
import { NS } from '../../wsman/namespaces.ts';
import { bodyInstance } from '../../wsman/reading.ts';
import { hasEveryKey, pathOf } from '../../wsman/selectors.ts';
import { element } from '../../xml/write.ts';
import { classOfCall, resourceOfCall, type Call, type ClassCall, type Reply } from './call.ts';
import { classMetadata } from './metadata.ts';

/** A name that is short of keys and fits several instances is the selectors' fault. */
async function located(call: Call, { declaration }: ClassCall, path: ObjectPath): Promise<Located> {
  try {
    return await call.manager.get(call.caller, path);
  } catch (error) {
    if (error instanceof CimError && error.status === 'invalidParameter' && !hasEveryKey(declaration, path)) throw new WsmanFault('InvalidSelectors', error.message, { detail: 'InsufficientSelectors' });
    throw error;
  }
}

export async function get(call: Call): Promise<Reply> {
  const resource = resourceOfCall(call);
  if (resource.kind === 'metadata') return classMetadata(call, resource.namespace);
  const asked = classOfCall(call);
  const { instance } = await located(call, asked, pathOf(asked.declaration, call.header.selectors, asked.naming));
  return { body: instanceElement(instance, asked.writing) };
}

/** Answers with the instance as it is now. */
export async function put(call: Call): Promise<Reply> {
  const asked = classOfCall(call);
  const { path } = await located(call, asked, pathOf(asked.declaration, call.header.selectors, asked.naming));
  const declaration = call.manager.classOf(path.namespace ?? asked.naming.namespace, path.className);
  await call.manager.modify(call.caller, path, bodyInstance(call.envelope.body, declaration, asked.naming));
  const { instance } = await call.manager.get(call.caller, path);
  return { body: instanceElement(instance, asked.writing) };
}

export async function create(call: Call): Promise<Reply> {
  const { declaration, naming, writing } = classOfCall(call);
  const path = await call.manager.create(call.caller, naming.namespace, bodyInstance(call.envelope.body, declaration, naming));
  return { body: element('t:ResourceCreated', { 'xmlns:t': NS.transfer }, referenceParts(path, writing)) };
}

export async function remove(call: Call): Promise<Reply> {
  const asked = classOfCall(call);
  const { path } = await located(call, asked, pathOf(asked.declaration, call.header.selectors, asked.naming));
  await call.manager.remove(call.caller, path);
  return { body: element('t:DeleteResponse', { 'xmlns:t': NS.transfer }) };
}

/** The instance is named in full before its method is called: keys that were left out are found first. */
export async function invoke(call: Call): Promise<Reply> {
  const asked = classOfCall(call);
  const method = methodOf(call.header.action, asked.declaration);
  const parameters = parametersOf(call.envelope.body, method, asked.naming);
  const { path } = await located(call, asked, pathOf(asked.declaration, call.header.selectors, asked.naming));
  const outcome = await call.manager.invoke(call.caller, path, method.name, parameters);
  return { body: methodOutput(asked.declaration.name, method, outcome, asked.writing), outcome: `returned ${outcome.returnValue}` };
}
