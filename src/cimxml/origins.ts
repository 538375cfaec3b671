/** Where the elements of a class come from. A declaration holds the inherited ones too, so its ancestors tell them apart. */
import type { Schema } from '../cim/schema/classes.ts';
import type { ClassDeclaration } from '../cim/schema.ts';

/** What is asked of the schema here; the object manager answers it too. */
export type Declarations = Pick<Schema, 'classOf'>;

type ElementKind = 'properties' | 'methods';

/** The class itself and its ancestors, nearest first. */
export function lineageOf(declarations: Declarations, namespace: string, declaration: ClassDeclaration): readonly ClassDeclaration[] {
  const lineage: ClassDeclaration[] = [];
  for (let each: ClassDeclaration | undefined = declaration; each !== undefined; each = each.superclass === null ? undefined : declarations.classOf(namespace, each.superclass)) lineage.push(each);
  return lineage;
}

/** The farthest ancestor that declares it. */
export const originOf = (lineage: readonly ClassDeclaration[], kind: ElementKind, name: string): string =>
  lineage.findLast((ancestor) => ancestor[kind].some((each) => each.name === name))?.name ?? lineage[0]!.name;

/** Declared anew in the class itself: no ancestor has it, or the nearest has it otherwise. */
export function isLocal(lineage: readonly ClassDeclaration[], kind: ElementKind, element: { readonly name: string }): boolean {
  const inherited = lineage[1]?.[kind].find(({ name }) => name === element.name);
  return inherited === undefined || contentOf(inherited) !== contentOf(element);
}

const contentOf = (element: object): string => JSON.stringify({ ...element, origin: undefined });
