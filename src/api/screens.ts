/** Pictures of guests' displays, and the ends of their serial consoles. */
import { Type } from '@fastify/type-provider-typebox';
import type { FastifyReply } from 'fastify';
import type { Operations, PictureAnswer } from '../service/operations.ts';
import type * as views from '../service/views.ts';
import { instant, nullable, oneOf, text, truth, view, type All, type Same } from './fields.ts';
import { BY_MACHINE, ok, type ApiInstance } from './routes.ts';
import { ERROR_VIEW } from './schemas.ts';

const CONSOLE_TEXT = view('ConsoleText', {
  text: text('The last lines of what the guest wrote on its serial console, without colours and cursor movements: 100 lines and 16 KiB at most'),
  atMs: nullable(instant('When it wrote last')),
});

const TEST_RESULT = view('TestResult', {
  atMs: nullable(instant('When it was taken')),
  moment: nullable(oneOf(['booted', 'ended'], 'Once the copy\'s guest had booted, or right before the test\'s end')),
  pointId: nullable(text('The recovery point that the copy was made of')),
  hasPicture: truth('Whether there is a picture of its display'),
  text: text('The last lines of its serial console'),
}, 'What the last test failover showed; all null when none has left anything');

/** @public The compiler compares the schemas with the views. */
export type ScreenSchemasAreTheViews = All<[Same<typeof CONSOLE_TEXT, views.ConsoleTextView>, Same<typeof TEST_RESULT, views.TestResultView>]>;

const picture = { 200: { description: 'PNG; Last-Modified says when it was taken', content: { 'image/png': { schema: Type.String({ format: 'binary' }) } } }, '4xx': ERROR_VIEW, '5xx': ERROR_VIEW };

/** A guest's display may show secrets: nobody keeps it on the way. */
const sent = (reply: FastifyReply, { png, atMs }: PictureAnswer): FastifyReply =>
  reply.headers({ 'content-type': 'image/png', 'cache-control': 'no-store', 'last-modified': new Date(atMs).toUTCString() }).send(Buffer.from(png.buffer, png.byteOffset, png.byteLength));

export function screenRoutes(app: ApiInstance, operations: Operations): void {
  app.get(
    '/api/machines/:machine/screenshot',
    { schema: { operationId: 'screenshot', tags: ['machines'], summary: 'What the display of a running guest shows now; for operators', params: BY_MACHINE, response: picture } },
    async (request, reply) => sent(reply, await operations.screenshot(request.caller, request.params.machine)),
  );

  app.get(
    '/api/machines/:machine/console-text',
    { schema: { operationId: 'consoleText', tags: ['machines'], summary: 'The last lines of its serial console; for operators', params: BY_MACHINE, response: ok(CONSOLE_TEXT) } },
    async (request, reply) => reply.header('cache-control', 'no-store').send(await operations.consoleText(request.caller, request.params.machine)),
  );

  app.get(
    '/api/relationships/:machine/test-result',
    { schema: { operationId: 'testResult', tags: ['failover'], summary: 'What the last test failover showed; for operators', params: BY_MACHINE, response: ok(TEST_RESULT) } },
    async (request, reply) => reply.header('cache-control', 'no-store').send(await operations.testResult(request.caller, request.params.machine)),
  );

  app.get(
    '/api/relationships/:machine/test-screenshot',
    { schema: { operationId: 'testScreenshot', tags: ['failover'], summary: 'The picture of the last test failover; for operators', params: BY_MACHINE, response: picture } },
    async (request, reply) => sent(reply, await operations.testScreenshot(request.caller, request.params.machine)),
  );
}
