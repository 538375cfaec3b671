/** What must be the same when an instant is adopted by a new daemon, and cannot be asked of QEMU. */
import { readFileSync } from 'node:fs';
import type { LaunchSpec } from '../../engine/ports/hypervisor.ts';
import type { Attachment } from '../../machine/definition.ts';
import { readAttachments } from './attachments.ts';
import type { StatePaths } from './directories.ts';
import { removeFile, replaceFile } from './files.ts';

export interface AttemptRecord {
  readonly attemptId: string;
  readonly instantMs: number;
  readonly attachments: readonly Attachment[];
}

/** The host's time and the small files, just before the instant; on record so that a later daemon tells the same. */
export function recordNow({ definition }: LaunchSpec, state: StatePaths, attemptId: string): AttemptRecord {
  const record = { attemptId, instantMs: Date.now(), attachments: readAttachments(definition, state) };
  writeAttempt(state, record);
  return record;
}

function writeAttempt(state: StatePaths, { attemptId, instantMs, attachments }: AttemptRecord): void {
  const encoded = attachments.map(({ name, bytes }) => ({ name, base64: Buffer.from(bytes).toString('base64') }));
  replaceFile(state.attempt, JSON.stringify({ attemptId, instantMs, attachments: encoded }));
}

/** Undefined when this attempt has no record. */
export function readAttempt(state: StatePaths, attemptId: string): AttemptRecord | undefined {
  try {
    const found = JSON.parse(readFileSync(state.attempt, 'utf8')) as {
      attemptId: string;
      instantMs: number;
      attachments: { name: string; base64: string }[];
    };
    if (found.attemptId !== attemptId) return undefined;
    return { attemptId, instantMs: found.instantMs, attachments: found.attachments.map(({ name, base64 }) => ({ name, bytes: Buffer.from(base64, 'base64') })) };
  } catch {
    return undefined;
  }
}

export const removeAttempt = (state: StatePaths): void => removeFile(state.attempt);
