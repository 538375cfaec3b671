/** The daemon's program: starts, says where it listens, ends on SIGTERM or SIGINT. Guests run on in any case. */
import { writeFileSync } from 'node:fs';
import { CommanderError } from 'commander';
import { faultOf } from '../errors/fault.ts';
import { runningGuests } from '../hypervisor/qemu/instance.ts';
import { readConfig } from './config.ts';
import { Daemon, versionOf } from './daemon.ts';
import { createLog, isJournal } from './log.ts';
import { tellServiceManager } from './servicemanager.ts';

/** A defect ends the process at once: the next one recovers from the state on disk. */
const EXIT_BUG = 1;
const EXIT_USAGE = 2;
/** What bin/understudyd sets for this process alone: guests and tools start as if from a shell. */
const OWN_ENVIRONMENT = ['MALLOC_ARENA_MAX', 'MALLOC_MMAP_THRESHOLD_', 'NODE_COMPILE_CACHE'];

/** Node.js calls its main thread MainThread, and so would ps, top and ss -ltnp. */
function nameProcess(): void {
  try {
    writeFileSync('/proc/self/comm', 'understudyd');
  } catch {
    // A name for people, no more.
  }
}

async function main(): Promise<void> {
  nameProcess();
  for (const name of OWN_ENVIRONMENT) Reflect.deleteProperty(process.env, name);
  const version = versionOf();
  const config = readConfig(process.argv.slice(2), version);
  if (config.listsGuests) return void process.stdout.write(runningGuests(config).map((name) => `${name}\n`).join(''));
  const log = createLog({ format: config.logFormat, level: config.logLevel, hostName: config.hostName });
  const crash = (bug: unknown): never => {
    log.fatal({ err: bug }, 'a defect of Understudy: the daemon ends and recovers at its next start; guests run on');
    process.exit(EXIT_BUG);
  };
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
  const daemon = await Daemon.start(config, version, log, crash);
  log.info({ version, stateDir: config.stateDir, portOffset: config.portOffset }, 'understudyd is up');
  await tellServiceManager('--ready', `--status=Answers on ${config.runDir}/api.sock`).catch((error: Error) => log.warn({ reason: error.message }, 'systemd was not told that understudyd is up'));
  const end = (signal: string) => {
    log.info({ signal }, 'understudyd ends; guests run on');
    daemon.stop().then(() => process.exit(0), crash);
  };
  process.once('SIGTERM', () => end('SIGTERM'));
  process.once('SIGINT', () => end('SIGINT'));
}

main().catch((thrown: unknown) => {
  // Its words are printed already.
  if (thrown instanceof CommanderError) process.exit(thrown.exitCode === 0 ? 0 : EXIT_USAGE);
  const fault = faultOf(thrown);
  if (!fault) throw thrown;
  const priority = isJournal(2, process.env) ? '<3>' : '';
  process.stderr.write(`${priority}understudyd: ${fault.message}\n${priority}hint: ${fault.hint}\n`);
  process.exit(fault.row.exitCode);
});
