/**
 * understudy completion: the script that a shell reads, and what that script asks with each Tab. The scripts know nothing of the
 * commands, so they cannot fall behind them. What is answered is data to the shell: it quotes it and never runs it.
 */
import { Argument, type Command } from 'commander';
import { completionOf, type Completion, type Given, type Named } from './completing.ts';
import { programCompleting } from './program.ts';
import { parseUrl, runOf, type GlobalOptions, type Run } from './run.ts';
import { printable } from './words.ts';
import { scriptOf, SHELLS, type Shell } from './shells.ts';

/** Somebody waits with a finger on Tab. */
const MOST_MS = 1_500;
const MOST_CANDIDATES = 1_000;
const MOST_CHARACTERS = 255;

type Lister = (api: Run['api'], request: { readonly signal: AbortSignal }, machine: string) => Promise<readonly string[]>;

const LISTERS: Readonly<Record<Named, Lister>> = {
  machine: async (api, request) => (await api.get('/api/machines', request)).map(({ name }) => name),
  host: async (api, request) => (await api.get('/api/hosts', request)).map(({ name }) => name),
  point: async (api, request, machine) => (await api.get('/api/relationships/{machine}/points', { path: { machine }, ...request })).map(({ id }) => id),
  job: async (api, request) => (await api.get('/api/jobs', request)).map(({ id }) => id),
  user: async (api, request) => (await api.get('/api/users', request)).map(({ name }) => name),
  disk: async (api, request, machine) => (await api.get('/api/machines/{machine}', { path: { machine }, ...request })).disks.map(({ name }) => name),
  entry: async (api, request) => (await api.get('/api/authorizations', request)).map(({ id }) => id),
  target: async (api, request) => (await api.get('/api/notifications', request)).targets.map(({ name }) => name),
};

/** A name that cannot be typed on one line, or that does more to a terminal than be shown, is not offered. */
const isOffered = (name: string): boolean => name !== '' && name.length <= MOST_CHARACTERS && !/[\t\n\r]/.test(name) && printable(name) === name;

function targetGiven(options: GlobalOptions, given: Given): GlobalOptions {
  const host = given.get('host');
  return { runDir: given.get('runDir') ?? options.runDir, ...(host === undefined ? options.host && { host: options.host } : { host: parseUrl(host) }) };
}

/** Nothing is said of a daemon that does not answer: there is nothing to choose then. */
const namesFrom = (options: GlobalOptions) => async (kind: Named, operands: readonly string[], given: Given): Promise<readonly string[]> => {
  try {
    const { api } = runOf(targetGiven(options, given));
    return (await LISTERS[kind](api, { signal: AbortSignal.timeout(MOST_MS) }, operands[0] ?? '')).filter(isOffered);
  } catch {
    return [];
  }
};

function answerText(completion: Completion): string {
  if (completion.kind !== 'words') return completion.kind;
  const lines = completion.candidates.slice(0, MOST_CANDIDATES).map(({ word, meaning }) => `${word}\t${printable(meaning)}`);
  return [completion.kind, ...lines].join('\n');
}

async function completion(shell: Shell, words: readonly string[], _: object, command: Command): Promise<void> {
  const options = command.optsWithGlobals<GlobalOptions>();
  const { out } = runOf(options);
  if (words.length === 0) {
    const script = scriptOf(shell);
    return out.result({ shell, script }, () => script.trimEnd());
  }
  const found = await completionOf(await programCompleting(words), words, namesFrom(options));
  out.result(found, () => answerText(found));
}

export function completionCommand(program: Command): void {
  program
    .command('completion')
    .addArgument(new Argument('<shell>', 'whose script is printed').choices(SHELLS))
    .argument('[words...]', 'after --: what the script asks, namely what can stand in place of the last of these words')
    .description('print a script that completes commands, options and names with Tab, for example: source <(understudy completion bash)')
    .action(completion);
}
