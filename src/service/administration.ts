/** Use cases of looking on and of people: status, jobs, events, audit trail, users, sign-in. */
import { Fault } from '../errors/fault.ts';
import { Refused, refuse } from '../errors/refusal.ts';
import { say } from '../language/text.ts';
import { audited, changed, machineNamed, seen, type Context } from './context.ts';
import type { Operations } from './operations.ts';
import type { Caller, Role } from './accessviews.ts';
import type { EventView } from './views.ts';
import { eventView, jobView, machineViews, recordsOf, relationshipViews, selfView } from './presenting.ts';
import { DAY_MS } from '../language/lengths.ts';

type AdministrationOperations = Pick<
  Operations,
  'status' | 'jobList' | 'jobShow' | 'jobCancel' | 'events' | 'auditTrail' | 'userList' | 'userAdd' | 'userSet' | 'passwordChange' | 'userRemove' | 'userToken' | 'userCertificates' | 'userCertificateAdd' | 'userCertificateRemove' | 'signIn' | 'callerOfToken'
>;

const DEFAULT_LIMIT = 100;
/** From the least bad on. */
const SEVERITIES: readonly EventView['severity'][] = ['information', 'warning', 'error'];
const JOBS_IN_STATUS = 20;

function userNamed({ accounts }: Context, name: string): string {
  if (!accounts.account(name)) throw new Fault('user-unknown', say('there is no user {name}', { name: name.slice(0, 100) }));
  return name;
}

/** What was changed is in the audit trail, and never the password. */
const settingOf = ({ role, password }: { role?: Role; password?: string }): string => ['user set', ...(role === undefined ? [] : ['--role', role]), ...(password === undefined ? [] : ['--password'])].join(' ');

/** Viewers may, so that it is written down here: what they ask for otherwise changes nothing. */
const ownPasswordChange = (context: Context, caller: Caller, change: Parameters<Operations['passwordChange']>[1]): Promise<void> =>
  changed(context, caller, 'viewer', 'user password', caller.name, () => {
    if (!context.accounts.account(caller.name)) throw new Refused(refuse(say('{name} of this host signs in without a password', { name: caller.name }), ['user set']));
    return context.accounts.changePassword(caller.name, change);
  });

export function administrationOperations(context: Context): AdministrationOperations {
  const { engine, accounts } = context;
  const { state } = engine.host;
  return {
    status: (caller) =>
      audited(context, caller, 'viewer', 'status', null, async (context) => {
        const records = recordsOf(context);
        const relationships = relationshipViews(context, records);
        const jobs = state.jobs().slice(0, JOBS_IN_STATUS).map((job) => jobView(context, job));
        return { host: selfView(context), machines: await machineViews(context, records), relationships, jobs };
      }),
    jobList: (caller) => audited(context, caller, 'viewer', 'jobs', null, (context) => state.jobs().map((job) => jobView(context, job))),
    jobShow: (caller, id) => audited(context, caller, 'viewer', 'jobs show', id, (context) => jobView(context, engine.jobs.named(id))),
    jobCancel: (caller, id) => audited(context, caller, 'operator', 'jobs cancel', id, (context) => jobView(context, engine.jobs.cancel(id))),
    events: (caller, { afterId, limit, machine, severity = 'information' }) =>
      audited(context, caller, 'viewer', 'events', null, (context) => {
        const which = { machine: machine && machineNamed(context, machine).name, severities: SEVERITIES.slice(SEVERITIES.indexOf(severity)) };
        return state.events(afterId ?? null, limit ?? DEFAULT_LIMIT, which).map((event) => eventView(context, event));
      }),
    auditTrail: (caller, { limit }) => seen(context, caller, 'administrator', 'audit', null, () => accounts.auditTrail(limit ?? DEFAULT_LIMIT)),
    userList: (caller) => seen(context, caller, 'administrator', 'user list', null, () => accounts.users()),
    userAdd: (caller, { name, role, password }) => audited(context, caller, 'administrator', 'user add', name, () => accounts.addUser(name, role, password)),
    userSet: (caller, name, change) => audited(context, caller, 'administrator', settingOf(change), name, () => accounts.changeUser(name, change)),
    passwordChange: (caller, change) => ownPasswordChange(context, caller, change),
    userRemove: (caller, name) => audited(context, caller, 'administrator', 'user remove', name, () => accounts.removeUser(name)),
    userToken: (caller, name, { days }) => audited(context, caller, 'administrator', 'user token', name, () => accounts.issueToken(name, days * DAY_MS)),
    userCertificates: (caller, user) => seen(context, caller, 'administrator', 'user certificates', user, (context) => accounts.certificates.of(userNamed(context, user))),
    userCertificateAdd: (caller, user, certificate) => audited(context, caller, 'administrator', 'user certificate add', user, (context) => accounts.certificates.add(userNamed(context, user), certificate)),
    userCertificateRemove: (caller, user, fingerprint) => audited(context, caller, 'administrator', 'user certificate remove', user, () => accounts.certificates.remove(user, fingerprint)),
    signIn: async ({ name, password, from }) => {
      try {
        const session = await accounts.signIn(name, password);
        accounts.recordAudit({ who: name, from, operation: 'sign-in', subject: null, outcome: 'done' });
        return session;
      } catch (thrown) {
        accounts.recordAudit({ who: name.slice(0, 64), from, operation: 'sign-in', subject: null, outcome: 'failed' });
        throw thrown;
      }
    },
    callerOfToken: async (token, from) => {
      const user = accounts.userOfToken(token);
      return user && { ...user, from };
    },
  };
}
