/** Who may do what on a host, who asks, and who did. */

import type { Language } from '../language/language.ts';

export interface UserView {
  name: string;
  role: Role;
}

export interface CertificateView {
  user: string;
  fingerprint: string;
  subject: string;
  expiresAtMs: number;
}

export type Role = 'viewer' | 'operator' | 'administrator';

export interface AuditView {
  atMs: number;
  who: string;
  from: string;
  operation: string;
  subject: string | null;
  outcome: string;
}

/** Who asks. The unix socket's local root is an administrator. */
export interface Caller {
  readonly name: string;
  readonly role: Role;
  readonly from: string;
  /** What the caller reads; English when absent. */
  readonly language?: Language;
}
