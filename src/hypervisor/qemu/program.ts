/** Running QEMU's own programs to their end, and telling what their complaints mean. */
import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { promisify } from 'node:util';
import { Fault } from '../../errors/fault.ts';
import { type Said, say } from '../../language/text.ts';
import { QmpError } from '../../qmp/qmp.ts';

const run = promisify(execFile);
const TIMEOUT_MS = 60_000;
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/** What the program printed. A fault that names the machine, with the program's own words, when it fails. */
export async function output(machine: string, program: string, args: readonly string[], signal?: AbortSignal): Promise<string> {
  try {
    const { stdout } = await run(program, args, { timeout: TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES, ...(signal && { signal }) });
    return stdout;
  } catch (cause) {
    signal?.throwIfAborted();
    throw complaint(machine, String((cause as { stderr?: string }).stderr || cause).trim(), cause);
  }
}

/** QEMU repeats the argument that it complains of, which is a page of JSON: the file's name and what is wrong with it is enough for people. */
const withoutArguments = (words: string): string =>
  words.replaceAll(/\bqemu-[\w-]+: (?:-\w+ (?:\{.*\}|\S+): )?/g, '').replaceAll(/'json:\{.*?"filename":"([^"]+)".*?\}'/g, "'$1'");

/** The fault that QEMU's words tell of. */
export function complaint(machine: string, words: string, cause?: unknown): Fault {
  const message = `${machine}: ${withoutArguments(words) || 'it said nothing'}`;
  if (/Failed to get (shared )?".*" lock|Is another process using the image/.test(words)) return new Fault('disk-in-use', message, { cause });
  if (/not in qcow2 format|Unknown driver|Unsupported qcow2 version/i.test(words)) return new Fault('disk-format', message, { cause });
  if (/No space left/.test(words)) return new Fault('space-exhausted', message, { cause });
  if (/No such file or directory/.test(words)) return new Fault('disk-missing', message, { cause });
  return new Fault('qemu-failed', message, { cause });
}

/** The path leads to a file or block device. */
export function mustExist(machine: string, what: Said, path: string): void {
  if (!statSync(path, { throwIfNoEntry: false })) throw new Fault('disk-missing', say('{machine}: {what} {path} is missing', { machine, what, path }));
}

/** The same for QEMU's refusal of a monitor command; anything else passes as it is. */
export const complaintOf = (machine: string, thrown: unknown): unknown =>
  thrown instanceof QmpError ? complaint(machine, thrown.description, thrown) : thrown;
