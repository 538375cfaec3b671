/** understudy host. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { followed, NO_WAIT } from './follow.ts';
import { heads, t } from './language.ts';
import { table } from './output.ts';
import { confirm } from './questions.ts';
import { act, given, whole, type Run } from './run.ts';
import { ago, instant, orDash, yesNo } from './words.ts';

async function invite(run: Run, options: { storage?: string; expires?: number; address?: string }): Promise<void> {
  const body = given({ storage: options.storage, expiresSeconds: options.expires, address: options.address });
  const made = await run.api.post('/api/hosts/invite', { body });
  run.out.result(made, () => made.invitation);
  if (!run.out.isJson) run.out.note(t('Until {expires} this can be used once, on the other host: understudy host join <invitation>', { expires: instant(made.expiresAtMs) }));
}

async function join(run: Run, invitation: string, options: { storage?: string; address?: string; bypassProxy?: boolean }): Promise<void> {
  const text = invitation === '-' ? readFileSync(0, 'utf8').trim() : invitation;
  const body = { invitation: text, ...given({ storage: options.storage, address: options.address, bypassProxy: options.bypassProxy }) };
  const host = await run.api.post('/api/hosts/join', { body });
  run.out.result(host, () => t('paired with {name} ({address})', { name: host.name, address: host.address }));
}

async function listHosts(run: Run): Promise<void> {
  const hosts = await run.api.get('/api/hosts');
  const rows = () =>
    hosts.map((host) => [
      host.self ? t('{name} (this host)', { name: host.name }) : host.name,
      host.address,
      host.self ? '-' : { text: yesNo(host.connected), colour: host.connected ? ('green' as const) : ('red' as const) },
      orDash(host.lastContactMs, ago),
      orDash(host.certificateExpiresMs, instant),
      host.fingerprint,
    ]);
  run.out.result(hosts, () => table(heads('HOST', 'ADDRESS', 'CONNECTED', 'LAST CONTACT', 'CERTIFICATE EXPIRES', 'FINGERPRINT'), rows()));
}

async function remove(run: Run, host: string, options: { yes?: boolean }): Promise<void> {
  await confirm({ name: host, kind: 'host', consequences: [t('The pairing with {host} ends: nothing is replicated to or from it any more, and pairing again needs a new invitation.', { host })], yes: options.yes });
  await run.api.delete('/api/hosts/{host}', { path: { host } });
  run.out.done(t('{host} is not paired any more', { host }));
}

async function rename(run: Run, host: string, name: string): Promise<void> {
  const renamed = await run.api.post('/api/hosts/{host}/rename', { path: { host }, body: { name } });
  run.out.result(renamed, () => t('{host} is called {name} now', { host, name: renamed.name }));
}

async function move(run: Run, host: string, address: string): Promise<void> {
  const moved = await run.api.post('/api/hosts/{host}/move', { path: { host }, body: { address } });
  run.out.result(moved, () => t('{name} is looked for at {address} now', { name: moved.name, address: moved.address }));
  if (!run.out.isJson) run.out.note(t('Whether it answers there: understudy host test {name}', { name: moved.name }));
}

async function renewCertificate(run: Run): Promise<void> {
  const host = await run.api.post('/api/hosts/renew-certificate');
  run.out.result(host, () => t('{name} has a new certificate until {expires}; pairings stay', { name: host.name, expires: orDash(host.certificateExpiresMs, instant) }));
}

async function test(run: Run, host: string, options: { bypassProxy?: boolean; wait: boolean }): Promise<void> {
  await followed(run, await run.api.post('/api/hosts/{host}/test', { path: { host }, body: given({ bypassProxy: options.bypassProxy }) }), options);
}

export function hostCommands(program: Command): void {
  const host = program.command('host').description('pair this host with others');
  host
    .command('invite')
    .description('print an invitation for another host; it works once')
    .option('--storage <dir>', 'where replicas from that host are kept')
    .option('--expires <seconds>', 'how long it can be used', whole(1, 604_800))
    .option('--address <address>', 'address under which that host reaches this one')
    .action(act(invite));
  host
    .command('join')
    .argument('<invitation>', 'what the other host printed; "-" is standard input')
    .description('pair with the host that made the invitation')
    .option('--storage <dir>', 'where replicas from that host are kept')
    .option('--address <address>', 'address under which that host reaches this one')
    .option('--bypass-proxy', 'reach that host past the proxy')
    .action(act(join));
  host.command('list').description('this host and those it is paired with').action(act(listHosts));
  host.command('remove').argument('<host>').description('end the pairing').option('--yes', 'do not ask').action(act(remove));
  host.command('rename').argument('<host>').argument('<name>').description('give a host another name').action(act(rename));
  host.command('move').argument('<host>').argument('<address>').description('tell the new address of a host that moved').action(act(move));
  host.command('test').argument('<host>').description('try each step of the way to a host, and ask whether it takes replicas from this one').option('--bypass-proxy', 'past the proxy').option(...NO_WAIT).action(act(test));
  host.command('renew-certificate').description('renew the certificate of this host; pairings stay').action(act(renewCertificate));
}
