/** docs/status-json.md: every field of `understudy status --json`, made from the schema that the API answers with. */
import { HOST_STATUS } from '../src/api/schemas.ts';

interface Schema {
  readonly type?: string;
  readonly title?: string;
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly patternProperties?: Readonly<Record<string, Schema>>;
}

function typeWords(schema: Schema): string {
  if (schema.anyOf) return schema.anyOf.map(typeWords).join(' or ');
  if (schema.enum) return schema.enum.map((value) => `"${value}"`).join(', ');
  if (schema.type === 'array') return `list of ${schema.items ? typeWords(schema.items) : 'anything'}`;
  return schema.type ?? 'anything';
}

const meaning = (schema: Schema): string => schema.description ?? schema.anyOf?.map(meaning).find((text) => text !== '') ?? '';

/** The object inside a schema, through lists and "or null". */
function objectIn(schema: Schema): Schema | undefined {
  if (schema.properties) return schema;
  return [schema.items, ...(schema.anyOf ?? [])].filter((inner) => inner !== undefined).map(objectIn).find((inner) => inner !== undefined);
}

const isList = (schema: Schema): boolean => schema.type === 'array';

function rows(schema: Schema, path: string): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const here = `${path}${name}`;
    const optional = schema.required?.includes(name) === false ? ' (may be absent)' : '';
    const row = `| \`${here}\` | ${typeWords(field)}${optional} | ${meaning(field)} |`;
    const inner = objectIn(field);
    return inner ? [row, ...rows(inner, `${here}${isList(field) ? '[]' : ''}.`)] : [row];
  });
}

/** Text of docs/status-json.md. */
export function statusMarkdown(): string {
  const schema = HOST_STATUS as unknown as Schema;
  const sections = Object.entries(schema.properties ?? {}).map(([name, field]) => {
    const inner = objectIn(field)!;
    return `## \`${name}\`: ${typeWords(field)}\n\n| field | type | meaning |\n| --- | --- | --- |\n${rows(inner, `${name}${isList(field) ? '[]' : ''}.`).join('\n')}`;
  });
  const head = [
    '<!-- Made by scripts/statuspage.ts (npm run docs). Do not edit. -->',
    '# `understudy status --json`',
    'Prints one object; `GET /api/status` answers with the same. Fields may be added in later versions; those here keep their meaning. Instants are milliseconds since 1970, sizes bytes.',
  ];
  return `${[...head, ...sections].join('\n\n')}\n`;
}
