/** Use cases of recovery points: looking at them, removing one, verifying one. */
import { removePoint } from '../engine/replica/removal.ts';
import { checkVerifiable } from '../engine/replica/verification.ts';
import { Fault } from '../errors/fault.ts';
import type { Point } from '../machine/records.ts';
import { chosen, missingText } from '../points/choosing.ts';
import { audited, machineNamed, type Context } from './context.ts';
import type { Operations } from './operations.ts';
import { jobView, pointView } from './presenting.ts';
import type { PointView } from './views.ts';

type PointOperations = Pick<Operations, 'points' | 'pointShow' | 'pointDelete' | 'pointVerify'>;

const FREE_WITHIN_MS = 30_000;

export function pointOperations(context: Context): PointOperations {
  const { engine } = context;
  return {
    points: (caller, machine) => audited(context, caller, 'viewer', 'points', machine, (context) => viewsOf(context, machineNamed(context, machine).id).reverse()),
    pointShow: (caller, machine, point) =>
      audited(context, caller, 'viewer', 'point show', machine, (context) => {
        const { id, machineId } = pointNamed(context, machine, point);
        return viewsOf(context, machineId).find((view) => view.id === id)!;
      }),
    pointDelete: (caller, machine, point) => audited(context, caller, 'operator', 'point delete', machine, (context) => withoutMerging(context, pointNamed(context, machine, point))),
    pointVerify: (caller, machine, point) =>
      audited(context, caller, 'operator', 'point verify', machine, (context) => {
        const { id, machineId } = pointNamed(context, machine, point);
        checkVerifiable(engine.host, engine.relationshipOf(machineId), id);
        return jobView(context, engine.jobs.start('verify', machineId, { point: id }, caller.name));
      }),
  };
}

/** Oldest first. */
function viewsOf({ engine }: Context, machineId: string): PointView[] {
  const points = engine.host.state.points(machineId);
  const newestId = points.findLast(({ kind }) => kind !== 'divergence')?.id;
  return points.map((point) => pointView(point, newestId));
}

function pointNamed(context: Context, machine: string, point: string): Point {
  const { id, name } = machineNamed(context, machine);
  const found = chosen(context.engine.host.state.points(id), point);
  if (!found) throw new Fault('point-unknown', missingText(name, point));
  return found;
}

/** A merge that is under way would bring the point's label back. */
export async function withoutMerging({ engine }: Context, point: Point): Promise<void> {
  const { host } = engine;
  const { id, machineId } = engine.relationshipOf(point.machineId);
  const worker = engine.worker(machineId);
  await worker.exclusive('removing a recovery point', async () => {
    await worker.stopMerging();
    removePoint(host, id, point.id);
  }, host.clock.timeout(FREE_WITHIN_MS));
}
