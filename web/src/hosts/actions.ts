/** What can be done with this host among others: pairing, and what comes of it later. */
import type { HostView } from '../../../src/service/views.ts';
import { bodyOf, pathTo, type Action } from '../asking/action.ts';
import { t } from '../language.ts';
import { textIn, type Field } from '../operations/field.ts';

const LONGEST_PATH = 4_096;
const LONGEST_NAME = 256;
/** A mail program may have broken it. */
const LINES_AT_MOST = 100;

const storage = (): Field => ({ kind: 'line', name: 'storage', label: t('Where replicas from that host are kept here'), hint: t('An absolute path; this host\'s own place when this is empty.'), initial: '', longest: LONGEST_PATH, isSeldom: true });
const address = (): Field => ({ kind: 'line', name: 'address', label: t('Address under which that host reaches this one'), hint: t('Such as 192.0.2.7 or alpha.example.com, with a port when it is not 7443.'), initial: '', longest: LONGEST_NAME, isSeldom: true });

export interface Invitation {
  readonly invitation: string;
  readonly expiresAtMs: number;
}

const LASTS = [['600', () => t('For 10 minutes')], ['3600', () => t('For an hour')], ['86400', () => t('For a day')], ['604800', () => t('For a week')]] as const;

export const invite = (): Action => ({
  command: 'host invite', role: 'administrator', title: t('Invite another host'), label: t('Invite a host'),
  fields: [{ kind: 'choice', name: 'expiresSeconds', label: t('The invitation can be used'), choices: LASTS.map(([value, label]) => ({ value, label: label() })), initial: '3600', isNeeded: true }, storage(), address()],
  happens: () => [t('You get a text to paste on the other host. It works once: whoever has it can pair a host with this one, so pass it on as you would a password.'), t('Once that host has joined, it may send replicas here, and this host may send replicas there.')],
  request: (values) => ({ method: 'POST', path: '/api/hosts/invite', body: { ...bodyOf(values, 'storage', 'address'), expiresSeconds: Number(textIn(values, 'expiresSeconds')) } }),
});

export const join = (): Action => ({
  command: 'host join', role: 'administrator', title: t('Join another host by its invitation'), label: t('Join a host'),
  fields: [{ kind: 'lines', name: 'invitation', label: t('Invitation'), hint: t('The text that the other host showed when it invited this one.'), initial: '', most: LINES_AT_MOST, isNeeded: true }, storage(), address(), { kind: 'tick', name: 'bypassProxy', label: t('Reach that host past the proxy'), initial: false, isSeldom: true }],
  happens: () => [t('The two hosts know each other by their keys from now on, and each may send replicas to the other.')],
  request: (values) => ({ method: 'POST', path: '/api/hosts/join', body: { invitation: invitationIn(values['invitation']), ...bodyOf(values, 'storage', 'address'), ...(values['bypassProxy'] === true && { bypassProxy: true }) } }),
});

/** The lines of a text that was broken belong together. */
const invitationIn = (value: unknown): string => (Array.isArray(value) ? value.join('') : String(value ?? '')).replaceAll(/\s/g, '');

export const test = ({ name }: HostView): Action => ({
  command: 'host test', role: 'operator', title: t('Test the way to {host}', { host: name }), label: t('Test the way'), answer: 'job',
  fields: [{ kind: 'tick', name: 'bypassProxy', label: t('Past the proxy of this host'), initial: false }],
  happens: () => [t('Each step of the way is tried: the name, the port, TLS, the keys, and whether {host} takes replicas from this host. Nothing is changed.', { host: name })],
  request: (values) => ({ method: 'POST', path: pathTo('hosts', name, 'test'), body: values['bypassProxy'] === true ? { bypassProxy: true } : {} }),
});

export const rename = ({ name, self }: HostView): Action => ({
  command: 'host rename', role: 'administrator', title: t('Rename {host}', { host: name }), label: t('Rename'),
  fields: [{ kind: 'line', name: 'name', label: t('New name'), hint: t('Letters, digits, dots and dashes.'), initial: name, longest: 253, isNeeded: true }],
  happens: (values) => [self ? t('This host is called {name} from now on. Hosts that know it keep the name that they have for it.', { name: textIn(values, 'name') ?? '…' }) : t('{host} is called {name} on this host from now on. Its own name there stays, and replication goes on.', { host: name, name: textIn(values, 'name') ?? '…' })],
  request: (values) => ({ method: 'POST', path: pathTo('hosts', name, 'rename'), body: { name: values['name'] } }),
});

export const move = ({ name, address: before }: HostView): Action => ({
  command: 'host move', role: 'administrator', title: t('Tell the new address of {host}', { host: name }), label: t('Move'),
  fields: [{ kind: 'line', name: 'address', label: t('New address'), hint: t('Such as 192.0.2.7 or beta.example.com, with a port when it is not 7443.'), initial: before, longest: LONGEST_NAME, isNeeded: true }],
  happens: (values) => [
    t('{host} is looked for at {address} from now on. It has to show the same key there.', { host: name, address: textIn(values, 'address') ?? '…' }),
    t('Then each step of the way there is tried.'),
  ],
  request: (values) => ({ method: 'POST', path: pathTo('hosts', name, 'move'), body: { address: values['address'] } }),
  afterwards: () => ({ method: 'POST', path: pathTo('hosts', name, 'test'), body: {} }), answer: 'job',
});

export const remove = ({ name }: HostView): Action => ({
  command: 'host remove', role: 'administrator', title: t('Remove {host}', { host: name }), label: t('Remove'), toType: name,
  happens: () => [t('The pairing with {host} ends. Machines, disks and recovery points stay on both hosts.', { host: name }), t('It is refused while a machine still replicates with {host}.', { host: name })],
  loses: () => [t('Nothing can be replicated to {host} or from it any more. To pair again, a new invitation is needed.', { host: name }), t('Its authorization entry is removed.')],
  request: () => ({ method: 'DELETE', path: pathTo('hosts', name) }),
});

export const renewCertificate = ({ name }: HostView): Action => ({
  command: 'host renew-certificate', role: 'administrator', title: t('Renew the certificate of {host}', { host: name }), label: t('Renew the certificate'),
  happens: () => [t('This host makes itself a new certificate with the same key. Pairings stay, and replication goes on.')],
  request: () => ({ method: 'POST', path: '/api/hosts/renew-certificate' }),
});
