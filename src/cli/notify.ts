/** understudy notify: who is told when something is wrong, by webhook or by mail. */
import { readFileSync } from 'node:fs';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { Failure } from '../client/failure.ts';
import type { View } from '../client/operation.ts';
import { heads, t, word } from './language.ts';
import { coloured, list, table, type Colour } from './output.ts';
import { confirm } from './questions.ts';
import { act, duringText, given, type Run } from './run.ts';
import { ago, duration, orDash, printable } from './words.ts';

interface TargetOptions {
  readonly name?: string;
  readonly minimum?: 'warning' | 'critical';
  readonly secretFile?: string | false;
  readonly headerFile?: string | false;
  readonly authority?: string | false;
  readonly from?: string | false;
}

interface SetOptions extends TargetOptions {
  readonly url?: string;
  readonly address?: string;
  readonly enabled?: boolean;
  readonly delay?: number;
  readonly repeat?: number;
}

const PATH = '/api/notifications';
const TARGETS = '/api/notifications/targets';
const TARGET = '/api/notifications/targets/{target}';
const TEST = '/api/notifications/targets/{target}/test';
const COLOURS: Readonly<Record<View<'NotificationTarget'>['state'], Colour>> = { disabled: 'dim', untried: 'yellow', working: 'green', retrying: 'yellow', failing: 'red' };

const KINDS: Readonly<Record<View<'NotificationTarget'>['kind'], string>> = { webhook: t('webhook'), mail: t('mail') };
const STATES: Readonly<Record<View<'NotificationTarget'>['state'], string>> = { disabled: t('disabled'), untried: t('untried'), working: t('working'), retrying: t('retrying'), failing: t('failing') };

const during = (seconds: number): string => duration(seconds * 1_000);

function notificationsText({ delaySeconds, repeatSeconds, targets }: View<'Notifications'>): string {
  const pace = list([
    [t('a change is told'), delaySeconds === 0 ? t('at once') : t('once it has held for {time}', { time: during(delaySeconds) })],
    [t('what stays bad is told again'), repeatSeconds === 0 ? t('never') : t('every {time}', { time: during(repeatSeconds) })],
  ]);
  if (targets.length === 0) return `${pace}\n\n${t('Nobody is told: understudy notify add webhook URL, or understudy notify add mail ADDRESS; on both hosts.')}`;
  const rows = targets.map(({ name, kind, address, minimum, state, waiting, lastSuccessAtMs }) => [name, KINDS[kind], address, word('severity', minimum), { text: STATES[state], colour: COLOURS[state] }, String(waiting), orDash(lastSuccessAtMs, ago)]);
  const failures = targets.flatMap(({ name, lastFailure }) => (lastFailure ? [`${printable(`${name}: ${lastFailure.message}`)} (${ago(lastFailure.atMs)})\n  ${t('hint: {hint}', { hint: printable(lastFailure.hint) })}`] : []));
  return [pace, table(heads('TARGET', 'KIND', 'ADDRESS', 'TOLD FROM', 'STATE', 'WAITING', 'LAST ARRIVED'), rows), failures.join('\n')].filter((text) => text !== '').join('\n\n');
}

type Told = Pick<View<'NotificationTarget'>, 'name' | 'address'>;

const TOLD: Readonly<Record<View<'NotificationTarget'>['kind'], Readonly<Record<View<'NotificationTarget'>['minimum'], (told: Told) => string>>>> = {
  webhook: {
    warning: ({ name, address }) => t('{name}: the webhook at {address} is told of warnings and of what is critical.', { name, address }),
    critical: ({ name, address }) => t('{name}: the webhook at {address} is told only of what is critical.', { name, address }),
  },
  mail: {
    warning: ({ name, address }) => t('{name}: {address} gets mail of warnings and of what is critical.', { name, address }),
    critical: ({ name, address }) => t('{name}: {address} gets mail only of what is critical.', { name, address }),
  },
};

const targetText = ({ name, kind, address, minimum, state, signed, headers }: View<'NotificationTarget'>): string => {
  const more = [...(signed ? [t('Messages are signed.')] : []), ...(headers.length > 0 ? [t('Headers are sent along: {headers}.', { headers: headers.join(', ') })] : []), ...(state === 'disabled' ? [t('It is told nothing for now.')] : [])];
  return printable([TOLD[kind][minimum]({ name, address }), ...more].join(' '));
};

