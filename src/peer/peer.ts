/**
 * Everything between this host and the hosts it is paired with: control calls, lanes, pairing, and who is in contact.
 * The directory is asked on every connection; a host that was taken out of it is cut off by `forget`.
 */
import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { LaneAbout, LaneHandler, LaneSender, PeerHandler, Peers, Wire } from '../engine/ports/peers.ts';
import { assert } from '../errors/bug.ts';
import { Fault } from '../errors/fault.ts';
import { say } from '../language/text.ts';
import { parseAddress, type Endpoint } from './address.ts';
import { answerCalls, type ReportBug } from './answering.ts';
import { AwaitedLanes } from './awaitedlanes.ts';
import { noteAnnouncement, type Announcement } from './announcements.ts';
import { expiresMsOf, pinOf } from './certificate.ts';
import type { Channel } from './channel.ts';
import { Contacts, type Contact } from './contacts.ts';
import { dialTls, type DialOptions, type DialStep } from './dial.ts';
import type { PairedHost } from './directory.ts';
import { failureFrame, isBug } from './failure.ts';
import { greet } from './greeting.ts';
import { helloFrame } from './hello.ts';
import type { Identity } from './identity.ts';
import { Joining, type InviteOptions, type Joined } from './joining.ts';
import { receiveLane } from './lanereceiver.ts';
import { ChannelLaneSender } from './lanesender.ts';
import { MAX_CONTROL_CONNECTIONS_PER_HOST, MAX_MESSAGE_BYTES, PATIENCE, type Patience } from './limits.ts';
import { Listener, type Visitor } from './listener.ts';
import type { PairingStores } from './pairing.ts';
import type { Route, WayTo } from './proxy.ts';
import { hostAt } from './trust.ts';

export interface PeerOptions extends PairingStores {
  readonly identity: Identity;
  readonly reportBug: ReportBug;
  /** Another host used an invitation of this one. `storage` is what the invitation named. */
  readonly onPaired?: (host: PairedHost, storage: string | null) => void;
  readonly patience?: Partial<Patience>;
  /** How other hosts are reached, where that is not a plain connection. */
  readonly wayTo?: WayTo;
  /** The route to a host of what is about no relationship; through the proxy when absent. */
  readonly routeTo?: (hostId: string) => Route;
}

export class PeerNetwork implements Peers {
  readonly #options: PeerOptions;
  readonly #patience: Patience;
  readonly #contacts: Contacts;
  readonly #awaited = new AwaitedLanes();
  readonly #joining: Joining;
  readonly #answering = new Map<string, Channel[]>();
  #identity: Identity;
  #listener: Listener | undefined;
  /** Of ports that are not listened on any more: their connections may be open. */
  readonly #retired: Listener[] = [];
  #handler: PeerHandler | undefined;

  constructor(options: PeerOptions) {
    this.#options = options;
    this.#identity = options.identity;
    const patience = { ...PATIENCE, ...options.patience };
    this.#patience = patience;
    this.#contacts = new Contacts((hostId, route) => ({ ...patience, dial: (signal) => this.#dialControl(hostId, route, signal) }));
    this.#joining = new Joining({ stores: options, identity: () => this.#identity, dialOptions: (endpoint, route) => this.#dialOptions(endpoint, route), ownPort: () => this.port, answerWithinMs: patience.connectMs });
  }

