/** Who is signed in, in this browser. */
import type { View } from '../../src/client/operation.ts';
import { Failure } from '../../src/client/failure.ts';
import { client } from './client.ts';

/** Told to the other tabs of this browser, which share the session. */
type Told = 'signed-in' | 'signed-out';
type Standing = 'unknown' | 'nobody' | 'signed-in' | 'expired';

const hasEnded = (thrown: unknown): boolean => thrown instanceof Failure && thrown.code === 'sign-in-failed';

class SessionOfPage {
  /** `expired`: somebody was signed in; the page stays as it is until they are again. */
  standing = $state<Standing>('unknown');
  name = $state('');
  role = $state<View<'User'>['role']>('viewer');
  readonly #tabs = new BroadcastChannel('understudy-session');

  constructor() {
    this.#tabs.onmessage = ({ data }: MessageEvent<Told>) => (data === 'signed-out' ? this.#leave() : void this.open());
  }

  /** Known afterwards; throws a `Failure` when the host does not answer. */
  async open(): Promise<void> {
    try {
      this.#enter(await client.get('/api/session'));
    } catch (thrown) {
      if (this.standing === 'unknown' || !(thrown instanceof Failure)) throw thrown;
    }
  }

  async signIn(name: string, password: string): Promise<void> {
    const { user } = await client.post('/api/sign-in', { body: { name, password } });
    this.#enter(user);
    this.#tabs.postMessage('signed-in' satisfies Told);
  }

  /** Throws a `Failure` when the host does not answer: the session goes on there. */
  async signOut(): Promise<void> {
    try {
      await client.post('/api/sign-out');
    } catch (thrown) {
      if (!hasEnded(thrown)) throw thrown;
    }
    this.#leave();
    this.#tabs.postMessage('signed-out' satisfies Told);
  }

  /** The host does not know this browser's session (any more). */
  ended(): void {
    this.standing = this.standing === 'signed-in' || this.standing === 'expired' ? 'expired' : 'nobody';
  }

  #leave(): void {
    this.standing = 'nobody';
  }

  #enter({ name, role }: { name: string; role: SessionOfPage['role'] }): void {
    this.name = name;
    this.role = role;
    this.standing = 'signed-in';
  }
}

export const session = new SessionOfPage();
