/** understudy backup-state and restore-state: what this host remembers, in one file. They work on the files, as root of this host. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { backUpState } from '../backup/backup.ts';
import { readArchive } from '../backup/archive.ts';
import { restoreState, type Restored } from '../backup/restore.ts';
import { Failure } from '../client/failure.ts';
import { Fault, failureText } from '../errors/fault.ts';
import { language, t } from './language.ts';
import { ownVersion } from './ownversion.ts';
import { confirm } from './questions.ts';
import { act, type Run } from './run.ts';

const STATE_DIR = '/var/lib/understudy';

interface BackupOptions {
  readonly stateDir: string;
}

interface RestoreOptions {
  readonly stateDir?: string;
  readonly yes?: boolean;
}

const FORBIDDEN: readonly (string | undefined)[] = ['EACCES', 'EPERM', 'EROFS'];
const isForbidden = (cause: unknown): boolean => FORBIDDEN.includes((cause as NodeJS.ErrnoException | undefined)?.code);

/** What the files' world says as a failure of the command. */
async function onThisHost<T>({ url }: Run, work: () => Promise<T>): Promise<T> {
  if (url) throw new Failure('usage', t('a backup holds this host\'s keys, and is made and restored on the host itself'), t('Run the command there, without --host.'));
  try {
    return await work();
  } catch (thrown) {
    if (!(thrown instanceof Fault)) throw thrown;
    const { inLanguage } = await import('../language/domain.ts');
    throw new Failure(thrown.code, inLanguage(failureText(thrown), language), isForbidden(thrown.cause) ? t('Run the command as root, and give a place that may be written.') : inLanguage(thrown.hint, language));
  }
}

async function backup(run: Run, file: string, { stateDir }: BackupOptions): Promise<void> {
  const made = await onThisHost(run, () => backUpState(resolve(stateDir), resolve(file), ownVersion(), Date.now()));
  run.out.result(made, () => t('{path}: the state of {hostName} with {machines} machines, {bytes} bytes, read again and found whole. It holds this host\'s private keys: whoever has it can pass for this host. Only its owner may read it (mode 0600); keep it so. Disks and recovery points are not in it.', { path: made.path, hostName: made.hostName, machines: made.machines, bytes: made.bytes }));
}

async function restore(run: Run, file: string, { stateDir, yes }: RestoreOptions): Promise<void> {
  const path = resolve(file);
  const { manifest } = await onThisHost(run, () => readArchive(path));
  const into = resolve(stateDir ?? manifest.stateDir);
  const consequences = [
    t('The state in {into} becomes that of {hostName} of {moment}. What is there now is kept beside it.', { into, hostName: manifest.hostName, moment: new Date(manifest.createdMs).toISOString() }),
    t('What was set, defined, paired or authorized since is not known any more. Recovery points and disks stay: replicas are found again by their files, and primaries are compared with their replicas.'),
    t('Guests are not started before the other host has confirmed that they do not run there.'),
    t('This computer is {hostName} from then on. Make sure that no other one is: both would be believed.', { hostName: manifest.hostName }),
  ];
  await confirm({ name: manifest.hostName, kind: 'host', consequences, yes });
  const restored = await onThisHost(run, () => restoreState(path, Date.now(), into));
  run.out.result(restored, () => restoredText(restored));
}

const sentence = (names: readonly string[], text: string): string[] => (names.length === 0 ? [] : [`${text}: ${names.join(', ')}`]);

function restoredText({ stateDir, keptIn, compared, rebuilt, alone }: Restored): string {
  return [
    keptIn === null ? t('{stateDir} is restored.', { stateDir }) : t('{stateDir} is restored. What was there is in {keptIn}.', { stateDir, keptIn }),
    ...sentence(compared, t('compared with their replicas before replication goes on')),
    ...sentence(rebuilt, t('found again by their recovery points, at the next start')),
    ...sentence(alone, t('not replicated; started only with --force, since nobody can be asked where they run')),
    t('Everybody signs in again. Now start the daemon: systemctl start understudyd. Then look: understudy status, understudy events.'),
  ].join('\n');
}

export function backupCommands(program: Command): void {
  program
    .command('backup-state')
    .argument('<file>')
    .description('copy what this host remembers into a new file, with its keys, while the daemon runs; not disks and recovery points')
    .option('--state-dir <dir>', 'durable state of the daemon', STATE_DIR)
    .action(act(backup));
  program
    .command('restore-state')
    .argument('<file>')
    .description('while no daemon runs: bring back what this host remembered; what is there is kept aside, and nothing is trusted that may have changed since')
    .option('--state-dir <dir>', 'where to; where it was when the backup was made, when not given')
    .option('--yes', 'do not ask')
    .action(act(restore));
}
