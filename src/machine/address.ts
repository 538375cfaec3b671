/** IP addresses as numbers: read, written in their shortest form, and what subnet they are in. Source: RFC 4291, RFC 5952. */
import { say, type Said } from '../language/text.ts';

export interface Address {
  readonly family: 4 | 6;
  readonly value: bigint;
}

export const BITS = { 4: 32, 6: 128 } as const;

/** The address in the text; undefined when it is none. */
export function parseAddress(text: string): Address | undefined {
  if (text.includes(':')) return parsed6(text);
  const value = parsed4(text);
  return value === undefined ? undefined : { family: 4, value };
}

function parsed4(text: string): bigint | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)) return undefined;
  return parts.reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
}

const GROUPS = 8;

function parsed6(text: string): Address | undefined {
  const [left, right, ...more] = text.split('::');
  if (more.length > 0) return undefined;
  const head = groups(left!);
  const tail = right === undefined ? [] : groups(right);
  if (!head || !tail) return undefined;
  const missing = GROUPS - head.length - tail.length;
  if (right === undefined ? missing !== 0 : missing < 1) return undefined;
  const all = [...head, ...Array<bigint>(missing).fill(0n), ...tail];
  return { family: 6, value: all.reduce((sum, group) => (sum << 16n) | group, 0n) };
}

/** The last two groups may be written as an IPv4 address. */
function groups(text: string): bigint[] | undefined {
  if (text === '') return [];
  const parts = text.split(':');
  const found: bigint[] = [];
  for (const [index, part] of parts.entries()) {
    const embedded = index === parts.length - 1 && part.includes('.') ? parsed4(part) : undefined;
    if (embedded !== undefined) found.push(embedded >> 16n, embedded & 0xffffn);
    else if (/^[0-9a-f]{1,4}$/i.test(part)) found.push(BigInt(`0x${part}`));
    else return undefined;
  }
  return found;
}

export const addressText = ({ family, value }: Address): string => (family === 4 ? text4(value) : text6(value));

const text4 = (value: bigint): string => [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join('.');

/** The longest run of two or more zero groups is left out. */
function text6(value: bigint): string {
  const all = Array.from({ length: GROUPS }, (_, index) => ((value >> BigInt(16 * (GROUPS - 1 - index))) & 0xffffn).toString(16));
  const runs = [...all.map((group) => (group === '0' ? '0' : '1')).join('').matchAll(/00+/g)];
  const longest = runs.toSorted((one, other) => other[0].length - one[0].length)[0];
  if (!longest) return all.join(':');
  return `${all.slice(0, longest.index).join(':')}::${all.slice(longest.index + longest[0].length).join(':')}`;
}

const hostBits = ({ family }: Address, prefix: number): bigint => (1n << BigInt(BITS[family] - prefix)) - 1n;

/** Whether both are in the subnet of that prefix length. */
export const isInSubnet = (one: Address, prefix: number, other: Address): boolean =>
  one.family === other.family && (one.value | hostBits(one, prefix)) === (other.value | hostBits(other, prefix));

/** Why no adapter of a guest can have the address in its subnet; null when one can. */
export function unusable(address: Address, prefix: number): Said | null {
  const { family, value } = address;
  if (value === 0n) return say('it is the unspecified address');
  const isMulticast = family === 4 ? value >> 28n === 0xen : value >> 120n === 0xffn;
  if (isMulticast) return say('it is a multicast address');
  if (family === 4 ? value >> 24n === 127n : value === 1n) return say('it is the loopback address');
  if (family === 6) return null;
  if (value >> 28n === 0xfn) return say('it is a reserved address');
  if (prefix >= 31) return null;
  const host = value & hostBits(address, prefix);
  if (host === 0n) return say('it is the name of its subnet, not an address in it');
  return host === hostBits(address, prefix) ? say('it is the broadcast address of its subnet') : null;
}

export const isLinkLocal = ({ family, value }: Address): boolean => (family === 4 ? value >> 16n === 0xa9fen : value >> 118n === 0x3fan);

/** The prefix length in the text: "24", "/24", or for IPv4 a mask; undefined when it is none of that family. */
export function parsePrefix(text: string, family: 4 | 6): number | undefined {
  const bits = BITS[family];
  const match = /^\/?(\d{1,3})$/.exec(text);
  if (match) return Number(match[1]) >= 1 && Number(match[1]) <= bits ? Number(match[1]) : undefined;
  const mask = family === 4 ? parsed4(text) : undefined;
  if (mask === undefined || mask === 0n) return undefined;
  const ones = mask.toString(2).padStart(bits, '0').replace(/0+$/, '');
  return ones.includes('0') ? undefined : ones.length;
}

export const maskText = (prefix: number): string => text4(((1n << BigInt(prefix)) - 1n) << BigInt(BITS[4] - prefix));
