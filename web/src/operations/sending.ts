/** Sends what the table of operations asks for. Its paths and methods are data, which its test holds against the OpenAPI document. */
import type { PathOf } from '../../../src/client/operation.ts';
import { client } from '../client.ts';
import type { Request } from './operation.ts';

/** The API's answer; throws a `Failure`. */
export function send({ method, path, body }: Request, signal?: AbortSignal): Promise<unknown> {
  const options = { ...(body && { body }), ...(signal && { signal }) } as never;
  switch (method) {
    case 'POST': return client.post(path as PathOf<'post'>, options);
    case 'PATCH': return client.patch(path as PathOf<'patch'>, options);
    case 'PUT': return client.put(path as PathOf<'put'>, options);
    case 'DELETE': return client.delete(path as PathOf<'delete'>, options);
  }
}
