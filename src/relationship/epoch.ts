/**
 * Epochs say who may run the guest. Each failover, revert, planned cancel, failback and forced start mints one, durably,
 * before the guest starts; a test failover mints none. A host yields only to a descendant of its own newest epoch;
 * unrelated epochs are a split brain in which nobody overwrites anybody.
 */

export interface Epoch {
  readonly number: number;
  /** Random, so that two hosts that mint in ignorance of each other are told apart. */
  readonly id: string;
  /** The host that may run the guest as primary. */
  readonly ownerHostId: string;
}

/** Oldest first, never empty. Each epoch's parent is the one before it. */
export type Lineage = readonly Epoch[];

/** Only the newest matter for comparing; more are dropped so that a lineage stays small on the wire. */
const KEPT_EPOCHS = 1_000;

export const newestOf = (lineage: Lineage): Epoch => lineage.at(-1)!;

export const founded = (id: string, ownerHostId: string): Lineage => [{ number: 1, id, ownerHostId }];

export function mint(lineage: Lineage, id: string, ownerHostId: string): Lineage {
  return [...lineage, { number: newestOf(lineage).number + 1, id, ownerHostId }].slice(-KEPT_EPOCHS);
}

/** Who owned the machine before this host: the newest owner that is another. */
export const ownerBefore = (lineage: Lineage, hostId: string): string | undefined => lineage.findLast(({ ownerHostId }) => ownerHostId !== hostId)?.ownerHostId;

export type Kinship = 'same' | 'theirs-descends' | 'ours-descends' | 'unrelated';

/** How their lineage stands to ours. */
export function kinship(ours: Lineage, theirs: Lineage): Kinship {
  const ourNewest = newestOf(ours).id;
  const theirNewest = newestOf(theirs).id;
  if (ourNewest === theirNewest) return 'same';
  if (theirs.some((epoch) => epoch.id === ourNewest)) return 'theirs-descends';
  if (ours.some((epoch) => epoch.id === theirNewest)) return 'ours-descends';
  return 'unrelated';
}
