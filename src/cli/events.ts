/** understudy events: the event log, and what is added to it from now on. */
import { Option, type Command } from 'commander';
import type { View } from '../client/operation.ts';
import { watch } from '../client/watching.ts';
import { inWidth, widthOf } from './columns.ts';
import { failureJson } from './failure.ts';
import { heads, t, word } from './language.ts';
import { coloured, table, type Cell, type Colour } from './output.ts';
import { act, given, whole, type Run } from './run.ts';
import { instant, orDash, printable } from './words.ts';

type Event = View<'Event'>;

interface EventsOptions {
  readonly after?: number;
  readonly limit?: number;
  readonly machine?: string;
  readonly severity?: Event['severity'];
  readonly follow?: boolean;
}

const COLOURS: Partial<Record<Event['severity'], Colour>> = { warning: 'yellow', error: 'red' };
const SEVERITIES: readonly Event['severity'][] = ['information', 'warning', 'error'];
const SEVERITY_WIDTH = Math.max(...SEVERITIES.map((severity) => widthOf(word('severity', severity))));
/** How many are shown before those that come. */
const SHOWN_FIRST = 10;

const severityCell = ({ severity }: Event): Cell => ({ text: word('severity', severity), ...(COLOURS[severity] && { colour: COLOURS[severity] }) });
const messageOf = ({ message, hint }: Event): string => (hint === null ? message : `${message} (${hint})`);

/** Most messages name their machine already. */
const named = (event: Event): string => (event.machine === null || event.message.startsWith(`${event.machine}: `) ? messageOf(event) : `${event.machine}: ${messageOf(event)}`);

function line(event: Event): string {
  const { severity } = event;
  const colour = COLOURS[severity];
  const padded = inWidth(word('severity', severity), SEVERITY_WIDTH);
  return `${String(event.id).padStart(6)}  ${instant(event.atMs)}  ${colour ? coloured(colour, padded) : padded}  ${printable(named(event))}`;
}

async function list(run: Run, { after, limit, machine, severity }: EventsOptions): Promise<void> {
  const shown = await run.api.get('/api/events', { query: given({ afterId: after, limit, machine, severity }) });
  const rows = () => shown.map((event) => [String(event.id), instant(event.atMs), severityCell(event), orDash(event.number, String), orDash(event.machine, String), messageOf(event)]);
  run.out.result(shown, () => (shown.length === 0 ? t('There is no event.') : table(heads('ID', 'WHEN', 'SEVERITY', 'NUMBER', 'MACHINE', 'MESSAGE'), rows())));
}

/** Prints those that are there already; the last event that there is. */
async function shownBefore(run: Run, { limit = SHOWN_FIRST, machine, severity }: EventsOptions): Promise<number> {
  const [newest] = await run.api.get('/api/events', { query: { limit: 1 } });
  const newestId = newest?.id ?? 0;
  const before = await run.api.get('/api/events', { query: { limit, ...given({ machine, severity }) } });
  for (const event of before.filter(({ id }) => id <= newestId)) run.out.line(event, () => line(event));
  return newestId;
}

/** Each event once, in order, over any loss of the connection; until Ctrl-C. */
async function follow(run: Run, options: EventsOptions): Promise<void> {
  const leaving = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => leaving.abort());
  const name = options.machine === undefined ? undefined : (await run.api.get('/api/machines/{machine}', { path: { machine: options.machine } })).name;
  const afterId = options.after ?? (await shownBefore(run, options));
  const isShown = ({ machine, severity }: Event) => (name === undefined || machine === name) && SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(options.severity ?? 'information');
  let isLost = false;
  for await (const message of watch(run.api, { afterId, signal: leaving.signal })) {
    if (message.event === 'event' && isShown(message.data)) run.out.line(message.data, () => line(message.data));
    if (message.event === 'lost' && !isLost) {
      if (run.out.isJson) run.out.line(failureJson(message.failure), () => '');
      run.out.note(t('{now}: the connection is lost ({message}); events that come meanwhile are shown when it is back', { now: instant(Date.now()), message: printable(message.failure.message) }));
    }
    if (message.event === 'connected' && isLost) run.out.note(t('{now}: the connection is back', { now: instant(Date.now()) }));
    if (message.event === 'lost' || message.event === 'connected') isLost = message.event === 'lost';
  }
}

const events = (run: Run, options: EventsOptions): Promise<void> => (options.follow ? follow(run, options) : list(run, options));

export function eventCommands(program: Command): void {
  program
    .command('events')
    .description('the event log, the newest events last')
    .option('--after <id>', 'only events after this one', whole(0, Number.MAX_SAFE_INTEGER))
    .option('--limit <n>', 'how many at most; with --follow, how many of those that are there already', whole(1, 1_000))
    .option('--machine <machine>', 'only events of this machine')
    .addOption(new Option('--severity <severity>', 'only events that are as bad as this at least').choices([...SEVERITIES]))
    .option('--follow', 'go on showing events as they come, until Ctrl-C; with --json a line for each')
    .action(act(events));
}
