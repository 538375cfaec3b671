/** Use cases of notifications: who is told when something is wrong, how soon, how often, and whether it arrives. */
import { Fault } from '../errors/fault.ts';
import { inLanguage } from '../language/domain.ts';
import { say } from '../language/text.ts';
import { isFailing } from '../notifier/courier.ts';
import { checkTarget, MAX_TARGETS, shownAddress, type MailTarget, type Target, type WebhookTarget } from '../notifications/target.ts';
import type { Pace } from '../notifications/telling.ts';
import type { ServiceSettings } from '../state/servicesettings.ts';
import { audited, type Context } from './context.ts';
import { definedOnly } from './options.ts';
import type { Operations } from './operations.ts';
import { failureView } from './presenting.ts';
import type { NotificationSettingsView, NotificationsView, NotificationTargetChange, NotificationTargetRequest, NotificationTargetView } from './notificationviews.ts';

type NotificationOperations = Pick<Operations, 'notificationsShow' | 'notificationsSet' | 'notificationTargetAdd' | 'notificationTargetChange' | 'notificationTargetRemove' | 'notificationTest'>;

const DEFAULTS: NotificationSettingsView = { delaySeconds: 60, repeatSeconds: 4 * 3_600 };
export const DELAY_SECONDS = { min: 0, max: 3_600 } as const;
/** And 0 for never. */
export const REPEAT_SECONDS = { min: 60, max: 7 * 86_400 } as const;
const TEST_WITHIN_MS = 90_000;

const settingsOf = (settings: ServiceSettings): NotificationSettingsView => ({ ...DEFAULTS, ...settings.notifications });

export function paceOf(settings: ServiceSettings): Pace {
  const { delaySeconds, repeatSeconds } = settingsOf(settings);
  return { delayMs: delaySeconds * 1_000, repeatMs: repeatSeconds * 1_000 };
}

export function notificationOperations(context: Context): NotificationOperations {
  return {
    notificationsShow: (caller) => audited(context, caller, 'viewer', 'notify list', null, (context) => notificationsView(context)),
    notificationsSet: (caller, change) => audited(context, caller, 'administrator', 'notify set', null, (context) => setPace(context, definedOnly(change))),
    notificationTargetAdd: (caller, request) => audited(context, caller, 'administrator', 'notify add', request.name ?? null, (context) => addTarget(context, request)),
    notificationTargetChange: (caller, target, change) => audited(context, caller, 'administrator', 'notify set', target, (context) => changeTarget(context, targetNamed(context, target), definedOnly(change))),
    notificationTargetRemove: (caller, target) =>
      audited(context, caller, 'administrator', 'notify remove', target, (context) => {
        const { id } = targetNamed(context, target);
        context.notifications.removeTarget(id);
        changed(context, id);
      }),
    notificationTest: (caller, target) => audited(context, caller, 'operator', 'notify test', target, (context) => test(context, targetNamed(context, target))),
  };
}

function changed({ engine: { host }, messenger }: Context, targetId: string): void {
  messenger.targetChanged(targetId);
  host.changed('host', host.hostId);
}

function targetNamed({ notifications }: Context, nameOrId: string): Target {
  const target = notifications.targets().find(({ id, name }) => id === nameOrId || name === nameOrId);
  if (!target) throw new Fault('notification-target-unknown', say('there is no target of notifications "{name}"', { name: nameOrId.slice(0, 100) }));
  return target;
}

function setPace(context: Context, change: Partial<NotificationSettingsView>): NotificationsView {
  const { delaySeconds, repeatSeconds } = { ...settingsOf(context.serviceSettings.get()), ...change };
  const isWithin = (seconds: number, { min, max }: { readonly min: number; readonly max: number }): boolean => Number.isInteger(seconds) && seconds >= min && seconds <= max;
  if (!isWithin(delaySeconds, DELAY_SECONDS)) throw new Fault('settings-invalid', say('delaySeconds cannot be {delaySeconds}: allowed is a whole number from {min} to {max}', { delaySeconds, min: DELAY_SECONDS.min, max: DELAY_SECONDS.max }));
  if (repeatSeconds !== 0 && !isWithin(repeatSeconds, REPEAT_SECONDS)) throw new Fault('settings-invalid', say('repeatSeconds cannot be {repeatSeconds}: allowed is 0 (never), or a whole number from {min} to {max}', { repeatSeconds, min: REPEAT_SECONDS.min, max: REPEAT_SECONDS.max }));
  context.serviceSettings.put({ notifications: { delaySeconds, repeatSeconds } });
  context.engine.host.changed('host', context.engine.host.hostId);
  return notificationsView(context);
}

