/** Makes an OpenAPI document readable: every schema that has a title stands once, under components, and is referred to. */

type Json = { readonly [key: string]: unknown };

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

function hoisted(node: unknown, named: Record<string, unknown>): unknown {
  if (Array.isArray(node)) return node.map((item) => hoisted(item, named));
  if (!isObject(node)) return node;
  const { title } = node;
  const inner = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, hoisted(value, named)]));
  if (typeof title !== 'string' || node['type'] !== 'object') return inner;
  const { title: _, ...schema } = inner;
  named[title] = schema;
  return { $ref: `#/components/schemas/${title}` };
}

/** The same document with the titled schemas named. */
export function withNamedSchemas<D extends { components?: object; paths?: unknown }>(document: D): D {
  const named: Record<string, unknown> = {};
  const paths = hoisted(document.paths, named);
  const schemas = Object.fromEntries(Object.entries(named).sort(([a], [b]) => (a < b ? -1 : 1)));
  return { ...document, paths, components: { ...document.components, schemas } };
}
