/** The host as the whole page knows it: itself and its peers, machines, relationships and jobs. One reading for all. */
import { getContext, onMount, setContext } from 'svelte';
import { createSubscriber } from 'svelte/reactivity';
import type { AnswerOf, View } from '../../src/client/operation.ts';
import { client } from './client.ts';
import { live } from './live.svelte.ts';
import { Reading } from './reading.svelte.ts';

const KEY = Symbol('host');
type Status = AnswerOf<'get', '/api/status'>;

class HostOfPage {
  readonly #status = new Reading((signal) => client.get('/api/status', { signal }), ({ kind }) => kind !== 'event' && kind !== 'user');
  readonly #hosts = new Reading((signal) => client.get('/api/hosts', { signal }), ({ kind }) => kind === 'host');
  /** All machines are much to read: only while something shows them. */
  readonly #wanted = createSubscriber(() => this.#status.open());

  get #known(): Status | undefined {
    this.#wanted();
    return this.#status.value;
  }

  get isKnown(): boolean {
    return this.#known !== undefined;
  }

  /** Why it could not be read the last time. */
  get failure() {
    this.#wanted();
    return this.#status.failure;
  }

  get readAtMs(): number | null {
    this.#wanted();
    return this.#status.readAtMs;
  }

  get machines(): readonly View<'Machine'>[] {
    return this.#known?.machines ?? [];
  }

  get relationships(): readonly View<'Relationship'>[] {
    return this.#known?.relationships ?? [];
  }

  get jobs(): readonly View<'Job'>[] {
    return this.#known?.jobs ?? [];
  }

  /** This host is one of them. */
  get hosts(): readonly View<'Host'>[] {
    return this.#hosts.value ?? [];
  }

  get self(): View<'Host'> | undefined {
    return this.hosts.find((host) => host.self);
  }

  /** How far the replica is behind now; ages go on while nothing is heard. */
  lagNowMs({ lagMs }: View<'Relationship'>): number | null {
    return lagMs === null ? null : Math.max(0, lagMs + live.nowMs - (this.readAtMs ?? live.nowMs));
  }

  open(): () => void {
    return this.#hosts.open();
  }
}

/** For the frame: the host is read while the frame is there, and every component in it can ask for `theHost()`. */
export function openHost(): HostOfPage {
  const host = setContext(KEY, new HostOfPage());
  onMount(() => host.open());
  return host;
}

export const theHost = (): HostOfPage => getContext<HostOfPage>(KEY);
