/** understudy version. */
import type { Command } from 'commander';
import { Failure } from '../client/failure.ts';
import { t } from './language.ts';
import { ownVersion } from './ownversion.ts';
import { act, type Run } from './run.ts';

async function version(run: Run): Promise<void> {
  const daemon = await run.api.get('/api/version').catch((error: unknown) => {
    if (error instanceof Failure) return undefined;
    throw error;
  });
  const versions = { understudy: ownVersion(), understudyd: daemon?.version ?? null };
  run.out.result(versions, () => `understudy ${versions.understudy}\nunderstudyd ${versions.understudyd ?? t('does not answer')}`);
}

export function versionCommand(program: Command): void {
  program.command('version').description('the versions of this command and of the daemon').action(act(version));
}
