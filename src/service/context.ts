/** What the use cases stand on, and the check that each begins with: who asks, and what is written down about it. */
import { Fault, faultOf } from '../errors/fault.ts';
import { Refused, refuse } from '../errors/refusal.ts';
import type { Engine } from '../engine/engine.ts';
import type { Rosters } from '../engine/roster/rosters.ts';
import type { DiskStack, MachineDefinition } from '../machine/definition.ts';
import type { Language } from '../language/language.ts';
import type { Machine, Relationship } from '../machine/records.ts';
import { isOnward } from '../relationship/chain.ts';
import { allowedVerbs } from '../relationship/step.ts';
import type { Accounts } from '../state/accounts.ts';
import type { Authorizations, HostRow, PairedHosts } from '../state/hosts.ts';
import type { NotificationRows } from '../state/notifications.ts';
import type { ServiceSettingsRow } from '../state/servicesettings.ts';
import type { Target } from '../notifications/target.ts';
import type { Storages } from './storages.ts';
import type { Caller, Role } from './accessviews.ts';
import { inText } from '../language/words.ts';
import { type Said, say, type Text } from '../language/text.ts';

/** What a connection goes through, in order; the proxy or the port, and the name only where there is one. */
export type ConnectionStep = 'name' | 'port' | 'proxy' | 'tls' | 'trust' | 'hello';

/** A certificate that this host can show to others. */
export interface HostCertificate {
  /** SHA-1 of it in upper-case hex, as Windows names certificates. */
  readonly thumbprint: string;
  /** SHA-256 of it. */
  readonly fingerprint: string;
  readonly subject: string;
  readonly expiresMs: number;
  /** Why hosts cannot be shown it, or null. */
  readonly unfit: Said | null;
  readonly certificatePem: string;
  /** This host made it itself. */
  readonly isOwn: boolean;
}

/** What a host tells those that know it. */
export type Announcement = { readonly method: 'nextKey'; readonly params: { readonly pin: string } } | { readonly method: 'portChanged'; readonly params: { readonly from: number; readonly to: number } };

/** The network's side of pairing, as the service uses it. */
export interface Network {
  invite(options: { storage?: string; expiresMs?: number; addresses?: readonly string[] }): { invitation: string; expiresAtMs: number };
  join(invitation: string, options: { address?: string; bypassProxy?: boolean }): Promise<{ host: HostRow; storage: string | null }>;
  /** A connection of its own to the host was opened and ended. `onStep` is told of each step as it begins. */
  test(hostId: string, bypassProxy: boolean, onStep: (step: ConnectionStep) => void, signal: AbortSignal): Promise<void>;
  connected(hostId: string): boolean;
  lastContactMs(hostId: string): number | null;
  forget(hostId: string): void;
  rename(name: string): Promise<void>;
  /** Of this host's own key. */
  renewCertificate(): Promise<void>;
  readonly certificates: {
    /** This host's own first. */
    list(): Promise<readonly HostCertificate[]>;
    /** Texts in PEM. Fault settings-invalid says why hosts could not be shown it. */
    install(files: { certificate: string; key: string; authority?: string }): Promise<HostCertificate>;
    remove(thumbprint: string): Promise<void>;
  };
  /** Other hosts are shown that certificate from now on, or null: this host's own. When its key is another one, `tell` is awaited first. False when there is none. */
  present(thumbprint: string | null, tell: (pin: string) => Promise<void>): Promise<boolean>;
  /** The peer port is this one now; connections that are open go on. Fault port-in-use. */
  listenOn(port: number): Promise<void>;
  /** The host knows. */
  tell(hostId: string, announcement: Announcement): Promise<void>;
  normalAddress(text: string): string;
  readonly self: { readonly hostId: string; readonly name: string; readonly pin: string; readonly address: string; readonly certificateExpiresMs: number; readonly certificatePem: string; readonly thumbprint: string; readonly fingerprint: string };
}

/** The host's side of machines, beyond what the engine needs. */
export interface Machines {
  parse(toml: string): MachineDefinition;
  render(definition: MachineDefinition): string;
  probeDisks(definition: MachineDefinition): Promise<readonly DiskStack[]>;
  console(machineId: string): { socketPath: string; logPath: string };
  pid(machineId: string): number | null;
  /** How long the machine has been on; null when it is off. */
  upMs(machineId: string): number | null;
  forget(machineId: string): Promise<void>;
  /** I/O threads of a running guest. Fault qemu-* when it does not answer. */
  ioThreads(machineId: string): Promise<number>;
  /** The first bytes of a disk image; null when it is not there, or cannot be read. */
  imageHeader(path: string): Promise<Buffer | null>;
}

/** Who has notifications delivered, as the service uses it. */
export interface Messenger {
  /** What the other side answered. A fault when it did not take the message. */
  test(target: Target, signal: AbortSignal): Promise<Text>;
  targetChanged(id: string): void;
}