function fileText(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw new Failure('usage', t('{file} cannot be read: {reason}', { file, reason: (error as Error).message }), t('Give a file, or - for standard input.'));
  }
}

/** One `Name: value` a line. */
function headersIn(file: string): Record<string, string> {
  const lines = fileText(file).split(/\r?\n/).filter((line) => line.trim() !== '');
  return Object.fromEntries(lines.map((line) => {
    const at = line.indexOf(':');
    if (at < 1) throw new Failure('usage', t('{file} has a line that is no header', { file }), t('Each line is like "Authorization: Bearer TOKEN".'));
    return [line.slice(0, at).trim(), line.slice(at + 1).trim()];
  }));
}

/** A field that a file gives, or that an option takes away. */
const fromFile = <T, N>(file: string | false | undefined, read: (file: string) => T, none: N): T | N | undefined => (file === undefined ? undefined : file === false ? none : read(file));

const changeOf = ({ name, minimum, secretFile, headerFile, authority, from }: TargetOptions): View<'NotificationTargetChange'> =>
  given({
    name, minimum,
    secret: fromFile(secretFile, (file) => fileText(file).split(/\r?\n/)[0]!, null),
    headers: fromFile(headerFile, headersIn, {}),
    authority: fromFile(authority, fileText, null),
    from: from === false ? null : from,
  });

async function show(run: Run): Promise<void> {
  const notifications = await run.api.get(PATH);
  run.out.result(notifications, () => notificationsText(notifications));
}

async function added(run: Run, request: View<'NotificationTargetRequest'>): Promise<void> {
  const target = await run.api.post(TARGETS, { body: request });
  run.out.result(target, () => `${targetText(target)}\n${t('Send it a message now: {command}', { command: printable(`understudy notify test ${target.name}`) })}`);
}

const addWebhook = (run: Run, url: string, options: TargetOptions): Promise<void> => added(run, { kind: 'webhook', url: url === '-' ? fileText('-').trim() : url, ...changeOf(options) });
const addMail = (run: Run, address: string, options: TargetOptions): Promise<void> => added(run, { kind: 'mail', address, ...changeOf(options) });

async function set(run: Run, target: string | undefined, { delay, repeat, url, address, enabled, ...options }: SetOptions): Promise<void> {
  const pace = given({ delaySeconds: delay, repeatSeconds: repeat });
  const change = { ...given({ url, address, enabled }), ...changeOf(options) };
  const [hasPace, hasChange] = [Object.keys(pace).length > 0, Object.keys(change).length > 0];
  if (!hasPace && !hasChange) throw new Failure('usage', t('nothing to set was given'), t('See understudy notify set --help.'));
  if (hasPace && target !== undefined) throw new Failure('usage', t('--delay and --repeat are for all targets'), 'understudy notify set --repeat 4h');
  if (hasChange && target === undefined) throw new Failure('usage', t('say which target: understudy notify set TARGET'), t('understudy notify list shows them.'));
  if (target === undefined) {
    const notifications = await run.api.patch(PATH, { body: pace });
    return run.out.result(notifications, () => notificationsText(notifications));
  }
  const after = await run.api.patch(TARGET, { path: { target }, body: change });
  run.out.result(after, () => targetText(after));
}

async function remove(run: Run, target: string, options: { yes?: boolean }): Promise<void> {
  const { targets } = await run.api.get(PATH);
  const found = targets.find(({ id, name }) => id === target || name === target);
  if (!found) throw new Failure('notification-target-unknown', t('there is no target {target}', { target }), t('understudy notify list shows them.'));
  const consequences = [t('It is told nothing any more, and what waits for it is dropped.'), ...(targets.length === 1 ? [t('Nobody else is told when something goes wrong on this host.')] : [])];
  await confirm({ name: found.name, kind: 'target', consequences, yes: options.yes });
  await run.api.delete(TARGET, { path: { target } });
  run.out.done(printable(t('{target} is told nothing any more', { target })));
}

