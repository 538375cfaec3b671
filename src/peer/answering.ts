/** Answers the calls of one incoming control connection. Bounded in calls and in the memory of their requests. */
import type { PeerHandler, Wire } from '../engine/ports/peers.ts';
import { Fault } from '../errors/fault.ts';
import { say } from '../language/text.ts';
import type { Channel } from './channel.ts';
import { failureFrame, isBug } from './failure.ts';
import type { Frame } from './frame.ts';
import { MAX_CALLS_IN_FLIGHT, MAX_REQUEST_BYTES_HELD } from './limits.ts';
import { decodeMessage, encodeMessage, messageFrame, type Message } from './message.ts';

/** Told of what a handler threw that is neither fault nor refusal. */
export type ReportBug = (error: unknown, subject: string) => void;

/** Every request from now on is given to the handler and answered, until the channel ends. */
export function answerCalls(channel: Channel, hostId: string, handler: PeerHandler, reportBug: ReportBug): void {
  let calls = 0;
  let heldBytes = 0;
  const hold = (callsMore: number, bytesMore: number) => {
    calls += callsMore;
    heldBytes += bytesMore;
    channel.pause(heldBytes >= MAX_REQUEST_BYTES_HELD);
  };
  const answer = async (frame: Frame) => {
    hold(1, frame.payload.length);
    const parts = await answerTo(frame, (method, params) => handler(hostId, method, params), reportBug);
    channel.send(...parts);
    hold(-1, -frame.payload.length);
  };
  channel.deliver((frame) => {
    if (frame.header.type !== 'request') throw new Fault('peer-protocol', say('the other host sent a {type} frame where requests are expected', { type: frame.header.type }));
    if (calls >= MAX_CALLS_IN_FLIGHT) throw new Fault('peer-protocol', say('the other host has more than {max} calls in flight', { max: MAX_CALLS_IN_FLIGHT }));
    void answer(frame);
  });
}

async function answerTo(frame: Frame, handle: (method: string, params: Wire) => Promise<Wire>, reportBug: ReportBug): Promise<readonly Uint8Array[]> {
  const { sequence, rawBytes } = frame.header;
  let method = 'a request';
  try {
    const request: Message = decodeMessage(frame.payload, rawBytes);
    if (request.method === undefined) throw new Fault('peer-protocol', say('a request without a method'));
    method = request.method;
    return messageFrame('answer', sequence, encodeMessage({ value: await handle(request.method, request.value) }));
  } catch (error) {
    if (isBug(error)) reportBug(error, `answering ${method} of another host`);
    return [failureFrame(error, sequence)];
  }
}
