/** A proved connection over which both sides have said hello, from the client's side. */
import type { TLSSocket } from 'node:tls';
import { Fault } from '../errors/fault.ts';
import { say } from '../language/text.ts';
import { Channel } from './channel.ts';
import { thrownBy } from './failure.ts';
import type { Frame } from './frame.ts';
import { helloFrame, readHello, type Hello } from './hello.ts';

/** Says hello and waits for the answer. Whatever goes wrong ends the channel; rejects as the server refused, or with the fault. */
export async function greet(socket: TLSSocket, hello: Hello, serverId: string, timeoutMs: number, signal: AbortSignal): Promise<Channel> {
  const channel = new Channel(socket);
  await withinTime(channel, timeoutMs, signal, async () => {
    channel.send(helloFrame(hello));
    checkAnswer(await channel.nextFrame(), serverId);
  });
  return channel;
}

/** Fault peer-certificate when it is another host that says hello; what the server threw when it refused. */
export function checkAnswer(frame: Frame, serverId: string): void {
  if (frame.header.type === 'failure') throw thrownBy(frame, 'the connection');
  if (readHello(frame).hostId !== serverId) throw new Fault('peer-certificate', say('the other host has the paired key but another host id'));
}

/** Runs the exchange; when it fails, takes too long or is aborted, the channel has ended. */
export async function withinTime<T>(channel: Channel, timeoutMs: number, signal: AbortSignal, exchange: () => Promise<T>): Promise<T> {
  const cancelled = () => channel.end(new Fault('cancelled', say('the connection was given up')));
  const timer = setTimeout(() => channel.end(new Fault('peer-unreachable', say('the other host did not answer in time'))), timeoutMs);
  signal.addEventListener('abort', cancelled, { once: true });
  try {
    signal.throwIfAborted();
    return await exchange();
  } catch (error) {
    cancelled();
    signal.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', cancelled);
  }
}
