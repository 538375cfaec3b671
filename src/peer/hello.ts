/** The first frame both ways: which protocol, which host, what the connection is for. */
import { Fault } from '../errors/fault.ts';
import { say } from '../language/text.ts';
import { jsonFrame, jsonOf, type Frame } from './frame.ts';

/** Hosts with the same major number understand each other; a minor number tells of additions. */
export interface ProtocolVersion {
  readonly major: number;
  readonly minor: number;
}

export const PROTOCOL: ProtocolVersion = { major: 1, minor: 0 };

export type ConnectionKind = 'control' | 'lane' | 'join';
const KINDS: readonly string[] = ['control', 'lane', 'join'] satisfies ConnectionKind[];

export interface Hello {
  readonly hostId: string;
  readonly kind: ConnectionKind;
  /** Of a lane. */
  readonly token?: string;
}

export const helloFrame = (hello: Hello, protocol: ProtocolVersion = PROTOCOL): Buffer => jsonFrame('hello', { protocol, ...hello });

/** Fault peer-protocol when the frame is no hello, or one of another major version. */
export function readHello(frame: Frame): Hello {
  const { protocol, hostId, kind, token } = frame.header.type === 'hello' ? jsonOf(frame) : {};
  const theirs = versionOf(protocol);
  if (theirs.major !== PROTOCOL.major) throw new Fault('peer-protocol', say('one host speaks protocol {theirs} and the other protocol {ours}', { theirs: text(theirs), ours: text(PROTOCOL) }));
  if (typeof hostId !== 'string' || hostId.length > 64 || typeof kind !== 'string' || !KINDS.includes(kind)) throw noHello();
  if (token !== undefined && (typeof token !== 'string' || token.length > 128)) throw noHello();
  return { hostId, kind: kind as ConnectionKind, ...(token === undefined ? {} : { token }) };
}

function versionOf(value: unknown): ProtocolVersion {
  const { major, minor } = (value ?? {}) as Partial<ProtocolVersion>;
  if (!Number.isInteger(major) || !Number.isInteger(minor)) throw noHello();
  return { major: major!, minor: minor! };
}

const text = (version: ProtocolVersion): string => `${version.major}.${version.minor}`;
const noHello = (): Fault => new Fault('peer-protocol', say('the other side did not say hello as an Understudy host does'));
