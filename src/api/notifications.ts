/** /api/notifications: who is told when something is wrong. */
import { Type } from '@fastify/type-provider-typebox';
import type { Operations } from '../service/operations.ts';
import { name } from './fields.ts';
import { NOTIFICATION_SETTINGS_CHANGE, NOTIFICATION_TARGET_CHANGE, NOTIFICATION_TARGET_REQUEST, NOTIFICATION_TARGET_VIEW, NOTIFICATION_TEST_VIEW, NOTIFICATIONS_VIEW } from './notificationschemas.ts';
import { created, done, ok, type ApiInstance } from './routes.ts';

const tags = ['notifications'];
const BY_TARGET = Type.Object({ target: name('Name or id of the target') });

export function notificationRoutes(app: ApiInstance, operations: Operations): void {
  app.get('/api/notifications', { schema: { operationId: 'notificationsShow', tags, summary: 'Who is told when something is wrong, and whether it arrives', response: ok(NOTIFICATIONS_VIEW) } }, (request) => operations.notificationsShow(request.caller));

  app.patch('/api/notifications', { schema: { operationId: 'notificationsSet', tags, summary: 'Change how soon and how often is told; what is not named stays', body: NOTIFICATION_SETTINGS_CHANGE, response: ok(NOTIFICATIONS_VIEW) } }, (request) =>
    operations.notificationsSet(request.caller, request.body),
  );

  app.post('/api/notifications/targets', { schema: { operationId: 'notificationTargetAdd', tags, summary: 'Tell one more: a webhook or a mail address', body: NOTIFICATION_TARGET_REQUEST, response: created(NOTIFICATION_TARGET_VIEW) } }, async (request, reply) =>
    reply.code(201).send(await operations.notificationTargetAdd(request.caller, request.body)),
  );

  app.patch(
    '/api/notifications/targets/:target',
    { schema: { operationId: 'notificationTargetChange', tags, summary: 'Change a target; what is not named stays', params: BY_TARGET, body: NOTIFICATION_TARGET_CHANGE, response: ok(NOTIFICATION_TARGET_VIEW) } },
    (request) => operations.notificationTargetChange(request.caller, request.params.target, request.body),
  );

  app.delete('/api/notifications/targets/:target', { schema: { operationId: 'notificationTargetRemove', tags, summary: 'Tell it no more; what waits for it is dropped', params: BY_TARGET, response: done } }, async (request, reply) => {
    await operations.notificationTargetRemove(request.caller, request.params.target);
    return reply.code(204).send(null);
  });

  app.post('/api/notifications/targets/:target/test', { schema: { operationId: 'notificationTest', tags, summary: 'Send a message now, and say what the other side answered', params: BY_TARGET, response: ok(NOTIFICATION_TEST_VIEW) } }, (request) =>
    operations.notificationTest(request.caller, request.params.target),
  );
}
