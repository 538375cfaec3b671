/** understudy enable and understudy settings: what a relationship is like. */
import { Option, type Command } from 'commander';
import type { DailyWindow } from '../cycle/window.ts';
import { MEMORY_MIB } from '../machine/parse.ts';
import { Failure } from '../client/failure.ts';
import type { View } from '../client/operation.ts';
import { t } from './language.ts';
import { dailyWindow } from './moments.ts';
import { coloured, list, type Colour } from './output.ts';
import { agree } from './questions.ts';
import { chosen, EXTENDED } from './relationships.ts';
import { act, bridge, given, jsonObject, names, whole, type Run } from './run.ts';
import { clock, printable, yesNo } from './words.ts';

interface SettingOptions {
  readonly interval?: string;
  readonly history?: number;
  readonly applicationConsistent?: number;
  readonly hostItems?: boolean;
  readonly bypassProxy?: boolean;
  /** Given, or taken away by --no-resynchronization-window. */
  readonly resynchronizationWindow?: DailyWindow | false;
  readonly compression?: boolean;
  readonly disks?: string[];
  readonly additional?: object;
}

interface EnableOptions extends SettingOptions {
  readonly to: string;
  readonly memory?: number;
  readonly bridge?: Record<string, string>;
  readonly storage?: string;
  readonly force?: boolean;
  readonly useExisting?: boolean;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
}

const SEVERITY_COLOURS: Record<View<'Finding'>['severity'], Colour> = { refuse: 'red', force: 'yellow', advice: 'dim' };
const SEVERITY_WORDS: Record<View<'Finding'>['severity'], string> = { refuse: t('refused'), force: t('needs --force'), advice: t('advice') };

const settingsIn = (options: SettingOptions): View<'SettingsChange'> =>
  given({
    intervalSeconds: options.interval === undefined ? undefined : Number(options.interval),
    recoveryHistory: options.history,
    applicationConsistentHours: options.applicationConsistent,
    replicateHostItems: options.hostItems,
    bypassProxy: options.bypassProxy,
    resynchronizationWindow: options.resynchronizationWindow === false ? null : options.resynchronizationWindow,
    compression: options.compression,
    disks: options.disks,
    additional: options.additional,
  });

function settingsText(settings: View<'Settings'>): string {
  const additional = Object.entries(settings.additional).map(([name, value]) => `${name} ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`);
  return list([
    [t('interval'), `${settings.intervalSeconds} s`],
    [t('compression'), yesNo(settings.compression)],
    [t('disks'), settings.disks.join(', ')],
    [t('older recovery points'), String(settings.recoveryHistory)],
    [t('application-consistent'), settings.applicationConsistentHours > 0 ? t('every {hours} h', { hours: settings.applicationConsistentHours }) : t('no')],
    [t('host items'), yesNo(settings.replicateHostItems)],
    [t('past the proxy'), yesNo(settings.bypassProxy)],
    [t('resynchronizes'), settings.resynchronizationWindow ? `${clock(settings.resynchronizationWindow.fromSeconds)}-${clock(settings.resynchronizationWindow.untilSeconds)}` : t('at any time')],
    [t('additional'), additional.length > 0 ? additional.join(', ') : '-'],
  ]);
}

function findingText({ severity, subject, message, cure }: View<'Finding'>): string {
  return `${coloured(SEVERITY_COLOURS[severity], SEVERITY_WORDS[severity])}: ${printable(`${subject}: ${message}`)}\n  ${t('cure: {cure}', { cure: printable(cure) })}`;
}

const planText = ({ settings, findings, advice }: View<'EnablePlan'>): string =>
  [settingsText(settings), ...findings.map(findingText), ...advice.map((line) => t('advice: {line}', { line: printable(line) }))].join('\n');

