/** What the event stream sends, for the OpenAPI document: the field "event" and, as JSON, the field "data" of each message. */
import { Type } from '@fastify/type-provider-typebox';
import type { Change } from '../service/operations.ts';
import { instant, oneOf, text, view, type All, type Same } from './fields.ts';
import { EVENT_VIEW } from './schemas.ts';

const CHANGE = view('Change', { kind: oneOf(['machine', 'relationship', 'job', 'host', 'event', 'user'], 'What changed; of users an administrator hears, and others of themselves only'), id: text('Id of what changed, which is to be read again; of a user the name') });

const MESSAGE = Type.Union([
  view('ChangeMessage', { event: Type.Literal('change'), data: CHANGE }, 'Something is not as it was'),
  view('EventMessage', { event: Type.Literal('event'), data: EVENT_VIEW }, 'An entry of the event log; the id of the message is that of the event'),
  view('AliveMessage', { event: Type.Literal('alive'), data: view('Alive', { atMs: instant('What the clock of the host says') }) }, 'The connection stands: the first message, and every five seconds while there is nothing else'),
  view('ResetMessage', { event: Type.Literal('reset'), data: Type.Object({}) }, 'Changes were left out: everything is to be read again'),
]);

export const STREAM_MESSAGES = { description: 'Messages until the client goes', content: { 'text/event-stream': { schema: MESSAGE } } };

/** @public The compiler compares the schemas with the views. */
export type TheSchemaIsTheChange = All<[Same<typeof CHANGE, Change>]>;
