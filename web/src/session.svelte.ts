/** Who is signed in, in this browser. */
import type { View } from '../../src/client/operation.ts';
import { client } from './client.ts';

type Standing = 'unknown' | 'nobody' | 'signed-in' | 'expired';

class SessionOfPage {
  /** `expired`: somebody was signed in; the page stays as it is until they are again. */
  standing = $state<Standing>('unknown');
  name = $state('');
  role = $state<View<'User'>['role']>('viewer');

  /** Known afterwards; throws a `Failure` when the host does not answer. */
  async open(): Promise<void> {
    try {
      this.#enter(await client.get('/api/session'));
    } catch (thrown) {
      if (this.standing === 'unknown') throw thrown;
    }
  }

  async signIn(name: string, password: string): Promise<void> {
    const { user } = await client.post('/api/sign-in', { body: { name, password } });
    this.#enter(user);
  }

  async signOut(): Promise<void> {
    await client.post('/api/sign-out');
    this.standing = 'nobody';
  }

  /** The host does not know this browser's session (any more). */
  ended(): void {
    this.standing = this.standing === 'signed-in' || this.standing === 'expired' ? 'expired' : 'nobody';
  }

  #enter({ name, role }: { name: string; role: SessionOfPage['role'] }): void {
    this.name = name;
    this.role = role;
    this.standing = 'signed-in';
  }
}

export const session = new SessionOfPage();
