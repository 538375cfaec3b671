/**
 * A recovery point is read in whole and each cluster compared with what was recorded of it when it arrived. The point is
 * marked with the outcome: one that is damaged is not offered as a good one.
 */
import { Fault, failureText } from '../../errors/fault.ts';
import { Refused, refuse } from '../../errors/refusal.ts';
import { CLUSTER_BYTES, clustersTouched, endOf, windows, type Extent } from '../../extents/extent.ts';
import { FINGERPRINT_BYTES, Fingerprinter, isUnknown, sameFingerprint } from '../../fingerprints/fingerprint.ts';
import type { DiskDamage, Machine, Point, Relationship, Verification } from '../../machine/records.ts';
import { allowedVerbs } from '../../relationship/step.ts';
import type { Host } from '../host.ts';
import { payloadOf, type DiskSize, type DiskView } from '../ports/diskview.ts';
import { report } from '../report.ts';
import { machineOf, pointStacks } from '../spec.ts';
import { checkLimits } from './limits.ts';
import { relationshipNamed, update } from '../transition.ts';
import { Expectation } from './expectation.ts';
import { say, type Text } from '../../language/text.ts';
import { standingWords } from '../../relationship/state.ts';

const WINDOW_CLUSTERS = 16_384;
const READ_BYTES = 512 * 1024;
export const VERIFIABLE: readonly number[] = [3, 7, 8];

export interface Verifying {
  readonly onVerified: (doneBytes: number, totalBytes: number) => void;
  /** A merge that is under way would take a layer away: from here on the point's layers are left alone. */
  stopMerging(): Promise<void>;
}

type OnVerified = Verifying['onVerified'];

/** Refused where a point cannot be verified now; fault point-unknown when there is none. */
export function checkVerifiable(host: Host, relationship: Relationship, pointId: string): Point {
  const machine = machineOf(host, relationship.machineId);
  const point = host.state.point(pointId);
  if (point?.machineId !== machine.id) throw new Fault('point-unknown', say('{machine} has no recovery point {point}', { machine: machine.name, point: pointId }));
  const here = standingWords(relationship);
  if (relationship.side !== 'replica' || !VERIFIABLE.includes(relationship.state)) throw new Refused(refuse(say('{machine}: a recovery point is verified on the replica\'s host, while the machine is not failed over ({here})', { machine: machine.name, here }), allowedVerbs(relationship)));
  if (point.kind === 'divergence') throw new Refused(refuse(say('{machine}: the recovery point {pointId} was not received: nothing is recorded of what it should hold', { machine: machine.name, pointId }), ['points']));
  return point;
}

/** The point's mark says what was found. Fault point-damaged names machine, point and disks when a cluster is not what was recorded. */
export async function verifyPoint(host: Host, relationshipId: string, pointId: string, { onVerified, stopMerging }: Verifying, signal: AbortSignal): Promise<Verification> {
  const relationship = relationshipNamed(host, relationshipId);
  const point = checkVerifiable(host, relationship, pointId);
  const machine = machineOf(host, relationship.machineId);
  update(host, relationshipId, () => ({ verifyingId: pointId }));
  try {
    await stopMerging();
    const verification = await looked(host, relationship, point, onVerified, signal);
    const now = host.state.point(pointId);
    if (now) mark(host, now, verification);
    await checkLimits(host, relationshipId);
    host.changed('relationship', machine.id);
    if (verification.damage.length > 0) throw damaged(host, machine, point, verification);
    return verification;
  } finally {
    if (host.state.relationship(relationshipId)) update(host, relationshipId, () => ({ verifyingId: null }));
  }
}

/** Later points stand on the same layers: until they are read themselves, what was found damaged counts for them too. */
function mark(host: Host, point: Point, verification: Verification): void {
  host.state.transaction(() => {
    host.state.putPoint({ ...point, verification });
    if (verification.damage.length === 0) return;
    for (const later of host.state.points(point.machineId)) {
      if (later.sequence > point.sequence && later.kind !== 'divergence' && later.verification === undefined) host.state.putPoint({ ...later, verification });
    }
  });
}

function damaged(host: Host, machine: Machine, point: Point, { damage }: Verification): Fault {
  const fault = new Fault('point-damaged', say('{machine}: the recovery point {id} of {time} is damaged. {damage}', { machine: machine.name, id: point.id, time: { atMs: point.instantMs }, damage: damageText(damage) }));
  report(host, 'point-damaged', machine.name, [failureText(fault)], fault.hint);
  return fault;
}

/** A sentence for each disk. */
export const damageText = (damage: readonly DiskDamage[]): Text[] => damage.map(diskDamageText);