  /** Other hosts are answered by the handler from now on. Fault port-in-use. Port 0 takes a free one. */
  async listen(bind: { readonly host?: string; readonly port: number }, handler: PeerHandler): Promise<void> {
    assert(!this.#listener, 'the peer port is open already');
    this.#handler = handler;
    this.#listener = await this.#openListener(bind);
  }

  /** Other hosts are answered on that port from now on; connections that are open go on. Fault port-in-use, and nothing changed. */
  async listenOn(bind: { readonly host?: string; readonly port: number }): Promise<void> {
    const former = this.#listener;
    assert(former, 'the peer port is open');
    this.#listener = await this.#openListener(bind);
    former.retire();
    this.#retired.push(former);
  }

  #openListener(bind: { readonly host?: string; readonly port: number }): Promise<Listener> {
    const { directory, reportBug } = this.#options;
    const reception = {
      hostAt: (socket: TLSSocket, certificate: X509Certificate) => hostAt(socket, certificate, directory, this.#identity),
      visit: (visitor: Visitor, host: PairedHost) => this.#visited(visitor, host),
      join: (visitor: Visitor) => void this.#joined(visitor),
      reportBug,
    };
    return Listener.open(this.#identity, bind, reception, this.#patience);
  }

  get port(): number {
    return this.#listener?.port ?? 0;
  }

  get identity(): Identity {
    return this.#identity;
  }

  /** New connections, both ways, show this certificate. Those that are open go on. */
  present(identity: Identity): void {
    this.#identity = identity;
    this.#listener?.present(identity);
  }

  /** Without a route, over the one on which the host is connected now. */
  async call(hostId: string, method: string, params: Wire, signal: AbortSignal, route?: Route): Promise<Wire> {
    return this.#contacts.link(hostId, this.#routeTo(this.#host(hostId), route ?? this.#contacts.connectedRoute(hostId))).call(method, params, signal);
  }

  /** The host knows it. Fault peer-protocol when it is of a version that does not listen to that. */
  async announce(hostId: string, { method, params }: Announcement, signal: AbortSignal): Promise<void> {
    await this.call(hostId, method, params, signal);
  }

  async acceptLane(hostId: string, token: string, signal: AbortSignal): Promise<LaneSender> {
    this.#host(hostId);
    return this.#awaited.expect(hostId, token, this.#patience.laneTokenMs, AbortSignal.any([signal, this.#contacts.scope(hostId)]));
  }

  async dialLane(hostId: string, token: string, handler: LaneHandler, signal: AbortSignal, { route, onOpen = () => undefined }: LaneAbout & { readonly route?: Route } = {}): Promise<void> {
    const host = this.#host(hostId);
    const endpoint = parseAddress(host.address);
    const options = this.#dialOptions(endpoint, this.#routeTo(host, route));
    const either = AbortSignal.any([signal, this.#contacts.scope(hostId)]);
    const greeting = { ownId: this.#identity.hostId, senderId: hostId, token };
    const dial = (onread: Parameters<typeof dialTls>[4]) => dialTls(endpoint, host, options, either, onread);
    await receiveLane(dial, greeting, handler, this.#patience, either, { onHeard: () => this.#contacts.heard(hostId), onOpen });
  }

  /** A connection of its own was opened, greeted the way all are, and ended. `onStep` is told of each step as it begins. */
  async probe(hostId: string, route: Route, onStep: (step: DialStep | 'hello') => void, signal: AbortSignal): Promise<void> {
    const host = this.#host(hostId);
    const endpoint = parseAddress(host.address);
    const options = { ...this.#dialOptions(endpoint, this.#routeTo(host, route)), onStep };
    const { socket } = await dialTls(endpoint, host, options, signal);
    onStep('hello');
    const channel = await greet(socket, { hostId: this.#identity.hostId, kind: 'control' }, hostId, options.timeoutMs, signal);
    channel.end(new Fault('cancelled', say('the test has ended')));
  }

  invite(options?: InviteOptions): { readonly invitation: string; readonly expiresAtMs: number } {
    return this.#joining.invite(options);
  }

  async join(invitation: string, options: { readonly address?: string; readonly route?: Route }, signal: AbortSignal): Promise<Joined> {
    const joined = await this.#joining.join(invitation, options, signal);
    this.#contacts.forget(joined.host.hostId);
    this.keepContact(joined.host.hostId);
    return joined;
  }

  /** Keeps a connection to the host from now on, dialled again after each loss; without it the first call begins that. */
  keepContact(hostId: string): void {
    this.#contacts.link(hostId, this.#routeTo(this.#host(hostId))).keep();
  }

  /** Calls back when this host gains or loses the connection over which it can call another. Returns the end of it. */
  onContact(listener: (contact: Contact) => void): () => void {
    return this.#contacts.onContact(listener);
  }

  connected(hostId: string): boolean {
    return this.#contacts.connected(hostId);
  }

  /** When the host was heard last since this daemon started, in ms since 1970. */
  lastContactMs(hostId: string): number | undefined {
    return this.#contacts.lastContactMs(hostId);
  }

  /** Ends everything open with the host, as after it was taken out of the directory or its address was changed. */
  forget(hostId: string): void {
    this.#contacts.forget(hostId);
  }

  async close(): Promise<void> {
    this.#contacts.close();
    await Promise.all([this.#listener, ...this.#retired].map((listener) => listener?.close()));
  }

  #host(hostId: string): PairedHost {
    const host = this.#options.directory.get(hostId);
    if (!host) throw new Fault('host-unknown', say('no host {hostId} is paired with this one', { hostId }));
    return host;
  }

  /** The two routes to a host are one where no proxy leads to it. */
  #routeTo({ hostId, address }: PairedHost, wanted: Route = this.#options.routeTo?.(hostId) ?? 'proxy'): Route {
    return wanted === 'proxy' && this.#options.wayTo?.(parseAddress(address), 'proxy') ? 'proxy' : 'direct';
  }

  #dialOptions(endpoint: Endpoint, route: Route): DialOptions {
    return { identity: this.#identity, timeoutMs: this.#patience.connectMs, way: this.#options.wayTo?.(endpoint, route) };
  }

  async #dialControl(hostId: string, route: Route, signal: AbortSignal): Promise<Channel> {
    const host = this.#host(hostId);
    const endpoint = parseAddress(host.address);
    const options = this.#dialOptions(endpoint, route);
    const { socket, certificate } = await dialTls(endpoint, host, options, signal);
    this.#noteCertificate(host, certificate);
    return greet(socket, { hostId: this.#identity.hostId, kind: 'control' }, hostId, options.timeoutMs, signal);
  }

  /** What the certificate that was shown tells of the host: until when it lasts, and that an announced key is in use. */
  #noteCertificate(host: PairedHost, certificate: X509Certificate): void {
    const { directory } = this.#options;
    const certificateExpiresMs = expiresMsOf(certificate);
    const { nextPin, ...present } = directory.get(host.hostId) ?? host;
    const isNext = nextPin !== undefined && pinOf(certificate) === nextPin;
    if (isNext) directory.put({ ...present, pin: nextPin, certificateExpiresMs });
    else if (certificateExpiresMs !== host.certificateExpiresMs) directory.put({ ...present, ...(nextPin !== undefined && { nextPin }), certificateExpiresMs });
  }

  #visited(visitor: Visitor, host: PairedHost): void {
    const { channel, hello, tcp, certificate } = visitor;
    this.#noteCertificate(host, certificate);
    this.#endWithHost(host.hostId, channel);
    channel.onHeard = () => this.#contacts.heard(host.hostId);
    channel.onHeard();
    if (hello.kind === 'lane') this.#openLane(channel, tcp, host.hostId, hello.token);
    else this.#answer(channel, host.hostId);
    this.keepContact(host.hostId);
  }

  #endWithHost(hostId: string, channel: Channel): void {
    const scope = this.#contacts.scope(hostId);
    const onAbort = () => channel.end(scope.reason as Fault);
    scope.addEventListener('abort', onAbort, { once: true });
    void channel.ended.then(() => scope.removeEventListener('abort', onAbort));
  }

  #openLane(channel: Channel, tcp: Socket, hostId: string, token: string | undefined): void {
    try {
      const hand = this.#awaited.claim(hostId, token);
      channel.send(helloFrame({ hostId: this.#identity.hostId, kind: 'lane' }));
      hand(new ChannelLaneSender(channel, tcp, this.#patience.tickMs));
    } catch (error) {
      this.#refuse(channel, error);
    }
  }

  #answer(channel: Channel, hostId: string): void {
    const open = [...(this.#answering.get(hostId) ?? []), channel].filter((one) => !one.fault);
    const superseded = open.length > MAX_CONTROL_CONNECTIONS_PER_HOST ? open.shift() : undefined;
    superseded?.end(new Fault('peer-protocol', say('the other host opened too many control connections')));
    this.#answering.set(hostId, open);
    channel.send(helloFrame({ hostId: this.#identity.hostId, kind: 'control' }));
    channel.establish(this.#patience.tickMs, MAX_MESSAGE_BYTES);
    const handler: PeerHandler = async (asking, method, params) => (noteAnnouncement(this.#options.directory, asking, method, params) ? null : this.#handler!(asking, method, params));
    answerCalls(channel, hostId, handler, this.#options.reportBug);
  }

  async #joined(visitor: Visitor): Promise<void> {
    try {
      const { host, storage } = await this.#joining.receive(visitor);
      this.#contacts.forget(host.hostId);
      this.#options.onPaired?.(host, storage);
      this.keepContact(host.hostId);
    } catch (error) {
      if (isBug(error)) this.#options.reportBug(error, 'pairing with another host');
      this.#refuse(visitor.channel, error);
    }
  }

  #refuse(channel: Channel, error: unknown): void {
    channel.endWith(failureFrame(error), new Fault('cancelled', say('refused')), this.#patience.lingerMs);
  }
}
