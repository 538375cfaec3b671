/** understudy start-replication, stop-initial and as-replica: the first copy. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { Failure } from '../client/failure.ts';
import { followed, NO_WAIT } from './follow.ts';
import { t } from './language.ts';
import { momentFromNow } from './moments.ts';
import { chosen, EXTENDED, stateText } from './relationships.ts';
import { act, given, type Run } from './run.ts';
import { printable } from './words.ts';

interface StartOptions {
  readonly at?: number;
  readonly useExisting?: boolean;
  readonly copyEverything?: boolean;
  readonly extended?: boolean;
  readonly wait: boolean;
}

function transferIn({ useExisting, copyEverything }: StartOptions): 'network' | 'seed' | undefined {
  if (useExisting && copyEverything) throw new Failure('usage', t('--use-existing and --copy-everything exclude each other'));
  if (useExisting) return 'seed';
  return copyEverything ? 'network' : undefined;
}

async function start(run: Run, machine: string, options: StartOptions): Promise<void> {
  const transfer = transferIn(options);
  const path = await chosen(run, machine, options);
  if (options.at === undefined) return followed(run, await run.api.post('/api/relationships/{machine}/start-replication', { path, query: given({ transfer }) }), options);
  const relationship = await run.api.post('/api/relationships/{machine}/start-replication/at', { path, body: { startsAtMs: options.at, ...given({ transfer }) } });
  run.out.result(relationship, () => stateText(relationship));
}

async function stop(run: Run, machine: string, options: { readonly extended?: boolean }): Promise<void> {
  const relationship = await run.api.post('/api/relationships/{machine}/stop-initial', { path: await chosen(run, machine, options) });
  run.out.result(relationship, () => stateText(relationship));
}

function onMedia(verb: 'export' | 'import') {
  return act(async (run: Run, machine: string, directory: string, options: { readonly wait: boolean }) => {
    const job = await run.api.post(`/api/relationships/{machine}/${verb}`, { path: { machine }, body: { directory: resolve(directory) } });
    await followed(run, job, options);
    if (verb === 'export' && options.wait) run.out.note(printable(t('Carry the directory {machine}_UUID in {directory} to the other host, and there: understudy import {machine} DIRECTORY. Changes flow meanwhile.', { machine, directory })));
  });
}

async function offer(run: Run, machine: string, options: { readonly of?: string }): Promise<void> {
  const relationship = await run.api.post('/api/relationships/copies', { body: { machine, ...given({ host: options.of }) } });
  run.out.result(relationship, () => printable(t('{machine} waits on this host to become the replica of {peer}\'s. There: understudy enable {machine} --to this host, then understudy start-replication {machine}: only what differs travels. To have it back: understudy disable {machine}.', { machine: relationship.machine, peer: relationship.peer })));
}

export function initialCommands(program: Command): void {
  program
    .command('start-replication')
    .argument('<machine>')
    .description('copy the disks while the guest runs (initial replication), now or later')
    .option('--use-existing', 'begin with the copy that is on the other host: only what differs travels')
    .option('--copy-everything', 'over the network, although a copy is there')
    .option('--at <moment>', 'begin then, within seven days: 22:30, "2026-11-27 22:30" or +90m', momentFromNow)
    .option(...EXTENDED)
    .option(...NO_WAIT)
    .action(act(start));
  program.command('stop-initial').argument('<machine>').description('stop the initial replication, or do not begin one that is scheduled').option(...EXTENDED).action(act(stop));
  program
    .command('export')
    .arguments('<machine> <directory>')
    .description('write the first copy onto media, into a subdirectory of its own, to be carried to the other host; changes flow meanwhile')
    .option(...NO_WAIT)
    .action(onMedia('export'));
  program
    .command('import')
    .arguments('<machine> <directory>')
    .description('on the replica\'s host: take in the first copy from media that were carried here; everything is checked')
    .option(...NO_WAIT)
    .action(onMedia('import'));
  program
    .command('as-replica')
    .argument('<machine>')
    .description('on the replica\'s host: this machine is a copy of the other host\'s, and waits to become its replica')
    .option('--of <host>', 'the host that has the machine; the only paired one when not given')
    .action(act(offer));
}
