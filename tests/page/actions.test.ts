/** What the page can do with a host: complete beside the command line, with calls that the API has, and honest about what is lost. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Command } from 'commander';
import { createProgram, fullNameOf } from '../../src/cli/program.ts';
import * as hosts from '../../web/src/hosts/actions.ts';
import * as notifications from '../../web/src/notifications/actions.ts';
import { readForm } from '../../web/src/operations/field.ts';
import * as server from '../../web/src/server/actions.ts';
import * as users from '../../web/src/users/actions.ts';
import { ACTIONS, serverView, target, user } from './everyaction.ts';

/** What the page shows without an action. */
const SHOWN = ['host list', 'server show', 'server certificate list', 'authorization list', 'traffic show', 'user list', 'user certificates', 'notify list', 'jobs list', 'jobs show', 'jobs wait'];
const FAMILIES = ['host', 'server', 'authorization', 'traffic', 'user', 'notify', 'jobs'];

const leaves = (command: Command): Command[] => (command.commands.length === 0 ? [command] : command.commands.flatMap(leaves));
const commands = (await createProgram()).commands.flatMap(leaves).map((command) => fullNameOf(command).replace(/^understudy /, '')).filter((name) => FAMILIES.includes(name.split(' ')[0]!));

const document = JSON.parse(readFileSync(join(import.meta.dirname, '../../docs/generated/openapi.json'), 'utf8')) as { paths: Record<string, Record<string, unknown>> };
const isDescribed = (method: string, path: string): boolean =>
  Object.entries(document.paths).some(([template, methods]) => Object.hasOwn(methods, method.toLowerCase()) && new RegExp(`^${template.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path));

describe('the actions of the page', () => {
  test('are all that the command line can do with a host, its users and its jobs', () => {
    const covered = new Set([...SHOWN, ...ACTIONS.map(({ command }) => command.replace(/ --.*/, ''))]);
    assert.deepEqual(commands.filter((name) => !covered.has(name)), []);
  });

  test('call what the API has', () => {
    for (const action of ACTIONS) {
      const requests = [action.request(readForm(action.fields ?? [], {}).values), ...(action.afterwards ? [action.afterwards()] : [])];
      for (const { method, path } of requests) assert.ok(isDescribed(method, path), `${action.command}: ${method} ${path}`);
    }
  });

  test('that remove something say what is lost, and want its name', () => {
    for (const action of ACTIONS.filter(({ request, fields = [] }) => request(readForm(fields, {}).values).method === 'DELETE')) {
      assert.ok((action.loses?.({}) ?? []).length > 0, action.command);
      assert.ok(action.toType, action.command);
    }
  });

  test('of settings send only what was changed', () => {
    const unchanged = server.settings(serverView);
    assert.deepEqual(unchanged.request(readForm(unchanged.fields!, {}).values).body, {});
    assert.deepEqual(unchanged.request(readForm(unchanged.fields!, { replicaServer: false, monitoringStartSeconds: '10:30' }).values).body, { replicaServer: false, monitoringStartSeconds: 37_800 });
  });

  test('of a user send only what is different', () => {
    const change = users.changeUser(user);
    assert.deepEqual(change.request(readForm(change.fields!, {}).values).body, {});
    assert.deepEqual(change.request(readForm(change.fields!, { role: 'operator' }).values).body, { role: 'operator' });
    assert.deepEqual(change.request(readForm(change.fields!, { password: ' with spaces ' }).values).body, { password: ' with spaces ' });
    assert.match(change.happens(readForm(change.fields!, { password: 'correct horse' }).values).join(' '), /Sessions and tokens of watch end/);
  });

  test('take a new password of one\'s own only when it was typed twice alike, and send it once', () => {
    const { fields, request } = users.changePassword();
    const typed = (again: string) => readForm(fields!, { password: 'present', newPassword: 'correct horse', again });
    assert.deepEqual(Object.keys(typed('correct h0rse').problems), ['again']);
    assert.deepEqual(Object.keys(typed('').problems), ['again']);
    assert.deepEqual(typed('correct horse').problems, {});
    assert.deepEqual(request(typed('correct horse').values).body, { password: 'present', newPassword: 'correct horse' });
  });

  test('of a webhook keep a secret and headers that were not given', () => {
    const change = notifications.changeTarget(target);
    assert.deepEqual(change.request(readForm(change.fields!, {}).values).body, { enabled: true, name: 'pager', minimum: 'warning' });
    assert.deepEqual(change.request(readForm(change.fields!, { headers: 'X-Key: a:b\nX-Other:c', unsigned: true }).values).body, { enabled: true, name: 'pager', minimum: 'warning', headers: { 'X-Key': 'a:b', 'X-Other': 'c' }, secret: null });
  });

  test('join by an invitation that a mail program has broken into lines', () => {
    const join_ = hosts.join();
    assert.deepEqual(join_.request(readForm(join_.fields!, { invitation: 'understudy1:abc\n  def\n' }).values).body, { invitation: 'understudy1:abcdef' });
  });
});