export interface Context {
  readonly engine: Engine;
  readonly accounts: Accounts;
  readonly hosts: PairedHosts;
  readonly authorizations: Authorizations;
  readonly serviceSettings: ServiceSettingsRow;
  readonly network: Network;
  readonly machines: Machines;
  readonly notifications: NotificationRows;
  readonly messenger: Messenger;
  readonly storages: Storages;
  /** Of paired hosts. */
  readonly rosters: Rosters;
  /** Where replicas go when an entry names no place. */
  readonly defaultStorage: string;
  /** Of the configuration; another may have been set since. */
  readonly configuredPeerPort: number;
  /** Address of the proxy on the way to other hosts. */
  readonly proxy: string | null;
  /** Where old data is kept aside while a cycle is read. */
  readonly fleecingDirectory: string;
  /** In which the views are worded: the caller's, once it is known who calls; English when absent. */
  readonly language?: Language;
}

const RANK: Record<Role, number> = { viewer: 0, operator: 1, administrator: 2 };

/** Runs the use case, with the context in the caller's language, when the role allows it; every change, refusal and failure is in the audit trail. */
export const audited = <T>(context: Context, caller: Caller, needs: Role, operation: string, subject: string | null, work: (context: Context) => Promise<T> | T): Promise<T> =>
  recorded(context, caller, { needs, operation, subject, isChange: needs !== 'viewer' }, work);

/** The same for a change that a viewer may make. */
export const changed = <T>(context: Context, caller: Caller, needs: Role, operation: string, subject: string | null, work: (context: Context) => Promise<T> | T): Promise<T> =>
  recorded(context, caller, { needs, operation, subject, isChange: true }, work);

/** The same for what changes nothing, whoever may see it: only a refusal or a failure is in the audit trail. */
export const seen = <T>(context: Context, caller: Caller, needs: Role, operation: string, subject: string | null, work: (context: Context) => Promise<T> | T): Promise<T> =>
  recorded(context, caller, { needs, operation, subject, isChange: false }, work);

async function recorded<T>(context: Context, caller: Caller, { needs, operation, subject, isChange }: { needs: Role; operation: string; subject: string | null; isChange: boolean }, work: (context: Context) => Promise<T> | T): Promise<T> {
  const record = (outcome: string) => {
    if (isChange || outcome !== 'done') context.accounts.recordAudit({ who: caller.name, from: caller.from, operation, subject, outcome });
  };
  if (RANK[caller.role] < RANK[needs]) {
    record('not allowed');
    throw new Fault('role-missing', say('{caller} is {role}; "{operation}" needs the role {needs}', { caller: caller.name, role: inText('userRole', caller.role), operation, needs: inText('userRole', needs) }));
  }
  try {
    const result = await work({ ...context, language: caller.language ?? 'en' });
    record('done');
    return result;
  } catch (thrown) {
    record(thrown instanceof Refused ? 'refused' : (faultOf(thrown)?.code ?? 'bug'));
    throw thrown;
  }
}

/** By name or id, or by the id of a relationship of it; a name is unique on a host. */
export function machineNamed({ engine }: Context, nameOrId: string): Machine {
  const relationship = engine.host.state.relationship(nameOrId.toLowerCase());
  const machine = engine.host.state.machine(relationship?.machineId ?? '') ?? engine.host.state.machine(nameOrId.toLowerCase()) ?? engine.host.state.machines().find(({ name }) => name === nameOrId);
  if (!machine) throw new Fault('machine-unknown', say('there is no machine "{name}" on {host}', { name: nameOrId.slice(0, 100), host: engine.host.hostName }));
  return machine;
}

/** By its own id, or by its machine: then the machine's own. In the middle of a chain a machine has two. */
export const relationshipNamed = (context: Context, reference: string): Relationship =>
  context.engine.host.state.relationship(reference.toLowerCase()) ?? context.engine.relationshipOf(machineNamed(context, reference).id);

/** As `relationshipNamed`; of a replica that is sent on, the one by which it is. Source: Msvm_ReplicationService, StartReplication and Resynchronize. */
export function sendingNamed(context: Context, reference: string): Relationship {
  const named = relationshipNamed(context, reference);
  return (named.side === 'replica' ? context.engine.host.state.extendedOf(named.machineId) : undefined) ?? named;
}

/** Of a job about this relationship. */
export const aboutIt = (relationship: Relationship): { readonly extended?: true } => (isOnward(relationship) ? { extended: true } : {});

/** Refused for the relationship by which a machine is sent on: what is asked for moves the guest, which belongs to the machine's own. */
export function ownNamed(context: Context, reference: string): Relationship {
  const named = relationshipNamed(context, reference);
  if (!isOnward(named)) return named;
  throw new Refused(refuse(say('this is asked of the machine\'s own relationship here, or on {peer}', { peer: context.engine.host.peerName(named.peerId) }), allowedVerbs(named)));
}

export function hostNamed({ hosts, engine }: Context, nameOrId: string): HostRow {
  const host = hosts.byName(nameOrId);
  if (!host) throw new Fault('host-unknown', say('{host} is not paired with a host "{name}"', { host: engine.host.hostName, name: nameOrId.slice(0, 100) }));
  return host;
}
