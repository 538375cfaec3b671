/** Targets of notifications of a host in memory: kept, and every test arrives, but for one whose name begins with "silent". */
import { Fault } from '../../src/errors/fault.ts';
import type { Operations } from '../../src/service/operations.ts';
import type { Caller, Role } from '../../src/service/accessviews.ts';
import type { NotificationTargetView } from '../../src/service/notificationviews.ts';

type Enter = (needed: Role, caller: Caller, operation: string, ...received: unknown[]) => void;
type NotificationOperations = Pick<Operations, 'notificationsShow' | 'notificationsSet' | 'notificationTargetAdd' | 'notificationTargetChange' | 'notificationTargetRemove' | 'notificationTest'>;

const NEW: Omit<NotificationTargetView, 'id' | 'name' | 'kind' | 'address'> = { minimum: 'warning', enabled: true, from: null, signed: false, headers: [], ownAuthority: false, state: 'untried', waiting: 0, lastSuccessAtMs: null, lastFailure: null };

export function memoryNotifications(enter: Enter): NotificationOperations {
  const targets: NotificationTargetView[] = [{ ...NEW, id: 't-1', name: 'oncall', kind: 'mail', address: 'oncall@example.org' }];
  const pace = { delaySeconds: 60, repeatSeconds: 14_400 };
  const named = (name: string): NotificationTargetView => {
    const found = targets.find((target) => target.name === name);
    if (!found) throw new Fault('notification-target-unknown', `there is no target ${name}`);
    return found;
  };
  return {
    notificationsShow: async (caller) => (enter('viewer', caller, 'notificationsShow'), { ...pace, targets }),
    notificationsSet: async (caller, change) => (enter('administrator', caller, 'notificationsSet', change), { ...pace, ...change, targets }),
    notificationTargetAdd: async (caller, request) => {
      enter('administrator', caller, 'notificationTargetAdd', request);
      const { kind, name = 'hooks.example', address = 'https://hooks.example/…' } = request;
      targets.push({ ...NEW, id: `t-${targets.length + 1}`, name, kind, address });
      return targets.at(-1)!;
    },
    notificationTargetChange: async (caller, target, change) => (enter('administrator', caller, 'notificationTargetChange', target, change), named(target)),
    notificationTargetRemove: async (caller, target) => {
      enter('administrator', caller, 'notificationTargetRemove', target);
      targets.splice(targets.indexOf(named(target)), 1);
    },
    notificationTest: async (caller, target) => {
      enter('operator', caller, 'notificationTest', target);
      if (target.startsWith('silent')) throw new Fault('webhook-unreachable', 'it does not answer');
      return { answer: `HTTP 200 for ${named(target).name}`, tookMs: 7 };
    },
  };
}
