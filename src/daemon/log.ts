/**
 * The log: one line for each event, as text for people, as JSON for programs, or as systemd's journal likes it. Nothing that came
 * from elsewhere breaks a line or drives a terminal.
 */
import { fstatSync } from 'node:fs';
import pino, { type Logger } from 'pino';
import type { EventRecord } from '../machine/records.ts';
import { oneLine } from '../text/oneline.ts';

export const LOG_FORMATS = ['text', 'json', 'journal'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];
export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/** Fields that hold secrets, wherever somebody should log one. */
const SECRET_FIELDS = ['password', 'token', 'secret', 'key', 'invitation', 'authorization', 'cookie', 'headers', 'url'];
/** Source: sd-daemon(3); syslog's numbers. */
const PRIORITIES: Readonly<Record<string, number>> = { fatal: 2, error: 3, warn: 4, info: 6, debug: 7, trace: 7 };
const LEVEL_WIDTH = 5;
const VALUE_CHARACTERS = 4_000;

/** Whether the journal reads this stream: it says which by device and inode. Source: systemd.exec(5), JOURNAL_STREAM. */
export function isJournal(descriptor: number, environment: NodeJS.ProcessEnv): boolean {
  const [device, inode] = (environment['JOURNAL_STREAM'] ?? '').split(':');
  if (!device || !inode) return false;
  const { dev, ino } = fstatSync(descriptor, { bigint: true });
  return String(dev) === device && String(ino) === inode;
}

interface Line {
  readonly level: string;
  readonly time: string;
  readonly msg?: string;
  readonly host?: string;
  readonly [field: string]: unknown;
}

const plain = /^[\p{L}\p{N}._:/@+-]+$/u;

/** `name=value`; in quotes where it is more than a word. */
function fieldText([name, value]: readonly [string, unknown]): string {
  const text = oneLine(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''), VALUE_CHARACTERS);
  return `${name}=${plain.test(text) ? text : JSON.stringify(text)}`;
}

/** The stack stays on the line: its lines are divided by `\n` in words. */
function flattened({ err, ...fields }: Omit<Line, 'level' | 'time' | 'msg'>): readonly (readonly [string, unknown])[] {
  if (typeof err !== 'object' || err === null) return Object.entries(fields);
  const { message, stack } = err as { message?: unknown; stack?: unknown };
  return [...Object.entries(fields), ['error', message], ['stack', String(stack ?? '').replaceAll(/\s*\n\s*/g, ' \\n ')]];
}

/** Of one line of JSON. */
const FORMATTERS: Readonly<Record<LogFormat, (line: string) => string>> = {
  json: (line) => line,
  text: (line) => {
    const { level, time, ...rest } = JSON.parse(line) as Line;
    return `${time} ${level.toUpperCase().padEnd(LEVEL_WIDTH)} ${messageText(rest)}\n`;
  },
  // The journal has the time and the host itself.
  journal: (line) => {
    const { level, time: _, host: __, ...rest } = JSON.parse(line) as Line;
    return `<${PRIORITIES[level] ?? 6}>${messageText(rest)}\n`;
  },
};

const messageText = ({ msg, host: _, ...fields }: Omit<Line, 'level' | 'time'>): string => [oneLine(typeof msg === 'string' ? msg : '', VALUE_CHARACTERS), ...flattened(fields).map(fieldText)].filter((part) => part !== '').join(' ');

export interface LogOptions {
  readonly format: LogFormat;
  readonly level: string;
  readonly hostName: string;
  /** Where lines go; standard output when absent. */
  readonly write?: (line: string) => void;
}

export function createLog({ format, level, hostName, write }: LogOptions): Logger {
  const destination = write ?? writerTo(1);
  const formatter = FORMATTERS[format];
  return pino(
    { level, base: { host: hostName }, redact: SECRET_FIELDS, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: (label) => ({ level: label }) } },
    { write: (line) => destination(formatter(line)) },
  );
}

function writerTo(descriptor: number): (line: string) => void {
  const stream = pino.destination({ fd: descriptor, sync: true });
  return (line) => void stream.write(line);
}

const LEVELS = { information: 'info', warning: 'warn', error: 'error' } as const;

/** An entry of the event log in this log, too. */
export function logEvent(log: Logger, { id, number, severity, machine, message, hint }: EventRecord): void {
  log[LEVELS[severity]]({ event: id, ...(number !== null && { number }), ...(machine !== null && { machine }), ...(hint !== undefined && { hint }) }, message);
}
