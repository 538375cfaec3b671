/** The host as the whole page knows it: itself and its peers, machines, relationships and jobs. One reading for all. */
import { getContext, onMount, setContext } from 'svelte';
import type { HostStatus } from '../../src/service/operations.ts';
import type { HostView, JobView, MachineView, RelationshipView } from '../../src/service/views.ts';
import { api } from './api.ts';
import { live } from './live.svelte.ts';
import { Reading } from './reading.svelte.ts';

const KEY = Symbol('host');

class HostOfPage {
  readonly #status = new Reading<HostStatus>((signal) => api.status(signal), ({ kind }) => kind !== 'event');
  readonly #hosts = new Reading<HostView[]>((signal) => api.hosts(signal), ({ kind }) => kind === 'host');

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

  get self(): HostView | undefined {
    return this.#status.value?.host;
  }

  get machines(): readonly MachineView[] {
    return this.#status.value?.machines ?? [];
  }

  get relationships(): readonly RelationshipView[] {
    return this.#status.value?.relationships ?? [];
  }

  get jobs(): readonly JobView[] {
    return this.#status.value?.jobs ?? [];
  }

  /** This host is one of them. */
  get hosts(): readonly HostView[] {
    return this.#hosts.value ?? [];
  }

  /** How far the replica is behind now; ages go on while nothing is heard. */
  lagNowMs({ lagMs }: RelationshipView): number | null {
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
