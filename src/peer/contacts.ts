/** Which paired hosts are in contact: a link for each route to a host, when a host was heard last, and what ends when a host is forgotten. */
import { Fault } from '../errors/fault.ts';
import { say } from '../language/text.ts';
import { Link, type LinkOptions } from './link.ts';
import type { Route } from './proxy.ts';

export interface Contact {
  readonly hostId: string;
  /** This host can call that one, or not any more. */
  readonly connected: boolean;
}

type MakeLink = (hostId: string, route: Route) => Omit<LinkOptions, 'onContact' | 'onHeard'>;

interface Entry {
  readonly links: Map<Route, Link>;
  readonly scope: AbortController;
}

export class Contacts {
  readonly #makeLink: MakeLink;
  readonly #entries = new Map<string, Entry>();
  readonly #lastMs = new Map<string, number>();
  readonly #listeners = new Set<(contact: Contact) => void>();
  #closed = false;

  constructor(makeLink: MakeLink) {
    this.#makeLink = makeLink;
  }

  link(hostId: string, route: Route): Link {
    const { links } = this.#entry(hostId);
    let link = links.get(route);
    if (!link) links.set(route, (link = this.#newLink(hostId, route)));
    return link;
  }

  /** The route over which the host is connected now, the direct one first. */
  connectedRoute(hostId: string): Route | undefined {
    const links = this.#entries.get(hostId)?.links;
    return (['direct', 'proxy'] as const).find((route) => links?.get(route)?.connected);
  }

  /** Aborted when the host is forgotten or everything closes: whatever is open with it ends then. */
  scope(hostId: string): AbortSignal {
    return this.#entry(hostId).scope.signal;
  }

  onContact(listener: (contact: Contact) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  heard(hostId: string): void {
    this.#lastMs.set(hostId, Date.now());
  }

  connected(hostId: string): boolean {
    return this.connectedRoute(hostId) !== undefined;
  }

  lastContactMs(hostId: string): number | undefined {
    return this.#lastMs.get(hostId);
  }

  /** Ends everything open with the host. A later use begins anew. */
  forget(hostId: string): void {
    const entry = this.#entries.get(hostId);
    this.#entries.delete(hostId);
    this.#lastMs.delete(hostId);
    entry?.scope.abort(new Fault('peer-unreachable', say('the connections to this host were closed here')));
    for (const link of entry?.links.values() ?? []) link.close();
  }

  close(): void {
    this.#closed = true;
    for (const hostId of [...this.#entries.keys()]) this.forget(hostId);
  }

  #entry(hostId: string): Entry {
    if (this.#closed) throw new Fault('peer-unreachable', say('this host is closing its connections'));
    const known = this.#entries.get(hostId);
    if (known) return known;
    const entry = { scope: new AbortController(), links: new Map<Route, Link>() };
    this.#entries.set(hostId, entry);
    return entry;
  }

  #newLink(hostId: string, route: Route): Link {
    const onContact = (connected: boolean) => {
      // A host that is lost on one route may still be there on the other.
      if (connected || !this.connected(hostId)) for (const listener of this.#listeners) listener({ hostId, connected });
    };
    return new Link({ ...this.#makeLink(hostId, route), onContact, onHeard: () => this.heard(hostId) });
  }
}
