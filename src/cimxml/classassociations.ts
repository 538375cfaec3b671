/** Which classes are associated with a class, by the declarations alone. Source: DSP0200, "Associators", on classes. */
import type { AssociatorFilter } from '../cim/manager.ts';
import { isSameName } from '../cim/name.ts';
import type { Schema } from '../cim/schema/classes.ts';
import type { ClassDeclaration, PropertyDeclaration } from '../cim/schema.ts';

interface Link {
  readonly association: string;
  readonly resultClass: string;
}

function isKindOf(schema: Schema, namespace: string, className: string, ancestor: string | undefined): boolean {
  return ancestor === undefined || schema.isA(namespace, className, ancestor);
}

const hasRole = ({ name }: PropertyDeclaration, role: string | undefined): boolean => role === undefined || isSameName(name, role);

const referencesOf = ({ properties }: ClassDeclaration): readonly PropertyDeclaration[] => properties.filter(({ type }) => type === 'reference');

/** References through which the class, or an ancestor of it, is named. */
function rolesOf(schema: Schema, namespace: string, association: ClassDeclaration, className: string, role: string | undefined): readonly PropertyDeclaration[] {
  return referencesOf(association).filter((each) => hasRole(each, role) && isKindOf(schema, namespace, className, each.class));
}

function linksFrom(schema: Schema, namespace: string, className: string, filter: AssociatorFilter): readonly Link[] {
  const source = schema.classOf(namespace, className).name;
  const associations = schema.classes(namespace).filter(({ isAssociation, name }) => isAssociation && isKindOf(schema, namespace, name, filter.associationClass));
  return associations.flatMap((association) =>
    rolesOf(schema, namespace, association, source, filter.role).flatMap((near) =>
      referencesOf(association)
        .filter((far) => far !== near && far.class !== undefined && hasRole(far, filter.resultRole))
        .map((far) => ({ association: association.name, resultClass: far.class! })),
    ),
  );
}

/** CimError invalidClass. */
export function associatedClasses(schema: Schema, namespace: string, className: string, filter: AssociatorFilter): readonly string[] {
  const found = linksFrom(schema, namespace, className, filter).filter(({ resultClass }) => isKindOf(schema, namespace, resultClass, filter.resultClass));
  return [...new Set(found.map(({ resultClass }) => resultClass))];
}

/** Association classes that name the class. CimError invalidClass. */
export function referringClasses(schema: Schema, namespace: string, className: string, { role, resultClass }: Pick<AssociatorFilter, 'role' | 'resultClass'>): readonly string[] {
  return [...new Set(linksFrom(schema, namespace, className, { associationClass: resultClass, role }).map(({ association }) => association))];
}
