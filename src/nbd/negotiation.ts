/**
 * The handshake as a conversation without I/O: it says what to send and how many bytes it must see next, until it
 * knows what the connection can do. Source: NBD protocol, "Fixed newstyle negotiation".
 */
import { say } from '../language/text.ts';
import { Fault } from '../errors/fault.ts';
import {
  SERVER_HELLO_BYTES, OPTION_REPLY_BYTES, clientHello, goPayload, isOptionError, metaContextPayload, optionBytes,
  optionErrorText, readBlockSizes, readExportInfo, readMetaContext, readOptionReply, type BlockSizes, type ExportFlags, type OptionName,
} from './option.ts';
import { INFO, MAX_REQUEST_BYTES, OPTION_REPLY, violation } from './wire.ts';

export interface Negotiated extends ExportFlags, BlockSizes {
  readonly sizeBytes: number;
  readonly structuredReplies: boolean;
  /** Names of the metadata contexts that the server granted, with their ids on this connection. */
  readonly contexts: ReadonlyMap<string, number>;
}

export interface Step {
  readonly send: Buffer | null;
  /** At least 1. The bytes are the conversation's until its next step. */
  readonly needBytes: number;
}

export type Negotiation = Generator<Step, Negotiated, Buffer>;

interface Reply {
  readonly type: number;
  readonly payload: Buffer;
}

const MAX_REPLIES_PER_OPTION = 1024;
const DEFAULT_SIZES: BlockSizes = { minBlockBytes: 1, maxRequestBytes: MAX_REQUEST_BYTES };

/** Ends with what was negotiated. Fault disk-io when the server refuses or breaks the protocol. */
export function* negotiation(exportName: string, metaContexts: readonly string[]): Negotiation {
  const hello = clientHello(yield { send: null, needBytes: SERVER_HELLO_BYTES });
  const [structured] = yield* ask('structuredReply', optionBytes('structuredReply'), hello);
  const structuredReplies = structured!.type === OPTION_REPLY.ack;
  const contexts = structuredReplies && metaContexts.length > 0 ? yield* grantedContexts(exportName, metaContexts) : new Map<string, number>();
  return { ...(yield* go(exportName)), structuredReplies, contexts };
}

/** All replies to an option: informational ones, then an acknowledgement or an error. */
function* ask(option: OptionName, message: Buffer, before: Buffer = Buffer.alloc(0)): Generator<Step, Reply[], Buffer> {
  const replies: Reply[] = [];
  let send: Buffer | null = Buffer.concat([before, message]);
  while (replies.length < MAX_REPLIES_PER_OPTION) {
    const { type, payloadBytes } = readOptionReply(yield { send, needBytes: OPTION_REPLY_BYTES }, option);
    send = null;
    const payload: Buffer = payloadBytes === 0 ? Buffer.alloc(0) : Buffer.from(yield { send, needBytes: payloadBytes });
    replies.push({ type, payload });
    if (type === OPTION_REPLY.ack || isOptionError(type)) return replies;
  }
  throw violation(`it answers ${option} without end`);
}

function* grantedContexts(exportName: string, wanted: readonly string[]): Generator<Step, Map<string, number>, Buffer> {
  const replies = yield* ask('setMetaContext', optionBytes('setMetaContext', metaContextPayload(exportName, wanted)));
  const granted = new Map<string, number>();
  if (isOptionError(replies.at(-1)!.type)) return granted;
  for (const { type, payload } of replies) {
    if (type !== OPTION_REPLY.metaContext) continue;
    const { id, name } = readMetaContext(payload);
    if (wanted.includes(name)) granted.set(name, id);
  }
  return granted;
}

function* go(exportName: string): Generator<Step, { sizeBytes: number } & ExportFlags & BlockSizes, Buffer> {
  const replies = yield* ask('go', optionBytes('go', goPayload(exportName, [INFO.blockSize])));
  const { type, payload } = replies.pop()!;
  if (type !== OPTION_REPLY.ack) throw new Fault('disk-io', say('the NBD server refused: {answer}', { answer: optionErrorText(type, payload) }));
  const infos = replies.filter((reply) => reply.type === OPTION_REPLY.info && reply.payload.length >= 2);
  const infoOf = (kind: number) => infos.find((info) => info.payload.readUInt16BE(0) === kind)?.payload;
  const exportInfo = infoOf(INFO.export);
  if (!exportInfo) throw violation('it opened the export without telling its size');
  const sizesInfo = infoOf(INFO.blockSize);
  const { sizeBytes, flags } = readExportInfo(exportInfo);
  const sizes = sizesInfo ? readBlockSizes(sizesInfo) : DEFAULT_SIZES;
  return { sizeBytes, ...flags, ...sizes, maxRequestBytes: Math.min(sizes.maxRequestBytes, MAX_REQUEST_BYTES) };
}