function checkFindings(machine: string, { findings }: View<'EnablePlan'>, force: boolean | undefined): void {
  const stopping = findings.filter(({ severity }) => severity === 'refuse' || (severity === 'force' && !force));
  if (stopping.length === 0) return;
  const needsForce = stopping.every(({ severity }) => severity === 'force');
  throw new Failure('readiness-failed', t('{machine} cannot be replicated there: {reasons}', { machine, reasons: stopping.map(({ message }) => message).join('; ') }), needsForce ? t('Cure what is named above, or give --force.') : '');
}

async function enable(run: Run, machine: string, options: EnableOptions): Promise<void> {
  const overrides = given({ memoryMiB: options.memory, bridges: options.bridge, storage: options.storage });
  const body = { machine, host: options.to, settings: settingsIn(options), overrides, ...given({ force: options.force, useExisting: options.useExisting }) };
  const plan = await run.api.post('/api/relationships/plan', { body });
  if (options.dryRun) {
    run.out.result(plan, () => planText(plan));
    return checkFindings(machine, plan, options.force);
  }
  run.out.note(planText(plan));
  checkFindings(machine, plan, options.force);
  if (!options.yes) await agree(t('Enable replication of {machine} to {to} with these settings?', { machine, to: options.to }));
  const relationship = await run.api.post('/api/relationships', { body });
  run.out.result(relationship, () => printable(t('{machine} is enabled for replication to {peer}. {advice}', { machine: relationship.machine, peer: relationship.peer, advice: relationship.advice || t('Next: understudy start-replication {machine}.', { machine: relationship.machine }) })));
}

async function settings(run: Run, machine: string, options: SettingOptions & { readonly extended?: boolean }): Promise<void> {
  const change = settingsIn(options);
  const path = await chosen(run, machine, options);
  const relationship = Object.keys(change).length === 0 ? await run.api.get('/api/relationships/{machine}', { path }) : await run.api.patch('/api/relationships/{machine}', { path, body: change });
  run.out.result(relationship.settings, () => settingsText(relationship.settings));
}

const withSettings = (command: Command): Command =>
  command
    .addOption(new Option('--interval <seconds>', 'from cycle to cycle').choices(['30', '300', '900']))
    .option('--history <points>', 'recovery points kept besides the newest', whole(0, 24))
    .option('--application-consistent <hours>', 'an application-consistent point so often; 0 for none', whole(0, 12))
    .option('--host-items', 'tell the guest which host it runs on')
    .option('--no-host-items', 'do not')
    .option('--bypass-proxy', 'reach the other host past the proxy')
    .option('--no-bypass-proxy', 'through it')
    .option('--resynchronization-window <times>', 'when a resynchronization that is required begins by itself, such as 18:30-06:00', dailyWindow)
    .option('--no-resynchronization-window', 'as soon as it is required')
    .option('--compression', 'compress what travels')
    .option('--no-compression', 'do not')
    .option('--disks <names>', 'only these disks, with commas between them', names)
    .option('--additional <json>', 'settings beyond these, for example {"cycleIntervalMs": 1000}', jsonObject);

export function settingCommands(program: Command): void {
  withSettings(program.command('enable').argument('<machine>').description('enable replication of a machine, or of a replica to a third host: shows the settings and what the other host lacks, then asks').requiredOption('--to <host>', 'the host that gets the replica'))
    .option('--memory <MiB>', 'memory of the replica', whole(MEMORY_MIB.min, MEMORY_MIB.max))
    .option('--bridge <here=there>', 'bridge of the replica; can be given again', bridge)
    .option('--storage <dir>', 'directory of the replica on the other host, in what its authorization entry allows')
    .option('--use-existing', 'begin with what the other host kept of it as a former replica')
    .option('--force', 'do it although a finding speaks against it')
    .option('--yes', 'do not ask')
    .option('--dry-run', 'only show settings and findings')
    .action(act(enable));
  withSettings(program.command('settings').argument('<machine>').description('show the settings of a relationship, or change those that are given')).option(...EXTENDED).action(act(settings));
}
