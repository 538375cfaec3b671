/** ExecQuery. Source: DSP0200, "ExecQuery"; the answer has paths, because clients take them for granted. */
import { returnValue } from '../cimxml.ts';
import { AnswerWriter, WHOLE_INSTANCE } from '../instances.ts';
import { required, string } from '../parameters.ts';
import { operation, type Operation } from './operation.ts';

/** Lower-case names of what a query selects; null for everything. */
export const selected = (projection: readonly string[] | null): ReadonlySet<string> | null =>
  projection === null ? null : new Set(projection.map((name) => name.toLowerCase()));

const execQuery = operation({ QueryLanguage: required(string), Query: required(string) }, async (ask, { QueryLanguage, Query }) => {
  const { items, projection } = await ask.manager.query(ask.caller, ask.namespace, QueryLanguage, Query);
  const writer = new AnswerWriter(ask.place, { ...WHOLE_INSTANCE, properties: selected(projection) });
  return [returnValue(items.map((each) => writer.objectWithPath(each)))];
});

export const QUERY_OPERATIONS = { ExecQuery: execQuery } as const satisfies Readonly<Record<string, Operation>>;
