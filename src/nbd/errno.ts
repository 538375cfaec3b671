/** Error numbers of the wire as faults. Source: NBD protocol, "Error values". */
import { Fault } from '../errors/fault.ts';

const NAMES: Readonly<Record<number, string>> = {
  1: 'EPERM', 5: 'EIO', 12: 'ENOMEM', 22: 'EINVAL', 28: 'ENOSPC', 75: 'EOVERFLOW', 95: 'ENOTSUP', 108: 'ESHUTDOWN',
};
const ENOSPC = 28;
const ENOTSUP = 95;

/** Fault space-exhausted, not-supported or disk-io for a request that the server refused. */
export function faultOfErrno(errno: number, what: string, message = ''): Fault {
  const text = `${what}: ${NAMES[errno] ?? `error ${errno}`}${message && ` (${message})`}`;
  if (errno === ENOSPC) return new Fault('space-exhausted', text);
  return new Fault(errno === ENOTSUP ? 'not-supported' : 'disk-io', text);
}
