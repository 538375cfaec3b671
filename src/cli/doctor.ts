/** understudy doctor: what is not as good practice has it, and what to do. The exit code says how bad it is. */
import type { Command } from 'commander';
import type { View } from '../client/operation.ts';
import { heads, t, word } from './language.ts';
import { coloured, table, type Colour } from './output.ts';
import { act, type Run } from './run.ts';
import { printable } from './words.ts';

type Finding = View<'Diagnosis'>['findings'][number];

/** What a script goes by; advice alone is no reason to fail. */
export const DOCTOR_EXIT_CODES = { critical: 51, warning: 50, advice: 0 } as const;
const COLOURS: Readonly<Record<Finding['severity'], Colour>> = { critical: 'red', warning: 'yellow', advice: 'dim' };

const subjectOf = ({ host, machine }: Finding): string => (machine === null ? host : `${machine} (${host})`);

const paragraph = (finding: Finding): string =>
  [
    `${coloured(COLOURS[finding.severity], word('severity', finding.severity))} ${printable(`${subjectOf(finding)}: ${finding.message}`)}`,
    printable(`  ${finding.meaning}`),
    printable(`  ${finding.practice === null ? t('do: {cure}', { cure: finding.cure }) : t('do: {cure} (practice {practice})', { cure: finding.cure, practice: finding.practice })}`),
  ].join('\n');

function diagnosisText({ findings, checks }: View<'Diagnosis'>, isVerbose: boolean): string {
  const of = (severity: Finding['severity']) => findings.filter((finding) => finding.severity === severity).length;
  const summary = findings.length === 0 ? t('{count} checks, nothing found.', { count: checks.length }) : t('{count} checks: critical: {critical}, warnings: {warning}, advice: {advice}.', { count: checks.length, critical: of('critical'), warning: of('warning'), advice: of('advice') });
  const rows = checks.map(({ check, practice, title, fired }) => [check, practice === null ? '-' : String(practice), title, fired === 0 ? { text: 'ok', colour: 'green' as const } : `${fired}`]);
  return [...findings.map(paragraph), ...(isVerbose ? [table(heads('CHECK', 'PRACTICE', 'LOOKS WHETHER', 'FOUND'), rows)] : []), summary].join('\n\n');
}

async function doctor(run: Run, { checks }: { checks?: boolean }): Promise<void> {
  const diagnosis = await run.api.get('/api/doctor');
  run.out.result(diagnosis, () => diagnosisText(diagnosis, checks === true));
  const worst = (['critical', 'warning'] as const).find((severity) => diagnosis.findings.some((finding) => finding.severity === severity));
  run.ends(worst === undefined ? 0 : DOCTOR_EXIT_CODES[worst]);
}

export function doctorCommand(program: Command): void {
  program.command('doctor').description(`what is not as good practice has it, and what to do (exit code ${DOCTOR_EXIT_CODES.critical} when something is critical, ${DOCTOR_EXIT_CODES.warning} for warnings)`)
    .option('--checks', 'list every check, also those that found nothing')
    .action(act(doctor));
}
