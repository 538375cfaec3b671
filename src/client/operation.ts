/** The types of a call, derived from the OpenAPI document: which paths there are, what each takes and answers with. */
import type { components, paths } from './openapi.ts';

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** A schema of the document by its name, such as `View<'Job'>`. */
export type View<Name extends keyof components['schemas']> = components['schemas'][Name];

interface Described {
  readonly parameters: object;
  readonly requestBody?: unknown;
  readonly responses: object;
}

/** An answer that is no JSON. */
type Picture = { readonly responses: { readonly 200: { readonly content: { readonly 'image/png': string } } } };

/** The paths that have the method and answer with JSON. */
export type PathOf<M extends Method> = { [P in keyof paths]: paths[P][M] extends Described ? (paths[P][M] extends Picture ? never : P) : never }[keyof paths];

/** The paths of pictures, all of one machine. */
export type PicturePath = { [P in keyof paths]: paths[P]['get'] extends Picture ? P : never }[keyof paths];

type OperationOf<M extends Method, P extends PathOf<M>> = Extract<paths[P][M], Described>;

type JsonOf<Content> = Content extends { content: { 'application/json': infer Json } } ? Json : null;

type BodyOf<O extends Described> = [O['requestBody']] extends [undefined] ? { readonly body?: never } : { readonly body: JsonOf<O['requestBody']> };

type ParametersOf<O extends Described> = Pick<O['parameters'], Extract<keyof O['parameters'], 'path' | 'query'>>;

/** What a call of the path takes: path parameters, query and body, each only where the document has it. */
export type RequestOf<M extends Method, P extends PathOf<M>> = ParametersOf<OperationOf<M, P>> & BodyOf<OperationOf<M, P>> & { readonly signal?: AbortSignal };

/** As arguments: the request can be left out when nothing in it is needed. */
export type Given<M extends Method, P extends PathOf<M>> = object extends RequestOf<M, P> ? [request?: RequestOf<M, P>] : [request: RequestOf<M, P>];

type Success = 200 | 201 | 202 | 204;

/** What the path answers with; null when it has nothing to say. */
export type AnswerOf<M extends Method, P extends PathOf<M>> = JsonOf<OperationOf<M, P>['responses'][Extract<keyof OperationOf<M, P>['responses'], Success>]>;

/** A message of the event stream. */
export type StreamMessage = View<'ChangeMessage'> | View<'EventMessage'> | View<'AliveMessage'> | View<'ResetMessage'>;
