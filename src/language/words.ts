/** Words for what the API and the records name by codes, the same wherever people meet them. */
import type { Said } from './text.ts';

export const WORDS = {
  side: { primary: 'primary', replica: 'replica' },
  role: { standalone: 'not replicated', primary: 'primary', replica: 'replica', test: 'test failover' },
  power: { off: 'off', running: 'running', paused: 'paused', stopping: 'shutting down' },
  health: { ok: 'ok', warning: 'warning', critical: 'critical', none: 'none' },
  severity: { critical: 'critical', warning: 'warning', advice: 'advice', error: 'error', information: 'information' },
  point: { standard: 'standard', 'application-consistent': 'application-consistent', planned: 'planned', divergence: 'divergence' },
  jobState: { running: 'running', completed: 'completed', failed: 'failed', cancelled: 'cancelled' },
  userRole: { viewer: 'viewer', operator: 'operator', administrator: 'administrator' },
  job: {
    becomeReplica: 'become replica',
    cancelPlanned: 'cancel planned failover',
    cancelResync: 'cancel resynchronization',
    changeMode: 'change mode',
    commit: 'commit failover',
    connectionTest: 'test connection',
    cycle: 'replicate now',
    disable: 'end replication',
    diskAttach: 'attach disk',
    diskDetach: 'detach disk',
    diskGrow: 'grow disk',
    enable: 'enable replication',
    export: 'export the first copy',
    failback: 'fail back',
    failOver: 'fail over',
    failbackHome: 'initiate failback',
    goOn: 'resume the guest',
    import: 'import the first copy',
    initial: 'initial replication',
    network: 'set addresses',
    pause: 'pause the guest',
    planned: 'planned failover',
    preparePlanned: 'prepare planned failover',
    reset: 'reset the guest',
    resume: 'resume replication',
    resynchronize: 'resynchronization',
    reverse: 'reverse replication',
    reverseHere: 'reverse replication',
    revert: 'revert failover',
    settings: 'change settings',
    shutDown: 'shut the guest down',
    start: 'start the guest',
    stop: 'stop the guest',
    stopInitial: 'stop initial replication',
    suspend: 'suspend replication',
    test: 'test failover',
    testEnd: 'end test failover',
    turnOff: 'turn the guest off',
    unplanned: 'unplanned failover',
    verify: 'verify recovery point',
  },
} as const satisfies Record<string, Readonly<Record<string, string>>>;

export type WordKind = keyof typeof WORDS;

/** English; a code that this version has no word for stands for itself. */
export function wordFor(kind: WordKind, code: string): string {
  const words: Readonly<Record<string, string>> = WORDS[kind];
  return Object.hasOwn(words, code) ? words[code]! : code;
}

/** The word as part of a text. */
export const inText = (kind: WordKind, code: string): Said => ({ text: wordFor(kind, code), values: {} });
