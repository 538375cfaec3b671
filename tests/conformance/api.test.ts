/** The API conforms to its own description, over real sockets: every route, every kind of error. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';
import type { HealthSchemasAreTheViews } from '../../src/api/healthschemas.ts';
import type { NotificationSchemasAreTheViews } from '../../src/api/notificationschemas.ts';
import type { OverviewSchemasAreTheViews } from '../../src/api/overview.ts';
import { openApiDocument } from '../../src/api/openapi.ts';
import type { RelationshipSchemasAreTheViews } from '../../src/api/relationshipschemas.ts';
import type { ScreenSchemasAreTheViews } from '../../src/api/screens.ts';
import type { SchemasAreTheViews } from '../../src/api/schemas.ts';
import { Fault, FAULTS, type FaultCode } from '../../src/errors/fault.ts';
import { refuse, Refused } from '../../src/errors/refusal.ts';
import { GREY_PIXEL } from '../../src/simulation/screens.ts';
import { openRig, type Rig } from './apiclient.ts';
import { NOW_MS } from './memoryviews.ts';

const PASSWORD = 'correct horse battery';

interface Route {
  readonly method: string;
  readonly path: string;
  readonly operationId: string;
  readonly body?: unknown;
  /** The state that the machine's relationship must be in; null for none. */
  readonly state?: number | null;
  readonly status: number;
  readonly isForOperators: boolean;
  /** Of the answer; JSON when absent. */
  readonly type?: 'image/png';
}
const route = (operationId: string, method: string, path: string, status: number, more: Partial<Route> = {}): Route => ({ operationId, method, path, status, isForOperators: method !== 'GET', ...more });
const ENABLE = { machine: 'web', host: 'beta' };
const ROUTES: Route[] = [
  route('status', 'GET', '/api/status', 200),
  route('overview', 'GET', '/api/overview', 200),
  route('machineList', 'GET', '/api/machines', 200),
  route('machineShow', 'GET', '/api/machines/web', 200),
  route('machineDefine', 'POST', '/api/machines', 201, { body: { toml: 'name = "new"' } }),
  route('machineStart', 'POST', '/api/machines/web/start', 202, { body: { force: true } }),
  route('machineStop', 'POST', '/api/machines/web/stop', 202, { body: { timeoutSeconds: 5 } }),
  route('diskAttach', 'POST', '/api/machines/web/disks', 202, { body: { name: 'c', path: '/images/c.qcow2' } }),
  route('diskDetach', 'POST', '/api/machines/web/disks/b/detach', 202, { body: { timeoutSeconds: 5 } }),
  route('diskGrow', 'POST', '/api/machines/web/disks/b/grow', 202, { body: { sizeBytes: 1_073_741_824 } }),
  route('machineUndefine', 'DELETE', '/api/machines/web', 204),
  route('hostList', 'GET', '/api/hosts', 200),
  route('hostInvite', 'POST', '/api/hosts/invite', 200, { body: { expiresSeconds: 60 } }),
  route('hostJoin', 'POST', '/api/hosts/join', 201, { body: { invitation: 'understudy1:abc' } }),
  route('hostRename', 'POST', '/api/hosts/beta/rename', 200, { body: { name: 'gamma' } }),
  route('hostMove', 'POST', '/api/hosts/beta/move', 200, { body: { address: '10.0.0.9' } }),
  route('hostRemove', 'DELETE', '/api/hosts/beta', 204),
  route('hostRenewCertificate', 'POST', '/api/hosts/renew-certificate', 200),
  route('hostTest', 'POST', '/api/hosts/beta/test', 202, { body: { bypassProxy: true } }),
  route('authorizationList', 'GET', '/api/authorizations', 200),
  route('authorizationAdd', 'POST', '/api/authorizations', 201, { body: { host: '*.example.org', storage: '/srv/replicas' } }),
  route('authorizationChange', 'PATCH', '/api/authorizations/a-1', 200, { body: { trustGroup: 'blue' } }),
  route('authorizationRemove', 'DELETE', '/api/authorizations/a-1', 204),
  route('authorizationAssign', 'PUT', '/api/relationships/web/authorization', 204, { body: { authorization: 'a-1' } }),
  route('serverCertificates', 'GET', '/api/server/certificates', 200),
  route('serverCertificateAdd', 'POST', '/api/server/certificates', 201, { body: { certificate: 'PEM', key: 'PEM' } }),
  route('serverCertificateRemove', 'DELETE', '/api/server/certificates/abab', 204),
  route('serverShow', 'GET', '/api/server', 200),
  route('serverSet', 'PATCH', '/api/server', 200, { body: { replicaServer: false } }),
  route('enablePlan', 'POST', '/api/relationships/plan', 200, { body: ENABLE, state: null }),
  route('enable', 'POST', '/api/relationships', 201, { body: { ...ENABLE, settings: { recoveryHistory: 24 } }, state: null }),
  route('relationshipList', 'GET', '/api/relationships', 200),
  route('relationshipShow', 'GET', '/api/relationships/web', 200),
  route('settingsChange', 'PATCH', '/api/relationships/web', 200, { body: { intervalSeconds: 30 } }),
  route('disable', 'DELETE', '/api/relationships/web', 204),
  route('points', 'GET', '/api/relationships/web/points', 200),
  route('pointShow', 'GET', '/api/relationships/web/points/p-1', 200),
  route('pointDelete', 'DELETE', '/api/relationships/web/points/p-1', 204),
  route('pointVerify', 'POST', '/api/relationships/web/points/p-1/verify', 202),
  route('initialStart', 'POST', '/api/relationships/web/start-replication', 202, { state: 1 }),
  route('initialStartAt', 'POST', '/api/relationships/web/start-replication/at', 200, { body: { startsAtMs: 1_800_000_000_000, transfer: 'seed' }, state: 1 }),
  route('initialExport', 'POST', '/api/relationships/web/export', 202, { body: { directory: '/media' }, state: 1 }),
  route('initialImport', 'POST', '/api/relationships/web/import', 202, { body: { directory: '/media' }, state: 2 }),
  route('copyOffer', 'POST', '/api/relationships/copies', 201, { body: { machine: 'web', host: 'beta' }, state: null }),
  route('initialStop', 'POST', '/api/relationships/web/stop-initial', 200, { state: 2 }),
  route('suspend', 'POST', '/api/relationships/web/suspend', 200),
  route('resume', 'POST', '/api/relationships/web/resume', 200, { state: 7 }),
  route('resynchronize', 'POST', '/api/relationships/web/resynchronize', 202, { state: 9 }),
  route('healthList', 'GET', '/api/health', 200),
  route('healthShow', 'GET', '/api/relationships/web/health?refresh=true', 200, { state: 3 }),
  route('history', 'GET', '/api/relationships/web/history?fromMs=1&untilMs=2000&buckets=10', 200, { state: 3 }),
  route('report', 'GET', '/api/report?fromMs=1', 200),
  route('doctor', 'GET', '/api/doctor', 200),
  route('healthLimits', 'GET', '/api/health/limits', 200),
  route('healthLimitsChange', 'PATCH', '/api/health/limits', 200, { body: { missedWarningPercent: 30 } }),
  route('statisticsReset', 'POST', '/api/relationships/web/statistics/reset', 200, { state: 3 }),
  route('resynchronizeAt', 'POST', '/api/relationships/web/resynchronize/at', 200, { body: { startsAtMs: 1_800_000_000_000 }, state: 9 }),
  route('resynchronizeCancel', 'POST', '/api/relationships/web/resynchronize/cancel', 200, { state: 10 }),
  route('trafficShow', 'GET', '/api/traffic', 200),
  route('trafficSet', 'PATCH', '/api/traffic', 200, { body: { transfers: 5, bandwidth: [{ from: '08:00', until: '18:00', mbitPerSecond: 20 }] } }),
  route('cycleNow', 'POST', '/api/relationships/web/cycle', 202),
  route('consistentCycleNow', 'POST', '/api/relationships/web/cycle/application-consistent', 202),
  route('notificationsShow', 'GET', '/api/notifications', 200),
  route('notificationsSet', 'PATCH', '/api/notifications', 200, { body: { repeatSeconds: 0 } }),
  route('notificationTargetAdd', 'POST', '/api/notifications/targets', 201, { body: { kind: 'webhook', url: 'https://hooks.example/key' } }),
  route('notificationTargetChange', 'PATCH', '/api/notifications/targets/oncall', 200, { body: { minimum: 'critical', secret: null } }),
  route('notificationTest', 'POST', '/api/notifications/targets/oncall/test', 200),
  route('notificationTargetRemove', 'DELETE', '/api/notifications/targets/oncall', 204),
  route('networkShow', 'GET', '/api/machines/web/network', 200),
  route('networkChange', 'PATCH', '/api/machines/web/network/0', 200, { body: { addresses: { addresses: ['192.0.2.10/24'], gateways: [], dnsServers: [] }, testBridge: null } }),
  route('networkApply', 'POST', '/api/machines/web/network/apply', 202),
  route('testFailover', 'POST', '/api/relationships/web/failover/test', 202, { body: { point: 'p-1' } }),
  route('commitAfter', 'PUT', '/api/relationships/web/commit-after', 200, { body: { seconds: 7_200 } }),
  route('screenshot', 'GET', '/api/machines/web/screenshot', 200, { isForOperators: true, type: 'image/png' }),
  route('consoleText', 'GET', '/api/machines/web/console-text', 200, { isForOperators: true }),
  route('testResult', 'GET', '/api/relationships/web/test-result', 200, { isForOperators: true }),
  route('testScreenshot', 'GET', '/api/relationships/web/test-screenshot', 200, { isForOperators: true, type: 'image/png' }),
  route('testFailoverEnd', 'POST', '/api/relationships/web/failover/test-end', 202),
  route('plannedFailover', 'POST', '/api/relationships/web/failover/planned', 202, { body: { reverse: true } }),
  route('changeMode', 'POST', '/api/relationships/web/change-mode', 202, { state: 6 }),
  route('becomeReplica', 'POST', '/api/relationships/web/become-replica', 202),
  route('plannedFailoverCancel', 'POST', '/api/relationships/web/failover/cancel', 200, { state: 4 }),
  route('unplannedFailover', 'POST', '/api/relationships/web/failover/unplanned', 202, { body: { point: 'p-1', force: true } }),
  route('commit', 'POST', '/api/relationships/web/commit', 202, { state: 5 }),
  route('revert', 'POST', '/api/relationships/web/revert', 202, { state: 5 }),
  route('reverse', 'POST', '/api/relationships/web/reverse', 202, { state: 5 }),
  route('failback', 'POST', '/api/relationships/web/failback', 202, { state: 6 }),
  route('failbackStart', 'POST', '/api/relationships/web/failback/start', 202, { state: 2 }),
  route('jobList', 'GET', '/api/jobs', 200),
  route('jobShow', 'GET', '/api/jobs/j-1', 200),
  route('jobCancel', 'POST', '/api/jobs/j-1/cancel', 200),
  route('events', 'GET', '/api/events?afterId=0&limit=5', 200),
  route('auditTrail', 'GET', '/api/audit?limit=5', 200),
  route('userList', 'GET', '/api/users', 200),
  route('userAdd', 'POST', '/api/users', 201, { body: { name: 'new', role: 'viewer', password: PASSWORD } }),
  route('userToken', 'POST', '/api/users/new/tokens', 201, { body: { days: 30 } }),
  route('userSet', 'PATCH', '/api/users/new', 200, { body: { role: 'operator', password: PASSWORD } }),
  route('userRemove', 'DELETE', '/api/users/new', 204),
  route('userCertificates', 'GET', '/api/users/new/certificates', 200),
  route('userCertificateAdd', 'POST', '/api/users/new/certificates', 201, { body: { certificate: 'PEM' } }),
  route('userCertificateRemove', 'DELETE', '/api/users/new/certificates/abab', 204),
  route('session', 'GET', '/api/session', 200),
  route('signOut', 'POST', '/api/sign-out', 204),
];
/** Answered by the API itself or by reading another use case. */
const NOT_AN_OPERATION = ['relationshipList', 'relationshipShow', 'session', 'signOut', 'version', 'signIn', 'eventStream'];

