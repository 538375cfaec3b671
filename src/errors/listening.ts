/** Why a server does not listen. */
import { say } from '../language/text.ts';
import { Fault } from './fault.ts';

/** Of a name or an address that is not this host's. */
const NOT_OURS: readonly unknown[] = ['EADDRNOTAVAIL', 'ENOTFOUND', 'EAI_AGAIN', 'EINVAL'];

/** The fault that the error is, port-in-use or settings-invalid; the error itself when it is neither. */
export function notListening(error: unknown, host: string, port: number): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') return new Fault('port-in-use', say('port {port} of {host} is in use', { port: String(port), host }), { cause: error });
  if (code === 'EACCES') return new Fault('port-in-use', say('port {port} of {host} may not be opened by this user', { port: String(port), host }), { cause: error });
  if (NOT_OURS.includes(code)) return new Fault('settings-invalid', say('this host has no address {address}', { address: host }), { cause: error });
  return error;
}
