/** A relationship's past, and what was achieved over a period. */
import { Type } from '@fastify/type-provider-typebox';
import { MAX_BUCKETS } from '../history/series.ts';
import type { Operations } from '../service/operations.ts';
import { HISTORY_VIEW, REPORT_VIEW } from './historyschemas.ts';
import { BY_MACHINE, CLOSED, ok, type ApiInstance } from './routes.ts';

const tags = ['history'];

const moment = (description: string) => Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: `${description}, in milliseconds since 1970` }));
const PERIOD = { fromMs: moment('Where the period begins'), untilMs: moment('Where it ends; now when absent') };
const OF_HISTORY = Type.Object({ ...PERIOD, buckets: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_BUCKETS, description: 'How many buckets at most; 200 when absent. There are fewer where it is not kept so finely' })) }, CLOSED);
const OF_REPORT = Type.Object(PERIOD, CLOSED);

export function historyRoutes(app: ApiInstance, operations: Operations): void {
  app.get(
    '/api/relationships/:machine/history',
    { schema: { operationId: 'history', tags, summary: 'The past of a relationship in buckets of one length, and its failovers; the last day when no period is given', params: BY_MACHINE, querystring: OF_HISTORY, response: ok(HISTORY_VIEW) } },
    (request) => operations.history(request.caller, request.params.machine, request.query),
  );

  app.get(
    '/api/report',
    { schema: { operationId: 'report', tags, summary: 'What each relationship achieved over a period: lag, cycles, failovers; the last 30 days when none is given', querystring: OF_REPORT, response: ok(REPORT_VIEW) } },
    (request) => operations.report(request.caller, request.query),
  );
}
