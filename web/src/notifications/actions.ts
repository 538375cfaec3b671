/** Who is told when something is wrong, how soon and how often. */
import type { NotificationsView, NotificationTargetView } from '../../../src/service/notificationviews.ts';
import { bodyOf, pathTo, type Action } from '../asking/action.ts';
import { t } from '../language.ts';
import { isTicked, namesIn, numberIn, textIn, type Field, type Values } from '../operations/field.ts';

const LONGEST_NAME = 256;
const LONGEST_URL = 4_096;
const LONGEST_SECRET = 256;
const LONGEST_PEM = 131_072;
const HEADERS_AT_MOST = 64;

const UNITS = [[86_400, 'd'], [3_600, 'h'], [60, 'm'], [1, 's']] as const;

/** As the field for it takes it: in the largest unit that fits. */
function whileText(seconds: number): string {
  const [unit, name] = UNITS.find(([each]) => seconds % each === 0)!;
  return seconds === 0 ? '' : `${seconds / unit}${name}`;
}

export const pace = ({ delaySeconds, repeatSeconds }: NotificationsView): Action => ({
  command: 'notify set', role: 'administrator', title: t('Change how soon and how often is told'), label: t('Change'),
  fields: [
    { kind: 'while', name: 'delaySeconds', label: t('A change is told once it has held for'), hint: t('Such as 60s or 5m. Empty: at once.'), initial: whileText(delaySeconds) },
    { kind: 'while', name: 'repeatSeconds', label: t('What is still bad is told again after'), hint: t('Such as 4h. Empty: never again.'), initial: whileText(repeatSeconds) },
  ],
  happens: () => [t('All targets go by this from now on.')],
  request: (values) => ({ method: 'PATCH', path: '/api/notifications', body: { delaySeconds: numberIn(values, 'delaySeconds') ?? 0, repeatSeconds: numberIn(values, 'repeatSeconds') ?? 0 } }),
});

const nameField = (initial: string): Field => ({ kind: 'line', name: 'name', label: t('Name'), hint: t('The address, or the webhook\'s host, when this is empty.'), initial, longest: LONGEST_NAME });
const minimumField = (initial: NotificationTargetView['minimum']): Field => ({ kind: 'choice', name: 'minimum', label: t('It is told'), initial, choices: [{ value: 'warning', label: t('Warnings and what is critical') }, { value: 'critical', label: t('Only what is critical') }] });
const secretField = (hint: string): Field => ({ kind: 'secret', name: 'secret', label: t('Secret that messages are signed with'), hint, initial: '', longest: LONGEST_SECRET, isSeldom: true });
const headersField = (hint: string): Field => ({ kind: 'lines', name: 'headers', label: t('Headers that are sent along'), hint, initial: '', most: HEADERS_AT_MOST, isSeldom: true });
const authorityField = (): Field => ({ kind: 'pem', name: 'authority', label: t('Authorities that its certificate may be signed by'), hint: t('In PEM, besides those that the system trusts.'), initial: '', longest: LONGEST_PEM, isSeldom: true });
const urlField = (hint: string): Field => ({ kind: 'line', name: 'url', label: t('URL'), hint, initial: '', longest: LONGEST_URL });
const fromField = (initial: string): Field => ({ kind: 'line', name: 'from', label: t('Sender'), hint: t('understudy@ and this host\'s name when this is empty.'), initial, longest: LONGEST_NAME, isSeldom: true });

/** "Name: value", one a line. A line without a colon has no value, which the host refuses with what is allowed. */
function headersIn(values: Values): { headers?: Record<string, string> } {
  const lines = namesIn(values, 'headers') ?? [];
  const pairs = lines.map((line) => [line.split(':')[0]!.trim(), line.includes(':') ? line.slice(line.indexOf(':') + 1).trim() : ''] as const);
  return pairs.length === 0 ? {} : { headers: Object.fromEntries(pairs) };
}

const told = (): readonly string[] => [t('It is told when the health of a machine changes, a host is out of reach, a certificate ends, or a storage fills, until it arrives.')];