function diskDamageText({ disk, clusters, firstOffsetBytes }: DiskDamage): Text {
  const first = String(firstOffsetBytes);
  if (clusters === 1) return say('Disk {disk} is not what arrived in 1 cluster of 64 KiB, at byte {first}.', { disk, first });
  return say('Disk {disk} is not what arrived in {clusters} clusters of 64 KiB, the first at byte {first}.', { disk, clusters, first });
}

async function looked(host: Host, relationship: Relationship, point: Point, onVerified: OnVerified, signal: AbortSignal): Promise<Verification> {
  const view = await host.hypervisor.openStacks(pointStacks(machineOf(host, relationship.machineId), point.id), signal);
  const expectation = new Expectation(host, relationship, point);
  try {
    const look = new Look(view, expectation, new Fingerprinter(Buffer.from(relationship.key, 'base64')), onVerified);
    for (const disk of view.disks) await look.disk(disk, signal);
    signal.throwIfAborted();
    return { atMs: host.clock.nowMs(), ...look.outcome };
  } finally {
    await expectation.close();
    await view.close();
  }
}

class Look {
  readonly #view: DiskView;
  readonly #expectation: Expectation;
  readonly #fingerprinter: Fingerprinter;
  readonly #onVerified: OnVerified;
  readonly #found = Buffer.alloc(FINGERPRINT_BYTES);
  readonly #damage = new Map<string, DiskDamage>();
  #doneBytes = 0;
  #clusters = 0;
  #unchecked = 0;

  constructor(view: DiskView, expectation: Expectation, fingerprinter: Fingerprinter, onVerified: OnVerified) {
    this.#view = view;
    this.#expectation = expectation;
    this.#fingerprinter = fingerprinter;
    this.#onVerified = onVerified;
  }

  get outcome(): Omit<Verification, 'atMs'> {
    return { clusters: this.#clusters, uncheckedClusters: this.#unchecked, damage: [...this.#damage.values()] };
  }

  async disk(disk: DiskSize, signal: AbortSignal): Promise<void> {
    for (const window of windows(disk.sizeBytes, WINDOW_CLUSTERS * CLUSTER_BYTES)) {
      const { first, count } = clustersTouched(window);
      const expected = await this.#expectation.window(disk, first, count);
      for (const run of await this.#view.status(disk.disk, window, signal)) {
        signal.throwIfAborted();
        if (run.zero) this.#zeroes(disk, run, expected, first);
        else await this.#data(disk, run, expected, first, signal);
      }
    }
  }

  /** What reads as zero is not read. Runs are whole clusters. */
  #zeroes(disk: DiskSize, run: Extent, expected: Buffer, first: number): void {
    const touched = clustersTouched(run);
    for (let cluster = touched.first; cluster < touched.first + touched.count; cluster++) {
      const lengthBytes = Math.min(CLUSTER_BYTES, disk.sizeBytes - cluster * CLUSTER_BYTES);
      this.#compare(disk, cluster, this.#fingerprinter.ofZeroes(lengthBytes), expected, first);
    }
    this.#passed(run.lengthBytes);
  }

  /** The next piece is read while this one is hashed. */
  async #data(disk: DiskSize, run: Extent, expected: Buffer, first: number, signal: AbortSignal): Promise<void> {
    const extents = [...windows(endOf(run), READ_BYTES, run.offsetBytes)];
    let next = extents[0] && this.#view.read(disk.disk, extents[0], signal);
    for (const [index, extent] of extents.entries()) {
      const chunk = await next!;
      if (signal.aborted) chunk.release();
      signal.throwIfAborted();
      const following = extents[index + 1];
      next = following && this.#view.read(disk.disk, following, signal);
      next?.catch(() => undefined);
      const bytes = payloadOf(chunk);
      for (let at = 0; at < bytes.length; at += CLUSTER_BYTES) {
        this.#fingerprinter.write(bytes.subarray(at, at + CLUSTER_BYTES), this.#found);
        this.#compare(disk, (extent.offsetBytes + at) / CLUSTER_BYTES, this.#found, expected, first);
      }
      chunk.release();
      this.#passed(extent.lengthBytes);
    }
  }

  #compare({ disk }: DiskSize, cluster: number, found: Buffer, expected: Buffer, first: number): void {
    const at = (cluster - first) * FINGERPRINT_BYTES;
    this.#clusters++;
    if (isUnknown(expected, at)) this.#unchecked++;
    else if (!sameFingerprint(expected, at, found, 0)) {
      const before = this.#damage.get(disk);
      this.#damage.set(disk, { disk, clusters: (before?.clusters ?? 0) + 1, firstOffsetBytes: before?.firstOffsetBytes ?? cluster * CLUSTER_BYTES });
    }
  }

  #passed(bytes: number): void {
    this.#doneBytes += bytes;
    this.#onVerified(this.#doneBytes, this.#view.disks.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0));
  }
}
