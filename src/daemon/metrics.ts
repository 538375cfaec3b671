/** Prometheus' figures of this host, gathered from the state when they are asked for. */
import { Gauge, Registry, collectDefaultMetrics } from 'prom-client';
import { relationshipView } from '../service/presenting.ts';
import type { Context } from '../service/context.ts';

const HEALTH = { none: 0, ok: 1, warning: 2, critical: 3 };

export function metricsOf(context: Context): () => Promise<string> {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'understudy_' });
  const gauge = (name: string, help: string, labelNames: string[]) => new Gauge({ name, help, labelNames, registers: [registry] });
  const labels = ['machine', 'peer'];
  const lag = gauge('understudy_replica_lag_seconds', 'How far the replica is behind.', labels);
  const state = gauge('understudy_relationship_state', 'CIM number of the relationship\'s state.', labels);
  const health = gauge('understudy_relationship_health', '0 not applicable, 1 ok, 2 warning, 3 critical.', labels);
  const points = gauge('understudy_recovery_points', 'Recovery points on this host.', labels);
  const shipped = gauge('understudy_last_cycle_shipped_bytes', 'Bytes on the wire of the last cycle.', labels);
  const took = gauge('understudy_last_cycle_duration_seconds', 'Duration of the last cycle.', labels);
  const connected = gauge('understudy_peer_connected', '1 while the peer can be called.', ['peer']);
  return async () => {
    for (const each of [lag, state, health, points, shipped, took, connected]) each.reset();
    for (const relationship of context.engine.host.state.relationships()) {
      const view = relationshipView(context, relationship);
      const of = { machine: view.machine, peer: view.peer };
      if (view.lagMs !== null) lag.set(of, view.lagMs / 1_000);
      state.set(of, view.state);
      health.set(of, HEALTH[view.health]);
      points.set(of, view.points);
      if (view.lastCycle) shipped.set(of, view.lastCycle.bytesShipped);
      if (view.lastCycle) took.set(of, view.lastCycle.durationMs / 1_000);
    }
    for (const host of context.hosts.list()) connected.set({ peer: host.name }, context.network.connected(host.hostId) ? 1 : 0);
    return registry.metrics();
  };
}
