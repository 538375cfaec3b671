/** Use cases of hosts: pairing, what each may replicate here, renaming, moving, renewing. */
import { Fault } from '../errors/fault.ts';
import { Refused, refuse } from '../errors/refusal.ts';
import { checkStorage, DEFAULT_TRUST_GROUP } from '../relationship/authorization.ts';
import { audited, hostNamed, type Context } from './context.ts';
import type { Operations } from './operations.ts';
import { hostView, selfView } from './presenting.ts';
import { startTest } from './serviceoperations.ts';
import { say } from '../language/text.ts';

type HostOperations = Pick<Operations, 'hostList' | 'hostInvite' | 'hostJoin' | 'hostRemove' | 'hostRename' | 'hostMove' | 'hostRenewCertificate' | 'hostTest'>;

const HOST_NAME = /^[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?$/;

export function hostOperations(context: Context): HostOperations {
  const { hosts, network, authorizations, engine, rosters } = context;
  return {
    hostList: (caller) => audited(context, caller, 'viewer', 'host list', null, (context) => [selfView(context), ...hosts.list().map((host) => hostView(context, host))]),
    hostInvite: (caller, { storage, expiresSeconds, address }) =>
      audited(context, caller, 'administrator', 'host invite', null, () => {
        if (storage !== undefined) checkStorage(storage);
        return network.invite({ ...(storage && { storage }), ...(expiresSeconds && { expiresMs: expiresSeconds * 1_000 }), ...(address && { addresses: [network.normalAddress(address)] }) });
      }),
    hostJoin: (caller, invitation, { storage, address, bypassProxy }) =>
      audited(context, caller, 'administrator', 'host join', null, async (context) => {
        if (storage !== undefined) checkStorage(storage);
        const { host } = await network.join(invitation, { ...(address && { address }), ...(bypassProxy && { bypassProxy }) });
        authorizePaired(context, host.name, storage ?? null);
        return hostView(context, host);
      }),
    hostRemove: (caller, name) =>
      audited(context, caller, 'administrator', 'host remove', name, (context) => {
        const host = hostNamed(context, name);
        const used = engine.host.state.relationships().filter(({ peerId }) => peerId === host.hostId);
        if (used.length > 0) throw new Refused(refuse(say('{name} still replicates with this host: {list}. Remove that first, with understudy disable for each: it works without {name} too, and machines and disks stay', { name: host.name, list: { list: used.map(({ machineId }) => engine.host.state.machine(machineId)?.name ?? machineId) } }), ['disable']));
        for (const entry of authorizations.list()) if (entry.host === host.name) authorizations.remove(entry.id);
        hosts.remove(host.hostId);
        network.forget(host.hostId);
        rosters.forget(host.hostId);
        engine.host.changed('host', host.hostId);
      }),
    hostRename: (caller, name, newName) =>
      audited(context, caller, 'administrator', 'host rename', name, async (context) => {
        if (!HOST_NAME.test(newName)) throw new Fault('settings-invalid', say('a host cannot be named {newName}: letters, digits, dots and dashes are allowed', { newName: JSON.stringify(newName.slice(0, 100)) }));
        if (hosts.byName(newName) || newName === network.self.name) throw new Fault('settings-invalid', say('there is a host named {newName} already', { newName }));
        if (name === network.self.name || name === network.self.hostId) {
          await network.rename(newName);
          engine.host.changed('host', engine.host.hostId);
          return selfView(context);
        }
        const host = hostNamed(context, name);
        hosts.put({ ...host, name: newName });
        for (const entry of authorizations.list()) if (entry.host === host.name) authorizations.put({ ...entry, host: newName });
        engine.host.changed('host', host.hostId);
        return hostView(context, { ...host, name: newName });
      }),
    hostMove: (caller, name, address) =>
      audited(context, caller, 'administrator', 'host move', name, (context) => {
        const host = { ...hostNamed(context, name), address: network.normalAddress(address) };
        hosts.put(host);
        network.forget(host.hostId);
        engine.host.changed('host', host.hostId);
        return hostView(context, host);
      }),
    hostTest: (caller, name, options) => startTest(context, caller, name, options),
    hostRenewCertificate: (caller) =>
      audited(context, caller, 'administrator', 'host renew-certificate', null, async (context) => {
        await network.renewCertificate();
        engine.host.changed('host', engine.host.hostId);
        return selfView(context);
      }),
  };
}

/** Pairing says who a host is; its entry says what it may do here. */
export function authorizePaired({ authorizations, engine, defaultStorage }: Context, hostName: string, storage: string | null): void {
  if (authorizations.list().some(({ host }) => host === hostName)) return;
  authorizations.put({ id: engine.host.newId(), host: hostName, storage: storage ?? defaultStorage, trustGroup: DEFAULT_TRUST_GROUP });
}
