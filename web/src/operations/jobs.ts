/** Jobs in words: what each kind is, and what its figures are. */
import type { JobView } from '../../../src/service/views.ts';
import { t } from '../language.ts';
import { length, size } from '../moments.ts';
import { shown } from '../names.ts';
import { isPointKind, kindText } from './failover.ts';

const TITLES: Readonly<Record<string, () => string>> = {
  initial: () => t('The initial replication'),
  export: () => t('Writing the first copy onto media'),
  import: () => t('Taking the first copy in'),
  cycle: () => t('The cycle'),
  resynchronize: () => t('The resynchronization'),
  verify: () => t('The verification'),
  test: () => t('The test failover'),
  testEnd: () => t('Ending the test failover'),
  planned: () => t('The planned failover'),
  unplanned: () => t('The unplanned failover'),
  commit: () => t('The commit'),
  revert: () => t('The revert'),
  reverse: () => t('The reverse'),
  changeMode: () => t('The change of mode'),
  reverseHere: () => t('The reverse'),
  failOver: () => t('The failover'),
  preparePlanned: () => t('Preparing the planned failover'),
  cancelPlanned: () => t('Cancelling the planned failover'),
  suspend: () => t('Suspending'),
  resume: () => t('Resuming'),
  stopInitial: () => t('Stopping the initial replication'),
  cancelResync: () => t('Giving the resynchronization up'),
  settings: () => t('Changing the settings'),
  enable: () => t('Enabling replication'),
  disable: () => t('Ending replication'),
  becomeReplica: () => t('The yielding'),
  failback: () => t('The failback'),
  failbackHome: () => t('The failback'),
  start: () => t('Starting the guest'),
  stop: () => t('Stopping the guest'),
  turnOff: () => t('Cutting the power'),
  shutDown: () => t('Shutting the guest down'),
  pause: () => t('Pausing the guest'),
  goOn: () => t('Letting the guest go on'),
  reset: () => t('Resetting the guest'),
  connectionTest: () => t('The connection test'),
  diskAttach: () => t('Attaching the disk'),
  diskDetach: () => t('Detaching the disk'),
  diskGrow: () => t('Growing the disk'),
  network: () => t('Setting the addresses'),
};

/** A kind that is not known here is shown as the API names it. */
export const jobTitle = ({ kind }: Pick<JobView, 'kind'>): string => TITLES[kind]?.() ?? kind;

export interface Figure {
  readonly name: string;
  readonly value: string;
}

const NAME_CHARACTERS = 80;
type Shown = (value: number) => string;
const bytes: Shown = (value) => size(value);
const seconds: Shown = (value) => length(1_000 * value);
const count: Shown = (value) => String(value);

const FIGURES: Readonly<Record<string, readonly [name: () => string, shown: Shown]>> = {
  bytesChanged: [() => t('Changed'), bytes],
  bytesShipped: [() => t('Shipped'), bytes],
  bytesCompared: [() => t('Compared'), bytes],
  reverseBytesShipped: [() => t('Shipped in the other direction'), bytes],
  seconds: [() => t('Took'), seconds],
  secondsComparing: [() => t('Comparing took'), seconds],
  clusters: [() => t('Clusters read'), count],
  uncheckedClusters: [() => t('Clusters without a record'), count],
};

const kind = (value: string): string => (isPointKind(value) ? kindText({ kind: value }) : value);
const OTHER: Readonly<Record<string, readonly [name: () => string, shown: (value: string) => string]>> = { machine: [() => t('Its copy'), (value) => shown(value, NAME_CHARACTERS)], kind: [() => t('Kind of the recovery point'), kind] };

/** Of a job that has ended; ids are left out. */
export function figuresOf({ result }: JobView): readonly Figure[] {
  return Object.entries(result ?? {}).flatMap(([name, value]): Figure[] => {
    const known = FIGURES[name];
    if (known && typeof value === 'number') return [{ name: known[0](), value: known[1](value) }];
    const other = OTHER[name];
    return other && value !== null ? [{ name: other[0](), value: other[1](String(value)) }] : [];
  });
}
