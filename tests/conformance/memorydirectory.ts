/** The peer module's stores in memory: what the state keeps in SQLite. */
import type { InvitationStore, PairedHost, PeerDirectory, StoredInvitation } from '../../src/peer/directory.ts';

export class MemoryDirectory implements PeerDirectory {
  readonly #hosts = new Map<string, PairedHost>();

  get(hostId: string): PairedHost | undefined {
    return this.#hosts.get(hostId);
  }

  byPin(pin: string): PairedHost | undefined {
    return this.list().find((host) => host.pin === pin);
  }

  list(): readonly PairedHost[] {
    return [...this.#hosts.values()];
  }

  put(host: PairedHost): void {
    this.#hosts.set(host.hostId, host);
  }

  remove(hostId: string): void {
    this.#hosts.delete(hostId);
  }
}

export class MemoryInvitations implements InvitationStore {
  readonly #invitations = new Map<string, StoredInvitation>();

  add(invitation: StoredInvitation): void {
    this.#invitations.set(invitation.secretHash, invitation);
  }

  take(secretHash: string, nowMs: number): StoredInvitation | undefined {
    const invitation = this.#invitations.get(secretHash);
    this.#invitations.delete(secretHash);
    return invitation && invitation.expiresAtMs > nowMs ? invitation : undefined;
  }
}
