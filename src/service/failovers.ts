/** Use cases of failover, reverse and failback: each is a job of the engine. */
import { endFailback, FAILBACK_JOB } from '../engine/failback/failback.ts';
import { refuseElsewhere } from '../engine/failback/home.ts';
import { commitAfter } from '../engine/commitdeadline.ts';
import { cancelPrepared } from '../engine/planned.ts';
import type { JobArgs } from '../engine/jobs.ts';
import { Refused, refuse } from '../errors/refusal.ts';
import type { Relationship } from '../machine/records.ts';
import { changed } from '../relationship/settings.ts';
import { sideWords, stateWords } from '../relationship/state.ts';
import { allowedVerbs } from '../relationship/step.ts';
import { aboutIt, audited, ownNamed, relationshipNamed, type Context } from './context.ts';
import type { Operations } from './operations.ts';
import { jobView, relationshipView } from './presenting.ts';
import type { Caller } from './accessviews.ts';
import type { JobView } from './views.ts';
import { definedOnly } from './options.ts';
import { say } from '../language/text.ts';

type FailoverOperations = Pick<
  Operations,
  'testFailover' | 'testFailoverEnd' | 'plannedFailover' | 'plannedFailoverCancel' | 'unplannedFailover' | 'commit' | 'commitAfter' | 'revert' | 'reverse' | 'changeMode' | 'becomeReplica' | 'failback' | 'failbackStart'
>;

const CANCEL_WITHIN_MS = 30_000;
/** Kinds of jobs that can also be about the relationship by which a machine is sent on. */
const ofEither: readonly string[] = ['planned'];

export function failoverOperations(context: Context): FailoverOperations {
  const { engine } = context;
  const job = (caller: Caller, operation: string, kind: string, machine: string, args: JobArgs, check?: (relationship: Relationship) => void): Promise<JobView> =>
    audited(context, caller, 'operator', operation, machine, (context) => {
      const relationship = ofEither.includes(kind) ? relationshipNamed(context, machine) : ownNamed(context, machine);
      check?.(relationship);
      if (typeof args['commitAfterSeconds'] === 'number') changed(relationship.settings, { additional: { commitAfterSeconds: args['commitAfterSeconds'] } }, relationship.settings.disks);
      return jobView(context, engine.jobs.start(kind, relationship.machineId, { ...definedOnly(args), ...aboutIt(relationship) }, caller.name));
    });
  return {
    testFailover: (caller, machine, options) => job(caller, 'test', 'test', machine, { ...options }),
    testFailoverEnd: (caller, machine) => job(caller, 'test-end', 'testEnd', machine, {}),
    plannedFailover: (caller, machine, options) => job(caller, 'failover --planned', 'planned', machine, { ...options }),
    plannedFailoverCancel: (caller, machine, { force = false }) =>
      audited(context, caller, 'operator', 'cancel-failover', machine, async (context) => {
        const relationship = relationshipNamed(context, machine);
        const limit = engine.host.clock.timeout(CANCEL_WITHIN_MS);
        if (relationship.failback) return relationshipView(context, await endFailback(engine, relationship, limit));
        const cancel = (signal: AbortSignal) => cancelPrepared(engine.host, relationship.id, force, signal);
        return relationshipView(context, await engine.workerOf(relationship).exclusive('cancel planned failover', cancel, limit));
      }),
    unplannedFailover: (caller, machine, options) => job(caller, 'failover --unplanned', 'unplanned', machine, { ...options }),
    commitAfter: (caller, machine, seconds) =>
      audited(context, caller, 'operator', 'commit-after', machine, (context) => {
        const relationship = ownNamed(context, machine);
        if (relationship.state !== 5) throw new Refused(refuse(say('{machine} has no failover that waits to be committed: {state} ({side})', { machine: engine.host.state.machine(relationship.machineId)!.name, state: stateWords(relationship.state), side: sideWords(relationship.side) }), allowedVerbs(relationship)));
        changed(relationship.settings, { additional: { commitAfterSeconds: seconds } }, relationship.settings.disks);
        return relationshipView(context, commitAfter(engine.host, relationship.id, seconds));
      }),
    commit: (caller, machine) => job(caller, 'commit', 'commit', machine, {}),
    revert: (caller, machine) => job(caller, 'revert', 'revert', machine, {}),
    reverse: (caller, machine) => job(caller, 'reverse', 'reverse', machine, {}),
    changeMode: (caller, machine) => job(caller, 'change-mode', 'changeMode', machine, {}),
    becomeReplica: (caller, machine) => job(caller, 'become-replica', 'becomeReplica', machine, {}),
    failback: (caller, machine, options) => job(caller, 'failback', 'failback', machine, { ...options }),
    failbackStart: (caller, machine, options) => job(caller, 'initiate-failback', FAILBACK_JOB, machine, { ...options }, (relationship) => refuseElsewhere(engine.host, relationship)),
  };
}
