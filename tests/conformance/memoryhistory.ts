/** The past of a host in memory: nothing has happened, but for what a test says that a report has. */
import type { HistoryRequest, Operations, ReportRequest } from '../../src/service/operations.ts';
import type { ReportRowView } from '../../src/service/historyviews.ts';
import type { Caller, Role } from '../../src/service/accessviews.ts';
import type { RelationshipView } from '../../src/service/relationshipviews.ts';
import { NOW_MS } from './memoryviews.ts';

type Enter = (needed: Role, caller: Caller, operation: string, ...received: unknown[]) => void;
const DAY_MS = 86_400_000;

export const memoryHistory = (enter: Enter, named: (machine: string) => RelationshipView, reported: ReportRowView[] = []): Pick<Operations, 'history' | 'report'> & { readonly reported: ReportRowView[] } => ({
  reported,
  history: async (caller: Caller, machine: string, request: HistoryRequest) => {
    enter('viewer', caller, 'history', machine, request);
    const { id, kind, machineId, machine: name } = named(machine);
    return { id, kind, machineId, machine: name, fromMs: NOW_MS, untilMs: NOW_MS + 1, bucketMs: 1, intervalMs: 300_000, objectiveMs: 600_000, buckets: [], recoveries: [] };
  },
  report: async (caller: Caller, request: ReportRequest) => {
    enter('viewer', caller, 'report', request);
    return { host: 'alpha', madeAtMs: NOW_MS, fromMs: request.fromMs ?? NOW_MS - 30 * DAY_MS, untilMs: request.untilMs ?? NOW_MS, relationships: [...reported] };
  },
});
