/** understudy resynchronize and cancel-resynchronization. */
import type { Command } from 'commander';
import { followed, NO_WAIT } from './follow.ts';
import { momentFromNow } from './moments.ts';
import { chosen, EXTENDED, stateText } from './relationships.ts';
import { act, type Run } from './run.ts';

interface ResynchronizeOptions {
  readonly at?: number;
  readonly extended?: boolean;
  readonly wait: boolean;
}

async function resynchronize(run: Run, machine: string, options: ResynchronizeOptions): Promise<void> {
  const path = await chosen(run, machine, options);
  if (options.at === undefined) return followed(run, await run.api.post('/api/relationships/{machine}/resynchronize', { path }), options);
  const relationship = await run.api.post('/api/relationships/{machine}/resynchronize/at', { path, body: { startsAtMs: options.at } });
  run.out.result(relationship, () => stateText(relationship));
}

async function cancel(run: Run, machine: string, options: { readonly extended?: boolean }): Promise<void> {
  const relationship = await run.api.post('/api/relationships/{machine}/resynchronize/cancel', { path: await chosen(run, machine, options) });
  run.out.result(relationship, () => stateText(relationship));
}

export function resynchronizationCommands(program: Command): void {
  program
    .command('resynchronize')
    .argument('<machine>')
    .description('compare the disks and ship what differs, now or later; one that was suspended goes on')
    .option('--at <moment>', 'begin then, within seven days: 22:30, "2026-11-27 22:30" or +90m', momentFromNow)
    .option(...EXTENDED)
    .option(...NO_WAIT)
    .action(act(resynchronize));
  program.command('cancel-resynchronization').argument('<machine>').description('give up a resynchronization that is under way, suspended or scheduled; recovery points stay').option(...EXTENDED).action(act(cancel));
}
