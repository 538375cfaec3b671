/** The serial console of a machine on this terminal: raw, until Ctrl-]. Without a terminal it streams both ways. */
import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { Failure } from '../client/failure.ts';
import { t } from './language.ts';

/** Ctrl-], as telnet has it. */
const LEAVE = 0x1d;

async function connected(socketPath: string): Promise<Socket> {
  const socket = connect(socketPath);
  try {
    await once(socket, 'connect');
    return socket;
  } catch (error) {
    throw new Failure('daemon-unreachable', t('the console does not answer at {socketPath} ({reason})', { socketPath, reason: error instanceof Error ? error.message : String(error) }), t('Is the guest still running? understudy vm show.'));
  }
}

function typeInto(socket: Socket): void {
  const { stdin } = process;
  stdin.setRawMode(true);
  stdin.on('data', (keys: Buffer) => {
    const leaveAt = keys.indexOf(LEAVE);
    if (leaveAt < 0) socket.write(keys);
    else socket.end(keys.subarray(0, leaveAt), () => socket.destroy());
  });
}

/** Returns when the console was left or the guest has ended. */
export async function attach(socketPath: string, name: string): Promise<void> {
  const socket = await connected(socketPath);
  const isTerminal = process.stdin.isTTY === true;
  if (isTerminal) process.stderr.write(`${t('Console of {name}. Leave it with Ctrl-].', { name })}\r\n`);
  const closed = once(socket, 'close');
  socket.on('error', () => socket.destroy());
  socket.pipe(process.stdout, { end: false });
  if (isTerminal) typeInto(socket);
  else process.stdin.pipe(socket, { end: false });
  await closed;
  if (isTerminal) process.stdin.setRawMode(false);
  process.stdin.unpipe(socket);
  process.stdin.destroy();
  if (isTerminal) process.stderr.write('\r\n');
}
