/** understudy version. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { Failure } from '../client/failure.ts';
import { act, type Run } from './run.ts';

export function ownVersion(): string {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as { version: string };
  return version;
}

async function version(run: Run): Promise<void> {
  const daemon = await run.api.get('/api/version').catch((error: unknown) => {
    if (error instanceof Failure) return undefined;
    throw error;
  });
  const versions = { understudy: ownVersion(), understudyd: daemon?.version ?? null };
  run.out.result(versions, () => `understudy ${versions.understudy}\nunderstudyd ${versions.understudyd ?? 'does not answer'}`);
}

export function versionCommand(program: Command): void {
  program.command('version').description('the versions of this command and of the daemon').action(act(version));
}