function addTarget(context: Context, { kind, name, minimum = 'warning', enabled = true, ...request }: NotificationTargetRequest): NotificationTargetView {
  const { notifications, engine: { host } } = context;
  if (notifications.targets().length >= MAX_TARGETS) throw new Fault('settings-invalid', say('there are {max} targets already: remove one first', { max: MAX_TARGETS }));
  const common = { id: host.newId(), minimum, isEnabled: enabled };
  const target: Target = kind === 'webhook' ? webhookOf(common, name, request) : mailOf(common, name, request);
  return stored(context, target);
}

type Common = Pick<Target, 'id' | 'minimum' | 'isEnabled'>;
type Fields = Omit<NotificationTargetRequest, 'kind' | 'name' | 'minimum' | 'enabled'>;

function webhookOf(common: Common, name: string | undefined, { url, secret, headers, authority, ...mail }: Fields): WebhookTarget {
  refuseForeign('webhook', mail);
  if (url === undefined) throw new Fault('settings-invalid', say('a webhook needs a url'));
  return { ...common, kind: 'webhook', name: name ?? (URL.canParse(url) ? new URL(url).host : ''), url, secret: secret ?? null, headers: headers ?? {}, authority: authority ?? null };
}

function mailOf(common: Common, name: string | undefined, { address, from, ...webhook }: Fields): MailTarget {
  refuseForeign('mail', webhook);
  if (address === undefined) throw new Fault('settings-invalid', say('a target of mail needs an address'));
  return { ...common, kind: 'mail', name: name ?? address.slice(0, 64), address, from: from ?? null };
}

function refuseForeign(kind: Target['kind'], others: object): void {
  const [foreign] = Object.keys(definedOnly(others));
  if (foreign !== undefined) throw new Fault('settings-invalid', say('a target of the kind {kind} has no {foreign}', { kind, foreign }));
}

function changeTarget(context: Context, target: Target, { enabled, name, minimum, ...change }: NotificationTargetChange): NotificationTargetView {
  const common = { ...(name !== undefined && { name }), ...(minimum !== undefined && { minimum }), ...(enabled !== undefined && { isEnabled: enabled }) };
  const { url, secret, headers, authority, address, from } = change;
  if (target.kind === 'webhook') {
    refuseForeign('webhook', { address, from });
    return stored(context, { ...target, ...common, ...definedOnly({ url, secret, headers, authority }) });
  }
  refuseForeign('mail', { url, secret, headers, authority });
  return stored(context, { ...target, ...common, ...definedOnly({ address, from }) });
}

function stored(context: Context, target: Target): NotificationTargetView {
  checkTarget(target);
  if (context.notifications.targets().some(({ id, name }) => id !== target.id && name === target.name)) throw new Fault('settings-invalid', say('there is a target {target} already: give it another name', { target: JSON.stringify(target.name) }));
  context.notifications.putTarget(target);
  changed(context, target.id);
  return targetView(context, target);
}

async function test(context: Context, target: Target): Promise<{ answer: string; tookMs: number }> {
  const { clock } = context.engine.host;
  const startMs = clock.monotonicMs();
  const answer = await context.messenger.test(target, AbortSignal.timeout(TEST_WITHIN_MS));
  return { answer: inLanguage(answer, context.language), tookMs: Math.round(clock.monotonicMs() - startMs) };
}

const notificationsView = (context: Context): NotificationsView => ({
  ...settingsOf(context.serviceSettings.get()),
  targets: context.notifications.targets().map((target) => targetView(context, target)),
});

function targetView(context: Context, target: Target): NotificationTargetView {
  const { id, name, kind, minimum, isEnabled } = target;
  const { lastSuccessMs, lastFailure, failures } = context.notifications.delivery(id);
  const isWebhook = target.kind === 'webhook';
  return {
    id, name, kind, minimum, enabled: isEnabled,
    address: shownAddress(target),
    from: isWebhook ? null : target.from,
    signed: isWebhook && target.secret !== null,
    headers: isWebhook ? Object.keys(target.headers) : [],
    ownAuthority: isWebhook && target.authority !== null,
    state: !isEnabled ? 'disabled' : isFailing({ lastSuccessMs, lastFailure, failures }) ? 'failing' : lastFailure ? 'retrying' : lastSuccessMs === null ? 'untried' : 'working',
    waiting: context.notifications.waiting(id),
    lastSuccessAtMs: lastSuccessMs,
    lastFailure: failureView(context, lastFailure),
  };
}