/** All of them where none is named; each is tried, and the first that fails is the command's failure. */
async function test(run: Run, target: string | undefined): Promise<void> {
  const names = target === undefined ? (await run.api.get(PATH)).targets.map(({ name }) => name) : [target];
  if (names.length === 0) throw new Failure('notification-target-unknown', t('nobody is told yet'), t('understudy notify add webhook URL, or understudy notify add mail ADDRESS.'));
  const results: { target: string; answer: string; tookMs: number }[] = [];
  const failures: Failure[] = [];
  for (const name of names) {
    try {
      results.push({ target: name, ...(await run.api.post(TEST, { path: { target: name } })) });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      failures.push(new Failure(error.code, `${name}: ${error.message}`, error.hint, error.allowed));
    }
  }
  const text = () => results.map(({ target: name, answer, tookMs }) => `${coloured('green', t('arrived'))}: ${printable(`${name}: ${answer}`)} (${duration(tookMs)})`).join('\n');
  if (failures.length === 0) return run.out.result(results, text);
  if (!run.out.isJson && results.length > 0) run.out.note(text());
  for (const { message, hint } of failures.slice(1)) run.out.note(`${printable(message)}\n${t('hint: {hint}', { hint: printable(hint) })}`);
  throw failures[0]!;
}

/** A repeat that would not end is refused before the daemon is asked. */
function repeatText(text: string): number {
  const seconds = duringText(text);
  if (seconds !== 0 && seconds < 60) throw new InvalidArgumentError(t('It must be a minute or more, or never.'));
  return seconds;
}

const MINIMUM = () => new Option('--minimum <severity>', 'nothing that is less bad is told').choices(['warning', 'critical']);
const NAME = ['--name <name>', 'what the target is called here; its address, or the webhook\'s host, when absent'] as const;
const FROM = ['--from <address>', 'the sender; understudy@ and this host\'s name when absent'] as const;
const SECRET = ['--secret-file <file>', 'messages are signed with its first line; "-" is standard input'] as const;
const HEADERS = ['--header-file <file>', 'headers that are sent along, one "Name: value" a line'] as const;
const AUTHORITY = ['--authority <file>', 'certificates in PEM that the webhook\'s may be signed by, besides those that the system trusts'] as const;

export function notifyCommands(program: Command): void {
  const notify = program.command('notify').description('who is told when something is wrong');
  notify.command('list').description('the targets, whether messages arrive there, and how soon and how often is told').action(act(show));
  const add = notify.command('add').description('tell one more');
  add.command('webhook').argument('<url>', 'where to post; "-" reads it from standard input, where it is a key itself').description('post JSON to a URL').option(...NAME).addOption(MINIMUM()).option(...SECRET).option(...HEADERS).option(...AUTHORITY).action(act(addWebhook));
  add.command('mail').argument('<address>').description('send mail through this host\'s sendmail').option(...NAME).addOption(MINIMUM()).option(...FROM).action(act(addMail));
  notify
    .command('set')
    .argument('[target]')
    .description('change a target; without one, how soon and how often all are told')
    .option('--delay <time>', 'how long a change must hold before it is told, 60s by default', duringText)
    .option('--repeat <time>', 'after how long what stays bad is told again, 4h by default; never', repeatText)
    .option('--name <name>', 'another name')
    .addOption(MINIMUM())
    .option('--url <url>', 'of a webhook')
    .option('--address <address>', 'of mail')
    .option('--enabled', 'tell it again')
    .option('--no-enabled', 'tell it nothing for now')
    .option(...SECRET)
    .option('--no-secret-file', 'messages are not signed any more')
    .option(...HEADERS)
    .option('--no-header-file', 'no headers are sent along any more')
    .option(...AUTHORITY)
    .option('--no-authority', 'only authorities that the system trusts')
    .option(...FROM)
    .option('--no-from', 'the sender is this host')
    .action(act(set));
  notify.command('remove').argument('<target>').description('tell it no more').option('--yes', 'do not ask').action(act(remove));
  notify.command('test').argument('[target]', 'all when absent').description('send a message now, and say what the other side answers').action(act(test));
}
