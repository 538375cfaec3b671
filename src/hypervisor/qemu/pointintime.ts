/** Opening and closing attempts, and views of live disks: the order of things across power states and daemon crashes. */
import { statSync } from 'node:fs';
import { failureText, Fault } from '../../errors/fault.ts';
import { saidOf, say, told } from '../../language/text.ts';
import { bitmapName } from '../../machine/bitmap.ts';
import type { Attachment } from '../../machine/definition.ts';
import type { DiskSize, DiskView, LoanedChunk, StatusRun } from '../../engine/ports/diskview.ts';
import type { LaunchSpec, PointInTime, PointInTimeRequest } from '../../engine/ports/hypervisor.ts';
import type { Extent } from '../../extents/extent.ts';
import type { Qmp } from '../../qmp/qmp.ts';
import { readAttempt, recordFreeze, recordNow, removeAttempt, type AttemptRecord } from './attempt.ts';
import type { Blocks } from './blocks.ts';
import { hasSoundSnapshots } from './clusterreads.ts';
import { noLongerTracked, nowTracked } from './custody.ts';
import { addExport, removeExport } from './exports.ts';
import { FreezeWatchdog } from './freeze.ts';
import type { Host } from './host.ts';
import {
  checkParent, disksOf, exportOffline, findOffline, findRunning, prepareFleecing, refuseIoThreads, removeNode, settleBitmaps, takeOffline, takeRunning, tearDown,
  type Attempt, type AttemptSite,
} from './instant.ts';
import { attemptNodes, diskNode, rawReader } from './nodes.ts';
import { complaintOf } from './program.ts';
import { NbdView, type ViewSource } from './view.ts';

export class PointsInTime {
  readonly #host: Host;
  /** The storage daemon of a machine that is off stays while an attempt is open. By attempt. */
  readonly #held = new Map<string, Blocks>();

  constructor(host: Host) {
    this.#host = host;
  }

  async open(spec: LaunchSpec, request: PointInTimeRequest, signal: AbortSignal): Promise<PointInTime> {
    const { record, source } = await this.#host.turns.take(spec.instanceId, () => this.#take(spec, request, signal));
    return new OpenPoint(record, await NbdView.connect(source, signal));
  }

