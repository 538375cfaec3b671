/** What people and programs see and set of notifications. */

/** When notifications are told. */
export interface NotificationSettingsView {
  /** How long a change must hold before it is told. */
  delaySeconds: number;
  /** After how long what is still bad is told again; 0 for never. */
  repeatSeconds: number;
}

/** Who is told. Secrets are never shown. */
export interface NotificationTargetView {
  id: string;
  name: string;
  kind: 'webhook' | 'mail';
  minimum: 'warning' | 'critical';
  enabled: boolean;
  /** The mail address; of a webhook its origin only, since such URLs are keys themselves. */
  address: string;
  from: string | null;
  signed: boolean;
  /** Names of the headers that are sent along. */
  headers: string[];
  /** It is trusted by an authority of its own, too. */
  ownAuthority: boolean;
  state: 'disabled' | 'untried' | 'working' | 'retrying' | 'failing';
  /** Notifications that wait for it. */
  waiting: number;
  lastSuccessAtMs: number | null;
  lastFailure: { code: string; message: string; hint: string; atMs: number } | null;
}

export interface NotificationsView extends NotificationSettingsView {
  targets: NotificationTargetView[];
}

export interface NotificationTargetChange {
  name?: string;
  minimum?: 'warning' | 'critical';
  enabled?: boolean;
  /** Of a webhook. Null takes a secret or an authority away. */
  url?: string;
  secret?: string | null;
  headers?: { [name: string]: string };
  authority?: string | null;
  /** Of mail. */
  address?: string;
  from?: string | null;
}

export interface NotificationTargetRequest extends NotificationTargetChange {
  kind: 'webhook' | 'mail';
}
