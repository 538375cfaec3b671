/** One run of a command: where the daemon is, where the output goes. And the options that every command has. */
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { Client } from '../client/client.ts';
import type { Transport } from '../client/transport.ts';
import { transportTo, type Target } from './connection.ts';
import { language, spoken, t } from './language.ts';
import { Output } from './output.ts';
import { tokenFor } from './tokens.ts';

export interface Run {
  readonly api: Client;
  readonly out: Output;
  /** Of the other daemon, when the command goes over HTTP. */
  readonly url: URL | undefined;
  /** The exit code of a command that did what it was asked to. */
  ends(code: number): void;
}

export interface GlobalOptions {
  readonly json?: boolean;
  readonly runDir: string;
  readonly host?: URL;
}

const targetOf = ({ host, runDir }: GlobalOptions): Target => (host ? { url: host, token: tokenFor(host) } : { runDir });

/** 0 unless a command says otherwise. */
let endsWith = 0;
const ends = (code: number): void => {
  endsWith = code;
};
export const exitCode = (): number => endsWith;

/** People read what the daemon says in their language; programs read English. */
const inOwnLanguage = (send: Transport, isForPrograms: boolean): Transport => {
  const wanted = isForPrograms ? 'en' : language;
  return (request) => send({ ...request, headers: { ...request.headers, 'accept-language': wanted } });
};

export function runOf(options: GlobalOptions): Run {
  return { api: new Client(inOwnLanguage(transportTo(targetOf(options)), options.json === true), spoken), out: new Output(options.json === true), url: options.host, ends };
}

/** The action of a command, given the run and then what commander gives: arguments, options. */
export function act(work: (run: Run, ...given: never[]) => Promise<void>): (...given: unknown[]) => Promise<void> {
  return async (...given) => {
    const command = given.pop() as Command;
    await work(runOf(command.optsWithGlobals<GlobalOptions>()), ...(given as never[]));
  };
}

export function parseUrl(text: string): URL {
  const withScheme = text.includes('://') ? text : `http://${text}`;
  if (!URL.canParse(withScheme)) throw new InvalidArgumentError(t('It is not an address like http://host:7480.'));
  const url = new URL(withScheme);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new InvalidArgumentError(t('It must begin with http:// or https://.'));
  if (!text.includes('://') && url.port === '') url.port = '7480';
  return url;
}

/** A parser of whole numbers within bounds. */
export const whole = (least: number, most: number) => (text: string): number => {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most) throw new InvalidArgumentError(t('It must be a whole number from {least} to {most}.', { least: String(least), most: String(most) }));
  return value;
};

const UNIT_BYTES: Readonly<Record<string, number>> = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 };

/** A parser of sizes such as "20 GiB". */
export function bytes(text: string): number {
  const match = /^(\d{1,15}) ?(B|KiB|MiB|GiB|TiB)?$/.exec(text);
  const value = match ? Number(match[1]) * UNIT_BYTES[match[2] ?? 'B']! : 0;
  if (!Number.isSafeInteger(value) || value <= 0) throw new InvalidArgumentError(t('It must be a size such as 20GiB (KiB, MiB, GiB, TiB) or a number of bytes.'));
  return value;
}

export function names(text: string): string[] {
  const list = text.split(',').map((name) => name.trim());
  if (list.some((name) => name === '')) throw new InvalidArgumentError(t('It must be names with commas between them.'));
  return list;
}

export function jsonObject(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {
    // said below
  }
  throw new InvalidArgumentError(t('It must be a JSON object, for example {example}.', { example: '{"pointIntervalSeconds": 600}' }));
}

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** A time as people say it, 90s, 30m, 2h, 1d; 0 for never. */
export function duringText(text: string): number {
  if (text === 'never' || text === '0') return 0;
  const match = /^(\d{1,7})(s|m|h|d)$/.exec(text);
  if (!match) throw new InvalidArgumentError(t('It must be a time such as 90s, 30m, 2h or 1d, or never.'));
  return Number(match[1]) * UNIT_SECONDS[match[2]!]!;
}

/** Collects `--bridge here=there`. */
export function bridge(text: string, before: Record<string, string> = {}): Record<string, string> {
  const [here, there, ...more] = text.split('=');
  if (!here || !there || more.length > 0) throw new InvalidArgumentError(t('It must be like br0=br1: the bridge here, then the bridge there.'));
  return { ...before, [here]: there };
}

/** Without the fields that were not given. */
export function given<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
