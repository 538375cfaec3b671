/** What a guest shows its people: the bounds of a picture of its display, and its serial console as plain text. */
import { Refused, refuse } from '../errors/refusal.ts';
import { say } from '../language/text.ts';
import type { MachineDefinition } from './definition.ts';

/** A display of 1,920 by 1,200 that shows noise. */
export const MAX_PICTURE_BYTES = 8 * 1_024 * 1_024;
export const MAX_CONSOLE_BYTES = 16 * 1_024;
const MAX_CONSOLE_LINES = 100;

/** Source: PNG (Third Edition), 5.2. */
const PNG_SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

export const isPng = (bytes: Uint8Array): boolean => PNG_SIGNATURE.every((byte, index) => bytes[index] === byte);

/** The last of what a guest wrote on its serial console. */
export interface ConsoleText {
  /** Lines of plain text; empty when it wrote nothing. */
  readonly text: string;
  /** When it wrote last; null when it never did. */
  readonly atMs: number | null;
}

export const hasDisplay = ({ vga }: MachineDefinition): boolean => vga !== 'none';

export const displayMissing = ({ name }: MachineDefinition): Refused =>
  new Refused(refuse(say('{machine} has no display (vga = "none" in its definition): what its guest writes on its serial console is text', { machine: name }), ['vm console-text']));

export const guestIsOff = ({ name }: MachineDefinition): Refused =>
  new Refused(refuse(say('the guest of {machine} does not run: there is no picture of it', { machine: name }), ['vm start']));

/** Colours, cursor movements and titles. Source: ECMA-48, 5.4 and 8.3.89. */
const SEQUENCES = /\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\u001b\[[0-?]*[ -/]*[@-~]?|\u001b[ -/]*[0-~]?/g;
/** Also what changes the direction of writing. */
const UNSEEN = /(?![\n\t])[\p{Cc}\p{Cf}]/gu;

/** The last lines of these bytes, without anything that is not seen. `isCut`: they begin in the middle of a line. */
export function plainConsoleText(bytes: Uint8Array, isCut: boolean): string {
  const text = new TextDecoder().decode(bytes);
  const firstEnd = isCut ? text.indexOf('\n') : -1;
  const lines = text.slice(firstEnd + 1).replace(SEQUENCES, '').replace(/\r+\n?/g, '\n').replace(UNSEEN, '').trimEnd().split('\n');
  return lines.slice(-MAX_CONSOLE_LINES).map((line) => line.trimEnd()).join('\n');
}
