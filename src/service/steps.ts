/**
 * Operations on a relationship that are asked for one step at a time. Each is refused at once where the table of states
 * does not allow it; otherwise it is a job.
 */
import { FAILBACK_JOB } from '../engine/failback/failback.ts';
import { ADDRESSING_JOB } from '../engine/network/addressing.ts';
import { checkTestable } from '../engine/testfailover.ts';
import type { JobArgs } from '../engine/jobs.ts';
import { machineOf } from '../engine/spec.ts';
import { Fault } from '../errors/fault.ts';
import { Refused, refuse } from '../errors/refusal.ts';
import type { Job, Machine, Relationship } from '../machine/records.ts';
import { deskOf, isOnward, type Desk } from '../relationship/chain.ts';
import { type Side, sideWords, stateWords } from '../relationship/state.ts';
import { allowedVerbs } from '../relationship/step.ts';
import { aboutIt, machineNamed, relationshipNamed, type Context } from './context.ts';
import { inText } from '../language/words.ts';
import { say } from '../language/text.ts';
import type { Caller } from './accessviews.ts';

interface StepRow {
  /** Of the job. */
  readonly kind: string;
  /** One of these verbs has to be possible. */
  readonly verbs: readonly string[];
  /** Where a verb means different things on the two sides. */
  readonly side?: Side;
}

export const STEPS = {
  startInitial: { kind: 'initial', verbs: ['start-replication'] },
  stopInitial: { kind: 'stopInitial', verbs: ['stop-initial'] },
  suspend: { kind: 'suspend', verbs: ['suspend'] },
  resume: { kind: 'resume', verbs: ['resume'] },
  // One that was suspended goes on.
  resynchronize: { kind: 'resynchronize', verbs: ['resynchronize', 'resume'], side: 'primary' },
  cancelResync: { kind: 'cancelResync', verbs: ['cancel-resynchronization'], side: 'primary' },
  preparePlanned: { kind: 'preparePlanned', verbs: ['failover'], side: 'primary' },
  cancelPlanned: { kind: 'cancelPlanned', verbs: ['cancel-failover'], side: 'primary' },
  failOver: { kind: 'failOver', verbs: ['failover'], side: 'replica' },
  commit: { kind: 'commit', verbs: ['commit'] },
  revert: { kind: 'revert', verbs: ['revert'] },
  reverse: { kind: 'reverseHere', verbs: ['reverse'], side: 'replica' },
  changeMode: { kind: 'changeMode', verbs: ['change-mode'], side: 'replica' },
  remove: { kind: 'disable', verbs: ['disable'] },
} as const satisfies Record<string, StepRow>;

export type Step = keyof typeof STEPS;

/** Jobs that watch what goes on by itself: they hold nothing. */
const WATCHING: readonly string[] = ['export', 'initial', 'resynchronize', 'cycle', ADDRESSING_JOB];

/** Refused unless the step is possible now; fault machine-busy while another operation holds the machine. */
export function checkStep(context: Context, machine: string, step: Step): void {
  const relationship = relationshipNamed(context, machine);
  checkFree(context, relationship.machineId, deskOf(relationship), step === 'remove' ? [FAILBACK_JOB] : []);
  checkPossible(relationship, step);
  checkChain(context, relationship, step);
}

/** What the other relationship of the machine allows. */
function checkChain({ engine: { host } }: Context, relationship: Relationship, step: Step): void {
  const extended = isOnward(relationship) ? undefined : host.state.extendedOf(relationship.machineId);
  const { name } = machineOf(host, relationship.machineId);
  if (step === 'remove' && extended) throw new Refused(refuse(say('{name} is sent on to {peer}: remove the extended relationship first', { name, peer: host.peerName(extended.peerId) }), ['disable --extended']));
  if (step === 'changeMode' && !extended) throw new Refused(refuse(say('{name} is not sent on to a third host, so there is none to be its replica', { name }), allowedVerbs(relationship)));
}

