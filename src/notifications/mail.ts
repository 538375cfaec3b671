/** A notification as a mail message that a mail transport takes on standard input. Source: RFC 5322, RFC 2045, RFC 2047. */
import { oneLine } from '../text/oneline.ts';
import { levelOf } from './telling.ts';
import { kindOf, summaryOf, textOf, type Notification } from './notification.ts';

const LINE = 76;
/** Of an encoded word's text: with `=?UTF-8?B?`, `?=` and the header's name it fits on a line of 76. */
const WORD_BYTES = 39;

/** Lines end with LF, as transports expect on standard input. The addresses were checked. */
export function mailText(notification: Notification, { from, to }: { readonly from: string; readonly to: string }): string {
  const isBad = levelOf(notification.told) === 'critical';
  const headers = [
    `From: Understudy <${from}>`,
    `To: <${to}>`,
    `Subject: ${headerText(summaryOf(notification))}`,
    `Date: ${new Date(notification.atMs).toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: <${notification.id}@${from.slice(from.lastIndexOf('@') + 1)}>`,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: quoted-printable',
    'Auto-Submitted: auto-generated',
    `X-Understudy-Kind: ${kindOf(notification)}`,
    ...(isBad ? ['Importance: high', 'X-Priority: 1'] : []),
  ];
  return `${headers.join('\n')}\n\n${quotedPrintable(textOf(notification))}`;
}

/** ASCII that fits on a line stays; anything else is encoded words on lines of their own. No line of it can be a header. */
export function headerText(text: string): string {
  const line = oneLine(text);
  if (/^[\u0020-\u007e]*$/.test(line) && line.length <= LINE - 'Subject: '.length && !line.includes('=?')) return line;
  return wordsOf(line).join('\n ');
}

function wordsOf(text: string): string[] {
  const words: string[] = [];
  let bytes: number[] = [];
  const end = (): void => void words.push(`=?UTF-8?B?${btoa(String.fromCharCode(...bytes))}?=`);
  for (const character of text) {
    const encoded = new TextEncoder().encode(character);
    if (bytes.length + encoded.length > WORD_BYTES) {
      end();
      bytes = [];
    }
    bytes.push(...encoded);
  }
  end();
  return words;
}

const hex = (byte: number): string => `=${byte.toString(16).toUpperCase().padStart(2, '0')}`;

/** What a byte of the text becomes; a space at the end of a line, and a dot or "From " at its beginning, are not left as they are. */
function quotedLine(line: string): string {
  let [quoted, column] = ['', 0];
  const bytes = new TextEncoder().encode(line);
  for (const [at, byte] of bytes.entries()) {
    const isPlain = (byte > 0x20 && byte < 0x7f && byte !== 0x3d) || (byte === 0x20 && at < bytes.length - 1);
    const isDelicate = at === 0 && (byte === 0x2e || byte === 0x46);
    const piece = isPlain && !isDelicate ? String.fromCharCode(byte) : hex(byte);
    if (column + piece.length > LINE - 1) [quoted, column] = [`${quoted}=\n`, 0];
    quoted += piece;
    column += piece.length;
  }
  return quoted;
}

export const quotedPrintable = (text: string): string => text.split('\n').map(quotedLine).join('\n');
