/** understudy vm disk: disks that come, go and grow, whether the guest runs or not. */
import { Option, type Command } from 'commander';
import type { View } from '../client/operation.ts';
import { followed, NO_WAIT } from './follow.ts';
import { t } from './language.ts';
import { confirm } from './questions.ts';
import { act, bytes, given, whole, type Run } from './run.ts';

interface AttachOptions {
  readonly format?: View<'DiskRequest'>['format'];
  readonly bus?: View<'DiskRequest'>['bus'];
  readonly size?: number;
  readonly wait: boolean;
}

interface DetachOptions {
  readonly timeout?: number;
  readonly yes?: boolean;
  readonly wait: boolean;
}

async function attach(run: Run, machine: string, name: string, path: string, options: AttachOptions): Promise<void> {
  await followed(run, await run.api.post('/api/machines/{machine}/disks', { path: { machine }, body: { name, path, ...given({ format: options.format, bus: options.bus, sizeBytes: options.size }) } }), options);
}

async function detach(run: Run, machine: string, disk: string, options: DetachOptions): Promise<void> {
  const consequences = [t('The guest of {machine} loses disk {disk}; what it has not written to it is lost. The image stays. If the disk replicates, it does not any more; recovery points keep what they have of it.', { machine, disk })];
  await confirm({ name: machine, kind: 'machine', consequences, yes: options.yes });
  await followed(run, await run.api.post('/api/machines/{machine}/disks/{disk}/detach', { path: { machine, disk }, body: given({ timeoutSeconds: options.timeout }) }), options);
}

async function grow(run: Run, machine: string, disk: string, sizeBytes: number, options: { readonly wait: boolean }): Promise<void> {
  await followed(run, await run.api.post('/api/machines/{machine}/disks/{disk}/grow', { path: { machine, disk }, body: { sizeBytes } }), options);
}

export function diskCommands(vm: Command): void {
  const disk = vm.command('disk').description('attach, detach and grow disks, also of a running guest');
  disk.command('attach')
    .argument('<machine>')
    .argument('<name>', 'short name of the disk')
    .argument('<path>', 'absolute path of the image or block device')
    .description('give the machine another disk; it does not replicate until it is included (settings --disks)')
    .addOption(new Option('--format <format>', 'of the image').choices(['qcow2', 'raw']))
    .addOption(new Option('--bus <bus>', 'where the guest sees it').choices(['virtio', 'scsi', 'sata']))
    .option('--size <size>', 'make the image with this size when it is missing, such as 10GiB', bytes)
    .option(...NO_WAIT)
    .action(act(attach));
  disk.command('detach')
    .argument('<machine>')
    .argument('<disk>')
    .description('take a disk away, also from the set that replicates; the image stays')
    .option('--timeout <seconds>', 'how long the guest may take to give it up', whole(1, 3_600))
    .option('--yes', 'do not ask')
    .option(...NO_WAIT)
    .action(act(detach));
  disk.command('grow')
    .argument('<machine>')
    .argument('<disk>')
    .argument('<size>', 'the new size, such as 20GiB', bytes)
    .description('make a disk larger; the replica follows with the next recovery point')
    .option(...NO_WAIT)
    .action(act(grow));
}
