/**
 * The guest agent, as far as a shutdown needs it. One question per connection; an agent that is not there is no fault.
 * Source: QEMU guest agent protocol, guest-sync-delimited and guest-shutdown.
 */
import { randomInt } from 'node:crypto';
import { connect } from 'node:net';

const SYNC_TIMEOUT_MS = 2_000;
const MAX_ANSWER_BYTES = 1024 * 1024;
/** Makes an agent that hangs in the middle of an earlier message start afresh. */
const RESET = '\xff';

/** True when an agent took the request: the guest begins to shut down. */
export async function askAgentToShutDown(socketPath: string): Promise<boolean> {
  const token = randomInt(1, 2 ** 31);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ path: socketPath });
  const timer = setTimeout(() => resolve(false), SYNC_TIMEOUT_MS);
  let heard = '';
  socket.setEncoding('latin1');
  socket.on('connect', () => socket.write(`${RESET}${JSON.stringify({ execute: 'guest-sync-delimited', arguments: { id: token } })}\n`, 'latin1'));
  socket.on('data', (text: string) => {
    heard += text;
    if (heard.length > MAX_ANSWER_BYTES) resolve(false);
    if (!heard.includes(`"return": ${token}`) && !heard.includes(`"return":${token}`)) return;
    const order = JSON.stringify({ execute: 'guest-shutdown', arguments: { mode: 'powerdown' } });
    socket.write(`${order}\n`, () => resolve(true));
  });
  socket.on('error', () => resolve(false));
  socket.on('close', () => resolve(false));
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    socket.end();
  }
}
