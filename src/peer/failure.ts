/** How a failure travels: a fault keeps its code and message, a refusal what is allowed, a bug says nothing of itself. */
import { Fault, FAULTS, type FaultCode } from '../errors/fault.ts';
import { refuse, Refused } from '../errors/refusal.ts';
import { say, type Text, textFrom } from '../language/text.ts';
import { jsonFrame, jsonOf, type Frame } from './frame.ts';
import { MAX_GREETING_BYTES } from './limits.ts';

type Failure =
  | { readonly kind: 'fault'; readonly code: string; readonly message: string; readonly said?: Text }
  | { readonly kind: 'refused'; readonly reason: string; readonly said?: Text; readonly allowed: readonly string[] }
  | { readonly kind: 'bug' };

/** Longest message that travels: escaped to JSON it still fits the frame. */
const MAX_TEXT = 1024;
const MAX_ALLOWED = 32;

export function failureFrame(thrown: unknown, sequence = 0): Buffer {
  const frame = jsonFrame('failure', failureOf(thrown), sequence);
  return frame.length <= MAX_GREETING_BYTES ? frame : jsonFrame('failure', { kind: 'bug' }, sequence);
}

/** True for what the other side is told nothing about: someone here has to look into it. */
export const isBug = (thrown: unknown): boolean => failureOf(thrown).kind === 'bug';

function failureOf(thrown: unknown): Failure {
  if (thrown instanceof Fault) return { kind: 'fault', code: thrown.code, message: thrown.message.slice(0, MAX_TEXT), ...translatable(thrown.said) };
  if (thrown instanceof Refused) {
    const allowed = thrown.refusal.allowed.slice(0, MAX_ALLOWED).map((name) => name.slice(0, 64));
    return { kind: 'refused', reason: thrown.refusal.reason.slice(0, MAX_TEXT), ...translatable(thrown.said), allowed };
  }
  if (thrown instanceof Error && thrown.name === 'AbortError') return { kind: 'fault', code: 'cancelled', message: 'the other host gave the operation up' };
  return { kind: 'bug' };
}

/** What older versions do not look at: the message for those who read another language. */
const translatable = (said: Text): { readonly said?: Text } => (typeof said === 'string' || JSON.stringify(said).length > MAX_TEXT ? {} : { said });

/** What the far side threw, to be thrown here; `subject` names the request for a bug of the far side. */
export function thrownBy(frame: Frame, subject: string): Fault | Refused {
  const failure = jsonOf(frame);
  const { kind, code, message, reason, allowed } = failure;
  if (kind === 'fault' && typeof code === 'string' && typeof message === 'string') {
    return Object.hasOwn(FAULTS, code) ? new Fault(code as FaultCode, textFrom(failure['said']) ?? message) : new Fault('peer-protocol', say('{reason} ({code}, which this version does not know)', { reason: [textFrom(failure['said']) ?? message], code }));
  }
  if (kind === 'refused' && typeof reason === 'string' && Array.isArray(allowed) && allowed.every((name) => typeof name === 'string')) {
    return new Refused(refuse(textFrom(failure['said']) ?? reason, allowed));
  }
  return new Fault('peer-protocol', say('the other host failed on {subject} by an error of its own; its log says which', { subject }));
}
