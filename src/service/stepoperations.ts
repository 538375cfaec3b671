/** Use cases of one machine, as CIM clients ask for them. */
import { beginInitialAt, checkSeed } from '../engine/initial.ts';
import { startAt } from '../engine/starts.ts';
import type { JobArgs, JobContext, JobWork } from '../engine/jobs.ts';
import { Fault } from '../errors/fault.ts';
import { Refused, refuse } from '../errors/refusal.ts';
import type { Job, Point, Relationship } from '../machine/records.ts';
import { deskOf } from '../relationship/chain.ts';
import { changed, type Settings, type SettingsChange } from '../relationship/settings.ts';
import { aboutIt, audited, hostNamed, machineNamed, relationshipNamed, type Context } from './context.ts';
import { powerJob } from './guestpower.ts';
import { resetStatistics } from './health.ts';
import type { Management } from './management.ts';
import { definedOnly } from './options.ts';
import { withoutMerging } from './points.ts';
import { jobView } from './presenting.ts';
import { changeSettings, disable, enable, requested, settingsAfter } from './replication.ts';
import { checkFree, checkGuestOff, checkPoint, checkStep, stepJob, testJob } from './steps.ts';
import type { Caller } from './accessviews.ts';
import type { JobView } from './views.ts';
import { saidOf, say, told } from '../language/text.ts';

type StepOperations = Pick<Management, 'create' | 'modify' | 'checkStep' | 'step' | 'startAt' | 'test' | 'destroyTest' | 'removePoint' | 'power' | 'resetStatistics'>;

const PEER_WITHIN_MS = 30_000;

export function stepOperations(context: Context): StepOperations {
  const { engine } = context;
  engine.jobs.define(relationshipKinds(context));
  const asked = (caller: Caller, operation: string, machine: string, work: () => Job | Promise<Job>): Promise<JobView> =>
    audited(context, caller, 'operator', operation, machine, async (context) => jobView(context, await work()));
  return {
    create: (caller, machine, host, settings) =>
      asked(caller, 'enable', machine, () => {
        const request = { machine, host, settings: definedOnly(settings) as SettingsChange };
        const { machine: { id } } = requested(context, request);
        checkFree(context, id);
        return engine.jobs.start('enable', id, { host, settings: request.settings }, caller.name);
      }),
    modify: (caller, machine, change) =>
      audited(context, caller, 'operator', 'settings', machine, async (context) => {
        const relationship = relationshipNamed(context, machine);
        if (isAsBefore(context, relationship, change)) return null;
        settingsAfter(context, relationship, change);
        checkFree(context, relationship.machineId, deskOf(relationship));
        return jobView(context, engine.jobs.start('settings', relationship.machineId, { settings: definedOnly(change), ...aboutIt(relationship) }, caller.name));
      }),
    checkStep: (caller, machine, step) => audited(context, caller, 'viewer', step, machine, (context) => checkStep(context, machine, step)),
    step: (caller, machine, step, { point, transfer, settings } = {}) =>
      asked(caller, step, machine, async () => {
        const found = machineNamed(context, machine);
        checkStep(context, machine, step);
        if (step === 'preparePlanned') await checkGuestOff(context, found);
        if (transfer === 'seed') await checkSeed(engine.host, engine.relationshipOf(found.id).id, transfer, engine.host.clock.timeout(PEER_WITHIN_MS));
        if (point !== undefined) checkPoint(context, found, point);
        const args: JobArgs = definedOnly({ point, transfer, settings: settings && reversedSettings(engine.relationshipOf(found.id), settings, found.definition.disks) });
        return stepJob(context, caller, machine, step, args);
      }),
    startAt: (caller, machine, event, startsAtMs, transfer) =>
      audited(context, caller, 'operator', `${event} at`, machine, async (context) => {
        const { id } = relationshipNamed(context, machine);
        const within = engine.host.clock.timeout(PEER_WITHIN_MS);
        engine.workerOf(event === 'startInitial' ? await beginInitialAt(engine.host, id, transfer ?? null, startsAtMs, within) : startAt(engine.host, id, event, startsAtMs)).poke();
      }),
    test: (caller, machine, { point }) =>
      audited(context, caller, 'operator', 'test', machine, (context) => {
        const { job, copyId } = testJob(context, caller, machine, point ?? null);
        return { job: jobView(context, job), copyId };
      }),
    destroyTest: (caller, copy) =>
      asked(caller, 'test-end', copy, () => {
        const { copyOf, name } = machineNamed(context, copy);
        if (copyOf === null) throw new Refused(refuse(say('{name} is no test failover\'s copy: only such a copy can be destroyed', { name })));
        checkFree(context, copyOf);
        return engine.jobs.start('testEnd', copyOf, {}, caller.name);
      }),
    removePoint: (caller, pointId) =>
      audited(context, caller, 'operator', 'points remove', pointId, (context) => withoutMerging(context, pointOf(context, pointId))),
    power: (caller, machine, request) => asked(caller, `power ${request}`, machine, () => powerJob(context, caller, machine, request)),
    resetStatistics: async (caller, machine) => void (await resetStatistics(context, caller, machine)),
  };
}

/** The settings go by the new direction only once it is there; they are checked before. */
const reversedSettings = ({ settings }: Relationship, change: SettingsChange, disks: readonly { readonly name: string }[]): Settings => changed(settings, change, disks.map(({ name }) => name));

function isAsBefore({ engine }: Context, { settings, machineId }: Relationship, change: SettingsChange): boolean {
  const disks = engine.host.state.machine(machineId)!.definition.disks.map(({ name }) => name);
  return JSON.stringify(changed(settings, change, disks)) === JSON.stringify(changed(settings, {}, disks));
}

function pointOf({ engine }: Context, pointId: string): Point {
  const point = engine.host.state.point(pointId);
  if (!point) throw new Fault('point-unknown', say('there is no recovery point {pointId}', { pointId }));
  return point;
}

/** Work whose use case is the service's; each is right when it runs again. */
function relationshipKinds(context: Context): Readonly<Record<string, JobWork>> {
  const { engine } = context;
  const within = (job: JobContext) => AbortSignal.any([job.signal, engine.host.clock.timeout(PEER_WITHIN_MS)]);
  return {
    enable: async (job) => {
      if (job.resumed && engine.host.state.relationships().some(({ machineId, peerId }) => machineId === job.machineId && peerId === hostNamed(context, String(job.args['host'])).hostId)) return {};
      const { findings } = await enable(context, { machine: job.machineId, host: String(job.args['host']), settings: job.args['settings'] as SettingsChange, force: true }, within(job));
      const machine = machineNamed(context, job.machineId).name;
      for (const finding of findings) engine.host.state.addEvent({ atMs: engine.host.clock.nowMs(), number: null, severity: 'warning', machine, ...told([saidOf(finding), finding.cureSaid ?? finding.cure]) });
      return { warnings: findings.length };
    },
    settings: async (job) => {
      await changeSettings(context, engine.relationshipFor(job), job.args['settings'] as SettingsChange, within(job));
      return {};
    },
    disable: async (job) => {
      const isThere = job.args['extended'] === true ? engine.host.state.extendedOf(job.machineId) : engine.host.state.relationshipOf(job.machineId);
      if (isThere || !job.resumed) await disable(context, engine.relationshipFor(job), within(job));
      return {};
    },
  };
}
