/** src/client/openapi.ts: the OpenAPI document as types, by openapi-typescript. */
import openapiTypescript, { astToString } from 'openapi-typescript';

const HEAD = '/** Made of docs/generated/openapi.json by openapi-typescript (npm run docs). Do not edit. */\n\n';

/** `document` is the text of the OpenAPI document. A field with a default need not be given. */
export async function clientTypes(document: string): Promise<string> {
  return `${HEAD}${astToString(await openapiTypescript(document, { defaultNonNullable: false }))}`;
}
