/** The header CIMObject: the namespace of an operation, or the object whose method is called. Source: DSP0200, "CIMObject". */
import { CimError } from '../cim/error.ts';
import type { ObjectPath } from '../cim/instance.ts';
import { isSameName } from '../cim/name.ts';
import { parsePath, UNNAMED_KEY } from '../cim/path.ts';
import type { CimCall } from './cimxml.ts';

const isSameNamespace = (left: string, right: string): boolean => isSameName(left.replace(/[\\/]+/g, '/').replace(/^\//, ''), right);

/** Whether the header, decoded, names what the message's body names. */
export function isSameObject(header: string, call: CimCall): boolean {
  if (call.kind === 'intrinsic') return isSameNamespace(header, call.namespace);
  try {
    return isSameTarget(parsePath(header), call.path);
  } catch (error) {
    if (error instanceof CimError) return false;
    throw error;
  }
}

function isSameTarget(header: ObjectPath, body: ObjectPath): boolean {
  if (!isSameName(header.className, body.className) || !isSameNamespace(header.namespace ?? '', body.namespace ?? '')) return false;
  return header.keys.size === body.keys.size && [...header.keys].every(([name, value]) => isSameKey(value, keyNamed(body, name)));
}

const keyNamed = ({ keys }: ObjectPath, name: string): unknown => [...keys].find(([each]) => isSameName(each, name) || each === UNNAMED_KEY)?.[1];

/** A key that is a reference has too many spellings to compare. */
const isSameKey = (header: unknown, body: unknown): boolean => body !== undefined && (typeof body === 'object' || isSameName(String(header), String(body)));
