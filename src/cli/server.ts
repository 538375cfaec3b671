/** understudy server and understudy authorization: what this host takes from others. */
import { readFileSync } from 'node:fs';
import { Option, type Command } from 'commander';
import { Failure } from '../client/failure.ts';
import type { View } from '../client/operation.ts';
import { heads, t } from './language.ts';
import { timeOfDay } from './moments.ts';
import { list, table } from './output.ts';
import { act, given, whole, type Run } from './run.ts';
import { clock, duration, instant, printable } from './words.ts';

interface ServerOptions {
  readonly replicaServer?: string;
  readonly anyHost?: string;
  readonly storage?: string;
  readonly monitoringStart?: number;
  readonly monitoringInterval?: number;
  readonly certificate?: string;
  readonly peerPort?: string;
  readonly force?: boolean;
}

interface EntryOptions {
  readonly for?: string;
  readonly storage?: string;
  readonly trustGroup?: string;
}

const HOUR_SECONDS = 3_600;
const isOn = (text: string | undefined): boolean | undefined => (text === undefined ? undefined : text === 'on');
const onOff = (value: boolean): string => (value ? t('on') : t('off'));

const serverText = (server: View<'Server'>): string =>
  list([
    [t('replica server'), onOff(server.replicaServer)],
    [t('any paired host'), server.anyHost ? t('on, to {storage}', { storage: server.storage }) : t('off: see understudy authorization list')],
    [t('storage location'), server.storage],
    [t('authentication'), server.authentication],
    [t('peer address'), server.peerAddress],
    [t('certificate'), t('{thumbprint} ({origin}), until {expires}', { thumbprint: server.certificate.thumbprint, origin: server.certificate.isOwn ? t('this host\'s own') : t('installed'), expires: instant(server.certificate.expiresAtMs) })],
    [t('proxy'), server.proxy ?? t('none')],
    [t('monitoring starts'), clock(server.monitoringStartSeconds)],
    [t('monitoring interval'), duration(server.monitoringIntervalSeconds * 1_000)],
  ]);

async function showServer(run: Run): Promise<void> {
  const server = await run.api.get('/api/server');
  run.out.result(server, () => serverText(server));
}

async function setServer(run: Run, options: ServerOptions): Promise<void> {
  const change = given({
    replicaServer: isOn(options.replicaServer),
    anyHost: isOn(options.anyHost),
    storage: options.storage,
    monitoringStartSeconds: options.monitoringStart,
    monitoringIntervalSeconds: options.monitoringInterval === undefined ? undefined : options.monitoringInterval * HOUR_SECONDS,
    certificate: options.certificate,
    peerPort: options.peerPort === undefined ? undefined : options.peerPort === 'configured' ? null : whole(1, 65_535)(options.peerPort),
    force: options.force,
  });
  const server = await run.api.patch('/api/server', { body: change });
  run.out.result(server, () => serverText(server));
}

async function listCertificates(run: Run): Promise<void> {
  const certificates = await run.api.get('/api/server/certificates');
  const rows = certificates.map((each) => [each.thumbprint, each.isOwn ? t('this host\'s own') : each.subject, instant(each.expiresAtMs), each.isInForce ? t('shown to hosts') : (each.unfit ?? t('can be chosen'))]);
  run.out.result(certificates, () => table(heads('THUMBPRINT', 'SUBJECT', 'EXPIRES', 'STANDING'), rows));
}

async function addCertificate(run: Run, options: { certificate: string; key: string; authority?: string }): Promise<void> {
  const body = { certificate: textIn(options.certificate), key: textIn(options.key), ...given({ authority: options.authority === undefined ? undefined : textIn(options.authority) }) };
  const certificate = await run.api.post('/api/server/certificates', { body });
  run.out.result(certificate, () => printable(t('{thumbprint} is installed. Show it to other hosts: understudy server set --certificate {thumbprint}', { thumbprint: certificate.thumbprint })));
}

function textIn(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Failure('usage', t('{file} cannot be read: {reason}', { file, reason: error instanceof Error ? error.message : String(error) }), t('Give a file in PEM that is there and may be read.'));
  }
}

async function removeCertificate(run: Run, thumbprint: string): Promise<void> {
  await run.api.delete('/api/server/certificates/{thumbprint}', { path: { thumbprint } });
  run.out.done(t('the certificate {thumbprint} is gone', { thumbprint }));
}

async function listAuthorizations(run: Run): Promise<void> {
  const entries = await run.api.get('/api/authorizations');
  run.out.result(entries, () => (entries.length === 0 ? t('No host may replicate to this one.') : table(heads('ID', 'HOST', 'STORAGE', 'TRUST GROUP'), entries.map((entry) => [entry.id, entry.host, entry.storage, entry.trustGroup]))));
}

