/** The exchange by which two hosts pair: invitations made here, the joining host's side and the inviting host's side of it. */
import { networkInterfaces } from 'node:os';
import { faultOf, Fault, isOutOfReach } from '../errors/fault.ts';
import { say } from '../language/text.ts';
import { formatAddress, normalAddress, parseAddress, type Endpoint } from './address.ts';
import { expiresMsOf } from './certificate.ts';
import { dialTls, type DialOptions } from './dial.ts';
import type { PairedHost } from './directory.ts';
import { thrownBy } from './failure.ts';
import { jsonFrame, jsonOf } from './frame.ts';
import { greet, withinTime } from './greeting.ts';
import { helloFrame } from './hello.ts';
import type { Identity } from './identity.ts';
import { MAX_ADDRESSES, newSecret, printInvitation, readInvitation, secretHashOf, type Invitation } from './invitation.ts';
import type { Visitor } from './listener.ts';
import type { Route } from './proxy.ts';
import { admit, checkNotSelf, checkSameKey, nameFor, readJoinRequest, type Admission, type PairingStores } from './pairing.ts';

export interface JoiningOptions {
  readonly stores: PairingStores;
  readonly identity: () => Identity;
  readonly dialOptions: (endpoint: Endpoint, route: Route) => DialOptions;
  readonly ownPort: () => number;
  readonly answerWithinMs: number;
}

export interface JoinOptions {
  /** Of this host, for the other one. */
  readonly address?: string;
  /** To the inviting host; through the proxy when absent. */
  readonly route?: Route;
}

export interface InviteOptions {
  /** Storage location here that the joining host may use. */
  readonly storage?: string;
  readonly expiresMs?: number;
  /** Where the joining host reaches this one; this machine's addresses when none are given. */
  readonly addresses?: readonly string[];
}

export interface Joined {
  readonly host: PairedHost;
  /** This host's name on the other one: its own, or with a number when that was taken there. */
  readonly knownAs: string;
}

const DEFAULT_EXPIRY_MS = 3_600_000;

export class Joining {
  readonly #options: JoiningOptions;

  constructor(options: JoiningOptions) {
    this.#options = options;
  }

  /** Text for the other host's `join`. Its secret is stored as a hash only. Fault settings-invalid for a bad address. */
  invite(options: InviteOptions = {}): { readonly invitation: string; readonly expiresAtMs: number } {
    const { hostId, name, pin } = this.#options.identity();
    const port = this.#options.ownPort();
    const addresses = options.addresses?.length ? options.addresses.map((address) => normalAddress(address, port)) : ownAddresses(port);
    const secret = newSecret();
    const expiresAtMs = Date.now() + (options.expiresMs ?? DEFAULT_EXPIRY_MS);
    const invitation = printInvitation({ hostId, name, addresses: addresses.slice(0, MAX_ADDRESSES), pin, secret, expiresAtMs });
    this.#options.stores.invitations.add({ secretHash: secretHashOf(secret), expiresAtMs, storage: options.storage ?? null });
    return { invitation, expiresAtMs };
  }

  /**
   * Both hosts have stored each other. Tries the invitation's addresses in order. Faults invitation-invalid, peer-certificate
   * (something else answers there, or the host is paired with another key), peer-unreachable.
   */
  async join(text: string, { address: ownAddress, route = 'proxy' }: JoinOptions, signal: AbortSignal): Promise<Joined> {
    const invitation = readInvitation(text, Date.now());
    const address = ownAddress === undefined ? undefined : normalAddress(ownAddress, this.#options.ownPort());
    checkNotSelf(invitation, this.#options.identity());
    checkSameKey(invitation, this.#options.stores.directory);
    const faults: Fault[] = [];
    for (const theirAddress of invitation.addresses) {
      try {
        return await this.#joinAt(theirAddress, invitation, { route, ...(address !== undefined && { address }) }, signal);
      } catch (error) {
        const fault = faultOf(error);
        if (!fault || (!isOutOfReach(fault.code) && fault.code !== 'peer-certificate')) throw error;
        faults.push(fault);
      }
    }
    throw faults.find((fault) => fault.code === 'peer-certificate') ?? faults.at(-1)!;
  }

  /** The inviting host's side, once the stranger has said hello. The joining host is stored and told. */
  async receive(visitor: Visitor): Promise<Admission> {
    const { channel } = visitor;
    const identity = this.#options.identity();
    channel.send(helloFrame({ hostId: identity.hostId, kind: 'join' }));
    const request = readJoinRequest(await channel.nextFrame());
    const admission = admit(visitor, request, identity, this.#options.stores, Date.now());
    channel.endWith(jsonFrame('joined', { name: identity.name, knownAs: admission.host.name }), new Fault('cancelled', say('joined')), this.#options.answerWithinMs);
    return admission;
  }

  async #joinAt(theirAddress: string, invitation: Invitation, { address, route = 'proxy' }: JoinOptions, signal: AbortSignal): Promise<Joined> {
    const identity = this.#options.identity();
    const endpoint = parseAddress(theirAddress);
    const dialOptions = this.#options.dialOptions(endpoint, route);
    const { socket, certificate } = await dialTls(endpoint, invitation, dialOptions, signal);
    const channel = await greet(socket, { hostId: identity.hostId, kind: 'join' }, invitation.hostId, dialOptions.timeoutMs, signal);
    const answer = await withinTime(channel, dialOptions.timeoutMs, signal, async () => {
      channel.send(jsonFrame('join', { secret: invitation.secret, name: identity.name, port: this.#options.ownPort(), address }));
      const frame = await channel.nextFrame();
      if (frame.header.type === 'failure') throw thrownBy(frame, 'joining');
      return jsonOf(frame);
    });
    channel.end(new Fault('cancelled', say('joined')));
    const { directory } = this.#options.stores;
    const name = nameFor(invitation.hostId, invitation.name, identity, directory);
    const host = { hostId: invitation.hostId, name, address: theirAddress, pin: invitation.pin, certificateExpiresMs: expiresMsOf(certificate) };
    directory.put(host);
    return { host, knownAs: typeof answer['knownAs'] === 'string' ? answer['knownAs'] : identity.name };
  }
}

/** This machine's addresses that others may reach, IPv4 first; the loopback when it has no other. */
function ownAddresses(port: number): string[] {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const usable = all.filter((one) => !one.internal && !one.address.startsWith('fe80:'));
  const ordered = usable.toSorted((left, right) => left.family.localeCompare(right.family));
  return ordered.length > 0 ? ordered.map((one) => formatAddress({ host: one.address, port })) : [formatAddress({ host: '127.0.0.1', port })];
}
