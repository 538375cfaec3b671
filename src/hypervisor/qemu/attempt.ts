/** What must be the same when an instant is adopted by a new daemon, and cannot be asked of QEMU. */
import { readFileSync } from 'node:fs';
import type { FaultCode } from '../../errors/fault.ts';
import type { LaunchSpec } from '../../engine/ports/hypervisor.ts';
import type { Attachment } from '../../machine/definition.ts';
import { readAttachments } from './attachments.ts';
import type { StatePaths } from './directories.ts';
import { removeFile, replaceFile } from './files.ts';
import type { Told } from '../../language/text.ts';

export interface AttemptRecord {
  readonly attemptId: string;
  readonly instantMs: number;
  readonly attachments: readonly Attachment[];
  /** The guest's file systems stood still at the instant; null: nobody asked. */
  readonly freeze: FreezeRecord | null;
}

export interface FreezeRecord {
  readonly isConsistent: boolean;
  readonly fault: (Told & { readonly code: FaultCode }) | null;
}

/** The host's time and the small files, just before the instant; on record so that a later daemon tells the same. */
export function recordNow({ definition }: LaunchSpec, state: StatePaths, attemptId: string): AttemptRecord {
  const record = { attemptId, instantMs: Date.now(), attachments: readAttachments(definition, state), freeze: null };
  writeAttempt(state, record);
  return record;
}

/** What became of the freeze, once the guest goes on. */
export function recordFreeze(state: StatePaths, record: AttemptRecord, freeze: FreezeRecord): AttemptRecord {
  const after = { ...record, freeze };
  writeAttempt(state, after);
  return after;
}

function writeAttempt(state: StatePaths, { attemptId, instantMs, attachments, freeze }: AttemptRecord): void {
  const encoded = attachments.map(({ name, bytes }) => ({ name, base64: Buffer.from(bytes).toString('base64') }));
  replaceFile(state.attempt, JSON.stringify({ attemptId, instantMs, attachments: encoded, freeze }));
}

/** Undefined when this attempt has no record. */
export function readAttempt(state: StatePaths, attemptId: string): AttemptRecord | undefined {
  try {
    const found = JSON.parse(readFileSync(state.attempt, 'utf8')) as {
      attemptId: string;
      instantMs: number;
      attachments: { name: string; base64: string }[];
      freeze?: FreezeRecord | null;
    };
    if (found.attemptId !== attemptId) return undefined;
    return { attemptId, instantMs: found.instantMs, freeze: found.freeze ?? null, attachments: found.attachments.map(({ name, base64 }) => ({ name, bytes: Buffer.from(base64, 'base64') })) };
  } catch {
    return undefined;
  }
}

export const removeAttempt = (state: StatePaths): void => removeFile(state.attempt);
