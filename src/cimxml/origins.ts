/** Where the elements of a class come from. A declaration holds the inherited ones too, so its ancestors tell them apart. */
import { CimError } from '../cim/error.ts';
import type { ObjectManager } from '../cim/manager.ts';
import type { ClassDeclaration } from '../cim/schema.ts';

export type Schema = Pick<ObjectManager, 'classOf' | 'classes'>;
type ElementKind = 'properties' | 'methods';

/** Undefined for a root, and where the schema ends. */
export function superclassOf(schema: Schema, namespace: string, { superclass }: ClassDeclaration): ClassDeclaration | undefined {
  if (superclass === null) return undefined;
  try {
    return schema.classOf(namespace, superclass);
  } catch (error) {
    if (error instanceof CimError && error.status === 'invalidClass') return undefined;
    throw error;
  }
}

/** The class itself and its ancestors, nearest first. */
export function lineageOf(schema: Schema, namespace: string, declaration: ClassDeclaration): readonly ClassDeclaration[] {
  const lineage: ClassDeclaration[] = [];
  for (let each: ClassDeclaration | undefined = declaration; each !== undefined; each = superclassOf(schema, namespace, each)) lineage.push(each);
  return lineage;
}

/** The farthest ancestor that declares it. */
export const originOf = (lineage: readonly ClassDeclaration[], kind: ElementKind, name: string): string =>
  lineage.findLast((ancestor) => ancestor[kind].some((each) => each.name === name))?.name ?? lineage[0]!.name;

/** Declared anew in the class itself: no ancestor has it, or the nearest has it otherwise. */
export function isLocal(lineage: readonly ClassDeclaration[], kind: ElementKind, element: { readonly name: string }): boolean {
  const inherited = lineage[1]?.[kind].find(({ name }) => name === element.name);
  return inherited === undefined || JSON.stringify(inherited) !== JSON.stringify(element);
}
