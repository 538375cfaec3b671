/** This host's notifier: what it looks at, how it sends, and what is written to the log about that. */
import type { DatabaseSync } from 'node:sqlite';
import { report } from '../engine/report.ts';
import type { Host } from '../engine/host.ts';
import type { NotifierEvent } from '../notifier/events.ts';
import { Notifier } from '../notifier/notifier.ts';
import { sendMail } from '../notifier/sendmail.ts';
import { postNotification, type Sender } from '../notifier/webhook.ts';
import { isLoopback, waysOf, type Proxy } from '../peer/proxy.ts';
import { concernsOf } from '../service/concerns.ts';
import type { Context } from '../service/context.ts';
import { paceOf } from '../service/notifications.ts';
import { NotificationRows } from '../state/notifications.ts';
import { say } from '../language/text.ts';

export interface NotifyingOptions {
  readonly host: Host;
  readonly database: DatabaseSync;
  /** Path of the mail transport's program. */
  readonly sendmail: string;
  /** On the way to webhooks that are not on this machine. */
  readonly proxy: Proxy | null;
  /** Known once the host is put together. */
  readonly context: () => Context;
  readonly counted: (event: NotifierEvent) => void;
}

export function notifyingOf({ host, database, sendmail, proxy, context, counted }: NotifyingOptions): { readonly rows: NotificationRows; readonly notifier: Notifier } {
  const rows = new NotificationRows(database);
  const notifier = new Notifier({
    rows,
    clock: host.clock,
    host: { id: host.hostId, name: host.hostName },
    newId: () => host.newId(),
    concerns: () => concernsOf(context()),
    pace: () => paceOf(context().serviceSettings.get()),
    deliver: (target, notification, signal) =>
      target.kind === 'mail' ? sendMail(target, notification, { sendmail, hostName: host.hostName }, signal) : postNotification(target, notification, { version: host.version, nowSeconds: Math.floor(host.clock.nowMs() / 1_000), signal, wayTo: wayThrough(proxy) }),
    onEvent: (event) => {
      counted(event);
      tell(host, event);
    },
    crash: (bug) => host.crash(bug),
  });
  return { rows, notifier };
}

const wayThrough = (proxy: Proxy | null): NonNullable<Sender['wayTo']> => (endpoint) => (isLoopback(endpoint.host) ? undefined : waysOf(proxy)(endpoint, 'proxy')?.dial);

function tell(host: Host, event: NotifierEvent): void {
  const { kind, target } = event;
  const name = `${target.name} (${target.address})`;
  if (kind === 'failing') report(host, 'notification-failing', null, say('notifications do not arrive at {name}: {message}', { name, message: [event.message] }), event.hint);
  else if (kind === 'lost') report(host, 'notification-lost', null, say('{count} notifications to {name} are not sent any more: {message}', { count: event.count, name, message: [event.message] }), event.hint);
  else if (kind === 'restored') report(host, 'notification-restored', null, say('notifications arrive at {name} again', { name }));
  if (kind !== 'sent') host.changed('host', host.hostId);
}
