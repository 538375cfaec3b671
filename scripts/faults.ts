/** The table of faults as a page for people: docs/generated/faults.md. */
import { FAULTS, type FaultCode } from '../src/errors/fault.ts';

const RETRY_WORDS: Readonly<Record<(typeof FAULTS)[FaultCode]['retry'], string>> = {
  backoff: 'by itself, with growing pauses',
  resynchronize: 'by a resynchronization, which starts by itself',
  operator: 'after somebody mended the cause',
  never: 'no: ask for something else',
};

/** Text of docs/generated/faults.md. */
export function faultsMarkdown(): string {
  const rows = Object.entries(FAULTS).map(
    ([code, { retry, httpStatus, cimReturn, exitCode, hint }]) => `| \`${code}\` | ${RETRY_WORDS[retry]} | ${httpStatus} | ${cimReturn} | ${exitCode} | ${hint.replaceAll('|', '\\|')} |`,
  );
  const parts = [
    '<!-- Made by scripts/faults.ts (npm run docs). Do not edit. -->',
    '# Faults',
    'A fault is a failure of the world: of a host, a disk, a network, a program. Each has a code, which the API, the command line and the log all use, and one row in `src/errors/fault.ts` that says how each of them reports it. A request that is merely not allowed now is no fault: it is refused (exit code 3, HTTP 409, CIM 32775), and the refusal names what is allowed.',
    ['| code | tried again | HTTP status | CIM return value | exit code | what to do |', '|---|---|---|---|---|---|', ...rows].join('\n'),
  ];
  return `${parts.join('\n\n')}\n`;
}
