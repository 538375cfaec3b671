/** Classes as CIM-XML in an envelope: what Get-CimClass asks for. Source: MS-WSMV 3.1.4.1.38. */
import type { ClassDeclaration } from '../../cim/schema.ts';
import { classElement, WHOLE_CLASS, type ClassShape } from '../../cimxml/classes.ts';
import { isSameName } from '../../cim/name.ts';
import { classReference } from '../../wsman/endpoint.ts';
import { optionNamed } from '../../wsman/envelope.ts';
import type { EnumerateRequest } from '../../wsman/enumeration.ts';
import { WsmanFault } from '../../wsman/fault.ts';
import { element, type Markup } from '../../xml/write.ts';
import type { Call, Reply } from './call.ts';

/** Everything is told unless the client says that it does not want it. */
function shapeOf({ header, caller: { language } }: Call): ClassShape {
  const isWanted = (option: string): boolean => !/^(false|0)$/i.test(optionNamed(header.options, option) ?? '');
  return { ...WHOLE_CLASS, language, localOnly: !isWanted('IncludeInheritedElements'), qualifiers: isWanted('IncludeQualifiers'), derivation: isWanted('IncludeInheritanceHierarchy') };
}

function classNameOf({ header }: Call): string {
  const value = header.selectors.find(({ name }) => isSameName(name, 'ClassName'))?.value ?? '';
  if (typeof value !== 'string') throw new WsmanFault('InvalidSelectors', 'the selector ClassName is a text', { detail: 'TypeMismatch' });
  return value.trim();
}

export function classMetadata(call: Call, namespace: string): Reply {
  const className = classNameOf(call);
  if (className === '') throw new WsmanFault('InvalidSelectors', 'the selector ClassName says which class', { detail: 'InsufficientSelectors' });
  return { body: classElement(call.manager, namespace, call.manager.classOf(namespace, className), shapeOf(call)) };
}

/** All classes of the namespace, or those below the one that is named. */
export function classesOf(call: Call, namespace: string): readonly ClassDeclaration[] {
  const className = classNameOf(call);
  return call.manager.classes(namespace, className === '' ? undefined : { className, deep: true });
}

export function classItem(call: Call, namespace: string, { mode }: EnumerateRequest): (declaration: ClassDeclaration) => Markup {
  const shape = shapeOf(call);
  return (declaration) => {
    const reference = classReference(namespace, declaration.name);
    if (mode === 'reference') return reference;
    const written = classElement(call.manager, namespace, declaration, shape);
    return mode === 'object' ? written : element('w:Item', {}, [written, reference]);
  };
}