export function stepJob(context: Context, caller: Caller, machine: string, step: Step, args: JobArgs): Job {
  checkStep(context, machine, step);
  const relationship = relationshipNamed(context, machine);
  const { machineId: id } = relationship;
  if (step === 'failOver' && context.engine.host.state.points(id).length === 0) throw new Refused(refuse('there is no recovery point yet', allowedVerbs(relationship)));
  return context.engine.jobs.start(STEPS[step].kind, id, { ...args, ...aboutIt(relationship) }, caller.name);
}

function checkPossible(relationship: Relationship, step: Step): void {
  const { verbs, side }: StepRow = STEPS[step];
  const allowed = allowedVerbs(relationship);
  const isOtherSide = side !== undefined && side !== relationship.side;
  if (isOtherSide || !verbs.some((verb) => allowed.includes(verb))) {
    throw new Refused(refuse(say('"{verb}" is not possible here while the relationship is in: {state} (state {number}, {side})', { verb: verbs[0]!, state: stateWords(relationship.state), number: relationship.state, side: sideWords(relationship.side) }), allowed));
  }
  if (step === 'reverse' && relationship.state === 5 && relationship.failover?.planned === false) {
    throw new Refused(refuse('the failover was not a planned one: it has to be committed before replication can be reversed', allowedVerbs(relationship)));
  }
  if (step === 'stopInitial' && relationship.state === 1 && (relationship.startsAtMs ?? null) === null) throw new Refused(refuse(say('no initial replication is under way or scheduled: {state}', { state: stateWords(1) }), allowed));
  if (step === 'stopInitial' && relationship.initial?.exported) throw new Refused(refuse('the export has finished: import the media on the other host, or disable replication', allowed.filter((verb) => verb !== 'stop-initial')));
  if (step === 'remove' && relationship.testCopy) throw new Refused(refuse('a test failover is there: end it first', ['test-end']));
}

/** A planned failover that is asked for step by step stops nobody's guest. */
export async function checkGuestOff({ engine }: Context, machine: Machine): Promise<void> {
  if ((await engine.host.hypervisor.power(machine.id)) === 'off') return;
  throw new Refused(refuse(say('a planned failover is prepared while the guest is off: {machine} has to be shut down first', { machine: machine.name }), ['shutDown', 'turnOff']));
}

/** Fault machine-busy while another operation holds the machine; jobs of the kinds that what follows ends do not. */
export function checkFree({ engine }: Context, machineId: string, desk: Desk = 'own', ended: readonly string[] = []): void {
  const isOnward = desk === 'onward';
  const holds = ({ kind, args, machineId: id }: Job) => id === machineId && (args['extended'] === true) === isOnward && ![...WATCHING, ...ended].includes(kind);
  const job = engine.jobs.running().find(holds);
  const holder = engine.worker(machineId, desk).operation ?? (job && inText('job', job.kind));
  if (holder !== undefined) throw new Fault('machine-busy', say('another operation holds {machine}: {holder}', { machine: engine.host.state.machine(machineId)?.name ?? machineId, holder: [holder] }));
}

/** The job of a test failover, and the id that its copy will have. */
export function testJob(context: Context, caller: Caller, machine: string, point: string | null): { job: Job; copyId: string } {
  const { engine } = context;
  const found = machineNamed(context, machine);
  checkFree(context, found.id);
  checkTestable(engine.relationshipOf(found.id), found);
  if (engine.host.state.points(found.id).length === 0) throw new Refused(refuse(say('{machine} has no recovery point yet', { machine: found.name }), allowedVerbs(engine.relationshipOf(found.id))));
  if (point !== null) checkPoint(context, found, point);
  const copyId = engine.host.newId();
  return { job: engine.jobs.start('test', found.id, { ...(point !== null && { point }), copyId, start: false }, caller.name), copyId };
}

/** Fault point-unknown unless the machine has the recovery point. */
export function checkPoint({ engine }: Context, machine: Machine, pointId: string): void {
  if (engine.host.state.point(pointId)?.machineId !== machine.id) throw new Fault('point-unknown', say('{machine} has no recovery point {point}', { machine: machine.name, point: pointId }));
}
