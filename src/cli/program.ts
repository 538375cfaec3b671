/** The program `understudy`: all its commands, and what they have in common. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { doctorCommand } from './doctor.ts';
import { settingCommands } from './enable.ts';
import { Failure } from './failure.ts';
import { failoverCommands } from './failovers.ts';
import { healthCommands } from './health.ts';
import { hostCommands } from './hosts.ts';
import { initialCommands } from './initial.ts';
import { jobCommands } from './jobs.ts';
import { machineCommands } from './machines.ts';
import { networkCommands } from './network.ts';
import { pointCommands } from './points.ts';
import { relationshipCommands } from './relationships.ts';
import { resynchronizationCommands } from './resynchronization.ts';
import { act, parseUrl, type Run } from './run.ts';
import { serverCommands } from './server.ts';
import { trafficCommands } from './traffic.ts';
import { statusCommand } from './status.ts';
import { userCommands } from './users.ts';

export const DEFAULT_RUN_DIR = '/run/understudy';

function ownVersion(): string {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as { version: string };
  return version;
}

async function version(run: Run): Promise<void> {
  const daemon = await run.api.get<{ version: string }>('/api/version').catch((error: unknown) => {
    if (error instanceof Failure) return undefined;
    throw error;
  });
  const versions = { understudy: ownVersion(), understudyd: daemon?.version ?? null };
  run.out.result(versions, () => `understudy ${versions.understudy}\nunderstudyd ${versions.understudyd ?? 'does not answer'}`);
}

/** Throws instead of ending the process; nothing is asked of a daemon before parsing. */
export function createProgram(): Command {
  const program = new Command('understudy')
    .description('Keeps a ready-to-run replica of a virtual machine on another host and takes it through failover, reverse replication and failback.')
    .version(`understudy ${ownVersion()}`, '--version', 'the version of this command')
    .option('--json', 'print exactly one JSON value on standard output')
    .addOption(new Option('--run-dir <dir>', 'where the sockets of understudyd are').default(DEFAULT_RUN_DIR).env('UNDERSTUDY_RUN_DIR'))
    .addOption(new Option('--host <url>', 'another daemon, for example http://host:7480 (sign in first)').argParser(parseUrl))
    .exitOverride();
  statusCommand(program);
  machineCommands(program);
  hostCommands(program);
  serverCommands(program);
  trafficCommands(program);
  settingCommands(program);
  relationshipCommands(program);
  initialCommands(program);
  healthCommands(program);
  doctorCommand(program);
  resynchronizationCommands(program);
  pointCommands(program);
  failoverCommands(program);
  networkCommands(program);
  jobCommands(program);
  userCommands(program);
  program.command('version').description('the versions of this command and of the daemon').action(act(version));
  program.showHelpAfterError('Try: understudy help');
  program.commands.forEach(inherit);
  return program;
}

/** Sub-commands throw and explain like the program. */
function inherit(command: Command): void {
  command.exitOverride().showHelpAfterError(`Try: ${fullNameOf(command)} --help`);
  command.commands.forEach(inherit);
}

export const fullNameOf = (command: Command): string => (command.parent ? `${fullNameOf(command.parent)} ${command.name()}` : command.name());
