/** What is set for the host's replication as a whole, beside the engine's state in the same file. */
import type { DatabaseSync } from 'node:sqlite';
import type { BandwidthRule } from '../cycle/bandwidth.ts';
import type { HealthLimits } from '../health/limits.ts';
import { Statements } from './statements.ts';

export interface ServiceSettings {
  /** Whether this host takes replicas at all; who may send some is said by the authorization entries. */
  readonly acceptsReplicas: boolean;
  /** When the statistics' interval begins, seconds after the host's midnight. */
  readonly monitoringStartSeconds: number;
  readonly monitoringIntervalSeconds: number;
  /** Thumbprint of the installed certificate that other hosts are shown; this host's own when null. */
  readonly certificate: string | null;
  /** Chosen at run time; that of the configuration when null. */
  readonly peerPort: number | null;
  /** The last change of the peer port: other hosts hear of it whenever they are met. */
  readonly portChange: { readonly from: number; readonly to: number } | null;
  /** That was listened on last. */
  readonly lastPeerPort: number | null;
  /** Limits of the health that differ from the defaults. */
  readonly healthLimits?: Partial<HealthLimits>;
  /** Limits of what leaves this host for replicas that differ from the defaults. */
  readonly traffic?: ServiceTraffic;
  /** Set by a restore of the state, until the next start has looked at what is there. */
  readonly restored?: RestoredNote | null;
  /** When notifications are told, where it differs from the defaults. */
  readonly notifications?: { readonly delaySeconds?: number; readonly repeatSeconds?: number };
}

export interface RestoredNote {
  readonly backupMs: number;
  /** Where replicas were kept that are found again by their files. */
  readonly storages: readonly string[];
  /** Those replicas. */
  readonly machines: readonly { readonly id: string; readonly name: string }[];
}

export interface ServiceTraffic {
  readonly transfers?: number;
  readonly resynchronizations?: number;
  readonly bandwidth?: readonly BandwidthRule[];
}

const DEFAULTS: ServiceSettings = { acceptsReplicas: true, monitoringStartSeconds: 9 * 3_600, monitoringIntervalSeconds: 43_200, certificate: null, peerPort: null, portChange: null, lastPeerPort: null };

export class ServiceSettingsRow {
  readonly #db: Statements;
  /** Nobody else writes the row, and everything that is judged asks for it. */
  #known: ServiceSettings | undefined;

  constructor(db: DatabaseSync) {
    this.#db = new Statements(db);
  }

  get(): ServiceSettings {
    return (this.#known ??= this.#read());
  }

  #read(): ServiceSettings {
    const row = this.#db.prepare('SELECT body FROM service_settings').get() as { body: string } | undefined;
    return row ? { ...DEFAULTS, ...(JSON.parse(row.body) as Partial<ServiceSettings>) } : DEFAULTS;
  }

  get monitoring(): { readonly startSeconds: number; readonly intervalSeconds: number; readonly limits: Partial<HealthLimits> } {
    const { monitoringStartSeconds, monitoringIntervalSeconds, healthLimits } = this.get();
    return { startSeconds: monitoringStartSeconds, intervalSeconds: monitoringIntervalSeconds, limits: healthLimits ?? {} };
  }

  put(change: Partial<ServiceSettings>): ServiceSettings {
    const next = { ...this.get(), ...change };
    this.#db.prepare('INSERT OR REPLACE INTO service_settings VALUES (1, ?)').run(JSON.stringify(next));
    this.#known = undefined;
    return this.get();
  }
}
