/** Schemas of notifications. Bounds of what is asked for are the service's to check: it names what is allowed. */
import { Type } from '@fastify/type-provider-typebox';
import type * as views from '../service/notificationviews.ts';
import { instant, name, nullable, oneOf, text, truth, view, whole, type All, type Same } from './fields.ts';

const MINIMUM = oneOf(['warning', 'critical'], 'Nothing that is less bad is told');
const KIND = oneOf(['webhook', 'mail'], 'How it is told');

export const NOTIFICATION_TARGET_VIEW = view('NotificationTarget', {
  id: text('UUID of the target'),
  name: text('Name of the target'),
  kind: KIND,
  minimum: MINIMUM,
  enabled: truth('Whether it is told anything'),
  address: text('The mail address; of a webhook its origin only, since such URLs are keys themselves'),
  from: nullable(text('Of mail: the sender; understudy@ and this host\'s name when null')),
  signed: truth('Whether messages are signed with a secret'),
  headers: Type.Array(Type.String(), { description: 'Names of the headers that are sent along' }),
  ownAuthority: truth('Whether it is trusted by an authority of its own, too'),
  state: oneOf(['disabled', 'untried', 'working', 'retrying', 'failing'], 'Whether notifications arrive'),
  waiting: whole('Notifications that wait for it'),
  lastSuccessAtMs: nullable(instant('When one arrived last')),
  lastFailure: nullable(Type.Object({ code: text('Row of the fault table'), message: text('What happened'), hint: text('What to do'), atMs: instant('When') })),
});

const SETTINGS = {
  delaySeconds: whole('How long a change must hold before it is told, in seconds'),
  repeatSeconds: whole('After how long what is still bad is told again, in seconds; 0 for never'),
};
export const NOTIFICATIONS_VIEW = view('Notifications', { ...SETTINGS, targets: Type.Array(NOTIFICATION_TARGET_VIEW) });
export const NOTIFICATION_SETTINGS_CHANGE = Type.Partial(Type.Object(SETTINGS), { title: 'NotificationSettingsChange', additionalProperties: false });

const CHANGES = {
  name: Type.Optional(name('Name of the target; the address, or the webhook\'s host, when absent')),
  minimum: Type.Optional(MINIMUM),
  enabled: Type.Optional(truth('Whether it is told anything')),
  url: Type.Optional(Type.String({ minLength: 1, maxLength: 4_096, description: 'Of a webhook: where to post, https:// or http://' })),
  secret: Type.Optional(nullable(Type.String({ maxLength: 4_096, description: 'Of a webhook: messages are signed with it (16 to 256 characters); null for no signature' }))),
  headers: Type.Optional(Type.Record(Type.String({ maxLength: 256 }), Type.String({ maxLength: 8_192 }), { maxProperties: 64, description: 'Of a webhook: headers that are sent along; they replace those before' })),
  authority: Type.Optional(nullable(Type.String({ maxLength: 131_072, description: 'Of a webhook: certificates in PEM that its certificate may be signed by, besides those that the system trusts; null for none' }))),
  address: Type.Optional(Type.String({ minLength: 1, maxLength: 1_024, description: 'Of mail: the address' })),
  from: Type.Optional(nullable(Type.String({ maxLength: 1_024, description: 'Of mail: the sender; understudy@ and this host\'s name when null' }))),
};
export const NOTIFICATION_TARGET_CHANGE = Type.Object(CHANGES, { title: 'NotificationTargetChange', additionalProperties: false });
export const NOTIFICATION_TARGET_REQUEST = Type.Object({ kind: KIND, ...CHANGES }, { title: 'NotificationTargetRequest', additionalProperties: false });

export const NOTIFICATION_TEST_VIEW = view('NotificationTest', { answer: text('What the other side answered'), tookMs: whole('How long that took, in milliseconds') });

export type NotificationSchemasAreTheViews = All<
  [
    Same<typeof NOTIFICATION_TARGET_VIEW, views.NotificationTargetView>,
    Same<typeof NOTIFICATIONS_VIEW, views.NotificationsView>,
    Same<typeof NOTIFICATION_TARGET_CHANGE, views.NotificationTargetChange>,
    Same<typeof NOTIFICATION_TARGET_REQUEST, views.NotificationTargetRequest>,
  ]
>;
