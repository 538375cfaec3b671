/** Who may sign in, and which certificates stand for them. */
import type { CertificateView, UserView } from '../../../src/service/accessviews.ts';
import { pathTo, type Action } from '../asking/action.ts';
import { t } from '../language.ts';
import { given, textIn } from '../operations/field.ts';

const SHORTEST_PASSWORD = 8;
const LONGEST_PASSWORD = 1_024;
const LONGEST_PEM = 65_536;

export const ROLES = { viewer: () => t('Viewer: sees everything, changes nothing'), operator: () => t('Operator: also runs machines and their replication'), administrator: () => t('Administrator: also pairs hosts, and says who may what') } as const;

const roleChoices = () => Object.entries(ROLES).map(([value, label]) => ({ value, label: label() }));

export const addUser = (): Action => ({
  command: 'user add', role: 'administrator', title: t('Add a user'),
  fields: [
    { kind: 'line', name: 'name', label: t('Name'), initial: '', longest: 64, isNeeded: true },
    { kind: 'choice', name: 'role', label: t('Role'), choices: roleChoices(), initial: 'viewer', isNeeded: true },
    { kind: 'secret', name: 'password', label: t('Password'), hint: t('At least {count} characters.', { count: SHORTEST_PASSWORD }), initial: '', longest: LONGEST_PASSWORD, isNeeded: true },
  ],
  happens: (values) => [t('{user} can sign in to this host, with this page, the command line, and CIM clients.', { user: textIn(values, 'name') ?? '…' })],
  request: (values) => ({ method: 'POST', path: '/api/users', body: { name: values['name'], role: values['role'], password: values['password'] } }),
});

/** Only what is different is sent: an empty password stays as it is. */
export const changeUser = ({ name, role }: UserView): Action => ({
  command: 'user set', role: 'administrator', title: t('Change the user {user}', { user: name }), label: t('Change'),
  fields: [
    { kind: 'choice', name: 'role', label: t('Role'), choices: roleChoices(), initial: role, isNeeded: true },
    { kind: 'secret', name: 'password', label: t('New password'), hint: t('Empty: the password stays as it is.'), initial: '', longest: LONGEST_PASSWORD },
  ],
  happens: (values) => [
    ...(values['role'] === role ? [] : [t('The other role holds at once, also where {user} is signed in.', { user: name })]),
    ...(values['password'] === undefined ? [] : [t('Sessions and tokens of {user} end; they sign in with the new password.', { user: name })]),
  ],
  request: (values) => ({ method: 'PATCH', path: pathTo('users', name), body: given({ role: values['role'] === role ? undefined : values['role'], password: values['password'] }) }),
});

/** Of whoever is signed in. */
export const changePassword = (): Action => ({
  command: 'user password', role: 'viewer', title: t('Change your password'),
  fields: [
    { kind: 'secret', name: 'password', label: t('Present password'), initial: '', longest: LONGEST_PASSWORD, isNeeded: true, isKnown: true },
    { kind: 'secret', name: 'newPassword', label: t('New password'), hint: t('At least {count} characters.', { count: SHORTEST_PASSWORD }), initial: '', longest: LONGEST_PASSWORD, isNeeded: true },
    { kind: 'secret', name: 'again', label: t('New password again'), initial: '', longest: LONGEST_PASSWORD, isNeeded: true, again: 'newPassword' },
  ],
  happens: () => [t('Your sessions elsewhere and your tokens end; here you stay signed in.')],
  request: (values) => ({ method: 'PUT', path: pathTo('session', 'password'), body: { password: values['password'], newPassword: values['newPassword'] } }),
});

export const removeUser = ({ name }: UserView): Action => ({
  command: 'user remove', role: 'administrator', title: t('Remove the user {user}', { user: name }), label: t('Remove'), toType: name,
  happens: () => [t('{user} cannot sign in any more, and their sessions end.', { user: name })],
  loses: () => [t('Their password and client certificates are forgotten. What they did stays in the audit trail.')],
  request: () => ({ method: 'DELETE', path: pathTo('users', name) }),
});

export interface Token {
  readonly token: string;
  readonly expiresAtMs: number;
}

const LASTS = [['30', () => t('For 30 days')], ['365', () => t('For a year')], ['3650', () => t('For ten years')]] as const;

export const makeToken = ({ name }: UserView): Action => ({
  command: 'user token', role: 'administrator', title: t('Make a token for {user}', { user: name }), label: t('Make a token'),
  fields: [{ kind: 'choice', name: 'days', label: t('The token is valid'), choices: LASTS.map(([value, label]) => ({ value, label: label() })), initial: '365', isNeeded: true }],
  happens: () => [t('A program that has the token acts as {user} without a password: a Prometheus elsewhere, or a script.', { user: name }), t('It ends when it runs out, when {user} gets another password, or is removed.', { user: name })],
  request: (values) => ({ method: 'POST', path: pathTo('users', name, 'tokens'), body: { days: Number(textIn(values, 'days')) } }),
});

export const addCertificate = ({ name }: UserView): Action => ({
  command: 'user certificate', role: 'administrator', title: t('Let a client certificate stand for {user}', { user: name }), label: t('Add a certificate'),
  fields: [{ kind: 'pem', name: 'certificate', label: t('Client certificate'), hint: t('In PEM: the certificate, not the key.'), initial: '', longest: LONGEST_PEM, isNeeded: true }],
  happens: () => [t('Whoever holds its key acts as {user} over WS-Management and CIM-XML, without a password.', { user: name })],
  request: (values) => ({ method: 'POST', path: pathTo('users', name, 'certificates'), body: { certificate: values['certificate'] } }),
});

export const removeCertificate = ({ user, fingerprint, subject }: CertificateView): Action => ({
  command: 'user certificate --remove', role: 'administrator', title: t('Remove the certificate of {subject}', { subject }), label: t('Remove'), toType: fingerprint.slice(0, 8),
  happens: () => [t('The certificate does not stand for {user} any more.', { user })],
  loses: () => [t('CIM clients that sign in with it are refused from now on.')],
  request: () => ({ method: 'DELETE', path: pathTo('users', user, 'certificates', fingerprint) }),
});