  async #take(spec: LaunchSpec, request: PointInTimeRequest, signal: AbortSignal): Promise<{ record: AttemptRecord; source: ViewSource }> {
    const blocks = await this.#host.blocks(spec, signal);
    const site = this.#site(spec, blocks, request);
    try {
      const record = blocks.live ? await this.#running(site, request, signal) : await this.#offline(site);
      await this.#hold(request.attemptId, blocks);
      return { record, source: await sourceOf(spec, blocks, request) };
    } catch (thrown) {
      await blocks.release();
      throw complaintOf(spec.definition.name, thrown);
    }
  }

  #site(spec: LaunchSpec, { qmp }: Blocks, { attemptId, sincePointId }: Attempt): AttemptSite {
    return { spec, qmp, state: this.#host.state(spec.instanceId), custody: this.#host.custody(spec), attempt: { attemptId, sincePointId } };
  }

  async #running(site: AttemptSite, { fleecingBudgetBytes, isToBeConsistent = false }: PointInTimeRequest, signal: AbortSignal): Promise<AttemptRecord> {
    const found = await findRunning(site);
    if (found !== 'nothing') return adopted(site, found);
    await refuseIoThreads(site);
    await checkParent(site);
    return this.#begin(site, async () => {
      await prepareFleecing(site, fleecingBudgetBytes, signal);
      const freezer = isToBeConsistent ? await this.#freezer(site) : null;
      return takeInstant(site, freezer, signal);
    });
  }

  /** Who holds the guest still, or why nobody can. */
  async #freezer({ spec, state }: AttemptSite): Promise<FreezeWatchdog | Fault> {
    const run = this.#host.run(spec.instanceId);
    const { guestAgent, name: machineName } = spec.definition;
    if (!guestAgent) return new Fault('agent-silent', say('{machine}: no application-consistent point, since the machine is defined without a guest agent', { machine: machineName }));
    try {
      return await this.#host.holdAgent(spec.instanceId, AGENT_FREE_MS, () => new FreezeWatchdog({ machineName, run, state }));
    } catch (thrown) {
      if (!(thrown instanceof Fault)) throw thrown;
      return new Fault(thrown.code, say('{machine}: no application-consistent point ({reason})', { machine: machineName, reason: [failureText(thrown)] }));
    }
  }

  async #offline(site: AttemptSite): Promise<AttemptRecord> {
    const found = await findOffline(site);
    if (found !== 'nothing') {
      const record = adopted(site, found);
      await exportOffline(site);
      return record;
    }
    await checkParent(site);
    return this.#begin(site, async () => {
      const record = recordNow(site.spec, site.state, site.attempt.attemptId);
      await takeOffline(site);
      await exportOffline(site);
      return record;
    });
  }

  /** When a step fails nobody has seen the instant: everything is as before, and the attempt may be tried again. */
  async #begin(site: AttemptSite, steps: () => Promise<AttemptRecord>): Promise<AttemptRecord> {
    try {
      const record = await steps();
      this.#host.amendCustody(site.spec, (custody) => nowTracked(custody, [site.attempt.attemptId]));
      return record;
    } catch (thrown) {
      await tearDown(site).then(() => settleBitmaps(site, 'failed')).catch(() => undefined);
      throw thrown;
    }
  }

  async #hold(attemptId: string, blocks: Blocks): Promise<void> {
    const earlier = this.#held.get(attemptId);
    this.#held.set(attemptId, blocks);
    await earlier?.release();
  }

  close(spec: LaunchSpec, attempt: Attempt, outcome: 'acknowledged' | 'failed', signal: AbortSignal): Promise<void> {
    return this.#host.withBlocks(spec, signal, async (blocks) => {
      const site = this.#site(spec, blocks, attempt);
      await tearDown(site);
      await settleBitmaps(site, outcome);
      this.#host.amendCustody(spec, (custody) => noLongerTracked(custody, goneAfter(attempt, outcome)));
      if (readAttempt(site.state, attempt.attemptId)) removeAttempt(site.state);
      const held = this.#held.get(attempt.attemptId);
      this.#held.delete(attempt.attemptId);
      await held?.release();
    });
  }

  /** Read-only exports of the disks as they are. They end with the view. */
  async openLive(spec: LaunchSpec, signal: AbortSignal): Promise<DiskView> {
    const name = this.#host.strays.fresh();
    const exportName = (disk: string): string => `${name}-${disk}`;
    const end = (blocks: Blocks): Promise<void> => this.#host.turns.take(spec.instanceId, () => endLive(blocks, disksOf(spec).map(exportName)));
    const blocks = await this.#host.turns.take(spec.instanceId, async () => {
      const opened = await this.#host.blocks(spec, signal);
      try {
        for (const disk of disksOf(spec)) await addExport(opened.qmp, { id: exportName(disk), nodeName: await liveNode(opened.qmp, spec, disk, exportName(disk)) });
        return opened;
      } catch (thrown) {
        await endLive(opened, disksOf(spec).map(exportName));
        throw thrown;
      }
    });
    try {
      const source = { socketPath: blocks.nbdSocketPath, disks: disksOf(spec), exportName, filePath: (disk: string) => rawFileOf(spec, disk), explain: (fault: Fault) => named(spec, fault), ended: () => end(blocks) };
      return await NbdView.connect(source, signal);
    } catch (thrown) {
      await end(blocks);
      throw thrown;
    }
  }
}

/**
 * The node to read a live disk from. A raw file is opened once more, under the spare name: its wrapper does not tell what
 * are holes. Not where the guest sees another size than the file's.
 */
async function liveNode(qmp: Qmp, spec: LaunchSpec, disk: string, spareName: string): Promise<string> {
  const path = rawFileOf(spec, disk);
  if (path === undefined) return diskNode(spec.stacks.find((each) => each.disk === disk)!);
  await qmp.execute('blockdev-add', rawReader(spareName, path));
  return spareName;
}

/** The file that is the disk, byte for byte. */
function rawFileOf({ definition, stacks }: LaunchSpec, disk: string): string | undefined {
  const { layers: [layer, ...more], sizeBytes } = stacks.find((each) => each.disk === disk)!;
  const path = layer?.dataFilePath;
  const isRaw = definition.disks.find(({ name }) => name === disk)?.format === 'raw' && more.length === 0;
  return isRaw && path !== undefined && statSync(path).size === sizeBytes ? path : undefined;
}

async function endLive(blocks: Blocks, exportIds: readonly string[]): Promise<void> {
  try {
    for (const id of exportIds) await removeExport(blocks.qmp, id);
    for (const id of exportIds) await removeNode(blocks.qmp, id);
  } catch (thrown) {
    // A QEMU that has ended took its exports with it.
    if (!(thrown instanceof Fault)) throw thrown;
  } finally {
    await blocks.release();
  }
}

