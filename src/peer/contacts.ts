/** Which paired hosts are in contact: one link each, when a host was heard last, and what ends when a host is forgotten. */
import { Fault } from '../errors/fault.ts';
import { Link, type LinkOptions } from './link.ts';

export interface Contact {
  readonly hostId: string;
  /** This host can call that one, or not any more. */
  readonly connected: boolean;
}

type MakeLink = (hostId: string, scope: AbortSignal) => Omit<LinkOptions, 'onContact' | 'onHeard'>;

interface Entry {
  readonly link: Link;
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

  link(hostId: string): Link {
    return this.#entry(hostId).link;
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
    return this.#entries.get(hostId)?.link.connected ?? false;
  }

  lastContactMs(hostId: string): number | undefined {
    return this.#lastMs.get(hostId);
  }

  /** Ends everything open with the host. A later use begins anew. */
  forget(hostId: string): void {
    const entry = this.#entries.get(hostId);
    this.#entries.delete(hostId);
    this.#lastMs.delete(hostId);
    entry?.scope.abort(new Fault('peer-unreachable', 'the connections to this host were closed here'));
    entry?.link.close();
  }

  close(): void {
    this.#closed = true;
    for (const hostId of [...this.#entries.keys()]) this.forget(hostId);
  }

  #entry(hostId: string): Entry {
    if (this.#closed) throw new Fault('peer-unreachable', 'this host is closing its connections');
    const known = this.#entries.get(hostId);
    if (known) return known;
    const scope = new AbortController();
    const onContact = (connected: boolean) => {
      for (const listener of this.#listeners) listener({ hostId, connected });
    };
    const entry = { scope, link: new Link({ ...this.#makeLink(hostId, scope.signal), onContact, onHeard: () => this.heard(hostId) }) };
    this.#entries.set(hostId, entry);
    return entry;
  }
}