type Json = { [key: string]: Json };
const document = JSON.parse(await openApiDocument('1.2.3')) as Json;
const allOperations = Object.entries(document['paths']!).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method, operation })));

/** The schema with every reference put in its place. */
function inlined(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(inlined);
  if (typeof node !== 'object' || node === null) return node;
  const reference = (node as Json)['$ref'] as unknown as string | undefined;
  if (reference !== undefined) return inlined(document['components']!['schemas']![reference.split('/').at(-1)!]);
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, inlined(value)]));
}

function assertMatches(schema: unknown, value: unknown, what: string): void {
  const validate = TypeBoxValidatorCompiler({ schema: inlined(schema) as never, method: 'GET', url: '/', httpPart: 'body' });
  const { error } = validate(value) as { error?: unknown };
  assert.equal(error, undefined, `${what}: ${JSON.stringify(error)} in ${JSON.stringify(value)}`);
}

const operationOf = (operationId: string) => allOperations.find(({ operation }) => (operation['operationId'] as unknown) === operationId)!.operation;

describe('the API', () => {
  let rig: Rig;
  const tokens: Record<string, string> = {};
  const as = (user: string) => ({ authorization: `Bearer ${tokens[user]}` });

  before(async () => {
    rig = await openRig();
    for (const role of ['viewer', 'operator', 'administrator'] as const) {
      await rig.host.accounts.addUser(role.slice(0, 5), role, PASSWORD);
      tokens[role] = (await rig.host.accounts.signIn(role.slice(0, 5), PASSWORD)).token;
    }
  });
  after(() => rig.close());

  const prepare = async ({ state = 3, operationId }: Route): Promise<void> => {
    rig.host.machines.clear();
    rig.host.relationships.clear();
    rig.host.addMachine('web');
    if (state !== null) rig.host.addRelationship('web', state);
    rig.host.jobs.set('j-1', { id: 'j-1', kind: 'cycle', machine: 'web', state: 'running', percent: 50, step: 'Shipping', startedAtMs: 1, startedBy: null, finishedAtMs: null, cancellable: true, error: null, result: null });
    const hasNew = rig.host.accounts.users().some(({ name }) => name === 'new');
    if (['userSet', 'userRemove'].includes(operationId) && !hasNew) await rig.host.accounts.addUser('new', 'viewer', PASSWORD);
    if (operationId === 'userAdd' && hasNew) rig.host.accounts.removeUser('new');
  };

  test('every schema is exactly its view', () => {
    const compiled: (SchemasAreTheViews | RelationshipSchemasAreTheViews | HealthSchemasAreTheViews | NotificationSchemasAreTheViews | OverviewSchemasAreTheViews | ScreenSchemasAreTheViews)[number] = true;
    assert.ok(compiled);
  });

  test('the OpenAPI document and this table name the same routes', () => {
    const described = allOperations.map(({ operation }) => String(operation['operationId'])).sort();
    assert.deepEqual(described, [...ROUTES.map(({ operationId }) => operationId), 'version', 'signIn', 'passwordChange', 'eventStream'].sort());
    assert.equal(new Set(described).size, described.length);
  });

  test('every use case of Operations has a route', () => {
    const useCases = ROUTES.map(({ operationId }) => operationId).filter((id) => !NOT_AN_OPERATION.includes(id));
    const missing = useCases.filter((id) => typeof (rig.host as unknown as Record<string, unknown>)[id] !== 'function');
    assert.deepEqual(missing, []);
  });

  for (const it of ROUTES) {
    test(`${it.method} ${it.path} without a sign-in is refused before it does anything`, async () => {
      await prepare(it);
      rig.host.received.length = 0;
      const answer = await rig.tcp(it.method, it.path, it.body);
      assert.equal(answer.status, 401);
      assert.equal(answer.json.error.code, 'sign-in-failed');
      assert.deepEqual(rig.host.received, []);
    });

    test(`${it.method} ${it.path} as administrator calls ${it.operationId} and answers as described`, async () => {
      await prepare(it);
      rig.host.received.length = 0;
      const answer = await rig.local(it.method, it.path, it.body);
      assert.equal(answer.status, it.status, answer.text);
      if (!NOT_AN_OPERATION.includes(it.operationId)) assert.ok(rig.host.received.some(({ operation }) => operation === it.operationId));
      const described = operationOf(it.operationId)['responses']![String(it.status)]!;
      if (it.status === 204) assert.equal(answer.text, '');
      else if (it.type !== undefined) {
        assert.deepEqual(Object.keys(described['content']!), [it.type]);
        assert.deepEqual([answer.headers['content-type'], answer.headers['cache-control'], answer.headers['content-length']], [it.type, 'no-store', String(GREY_PIXEL.byteLength)]);
        assert.equal(answer.headers['last-modified'], new Date(NOW_MS).toUTCString());
      }
      else assertMatches(described['content']!['application/json']!['schema'], answer.json, it.operationId);
    });

    if (it.method === 'GET') {
      test(`HEAD ${it.path} answers as GET does, without a body, and is refused without a sign-in`, async () => {
        await prepare(it);
        const [whole, head] = [await rig.local('GET', it.path), await rig.local('HEAD', it.path)];
        assert.deepEqual([head.status, head.headers['content-type'], head.text], [whole.status, whole.headers['content-type'], '']);
        assert.ok(Number(head.headers['content-length']) > 0);
        assert.equal((await rig.tcp('HEAD', it.path)).status, 401);
      });
    }

    if (it.method !== 'GET') {
      test(`${it.method} ${it.path} refuses a field that it does not know, by name, and does nothing`, async () => {
        rig.host.received.length = 0;
        const answer = await rig.local(it.method, it.path, { ...(it.body as object | undefined), colour: 'red' });
        assert.equal(answer.status, 400);
        assert.match(answer.json.error.message, /colour/);
        assert.deepEqual(rig.host.received, []);
      });
    }

    if (it.isForOperators && !NOT_AN_OPERATION.includes(it.operationId)) {
      test(`${it.method} ${it.path} is not for viewers`, async () => {
        await prepare(it);
        const answer = await rig.tcp(it.method, it.path, it.body, as('viewer'));
        if (it.operationId !== 'jobCancel') assert.equal(answer.status, 403, answer.text);
        assert.equal(answer.json.error.code, 'role-missing');
      });
    }
  }

  test('an operator may fail over and may not add users', async () => {
    await prepare({ state: 3 } as Route);
    assert.equal((await rig.tcp('POST', '/api/relationships/web/failover/planned', {}, as('operator'))).status, 202);
    assert.equal((await rig.tcp('GET', '/api/users', undefined, as('operator'))).status, 403);
  });

  test('options that are not given take their defaults', async () => {
    await prepare({ state: 3 } as Route);
    rig.host.received.length = 0;
    await rig.local('POST', '/api/relationships/web/failover/planned');
    assert.deepEqual(rig.host.received[0]!.arguments, ['web', { start: true, reverse: false }]);
  });

  test('a name with slashes, spaces and other letters arrives as it was written', async () => {
    rig.host.received.length = 0;
    const name = 'Büro/Server 1?x=%';
    const answer = await rig.local('GET', `/api/machines/${encodeURIComponent(name)}`);
    assert.equal(answer.status, 404);
    assert.deepEqual(rig.host.received[0]!.arguments, [name]);
  });

  const invalid: [what: string, path: string, body: unknown, says: RegExp, field: string][] = [
    ['a missing field', '/api/relationships', { host: 'beta' }, /machine is missing/, 'machine'],
    ['no body at all', '/api/relationships', undefined, /machine is missing/, 'machine'],
    ['a wrong type', '/api/machines/web/start', { force: 'true' }, /force must be of type boolean/, 'force'],
    ['a nested unknown field', '/api/relationships', { ...ENABLE, settings: { speed: 1 } }, /settings\.speed is not known/, 'settings.speed'],
    ['a number that is not whole', '/api/relationships', { ...ENABLE, settings: { recoveryHistory: 1.5 } }, /settings\.recoveryHistory must be of type integer/, 'settings.recoveryHistory'],
    ['a value that is not in the list', '/api/users', { name: 'x', role: 'king', password: PASSWORD }, /role must be one of viewer, operator, administrator/, 'role'],
    ['a text that is too long', '/api/hosts/beta/rename', { name: 'x'.repeat(257) }, /name must have at most 256/, 'name'],
    ['an empty text', '/api/hosts/beta/rename', { name: '' }, /name must have at least 1/, 'name'],
    ['a list instead of an object', '/api/relationships', [], /body must be of type object|machine is missing/, 'body'],
  ];
  for (const [what, path, body, says, field] of invalid) {
    test(`${what} is answered with 400, the field and what is allowed`, async () => {
      const answer = await rig.local('POST', path, body);
      assert.equal(answer.status, 400, answer.text);
      assert.equal(answer.json.error.code, 'request-invalid');
      assert.match(answer.json.error.message, says);
      assert.equal(answer.json.error.field, field);
      assertMatches({ $ref: '#/components/schemas/Error' }, answer.json, what);
    });
  }

  test('a change of a user that changes nothing is refused', async () => {
    const answer = await rig.local('PATCH', '/api/users/viewe', {});
    assert.equal(answer.status, 400, answer.text);
    assert.match(answer.json.error.message, /^the body names nothing that is to be changed$/);
  });

  test('a query that is not a number is refused by name', async () => {
    const answer = await rig.local('GET', '/api/events?limit=many');
    assert.equal(answer.status, 400);
    assert.equal(answer.json.error.field, 'limit');
    assert.equal((await rig.local('GET', '/api/events?limit=5000')).status, 400);
  });

  test('text that is not JSON, another content type, a polluted prototype and a body that is too large are refused', async () => {
    for (const [body, type, status] of [['{', 'application/json', 400], ['a=b', 'application/x-www-form-urlencoded', 415], ['{"__proto__": {"x": 1}}', 'application/json', 400], [`"${'x'.repeat(300_000)}"`, 'application/json', 413]] as const) {
      const answer = await rig.tcp('POST', '/api/machines', body, { ...as('operator'), 'content-type': type });
      assert.equal(answer.status, status, answer.text);
      assert.equal(answer.json.error.code, 'request-invalid');
    }
  });

  test('a body in another type than JSON is not passed over where none is read', async () => {
    const answer = await rig.tcp('POST', '/api/relationships/web1/suspend', '{"colour": "red"}', { ...as('operator'), 'content-type': 'text/plain' });
    assert.equal(answer.status, 400, answer.text);
    assert.equal(answer.json.error.code, 'request-invalid');
  });

  test('an address that cannot be decoded is answered as every error is', async () => {
    const answer = await rig.local('GET', '/api/machines/%E0%A4%A');
    assert.equal(answer.status, 400);
    assert.equal(answer.json.error.code, 'request-invalid');
    assert.equal(answer.headers['x-content-type-options'], 'nosniff');
  });

  test('an unknown route is answered with 404 and where to look', async () => {
    const answer = await rig.local('GET', '/api/nothing');
    assert.equal(answer.status, 404);
    assert.equal(answer.json.error.code, 'route-unknown');
  });

  test('a refusal is answered with 409 and what is allowed now', async () => {
    rig.host.throws = new Refused(refuse('the guest is running', ['suspend', 'cycle']));
    const answer = await rig.local('GET', '/api/status');
    assert.equal(answer.status, 409);
    assert.deepEqual(answer.json.error, { code: 'refused', message: 'the guest is running', hint: 'Do one of the operations that are allowed now first.', allowed: ['suspend', 'cycle'] });
  });

  for (const code of Object.keys(FAULTS) as FaultCode[]) {
    test(`the fault ${code} is answered with ${FAULTS[code].httpStatus} and its hint`, async () => {
      rig.host.throws = new Fault(code, 'it happened');
      const answer = await rig.local('GET', '/api/status');
      assert.equal(answer.status, FAULTS[code].httpStatus);
      assert.deepEqual(answer.json.error, { code, message: 'it happened', hint: FAULTS[code].hint });
    });
  }

  test('a bug is answered with 500 and an id, without its text, and is reported once', async () => {
    rig.host.throws = new TypeError('secret of the inside');
    const answer = await rig.local('GET', '/api/status');
    assert.equal(answer.status, 500);
    assert.equal(answer.json.error.code, 'bug');
    assert.ok(!answer.text.includes('secret') && !answer.text.includes('at '));
    assert.deepEqual(rig.bugs.map(({ id }) => id), [answer.json.error.id]);
  });

  test('every answer has the security headers', async () => {
    for (const path of ['/api/version', '/api/status', '/api/nothing']) {
      const { headers } = await rig.tcp('GET', path);
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.equal(headers['x-frame-options'], 'DENY');
      assert.match(String(headers['content-security-policy']), /default-src 'self'/);
    }
  });

  test('version, OpenAPI document and, on this host, metrics need no sign-in', async () => {
    assert.deepEqual((await rig.tcp('GET', '/api/version')).json, { name: 'understudy', version: '1.2.3' });
    assert.deepEqual((await rig.tcp('GET', '/api/openapi.json')).json, document);
    assert.match((await rig.tcp('GET', '/metrics')).text, /understudy_up 1/);
    assert.equal((await rig.local('GET', '/metrics')).status, 200);
    for (const path of ['/api/version', '/api/openapi.json', '/metrics']) {
      const head = await rig.tcp('HEAD', path);
      assert.deepEqual([head.status, head.text], [200, ''], path);
    }
    assert.equal((await rig.tcp('HEAD', '/api/nothing')).status, 404);
  });

  test('metrics are for this host only when they are asked of it, not of a name that somebody else leads here', async () => {
    const asked = async (host: string) => (await rig.tcp('GET', '/metrics', undefined, { host })).status;
    for (const own of ['localhost:7480', 'LOCALHOST.', '127.0.0.1:7480', '[::1]:7480', '10.0.0.7', 'alpha:7480', 'Alpha.Example.']) assert.equal(await asked(own), 200, own);
    for (const foreign of ['rebound.example:7480', 'alpha.evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', 'not a name']) assert.equal(await asked(foreign), 401, foreign);
    assert.equal((await rig.tcp('GET', '/metrics', undefined, { host: 'rebound.example', ...as('viewer') })).status, 200);
  });

  test('the OpenAPI document refers only to schemas that it has', () => {
    const text = JSON.stringify(document);
    for (const [, name] of text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)) assert.ok(name! in document['components']!['schemas']!, name);
    assert.ok(!text.includes('"title":"Machine"'));
  });

  test('every text that a request can carry has a greatest length', () => {
    const unbounded: string[] = [];
    const look = (node: unknown, where: string): void => {
      if (typeof node !== 'object' || node === null) return;
      const schema = node as Json;
      if ((schema['type'] as unknown) === 'string' && !('maxLength' in schema) && !('enum' in schema)) unbounded.push(where);
      for (const [key, value] of Object.entries(schema)) look(value, `${where}/${key}`);
    };
    for (const { path, method, operation } of allOperations) {
      look(inlined(operation['requestBody']), `${method} ${path}`);
      look(inlined(operation['parameters']), `${method} ${path}`);
    }
    assert.deepEqual(unbounded, []);
  });
});
