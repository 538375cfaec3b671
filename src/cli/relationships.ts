/** The verbs of a relationship that take no options, and its recovery points. */
import type { Command } from 'commander';
import { Failure } from '../client/failure.ts';
import type { View } from '../client/operation.ts';
import { followed, NO_WAIT } from './follow.ts';
import { t } from './language.ts';
import { confirm } from './questions.ts';
import { removalConsequences } from './removal.ts';
import { act, type Run } from './run.ts';
import { printable } from './words.ts';

/** Of a machine in the middle of a chain: the relationship by which it is sent on. */
export const EXTENDED = ['--extended', 'the extended relationship: by which this replica is sent on to a third host'] as const;

/** Names the machine's own relationship in a path of the API, or with --extended the other. */
export async function chosen({ api }: Run, machine: string, { extended }: { readonly extended?: boolean }): Promise<{ machine: string }> {
  if (!extended) return { machine };
  const all = await api.get('/api/relationships');
  const found = all.find((it) => (it.machine === machine || it.machineId === machine) && it.kind === 'extended');
  if (!found) throw new Failure('not-replicated', t('{machine} has no extended relationship on this host', { machine }), t('On its replica\'s host: understudy enable {machine} --to HOST.', { machine }));
  return { machine: found.id };
}

interface VerbOptions {
  readonly extended?: boolean;
  readonly yes?: boolean;
  readonly wait: boolean;
}

type PathAtOnce = '/api/relationships/{machine}/suspend' | '/api/relationships/{machine}/resume';
type QuestionedVerb = 'commit' | 'revert' | 'reverse' | 'change-mode' | 'become-replica';
type JobPath = `/api/relationships/{machine}/${QuestionedVerb | 'failover/test-end'}`;

/** Answered with the relationship at once. */
const AT_ONCE: readonly [verb: string, path: PathAtOnce, description: string][] = [
  ['suspend', '/api/relationships/{machine}/suspend', 'no cycles until resume; changes are still tracked'],
  ['resume', '/api/relationships/{machine}/resume', 'go on, with everything that changed meanwhile'],
];

/** A job that is followed, after a question. */
const AFTER_QUESTION: readonly [verb: QuestionedVerb, description: string, consequences: (machine: string) => string[]][] = [
  ['commit', 'keep the point that was failed over to, or a failback', (machine) => [t('{machine} keeps what it runs on now. The other recovery points on this host are removed, and the failover, or the failback, cannot be reverted any more.', { machine })]],
  ['revert', 'undo the failover on this host, to choose another point; or give a failback back', (machine) => [t('The guest of {machine} is stopped on this host. What it wrote since the failover is lost.', { machine })]],
  ['reverse', 'protect the guest in the other direction; commits first when needed', (machine) => [t('{machine} is committed when it is not yet: the failover cannot be reverted any more.', { machine }), t('The disks of the old primary follow this host from now on; what its guest wrote after the failover is kept there as a named recovery point.')]],
  ['change-mode', 'after a committed failover in the middle of a chain: this host is primary, the third host its replica', (machine) => [t('{machine} is primary on this host, and the third host is its replica. The host before has no part in it any more: what it has is kept there, and the relationship is to be removed there.', { machine })]],
  ['become-replica', 'after a split brain: yield to the other host', (machine) => [t('The guest of {machine} is held on this host and does not run here any more. What it wrote is kept as a named recovery point; the other host\'s disks replace it.', { machine })]],
];

export const stateText = (it: View<'Relationship'>): string => printable([`${it.machine}: ${it.stateName}`, it.waitingFor ?? '', it.advice === '' ? '' : t('Next: {advice}', { advice: it.advice })].filter((part) => part !== '').join('. '));

function atOnce(path: PathAtOnce) {
  return act(async (run: Run, machine: string, options: VerbOptions) => {
    const relationship = await run.api.post(path, { path: await chosen(run, machine, options) });
    run.out.result(relationship, () => stateText(relationship));
  });
}

function asJob(path: JobPath, consequences?: (machine: string) => string[]) {
  return act(async (run: Run, machine: string, options: VerbOptions) => {
    if (consequences) await confirm({ name: machine, kind: 'machine', consequences: consequences(machine), yes: options.yes });
    await followed(run, await run.api.post(path, { path: await chosen(run, machine, options) }), options);
  });
}

async function disable(run: Run, machine: string, options: VerbOptions): Promise<void> {
  const path = await chosen(run, machine, options);
  if (!options.yes) {
    const relationship = await run.api.get('/api/relationships/{machine}', { path });
    await confirm({ name: relationship.machine, kind: 'machine', consequences: removalConsequences(relationship), yes: false });
  }
  await run.api.delete('/api/relationships/{machine}', { path });
  run.out.done(t('{machine} is not replicated any more', { machine }));
}

async function cycle(run: Run, machine: string, options: VerbOptions & { readonly applicationConsistent?: boolean }): Promise<void> {
  const path = await chosen(run, machine, options);
  await followed(run, await run.api.post(options.applicationConsistent ? '/api/relationships/{machine}/cycle/application-consistent' : '/api/relationships/{machine}/cycle', { path }), options);
}

export function relationshipCommands(program: Command): void {
  for (const [verb, path, description] of AT_ONCE) program.command(verb).argument('<machine>').description(description).option(...EXTENDED).action(atOnce(path));
  program.command('test-end').argument('<machine>').description('end the test failover and remove its copy').option(...NO_WAIT).action(asJob('/api/relationships/{machine}/failover/test-end'));
  program
    .command('cycle')
    .argument('<machine>')
    .description('run a cycle now')
    .option('--application-consistent', 'with the guest\'s file systems held still by its agent')
    .option(...NO_WAIT)
    .option(...EXTENDED)
    .action(act(cycle));
  for (const [verb, description, consequences] of AFTER_QUESTION) {
    program.command(verb).argument('<machine>').description(description).option('--yes', 'do not ask').option(...NO_WAIT).action(asJob(`/api/relationships/{machine}/${verb}`, consequences));
  }
  program.command('disable').argument('<machine>').description('end replication of a machine').option(...EXTENDED).option('--yes', 'do not ask').action(act(disable));
}
