/** The daemon's API, as this page calls it: in the page's language, and a session that has ended is told to whoever listens. */
import { browserTransport } from '../../src/client/browser.ts';
import { Client } from '../../src/client/client.ts';
import type { Transport } from '../../src/client/transport.ts';
import { language, said } from './language.ts';

const SIGN_IN = '/api/sign-in';
const UNAUTHORIZED = 401;

let onSignedOut: () => void = () => undefined;

/** The listener is called when a request was refused because nobody is signed in (any more). */
export function whenSignedOut(listener: () => void): void {
  onSignedOut = listener;
}

const send = browserTransport();

const transport: Transport = async (request) => {
  const answer = await send({ ...request, headers: { ...request.headers, 'accept-language': language() } });
  if (answer.status === UNAUTHORIZED && request.path !== SIGN_IN) onSignedOut();
  return answer;
};

export const client = new Client(transport, said);

export const isUnreachable = ({ code }: { readonly code: string }): boolean => code === 'daemon-unreachable';
