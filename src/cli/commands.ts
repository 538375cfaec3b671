/** Which file has which commands. One command loads no file but its own, so that it answers at once. */
import type { Command } from 'commander';

interface Family {
  /** The first words of its commands, in the order of the help. */
  readonly names: readonly string[];
  /** Resolves to what adds the commands to the program. */
  load(): Promise<(program: Command) => void>;
}

export const FAMILIES: readonly Family[] = [
  { names: ['status'], load: async () => (await import('./status.ts')).statusCommand },
  { names: ['vm'], load: async () => (await import('./machines.ts')).machineCommands },
  { names: ['host'], load: async () => (await import('./hosts.ts')).hostCommands },
  { names: ['server', 'authorization'], load: async () => (await import('./server.ts')).serverCommands },
  { names: ['traffic'], load: async () => (await import('./traffic.ts')).trafficCommands },
  { names: ['enable', 'settings'], load: async () => (await import('./enable.ts')).settingCommands },
  { names: ['suspend', 'resume', 'test-end', 'cycle', 'commit', 'revert', 'reverse', 'change-mode', 'become-replica', 'disable'], load: async () => (await import('./relationships.ts')).relationshipCommands },
  { names: ['start-replication', 'stop-initial', 'export', 'import', 'as-replica'], load: async () => (await import('./initial.ts')).initialCommands },
  { names: ['health'], load: async () => (await import('./health.ts')).healthCommands },
  { names: ['report'], load: async () => (await import('./report.ts')).reportCommand },
  { names: ['doctor'], load: async () => (await import('./doctor.ts')).doctorCommand },
  { names: ['resynchronize', 'cancel-resynchronization'], load: async () => (await import('./resynchronization.ts')).resynchronizationCommands },
  { names: ['points', 'point'], load: async () => (await import('./points.ts')).pointCommands },
  { names: ['test', 'failover', 'cancel-failover', 'commit-after', 'failback', 'initiate-failback'], load: async () => (await import('./failovers.ts')).failoverCommands },
  { names: ['test-result', 'test-screenshot'], load: async () => (await import('./screens.ts')).testScreenCommands },
  { names: ['network'], load: async () => (await import('./network.ts')).networkCommands },
  { names: ['notify'], load: async () => (await import('./notify.ts')).notifyCommands },
  { names: ['events'], load: async () => (await import('./events.ts')).eventCommands },
  { names: ['jobs', 'audit'], load: async () => (await import('./jobs.ts')).jobCommands },
  { names: ['user', 'sign-in', 'sign-out'], load: async () => (await import('./users.ts')).userCommands },
  { names: ['backup-state', 'restore-state'], load: async () => (await import('./backup.ts')).backupCommands },
  { names: ['completion'], load: async () => (await import('./completion.ts')).completionCommand },
  { names: ['version'], load: async () => (await import('./version.ts')).versionCommand },
];

/** What people want → the first words of the commands for that, the most needed first. */
export const GROUPS: Readonly<Record<string, readonly string[]>> = {
  'See what is protected, and what to do:': ['status', 'health', 'points', 'point', 'events', 'jobs', 'doctor', 'report'],
  'Rehearse and perform a failover:': ['test', 'test-end', 'test-result', 'test-screenshot', 'failover', 'cancel-failover', 'commit', 'commit-after', 'revert', 'reverse', 'failback', 'initiate-failback', 'become-replica', 'change-mode'],
  'Protect virtual machines:': ['enable', 'settings', 'start-replication', 'stop-initial', 'export', 'import', 'as-replica', 'cycle', 'suspend', 'resume', 'resynchronize', 'cancel-resynchronization', 'disable'],
  'Run virtual machines:': ['vm', 'network'],
  'Set up this host:': ['host', 'authorization', 'server', 'traffic', 'notify', 'user', 'audit', 'backup-state', 'restore-state'],
  'This command itself:': ['sign-in', 'sign-out', 'completion', 'version', 'help'],
};

/** Those that one of the words names; all of them when none does, for the help and for words that are not known. */
export function familiesNamed(words: readonly string[]): readonly Family[] {
  const named = FAMILIES.filter(({ names }) => names.some((name) => words.includes(name)));
  return named.length === 0 || words.includes('help') ? FAMILIES : named;
}

/** Those that have a command that begins so, whatever the case of the letters. */
export const familiesBeginning = (start: string): readonly Family[] => FAMILIES.filter(({ names }) => names.some((name) => name.startsWith(start.toLowerCase())));
