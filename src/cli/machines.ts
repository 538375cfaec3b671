/** understudy vm: virtual machines of this host. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { attach } from './console.ts';
import { diskCommands } from './disks.ts';
import { Failure } from '../client/failure.ts';
import type { View } from '../client/operation.ts';
import { followed, NO_WAIT } from './follow.ts';
import { heads, t, word } from './language.ts';
import { list, table, type Cell } from './output.ts';
import { confirm } from './questions.ts';
import { act, given, whole, type Run } from './run.ts';
import { screenCommands } from './screens.ts';
import { orDash, size, yesNo } from './words.ts';

const powerCell = ({ power }: View<'Machine'>): Cell => ({ text: word('power', power), ...(power === 'running' ? { colour: 'green' as const } : power === 'paused' ? { colour: 'yellow' as const } : {}) });

function machineTable(machines: readonly View<'Machine'>[]): string {
  if (machines.length === 0) return t('No virtual machine is defined on this host: understudy vm define FILE.');
  const rows = machines.map((machine) => [machine.name, word('role', machine.role), powerCell(machine), `${machine.memoryMiB} MiB`, String(machine.cpuCount), machine.disks.map((disk) => `${disk.name} ${size(disk.sizeBytes)}`).join(', '), machine.id]);
  return table(heads('MACHINE', 'ROLE', 'POWER', 'MEMORY', 'CPUS', 'DISKS', 'ID'), rows);
}

function machineText(machine: View<'Machine'>): string {
  const rows: [string, string][] = [
    [t('name'), machine.name],
    [t('id'), machine.id],
    [t('role'), word('role', machine.role)],
    [t('power'), word('power', machine.power)],
    [t('memory'), `${machine.memoryMiB} MiB`],
    [t('processors'), String(machine.cpuCount)],
    [t('autostart'), yesNo(machine.autostart)],
    ...machine.disks.map((disk): [string, string] => [t('disk {name}', { name: disk.name }), `${disk.path} (${disk.format}, ${size(disk.sizeBytes)})`]),
    [t('console'), orDash(machine.consoleSocket, String)],
    [t('console log'), orDash(machine.consoleLog, String)],
    [t('process'), orDash(machine.pid, String)],
  ];
  if (machine.startRefusal !== null) rows.push([t('not started'), machine.startRefusal]);
  return list(rows);
}

function definitionIn(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw new Failure('usage', t('{file} cannot be read: {reason}', { file, reason: error instanceof Error ? error.message : String(error) }), t('Give a file that is there and may be read, or - for standard input.'));
  }
}

async function define(run: Run, file: string): Promise<void> {
  const machine = await run.api.post('/api/machines', { body: { toml: definitionIn(file) } });
  run.out.result(machine, () => t('{name} is defined ({id})', { name: machine.name, id: machine.id }));
}

interface PowerOptions {
  readonly force?: boolean;
  readonly timeout?: number;
  readonly yes?: boolean;
  readonly wait: boolean;
}

async function start(run: Run, machine: string, options: PowerOptions): Promise<void> {
  if (options.force) {
    const consequences = [t('{machine} is started here although a check speaks against it. If its guest runs on the other host too, the two go apart, and only one of them can be kept as primary (what the other wrote is kept as a named recovery point).', { machine })];
    await confirm({ name: machine, kind: 'machine', consequences, yes: options.yes });
  }
  await followed(run, await run.api.post('/api/machines/{machine}/start', { path: { machine }, body: given({ force: options.force }) }), options);
}

async function stop(run: Run, machine: string, options: PowerOptions): Promise<void> {
  if (options.force) {
    const consequences = [t('The power of {machine} is cut. What its guest has not written to its disks is lost.', { machine })];
    await confirm({ name: machine, kind: 'machine', consequences, yes: options.yes });
  }
  const body = given({ force: options.force, timeoutSeconds: options.timeout });
  await followed(run, await run.api.post('/api/machines/{machine}/stop', { path: { machine }, body }), options);
}

async function undefine(run: Run, machine: string): Promise<void> {
  await run.api.delete('/api/machines/{machine}', { path: { machine } });
  run.out.done(t('{machine} is not defined any more; its disks are kept', { machine }));
}

async function listAll(run: Run): Promise<void> {
  const machines = await run.api.get('/api/machines');
  run.out.result(machines, () => machineTable(machines));
}

async function show(run: Run, machine: string): Promise<void> {
  const shown = await run.api.get('/api/machines/{machine}', { path: { machine } });
  run.out.result(shown, () => machineText(shown));
}

async function openConsole(run: Run, machine: string): Promise<void> {
  if (run.out.isJson) throw new Failure('usage', t('a console has no JSON'));
  if (run.url) throw new Failure('usage', t('a console can be opened only on the host that runs the machine'), t('Sign in to that host and run the command there without --host.'));
  const { consoleSocket, name, power } = await run.api.get('/api/machines/{machine}', { path: { machine } });
  if (consoleSocket === null) throw new Failure('refused', t('{name} has no console now: it is {power}', { name, power: word('power', power) }), t('Start it first: understudy vm start {name}.', { name }), ['vm start']);
  await attach(consoleSocket, name);
}

export function machineCommands(program: Command): void {
  const vm = program.command('vm').description('define and run virtual machines');
  vm.command('define').argument('<file>', 'definition in TOML; "-" is standard input').description('define a machine, or change the definition of one with the same id').action(act(define));
  vm.command('start')
    .argument('<machine>')
    .description('boot the guest')
    .option('--force', 'start it although a check speaks against it (it may run on the other host)')
    .option('--yes', 'do not ask')
    .option(...NO_WAIT)
    .action(act(start));
  vm.command('stop')
    .argument('<machine>')
    .description('shut the guest down, through its agent or the power button')
    .option('--force', 'cut its power')
    .option('--timeout <seconds>', 'how long the guest may take', whole(1, 86_400))
    .option('--yes', 'do not ask')
    .option(...NO_WAIT)
    .action(act(stop));
  vm.command('undefine').argument('<machine>').description('forget the machine; its disks are kept').action(act(undefine));
  vm.command('list').description('all virtual machines of this host').action(act(listAll));
  vm.command('show').argument('<machine>').description('one machine').action(act(show));
  diskCommands(vm);
  screenCommands(vm);
  vm.command('console').argument('<machine>').description('open its serial console here; Ctrl-] leaves it').action(act(openConsole));
}
