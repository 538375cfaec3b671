/** What a host knows durably of the hosts it is paired with. The state implements these; all calls are synchronous. */

export interface PairedHost {
  readonly hostId: string;
  /** This host's name for the other one; unique here. */
  readonly name: string;
  /** `host:port` or `[ipv6]:port`. */
  readonly address: string;
  /** SHA-256 of the public key (SPKI), lower-case hex. */
  readonly pin: string;
  /** Of the key that the host announced to show next; the pin from its first use on. */
  readonly nextPin?: string;
  /** Of the certificate that was seen last; told to people, never a reason to refuse. */
  readonly certificateExpiresMs: number;
}

export interface PeerDirectory {
  get(hostId: string): PairedHost | undefined;
  byPin(pin: string): PairedHost | undefined;
  list(): readonly PairedHost[];
  /** Adds the host, or replaces the row of the same host id. */
  put(host: PairedHost): void;
}

export interface StoredInvitation {
  /** SHA-256 of the secret, lower-case hex: whoever reads the store cannot join. */
  readonly secretHash: string;
  readonly expiresAtMs: number;
  /** Storage location that the joining host may use here, if one was named. */
  readonly storage: string | null;
}

export interface InvitationStore {
  add(invitation: StoredInvitation): void;
  /** The invitation, once: it is durably gone when this returns it. Undefined when unknown, taken before or expired (`expiresAtMs <= nowMs`). */
  take(secretHash: string, nowMs: number): StoredInvitation | undefined;
}
