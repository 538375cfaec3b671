/**
 * Control messages: a value of JSON in which `Uint8Array`s travel as they are. The payload is the JSON part (the header's
 * rawBytes long), then the blobs one after another. JSON part: `{ method?, value, blobs: [[lengthBytes, ...path]] }`; at a
 * blob's path the value holds null.
 */
import type { Wire } from '../engine/ports/peers.ts';
import { Fault } from '../errors/fault.ts';
import { say } from '../language/text.ts';
import { HEADER_BYTES, headerOf, writeHeader } from './frame.ts';
import { MAX_JSON_BYTES, MAX_MESSAGE_BYTES } from './limits.ts';

type PathStep = string | number;
interface Blob {
  readonly path: readonly PathStep[];
  readonly bytes: Uint8Array;
}

export interface Message {
  /** Of a request. */
  readonly method?: string;
  readonly value: Wire;
}

export interface EncodedMessage {
  readonly jsonBytes: number;
  /** The JSON part and the blobs, to be written one after another. */
  readonly parts: readonly Uint8Array[];
  readonly totalBytes: number;
}

/** Fault peer-protocol when the message is over the limits. */
export function encodeMessage(message: Message): EncodedMessage {
  const blobs: Blob[] = [];
  const value = detach(message.value, [], blobs);
  const json = Buffer.from(JSON.stringify({ method: message.method, value: value ?? null, blobs: blobs.map((blob) => [blob.bytes.length, ...blob.path]) }));
  const totalBytes = blobs.reduce((sum, blob) => sum + blob.bytes.length, json.length);
  if (json.length > MAX_JSON_BYTES || totalBytes > MAX_MESSAGE_BYTES) {
    const subject = message.method ? `the request ${message.method}` : 'the answer';
    throw new Fault('peer-protocol', say('{subject} is too large to send: {count} bytes of JSON ({maxJsonBytes} allowed), {totalBytes} in all ({maxBytes} allowed)', { subject, count: json.length, maxJsonBytes: String(MAX_JSON_BYTES), totalBytes: String(totalBytes), maxBytes: String(MAX_MESSAGE_BYTES) }));
  }
  return { jsonBytes: json.length, parts: [json, ...blobs.map((blob) => blob.bytes)], totalBytes };
}

/** The header and the message's parts, to be sent one after another. */
export function messageFrame(type: 'request' | 'answer', sequence: number, message: EncodedMessage): readonly Uint8Array[] {
  const header = Buffer.alloc(HEADER_BYTES);
  writeHeader(header, 0, headerOf(type, { sequence, rawBytes: message.jsonBytes, payloadBytes: message.totalBytes }));
  return [header, ...message.parts];
}

/** The value without its blobs, which are added to `blobs` with their paths. */
function detach(value: Wire | undefined, path: readonly PathStep[], blobs: Blob[]): Wire | undefined {
  if (value instanceof Uint8Array) {
    blobs.push({ path, bytes: value });
    return null;
  }
  if (Array.isArray(value)) return value.map((item: Wire, index) => detach(item, [...path, index], blobs) ?? null);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, detach(item as Wire | undefined, [...path, key], blobs)]));
  }
  return value;
}

/** The message; blobs are views of `payload`'s memory. Fault peer-protocol when it is not what `encodeMessage` makes. */
export function decodeMessage(payload: Buffer, jsonBytes: number): Message {
  if (jsonBytes > payload.length || jsonBytes > MAX_JSON_BYTES) throw unreadable();
  const root: unknown = parse(payload.subarray(0, jsonBytes));
  if (!isObject(root) || !('value' in root) || !Array.isArray(root['blobs'])) throw unreadable();
  let at = jsonBytes;
  for (const row of root['blobs'] as unknown[]) at += attach(root, row, payload, at);
  if (at !== payload.length) throw unreadable();
  const method = root['method'];
  if (method !== undefined && typeof method !== 'string') throw unreadable();
  return { value: root['value'] as Wire, ...(method === undefined ? {} : { method }) };
}

/** Puts one blob in its place and returns its length. */
function attach(root: Record<string, unknown>, row: unknown, payload: Buffer, at: number): number {
  if (!Array.isArray(row)) throw unreadable();
  const [lengthBytes, ...path] = row as unknown[];
  if (typeof lengthBytes !== 'number' || !Number.isInteger(lengthBytes) || lengthBytes < 0 || at + lengthBytes > payload.length) throw unreadable();
  let holder: unknown = root;
  let key: unknown = 'value';
  for (const step of path) {
    holder = own(holder, key);
    key = step;
  }
  if (own(holder, key) !== null) throw unreadable();
  (holder as Record<PathStep, unknown>)[key as PathStep] = new Uint8Array(payload.buffer, payload.byteOffset + at, lengthBytes);
  return lengthBytes;
}

/** An own property of an object or array: nothing inherited can be reached, so nothing inherited can be changed. */
function own(holder: unknown, key: unknown): unknown {
  const fits = Array.isArray(holder) ? typeof key === 'number' : isObject(holder) && typeof key === 'string';
  if (!fits || !Object.hasOwn(holder as object, key as PathStep)) throw unreadable();
  return (holder as Record<PathStep, unknown>)[key as PathStep];
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);

function parse(json: Buffer): unknown {
  try {
    return JSON.parse(json.toString('utf8'));
  } catch {
    throw unreadable();
  }
}

const unreadable = (): Fault => new Fault('peer-protocol', say('the other host sent a message that cannot be read'));
