/** An HTTP request and the text that comes back; nothing of it is parsed within what is measured. */
import { request, type RequestOptions } from 'node:http';

/** Anything but 200 is an error. */
export function answerTo(options: RequestOptions, body?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request(options, (incoming) => {
      const pieces: Buffer[] = [];
      incoming.on('data', (piece: Buffer) => pieces.push(piece));
      incoming.on('error', reject);
      incoming.on('end', () => {
        const text = Buffer.concat(pieces).toString();
        if (incoming.statusCode === 200) resolve(text);
        else reject(new Error(`${options.path} answered ${incoming.statusCode}: ${text.slice(0, 500)}`));
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
