/** What the schemas of the API are made of, and the proof that a schema is its view. */
import { Type, type Static, type TSchema } from '@fastify/type-provider-typebox';

const NAME_CHARACTERS = 256;
const PATH_CHARACTERS = 4_096;

export const name = (description: string) => Type.String({ minLength: 1, maxLength: NAME_CHARACTERS, description });
export const path = (description: string) => Type.String({ minLength: 1, maxLength: PATH_CHARACTERS, description });
export const text = (description: string) => Type.String({ description });
export const whole = (description: string) => Type.Integer({ description });
export const truth = (description: string) => Type.Boolean({ description });
export const instant = (description: string) => Type.Number({ description: `${description}, in milliseconds since 1970` });
export const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
/** The title becomes the schema's name in the OpenAPI document. Views may gain fields, so only requests are closed. */
export const view = <P extends Record<string, TSchema>>(title: string, properties: P, description?: string) => Type.Object(properties, { title, ...(description === undefined ? {} : { description }) });

export const oneOf = <const T extends readonly string[]>(values: T, description: string) =>
  Type.Unsafe<T[number]>({ type: 'string', enum: [...values], description });

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Assignable<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
/** True when the schema is exactly the view. */
export type Same<S extends TSchema, View> = Equal<keyof Static<S>, keyof View> extends true ? Assignable<Static<S>, View> : false;
export type All<T extends readonly true[]> = T;