/** The record is made just before the instant: a guest may take long to stand still. */
async function takeInstant(site: AttemptSite, freezer: FreezeWatchdog | Fault | null, signal: AbortSignal): Promise<AttemptRecord> {
  const { spec, state, attempt: { attemptId } } = site;
  const made: { record?: AttemptRecord; fault: Fault | null } = { fault: freezer instanceof Fault ? freezer : null };
  const at = async (reopen: () => Promise<void>) => {
    const step = async () => {
      made.record = recordNow(spec, state, attemptId);
      await reopen();
    };
    if (freezer instanceof FreezeWatchdog) made.fault = await freezer.during(step, signal);
    else await step();
  };
  try {
    await takeRunning(site, at);
  } finally {
    if (freezer instanceof FreezeWatchdog) freezer.dismiss();
  }
  const { record, fault } = made;
  return freezer === null ? record! : recordFreeze(state, record!, { isConsistent: fault === null, fault: fault && { code: fault.code, ...told(fault.said) } });
}

function adopted({ spec, state, attempt }: AttemptSite, found: 'open' | 'lost'): AttemptRecord {
  const record = found === 'open' ? readAttempt(state, attempt.attemptId) : undefined;
  if (!record) throw new Fault('attempt-lost', say('{machine}: attempt {attemptId} was begun, but its instant is gone', { machine: spec.definition.name, attemptId: attempt.attemptId }));
  return record;
}

const goneAfter = ({ attemptId, sincePointId }: Attempt, outcome: 'acknowledged' | 'failed'): readonly string[] => {
  if (outcome === 'failed') return [attemptId];
  return sincePointId === null ? [] : [sincePointId];
};

async function sourceOf(spec: LaunchSpec, blocks: Blocks, { attemptId, sincePointId }: PointInTimeRequest): Promise<ViewSource> {
  const needsFleecing = blocks.live && !(await hasSoundSnapshots(blocks.qmp));
  return {
    socketPath: blocks.nbdSocketPath,
    disks: disksOf(spec),
    exportName: (disk) => attemptNodes(disk, attemptId).exportId,
    ...(sincePointId !== null && { bitmap: bitmapName(sincePointId) }),
    ...(needsFleecing && { fleecingExportName: (disk: string) => attemptNodes(disk, attemptId).fleecingExportId }),
    explain: (fault, isConnected) => (blocks.live ? explainRunning(spec, fault, isConnected) : named(spec, fault)),
    ended: () => Promise.resolve(),
  };
}

/** QEMU answers for a broken snapshot with an error that a disk does not give. */
function explainRunning(spec: LaunchSpec, fault: Fault, isConnected: boolean): Fault {
  const machine = spec.definition.name;
  if (!isConnected) return new Fault('attempt-lost', say('{machine}: QEMU no longer serves the point in time: {reason}', { machine, reason: [failureText(fault)] }), { cause: fault });
  if (/: EIO\b/.test(fault.message)) return named(spec, fault);
  return new Fault('fleecing-exhausted', say('{machine}: the space for overwritten data ran out, so the point in time is gone: {reason}', { machine, reason: [failureText(fault)] }), { cause: fault });
}

const AGENT_FREE_MS = 5_000;

const named = (spec: LaunchSpec, fault: Fault): Fault => new Fault(fault.code, say('{machine}: {reason}', { machine: spec.definition.name, reason: [failureText(fault)] }), { cause: fault });

class OpenPoint implements PointInTime {
  readonly attemptId: string;
  readonly instantMs: number;
  readonly attachments: readonly Attachment[];
  readonly isConsistent: boolean;
  readonly freezeFault: Fault | null;
  readonly disks: readonly DiskSize[];
  readonly #view: DiskView;

  constructor({ attemptId, instantMs, attachments, freeze }: AttemptRecord, view: DiskView) {
    this.attemptId = attemptId;
    this.instantMs = instantMs;
    this.attachments = attachments;
    this.isConsistent = freeze?.isConsistent ?? false;
    this.freezeFault = freeze?.fault ? new Fault(freeze.fault.code, saidOf(freeze.fault)) : null;
    this.disks = view.disks;
    this.#view = view;
  }

  status(disk: string, window: Extent, signal: AbortSignal): Promise<readonly StatusRun[]> {
    return this.#view.status(disk, window, signal);
  }

  read(disk: string, extent: Extent, signal: AbortSignal): Promise<LoanedChunk> {
    return this.#view.read(disk, extent, signal);
  }

  close(): Promise<void> {
    return this.#view.close();
  }
}
