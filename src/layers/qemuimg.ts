/** Runs qemu-img, and says which fault its complaint is. Its messages are matched in English, so its locale is fixed. */
import { spawn } from 'node:child_process';
import { Fault, type FaultCode } from '../errors/fault.ts';
import { say } from '../language/text.ts';

export const PROGRAM = 'qemu-img';

/** First match wins: a full disk is told as an input/output error further on in the same message. */
const COMPLAINTS: readonly (readonly [RegExp, FaultCode])[] = [
  [/No space left on device|Disk quota exceeded|Cannot grow device files/i, 'space-exhausted'],
  [/Failed to get (shared )?"[^"]+" lock|Is another process using the image|Device or resource busy/i, 'disk-in-use'],
  [/No such file or directory/i, 'disk-missing'],
  [/not in \w+ format|Unsupported qcow2|does not contain|Image is not/i, 'disk-format'],
];

/** The fault that a message of QEMU's programs (or an errno's name) means for a disk. */
export const diskFaultCode = (message: string): FaultCode => COMPLAINTS.find(([pattern]) => pattern.test(message))?.[1] ?? 'disk-io';

/** Something went wrong with the file at `path`, as a fault that says what. */
export function diskFault(path: string, cause: unknown): Fault {
  if (cause instanceof Fault && cause.code !== 'qemu-protocol' && cause.code !== 'qemu-failed') return cause;
  const { code, message } = cause as NodeJS.ErrnoException;
  const fault = { ENOSPC: 'space-exhausted', EDQUOT: 'space-exhausted', ENOENT: 'disk-missing' } as const;
  return new Fault(fault[code as keyof typeof fault] ?? diskFaultCode(message), `${path}: ${message}`, { cause });
}

export interface ImageRun {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ImageRunOptions {
  /** Aborting kills and reaps the program, then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called with the pid, before the program can have got anywhere. */
  readonly onStart?: (pid: number) => void;
  readonly acceptedExitCodes?: readonly number[];
}

const MAX_OUTPUT_CHARS = 16 * 1024 * 1024;
/** Said at closing an image, with exit code 0 all the same. */
const SILENT_FAILURE = /Failed to flush|Lost persistent bitmaps/i;

/** The program has ended with an accepted exit code. Throws a fault of its own complaint otherwise. */
export async function qemuImg(args: readonly string[], options: ImageRunOptions = {}): Promise<ImageRun> {
  options.signal?.throwIfAborted();
  const run = await ended(args, options);
  options.signal?.throwIfAborted();
  const isAccepted = (options.acceptedExitCodes ?? [0]).includes(run.exitCode);
  if (isAccepted && !SILENT_FAILURE.test(run.stderr)) return run;
  const complaint = run.stderr.trim().slice(-2_000) || `ended with ${run.exitCode}`;
  throw new Fault(diskFaultCode(complaint), `${PROGRAM} ${String(args[0])}: ${complaint}`);
}

/** Resolves when the process is reaped and its output read. A session of its own: a Ctrl-C at our terminal is not for it. */
function ended(args: readonly string[], { signal, onStart }: ImageRunOptions): Promise<ImageRun> {
  const { promise, resolve, reject } = Promise.withResolvers<ImageRun>();
  const child = spawn(PROGRAM, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, LC_ALL: 'C' } });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8');
    child[name].on('data', (text: string) => {
      output[name] += text;
      if (output[name].length > MAX_OUTPUT_CHARS) child.kill('SIGKILL');
    });
  }
  const onAbort = () => child.kill('SIGKILL');
  signal?.addEventListener('abort', onAbort, { once: true });
  child.once('error', (cause) => reject(new Fault('qemu-failed', say('{program} could not be started: is it installed?', { program: PROGRAM }), { cause })));
  child.once('close', (code, killedBy) => {
    signal?.removeEventListener('abort', onAbort);
    resolve({ exitCode: code ?? -1, stdout: output.stdout, stderr: output.stderr || (killedBy ? `killed by ${killedBy}` : '') });
  });
  if (child.pid !== undefined) onStart?.(child.pid);
  return promise;
}
