/** understudy user, sign-in and sign-out. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { Option, type Command } from 'commander';
import { Failure } from '../client/failure.ts';
import type { View } from '../client/operation.ts';
import { heads, t, word } from './language.ts';
import { table } from './output.ts';
import { confirm, password, passwords } from './questions.ts';
import { act, type Run, whole } from './run.ts';
import { forgetToken, keepToken } from './tokens.ts';
import { instant } from './words.ts';

async function listUsers(run: Run): Promise<void> {
  const users = await run.api.get('/api/users');
  run.out.result(users, () => (users.length === 0 ? t('There is no user; root of this host needs none. Add one: understudy user add.') : table(heads('USER', 'ROLE'), users.map((user) => [user.name, word('userRole', user.role)]))));
}

async function add(run: Run, name: string, options: { role: View<'User'>['role']; passwordFile?: string }): Promise<void> {
  const typed = await password({ file: options.passwordFile, name, twice: true });
  const user = await run.api.post('/api/users', { body: { name, role: options.role, password: typed } });
  run.out.result(user, () => t('{name} is a user now ({role})', { name: user.name, role: word('userRole', user.role) }));
}

async function set(run: Run, name: string, options: { role?: View<'User'>['role']; password?: boolean; passwordFile?: string }): Promise<void> {
  const isSecret = options.password === true || options.passwordFile !== undefined;
  if (options.role === undefined && !isSecret) throw new Failure('usage', t('say what is to be changed: --role, --password or --password-file'), t('Nothing was done.'));
  const typed = isSecret ? await password({ file: options.passwordFile, name, twice: true }) : undefined;
  const user = await run.api.patch('/api/users/{user}', { path: { user: name }, body: { ...(options.role && { role: options.role }), ...(typed !== undefined && { password: typed }) } });
  run.out.result(user, () => (isSecret ? t('{name} ({role}) has a new password; their sessions and tokens have ended', { name: user.name, role: word('userRole', user.role) }) : t('{name} has the role {role} now', { name: user.name, role: word('userRole', user.role) })));
}

async function ownPassword(run: Run, options: { passwordFile?: string }): Promise<void> {
  const { name } = await run.api.get('/api/session');
  await run.api.put('/api/session/password', { body: await passwords({ file: options.passwordFile, name }) });
  run.out.done(t('{name} has a new password; their other sessions and their tokens have ended', { name }));
}

async function remove(run: Run, name: string, options: { yes?: boolean }): Promise<void> {
  await confirm({ name, kind: 'user', consequences: [t('{name} cannot sign in any more, and their sessions end.', { name })], yes: options.yes });
  await run.api.delete('/api/users/{user}', { path: { user: name } });
  run.out.done(t('{name} is not a user any more', { name }));
}

async function token(run: Run, name: string, { days }: { days: number }): Promise<void> {
  const issued = await run.api.post('/api/users/{user}/tokens', { path: { user: name }, body: { days } });
  run.out.note(t('whoever has this token acts as {name} until {expires}, or until the user is removed or gets another password; it is not shown again', { name, expires: instant(issued.expiresAtMs) }));
  run.out.result(issued, () => issued.token);
}

/** The file as PEM, whichever of PEM and DER it is in. */
function certificateIn(file: string): X509Certificate {
  try {
    return new X509Certificate(readFileSync(file));
  } catch (error) {
    throw new Failure('usage', t('{file} is no certificate that can be read: {reason}', { file, reason: (error as Error).message }), t('Give the certificate, not the key.'));
  }
}

async function certificate(run: Run, name: string, file: string, options: { remove?: boolean }): Promise<void> {
  const given = certificateIn(file);
  if (options.remove) {
    const fingerprint = given.fingerprint256.replaceAll(':', '').toLowerCase();
    await run.api.delete('/api/users/{user}/certificates/{fingerprint}', { path: { user: name, fingerprint } });
    return run.out.done(t('the certificate does not stand for {name} any more', { name }));
  }
  const added = await run.api.post('/api/users/{user}/certificates', { path: { user: name }, body: { certificate: given.toString() } });
  run.out.result(added, () => t('whoever holds the key of {subject} acts as {name} over WS-Management and CIM-XML until {expires}', { subject: added.subject, name, expires: instant(added.expiresAtMs) }));
}

