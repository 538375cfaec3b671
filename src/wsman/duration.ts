/** Lengths of time in headers: xs:duration on the wire, milliseconds inside. */
import { interval, readDatetime, xsDatetimeText } from '../cim/datetime.ts';
import { WsmanFault } from './fault.ts';

const MICROS_PER_MS = 1_000n;
const LONGEST_MS = 366 * 86_400_000;

/** Whole milliseconds, a year at most. WsmanFault InvalidParameter. */
export function durationMs(written: string): number {
  const found = readDatetime(written);
  if (found?.kind !== 'interval') throw new WsmanFault('InvalidParameter', `${JSON.stringify(written.slice(0, 60))} is no duration like PT60.000S`, { detail: 'InvalidValue' });
  return Math.min(LONGEST_MS, Number(found.microseconds / MICROS_PER_MS));
}

export const durationText = (ms: number): string => xsDatetimeText(interval(BigInt(Math.round(ms)) * MICROS_PER_MS));