const entryText = (entry: View<'Authorization'>): string => printable(t('{host} may replicate to {storage} (entry {id}, trust group {trustGroup})', { host: entry.host, storage: entry.storage, id: entry.id, trustGroup: entry.trustGroup }));

async function addAuthorization(run: Run, host: string, options: EntryOptions): Promise<void> {
  const entry = await run.api.post('/api/authorizations', { body: { host, ...given({ storage: options.storage, trustGroup: options.trustGroup }) } });
  run.out.result(entry, () => entryText(entry));
}

async function setAuthorization(run: Run, name: string, options: EntryOptions): Promise<void> {
  const entry = await run.api.patch('/api/authorizations/{authorization}', { path: { authorization: name }, body: given({ host: options.for, storage: options.storage, trustGroup: options.trustGroup }) });
  run.out.result(entry, () => entryText(entry));
}

async function removeAuthorization(run: Run, entry: string): Promise<void> {
  await run.api.delete('/api/authorizations/{authorization}', { path: { authorization: entry } });
  run.out.done(t('the entry {entry} is gone', { entry }));
}

async function assignAuthorization(run: Run, machine: string, entry: string): Promise<void> {
  await run.api.put('/api/relationships/{machine}/authorization', { path: { machine }, body: { authorization: entry } });
  run.out.done(t('the replica {machine} belongs to the entry {entry} now', { machine, entry }));
}

const STORAGE = ['--storage <dir>', 'where its replicas are kept; this host\'s own place when not given'] as const;
const TRUST_GROUP = ['--trust-group <group>', 'hosts of one group may take over each other\'s replicas'] as const;

function authorizationCommands(program: Command): void {
  const authorization = program.command('authorization').description('who may replicate to this host, and where to');
  authorization.command('list').description('all entries').action(act(listAuthorizations));
  authorization.command('add').argument('<host>', 'a paired host, *.domain, or * for any paired host').description('let a host replicate to this one').option(...STORAGE).option(...TRUST_GROUP).action(act(addAuthorization));
  authorization
    .command('set')
    .argument('<entry>', 'its id, or its host')
    .description('change an entry; replicas that exist stay where they are')
    .option('--for <host>', 'whom it is for')
    .option('--storage <dir>', 'where new replicas are kept')
    .option(...TRUST_GROUP)
    .action(act(setAuthorization));
  authorization.command('assign').argument('<machine>', 'a replica on this host').argument('<entry>', 'its id, or its host').description('give a replica to an entry').action(act(assignAuthorization));
  authorization.command('remove').argument('<entry>', 'its id, or its host').description('take an entry back: nothing more is taken for its replicas, what is here stays').action(act(removeAuthorization));
}

export function serverCommands(program: Command): void {
  const server = program.command('server').description('this host as a replica server');
  server.command('show').description('what is set').action(act(showServer));
  server
    .command('set')
    .description('change what is given')
    .addOption(new Option('--replica-server <on|off>', 'whether this host takes replicas').choices(['on', 'off']))
    .addOption(new Option('--any-host <on|off>', 'whether any paired host may send replicas, whatever the entries say').choices(['on', 'off']))
    .option('--storage <dir>', 'where the replicas of any host are kept')
    .option('--certificate <thumbprint>', 'the installed certificate that other hosts are shown, or own')
    .option('--peer-port <port>', 'port that other hosts connect to, or configured; paired hosts follow')
    .option('--force', 'a certificate of another key although a paired host cannot be told of it now')
    .option('--monitoring-start <time>', 'when the intervals of the statistics begin, for example 09:00', timeOfDay)
    .option('--monitoring-interval <hours>', 'how long such an interval lasts: 1, 2, 3, 4, 6, 8, 12 or 24 hours, or 2 to 7 days in hours', whole(1, 168))
    .action(act(setServer));
  const certificate = server.command('certificate').description('certificates of an authority of your own, to be shown to other hosts');
  certificate.command('list').description('this host\'s own and those that are installed').action(act(listCertificates));
  certificate
    .command('add')
    .description('install a certificate')
    .requiredOption('--certificate <file>', 'in PEM, with those between it and the authority')
    .requiredOption('--key <file>', 'its private key in PEM, without a password')
    .option('--authority <file>', 'the authority\'s certificate in PEM: hosts that have one accept each other by it')
    .action(act(addCertificate));
  certificate.command('remove').argument('<thumbprint>').description('remove one that is not in use').action(act(removeCertificate));
  authorizationCommands(program);
}
