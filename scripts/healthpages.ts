/** The tables of the health, of events and of the doctor as pages for people: docs/generated/health.md and doctor.md. */
import { CHECKS } from '../src/doctor/checks.ts';
import { EVENTS } from '../src/health/events.ts';
import { HEALTH_LIMITS, LIMIT_NAMES } from '../src/health/limits.ts';
import { RULES } from '../src/health/rules.ts';

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

const page = (parts: readonly string[]): string => `${['<!-- Made by scripts/healthpages.ts (npm run docs). Do not edit. -->', ...parts].join('\n\n')}\n`;

/** Text of docs/generated/health.md. */
export const healthMarkdown = (): string =>
  page([
    '# Health and events',
    'The health of a relationship is the worst of the rules that hold: critical, warning, or ok when none does. Advice is shown and changes nothing. `understudy health` shows them with what to do; over CIM they are the `Msvm_Error` objects of `GetReplicationStatistics`, whose `MessageID` is the rule.',
    '## Rules',
    table(['rule', 'health', 'holds in', 'basis', 'event'], RULES.map(({ id, severity, when, basis, event }) => [`\`${id}\``, severity, when, basis, event === null ? '' : `\`${event}\``])),
    '## Limits',
    'Each host has its own: `understudy health limits`.',
    table(['limit', 'default', 'from', 'to', 'meaning', 'basis'], LIMIT_NAMES.map((name) => [`\`${name}\``, `${HEALTH_LIMITS[name].default} ${HEALTH_LIMITS[name].unit}`, String(HEALTH_LIMITS[name].min), String(HEALTH_LIMITS[name].max), HEALTH_LIMITS[name].meaning, HEALTH_LIMITS[name].basis])),
    '## Events',
    'Listed by `understudy events` with number, severity, machine, text and what to do. Numbers are those that Hyper-V writes in the same situation.',
    table(['event', 'number', 'severity', 'written when'], Object.entries(EVENTS).map(([name, { number, severity, when }]) => [`\`${name}\``, number === null ? '' : String(number), severity, when])),
  ]);

/** Text of docs/generated/doctor.md. */
export const doctorMarkdown = (): string =>
  page([
    '# What the doctor looks at',
    '`understudy doctor` asks this host, the hosts that it is paired with and the running guests, and says for each finding what it means and what to do. It ends with 51 when something is critical, with 50 for warnings, otherwise with 0. The numbers are those of the practices that Hyper-V\'s best practices analyzer has for replication; 43 (a broker for clusters) and 44 (certificates: there is nothing else here) have no check, 46 is the bandwidth limit of the host\'s settings.',
    table(['check', 'practice', 'severity', 'good practice', 'what it means when it fires', 'what to do'], CHECKS.map(({ id, practice, severity, title, meaning, cure }) => [`\`${id}\``, practice === null ? '' : String(practice), severity, title, meaning, cure.replaceAll('{machine}', 'MACHINE')])),
  ]);
