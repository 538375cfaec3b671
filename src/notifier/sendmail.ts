/** A notification as mail, given to this host's mail transport: `sendmail -t -i` reads the recipients from the message's header. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Fault } from '../errors/fault.ts';
import { type Said, say } from '../language/text.ts';
import { mailText } from '../notifications/mail.ts';
import type { Notification } from '../notifications/notification.ts';
import type { MailTarget } from '../notifications/target.ts';
import { oneLine } from '../text/oneline.ts';

const ENDS_WITHIN_MS = 60_000;
const MAX_SAID_BYTES = 4_096;
const SHOWN_CHARACTERS = 300;
const EXIT_MEANINGS: Readonly<Record<number, Said>> = { 64: say('wrong usage'), 65: say('wrong data'), 67: say('the address is unknown'), 68: say('the address\'s host is unknown'), 69: say('the service is not available'), 70: say('an error within it'), 71: say('an error of the system'), 73: say('it cannot make a file'), 74: say('an error while reading or writing'), 75: say('it cannot be done now'), 77: say('not allowed'), 78: say('its configuration is wrong') };

export interface Transport {
  /** Path of the program. */
  readonly sendmail: string;
  readonly hostName: string;
}

const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i;

/** Of the sender, where none was chosen. */
export const ownAddress = (hostName: string): string => `understudy@${LABEL.test(hostName) ? hostName : 'localhost'}`;

/** What the mail transport said, in words: it has taken the message. Faults mail-program-missing and mail-refused. */
export async function sendMail(target: MailTarget, notification: Notification, { sendmail, hostName }: Transport, signal: AbortSignal): Promise<Said> {
  const child = spawn(sendmail, ['-t', '-i'], { stdio: ['pipe', 'ignore', 'pipe'], env: { PATH: process.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin' } });
  const ending = AbortSignal.any([signal, AbortSignal.timeout(ENDS_WITHIN_MS)]);
  const kill = (): void => void child.kill('SIGKILL');
  ending.addEventListener('abort', kill, { once: true });
  try {
    if (ending.aborted) kill();
    return await given(child, mailText(notification, { from: target.from ?? ownAddress(hostName), to: target.address }), sendmail, ending);
  } finally {
    ending.removeEventListener('abort', kill);
  }
}

async function given(child: ChildProcess, message: string, sendmail: string, ending: AbortSignal): Promise<Said> {
  let said = '';
  child.stderr!.setEncoding('utf8').on('data', (chunk: string) => {
    if (said.length < MAX_SAID_BYTES) said += chunk;
  });
  // A program that ends before it has read all says why by its exit code.
  child.stdin!.on('error', () => undefined);
  child.stdin!.end(message);
  const [code, killedBy] = await ended(child, sendmail);
  const why = oneLine(said.trim(), SHOWN_CHARACTERS);
  if (code === 0) return why === '' ? say('{sendmail} took the message', { sendmail }) : say('{sendmail} took the message and said: {why}', { sendmail, why });
  if (ending.aborted) throw new Fault('mail-refused', say('{sendmail} did not end within {seconds} s', { sendmail, seconds: ENDS_WITHIN_MS / 1_000 }));
  const how = code === null ? say('{sendmail} was ended by {signal}', { sendmail, signal: String(killedBy) }) : exitText(sendmail, code);
  throw new Fault('mail-refused', why === '' ? how : say('{how}: {why}', { how, why }));
}

/** Source: sysexits.h, which mail transports end with. */
function exitText(sendmail: string, code: number): Said {
  const meaning = EXIT_MEANINGS[code];
  if (meaning === undefined) return say('{sendmail} ended with {code}', { sendmail, code: String(code) });
  return say('{sendmail} ended with {code} ({meaning})', { sendmail, code: String(code), meaning });
}

async function ended(child: ChildProcess, sendmail: string): Promise<[number | null, string | null]> {
  try {
    return (await once(child, 'close')) as [number | null, string | null];
  } catch (thrown) {
    const { code = 'unknown error' } = thrown as NodeJS.ErrnoException;
    throw new Fault('mail-program-missing', code === 'ENOENT' ? say('there is no program {sendmail}', { sendmail }) : say('{sendmail} cannot be run: {code}', { sendmail, code: String(code) }), { cause: thrown });
  }
}
