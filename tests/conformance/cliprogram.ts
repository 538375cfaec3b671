/** Runs bin/understudy as people do: a child process, without a terminal or on one. */
import { execFileSync, spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { join } from 'node:path';

const PROGRAM = join(import.meta.dirname, '../../bin/understudy');

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ended>;
  /** Resolves once what was printed so far, on either stream, has this in it. */
  printed(pattern: RegExp): Promise<void>;
}

function watched(child: ChildProcessWithoutNullStreams): Running {
  let [stdout, stderr] = ['', ''];
  let look: () => void = () => undefined;
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
    look();
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
    look();
  });
  child.stdin.on('error', () => undefined);
  const ended = new Promise<Ended>((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })));
  const printed = (pattern: RegExp) =>
    new Promise<void>((resolve, reject) => {
      look = () => {
        if (pattern.test(stdout) || pattern.test(stderr)) resolve();
      };
      look();
      void ended.then(() => reject(new Error(`it ended without ${pattern}: ${stdout}${stderr}`)));
    });
  return { child, ended, printed };
}

type Environment = Record<string, string>;
const environment = (more: Environment): NodeJS.ProcessEnv => ({ PATH: process.env['PATH'], TERM: 'xterm', HOME: '/nonexistent', LC_ALL: 'C.UTF-8', ...more });

export const start = (args: readonly string[], env: Environment = {}): Running => watched(spawn(PROGRAM, args, { env: environment(env) }));

export async function run(args: readonly string[], options: { stdin?: string; env?: Environment } = {}): Promise<Ended> {
  const { child, ended } = start(args, options.env);
  child.stdin.end(options.stdin ?? '');
  return ended;
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** On a terminal, made by script(1); both streams arrive as standard output. */
export function startOnTerminal(args: readonly string[], env: Environment = {}): Running {
  return scripted(`exec ${commandOf(args)}`, env);
}

const commandOf = (args: readonly string[]): string => [PROGRAM, ...args].map(quoted).join(' ');
const scripted = (command: string, env: Environment): Running => watched(spawn('script', ['--quiet', '--flush', '--return', '--command', command, '/dev/null'], { env: environment(env) }));

export interface Terminal extends Running {
  /** The terminal has another size from now on, and tells its program so. */
  resize(columns: number, rows: number): void;
}

/** On a terminal of this size. */
export async function startOnTerminalOf(columns: number, rows: number, args: readonly string[], env: Environment = {}): Promise<Terminal> {
  const running = scripted(`stty cols ${columns} rows ${rows}; tty; exec ${commandOf(args)}`, env);
  let printed = '';
  const path = new Promise<string>((resolve) => {
    running.child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      printed += chunk;
      const found = /\/dev\/pts\/\d+/.exec(printed)?.[0];
      if (found !== undefined) resolve(found);
    });
  });
  const device = await path;
  return { ...running, resize: (toColumns, toRows) => void execFileSync('stty', ['-F', device, 'cols', String(toColumns), 'rows', String(toRows)]) };
}
