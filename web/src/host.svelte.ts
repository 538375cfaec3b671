/** The host as the whole page knows it: itself and its peers, machines, relationships and jobs. One reading for all. */
import { getContext, onMount, setContext } from 'svelte';
import type { View } from '../../src/client/operation.ts';
import { client } from './client.ts';
import { live } from './live.svelte.ts';
import { Reading } from './reading.svelte.ts';

const KEY = Symbol('host');

class HostOfPage {
  readonly #status = new Reading((signal) => client.get('/api/status', { signal }), ({ kind }) => kind !== 'event');
  readonly #hosts = new Reading((signal) => client.get('/api/hosts', { signal }), ({ kind }) => kind === 'host');

  get isKnown(): boolean {
    return this.#status.value !== undefined;
  }

  /** Why it could not be read the last time. */
  get failure() {
    return this.#status.failure;
  }

  get readAtMs(): number | null {
    return this.#status.readAtMs;
  }

  get self(): View<'Host'> | undefined {
    return this.#status.value?.host;
  }

  get machines(): readonly View<'Machine'>[] {
    return this.#status.value?.machines ?? [];
  }

  get relationships(): readonly View<'Relationship'>[] {
    return this.#status.value?.relationships ?? [];
  }

  get jobs(): readonly View<'Job'>[] {
    return this.#status.value?.jobs ?? [];
  }

  /** This host is one of them. */
  get hosts(): readonly View<'Host'>[] {
    return this.#hosts.value ?? [];
  }

  /** How far the replica is behind now; ages go on while nothing is heard. */
  lagNowMs({ lagMs }: View<'Relationship'>): number | null {
    return lagMs === null ? null : Math.max(0, lagMs + live.nowMs - (this.readAtMs ?? live.nowMs));
  }

  open(): () => void {
    const ends = [this.#status.open(), this.#hosts.open()];
    return () => ends.forEach((end) => end());
  }
}

/** For the frame: the host is read while the frame is there, and every component in it can ask for `theHost()`. */
export function openHost(): HostOfPage {
  const host = setContext(KEY, new HostOfPage());
  onMount(() => host.open());
  return host;
}

export const theHost = (): HostOfPage => getContext<HostOfPage>(KEY);
