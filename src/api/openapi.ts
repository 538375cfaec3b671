/** The OpenAPI document as a file: made from the same routes that answer. */
import { Bug } from '../errors/bug.ts';
import type { Operations } from '../service/operations.ts';
import { createApi } from './api.ts';

/** Routes are only described here, never called. */
const uncalled = new Proxy({} as Operations, {
  get: (_target, use) => () => {
    throw new Bug(`${String(use)} was called while the API was being described`);
  },
});

/** Text of docs/generated/openapi.json. */
export async function openApiDocument(version: string): Promise<string> {
  const api = await createApi({ operations: uncalled, changes: { subscribe: () => () => undefined }, metrics: async () => '', version });
  await api.app.ready();
  const document = api.app.swagger();
  await api.close();
  return `${JSON.stringify(document, null, 2)}\n`;
}
