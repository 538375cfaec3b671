/** Who is signed in, in this browser. */
import { api } from './api.ts';

type Standing = 'unknown' | 'nobody' | 'signed-in' | 'expired';

class SessionOfPage {
  /** `expired`: somebody was signed in; the page stays as it is until they are again. */
  standing = $state<Standing>('unknown');
  name = $state('');
  role = $state<'viewer' | 'operator' | 'administrator'>('viewer');

  /** Known afterwards; throws `ApiError` when the host does not answer. */
  async open(): Promise<void> {
    try {
      this.#enter(await api.session());
    } catch (thrown) {
      if (this.standing === 'unknown') throw thrown;
    }
  }

  async signIn(name: string, password: string): Promise<void> {
    const { user } = await api.signIn(name, password);
    this.#enter(user);
  }

  async signOut(): Promise<void> {
    await api.signOut();
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
