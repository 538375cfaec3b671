/** What systemd is told of this process. Node.js has no datagram sockets of unix, so systemd's own program sends it. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const WITHIN_MS = 10_000;

/** The service manager has the notification; nothing when this process was not started by one that waits for any. Rejects when it could not be sent. */
export async function tellServiceManager(...notification: readonly string[]): Promise<void> {
  if (process.env['NOTIFY_SOCKET'] === undefined) return;
  await promisify(execFile)('systemd-notify', [...notification], { timeout: WITHIN_MS });
  // Guests and tools have nothing to tell.
  Reflect.deleteProperty(process.env, 'NOTIFY_SOCKET');
}