async function listCertificates(run: Run, name: string): Promise<void> {
  const found = await run.api.get('/api/users/{user}/certificates', { path: { user: name } });
  run.out.result(found, () => (found.length === 0 ? t('{name} has no client certificate.', { name }) : table(heads('SUBJECT', 'SHA-256', 'ENDS'), found.map((each) => [each.subject, each.fingerprint, instant(each.expiresAtMs)]))));
}

function urlOf(run: Run): URL {
  if (!run.url) throw new Failure('usage', t('say where: understudy --host http://host:7480 sign-in'), t('On the host itself root needs no sign-in.'));
  return run.url;
}

async function signIn(run: Run, options: { user: string; passwordFile?: string }): Promise<void> {
  const url = urlOf(run);
  const typed = await password({ file: options.passwordFile, name: t('{user} at {host}', { user: options.user, host: url.host }), twice: false });
  const session = await run.api.post('/api/sign-in', { body: { name: options.user, password: typed } });
  keepToken(url, session.token);
  run.out.result({ user: session.user, expiresAtMs: session.expiresAtMs }, () => t('signed in to {host} as {name} ({role}) until {expires}', { host: url.host, name: session.user.name, role: word('userRole', session.user.role), expires: instant(session.expiresAtMs) }));
}

async function signOut(run: Run): Promise<void> {
  const url = urlOf(run);
  await run.api.post('/api/sign-out').catch((error: unknown) => {
    if (!(error instanceof Failure) || error.code !== 'sign-in-failed') throw error;
  });
  forgetToken(url);
  run.out.done(t('signed out of {host}', { host: url.host }));
}

const ROLES = ['viewer', 'operator', 'administrator'];
const PASSWORD_FILE = ['--password-file <file>', 'its first line is the password; "-" is standard input'] as const;

export function userCommands(program: Command): void {
  const user = program.command('user').description('who may sign in to this host');
  user.command('list').description('all users').action(act(listUsers));
  user
    .command('add')
    .argument('<name>')
    .description('add a user; the password is asked for')
    .addOption(new Option('--role <role>', 'what the user may do').choices(ROLES).makeOptionMandatory())
    .option(...PASSWORD_FILE)
    .action(act(add));
  user
    .command('token')
    .argument('<user>')
    .description('a token for a program, such as a Prometheus that reads /metrics from elsewhere; printed once')
    .option('--days <n>', 'how long it is valid', whole(1, 3_650), 365)
    .action(act(token));
  user
    .command('set')
    .argument('<user>')
    .description('change the role of a user, their password, or both')
    .addOption(new Option('--role <role>', 'what the user may do').choices(ROLES))
    .option('--password', 'ask for a new password')
    .option(...PASSWORD_FILE)
    .action(act(set));
  user
    .command('password')
    .description('change your own password at --host; the present one is asked for, and the new one')
    .option('--password-file <file>', 'its first line is the present password, its second the new one; "-" is standard input')
    .action(act(ownPassword));
  user.command('remove').argument('<user>').description('remove a user').option('--yes', 'do not ask').action(act(remove));
  user
    .command('certificate')
    .argument('<user>')
    .argument('<file>', 'a TLS client certificate, PEM or DER')
    .description('let a client certificate stand for a user, over WS-Management and CIM-XML')
    .option('--remove', 'it stands for the user no more')
    .action(act(certificate));
  user.command('certificates').argument('<user>').description('the client certificates of a user').action(act(listCertificates));
  program.command('sign-in').description('sign in to the daemon at --host; kept for 12 hours').option('--user <name>', 'name of the user', userInfo().username).option(...PASSWORD_FILE).action(act(signIn));
  program.command('sign-out').description('end the session at --host').action(act(signOut));
}