export const addWebhook = (): Action => ({
  command: 'notify add webhook', role: 'administrator', title: t('Tell a webhook'), label: t('Add a webhook'),
  fields: [{ ...urlField(t('JSON is posted there. It is shown nowhere again, since such a URL is a key itself.')), isNeeded: true }, nameField(''), minimumField('warning'), secretField(t('16 to 256 characters.')), headersField(t('“Name: value”, one a line.')), authorityField()],
  happens: told,
  request: (values) => ({ method: 'POST', path: '/api/notifications/targets', body: { kind: 'webhook', ...bodyOf(values, 'url', 'name', 'minimum', 'secret', 'authority'), ...headersIn(values) } }),
});

export const addMail = (): Action => ({
  command: 'notify add mail', role: 'administrator', title: t('Tell a mail address'), label: t('Add a mail address'),
  fields: [{ kind: 'line', name: 'address', label: t('Address'), hint: t('Mail goes through this host\'s sendmail.'), initial: '', longest: 1_024, isNeeded: true }, nameField(''), minimumField('warning'), fromField('')],
  happens: told,
  request: (values) => ({ method: 'POST', path: '/api/notifications/targets', body: { kind: 'mail', ...bodyOf(values, 'address', 'name', 'minimum', 'from') } }),
});

const enabledField = ({ enabled }: NotificationTargetView): Field => ({ kind: 'tick', name: 'enabled', label: t('It is told'), hint: t('Without this nothing is told to it for now.'), initial: enabled });

const webhookFields = (target: NotificationTargetView): readonly Field[] => [
  enabledField(target), nameField(target.name), minimumField(target.minimum), urlField(t('As it is when this is empty.')), secretField(t('As it is when this is empty.')),
  ...(target.signed ? [{ kind: 'tick', name: 'unsigned', label: t('Messages are not signed any more'), initial: false, isSeldom: true } satisfies Field] : []),
  headersField(t('“Name: value”, one a line; they replace those before. As they are when this is empty.')),
  ...(target.headers.length > 0 ? [{ kind: 'tick', name: 'bare', label: t('No headers are sent along any more'), initial: false, isSeldom: true } satisfies Field] : []),
  authorityField(),
  ...(target.ownAuthority ? [{ kind: 'tick', name: 'systemOnly', label: t('Only authorities that the system trusts'), initial: false, isSeldom: true } satisfies Field] : []),
];

const webhookChange = (values: Values): object => ({
  ...bodyOf(values, 'url', 'secret', 'authority'), ...headersIn(values),
  ...(isTicked(values, 'unsigned') && { secret: null }), ...(isTicked(values, 'bare') && { headers: {} }), ...(isTicked(values, 'systemOnly') && { authority: null }),
});

export const changeTarget = (target: NotificationTargetView): Action => ({
  command: 'notify set', role: 'administrator', title: t('Change how {target} is told', { target: target.name }), label: t('Change'),
  fields: target.kind === 'webhook' ? webhookFields(target) : [enabledField(target), nameField(target.name), minimumField(target.minimum), { kind: 'line', name: 'address', label: t('Address'), initial: target.address, longest: 1_024, isNeeded: true }, fromField(target.from ?? '')],
  happens: (values) => (values['enabled'] === false ? [t('{target} is told nothing until this is undone.', { target: target.name })] : told()),
  request: (values) => ({
    method: 'PATCH', path: pathTo('notifications', 'targets', target.id),
    body: { enabled: values['enabled'], ...bodyOf(values, 'name', 'minimum'), ...(target.kind === 'webhook' ? webhookChange(values) : { ...bodyOf(values, 'address'), from: textIn(values, 'from') ?? null }) },
  }),
});

export const removeTarget = (target: NotificationTargetView): Action => ({
  command: 'notify remove', role: 'administrator', title: t('Tell {target} no more', { target: target.name }), label: t('Remove'), toType: target.name,
  happens: () => [t('{target} is told nothing any more.', { target: target.name })],
  loses: () => [t('What waits for it is dropped, and its URL, secret and headers are forgotten.')],
  request: () => ({ method: 'DELETE', path: pathTo('notifications', 'targets', target.id) }),
});

export const testTarget = (target: NotificationTargetView): Action => ({
  command: 'notify test', role: 'operator', title: t('Send a test to {target}', { target: target.name }), label: t('Test'),
  happens: () => [t('A message that says it is a test is sent now, and what the other side answers is shown.')],
  request: () => ({ method: 'POST', path: pathTo('notifications', 'targets', target.id, 'test') }),
});
