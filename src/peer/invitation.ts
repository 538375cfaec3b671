/**
 * An invitation: text that one host prints and the other is given, base64url of JSON. It carries the inviting host's
 * addresses and pin, so that the joining host knows whom it talks to, and a one-time secret, so that the inviting host
 * knows whom it invited.
 */
import { createHash, randomBytes } from 'node:crypto';
import { Fault } from '../errors/fault.ts';
import { say } from '../language/text.ts';
import { normalAddress } from './address.ts';
import { HOST_NAME } from './identity.ts';

export interface Invitation {
  readonly hostId: string;
  readonly name: string;
  /** Tried in order. */
  readonly addresses: readonly string[];
  readonly pin: string;
  readonly secret: string;
  readonly expiresAtMs: number;
}

const VERSION = 1;
const MAX_INVITATION_CHARACTERS = 8192;
export const MAX_ADDRESSES = 8;
export const HOST_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** 256 random bits, base64url. */
export const newSecret = (): string => randomBytes(32).toString('base64url');
/** What is stored of a secret. Looking a secret up by its hash tells a prober nothing, for lack of control over the hash. */
export const secretHashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');

/** The text ends in a check sum, so that a damaged one is told from a used one. */
export function printInvitation(invitation: Invitation): string {
  const json = Buffer.from(JSON.stringify({ version: VERSION, ...invitation }));
  return Buffer.concat([json, checkSum(json)]).toString('base64url');
}

/** Fault invitation-invalid for damaged text, or one that has expired by `nowMs`. */
export function readInvitation(text: string, nowMs: number): Invitation {
  const invitation = parse(text.replace(/\s/g, ''));
  if (invitation.expiresAtMs <= nowMs) throw new Fault('invitation-invalid', say('this invitation of host {invitation} expired at {time}', { invitation: invitation.name, time: { atMs: invitation.expiresAtMs } }));
  return invitation;
}

function parse(text: string): Invitation {
  if (text.length > MAX_INVITATION_CHARACTERS || !/^[A-Za-z0-9_-]+$/.test(text)) throw damaged();
  const bytes = Buffer.from(text, 'base64url');
  const json = bytes.subarray(0, -CHECK_SUM_BYTES);
  if (!checkSum(json).equals(bytes.subarray(-CHECK_SUM_BYTES))) throw damaged();
  try {
    return check(JSON.parse(json.toString('utf8')) as Record<string, unknown>);
  } catch (cause) {
    throw cause instanceof Fault && cause.code === 'invitation-invalid' ? cause : damaged();
  }
}

function check(value: Record<string, unknown>): Invitation {
  const { version, hostId, name, addresses, pin, secret, expiresAtMs } = value;
  if (version !== VERSION) throw new Fault('invitation-invalid', say('this invitation was made by another version of Understudy: run the same version on both hosts'));
  if (typeof hostId !== 'string' || !HOST_ID.test(hostId) || typeof name !== 'string' || !HOST_NAME.test(name)) throw damaged();
  if (!Array.isArray(addresses) || addresses.length === 0 || addresses.length > MAX_ADDRESSES) throw damaged();
  if (typeof pin !== 'string' || !/^[0-9a-f]{64}$/.test(pin) || typeof secret !== 'string' || !Number.isSafeInteger(expiresAtMs)) throw damaged();
  return { hostId, name, addresses: addresses.map((address) => normalAddress(String(address))), pin, secret, expiresAtMs: expiresAtMs as number };
}

const CHECK_SUM_BYTES = 4;
const checkSum = (json: Buffer): Buffer => createHash('sha256').update(json).digest().subarray(0, CHECK_SUM_BYTES);

const damaged = (): Fault => new Fault('invitation-invalid', say('this is not a whole invitation: copy all of what the other host printed'));
