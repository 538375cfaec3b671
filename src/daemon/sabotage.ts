/**
 * Decorators that break one thing on purpose. Each is the real thing minus one thing: with any of them a demonstration's
 * own checks must fail, or they would prove nothing.
 */
import { CLUSTER_BYTES } from '../extents/extent.ts';
import type { Chunk, DiskView } from '../engine/ports/diskview.ts';
import type { Hypervisor } from '../engine/ports/hypervisor.ts';
import type { LayerStore } from '../engine/ports/layers.ts';
import type { State } from '../engine/ports/state.ts';
import type { Sabotage } from './config.ts';

interface Breakable {
  readonly hypervisor: Hypervisor;
  readonly layers: LayerStore;
  readonly state: State;
}

/** The parts, one of them broken when that was asked for. */
export function sabotaged(what: Sabotage | null, { hypervisor, layers, state }: Breakable): Breakable {
  return {
    hypervisor: what === 'drop-extent' ? droppingExtents(hypervisor) : hypervisor,
    layers: what === 'bitflip' ? flippingBits(layers) : layers,
    state: what === 'skip-return-set' ? skippingReturnSets(state) : state,
  };
}

/** One bit of the first data written into each layer is wrong. */
function flippingBits(layers: LayerStore): LayerStore {
  return proxied(layers, {
    open: async (layer) => {
      const writer = await layers.open(layer);
      let flipped = false;
      return proxied(writer, {
        write: (offsetBytes: number, chunk: Chunk) => {
          const middle = chunk.headroomBytes + 4_096;
          if (!flipped && chunk.memory.length > middle) chunk.memory[middle]! ^= 1;
          flipped = true;
          return writer.write(offsetBytes, chunk);
        },
      });
    },
  });
}

/** The largest dirty extent of each window is not told. */
function droppingExtents(hypervisor: Hypervisor): Hypervisor {
  return proxied(hypervisor, {
    openPointInTime: async (spec, request, signal) => {
      const view = await hypervisor.openPointInTime(spec, request, signal);
      return proxied(view, {
        status: async (...args: Parameters<DiskView['status']>) => {
          const runs = await view.status(...args);
          const dirty = runs.filter((run) => run.dirty && !run.zero && run.lengthBytes >= CLUSTER_BYTES);
          const dropped = dirty.toSorted((left, right) => right.lengthBytes - left.lengthBytes)[0];
          return runs.map((run) => (run === dropped ? { ...run, dirty: false } : run));
        },
      });
    },
  });
}

/** The way back carries nothing but what the new primary's bitmap says. */
const skippingReturnSets = (state: State): State => proxied(state, { carried: () => new Map(), putCarried: () => undefined });

/** The object with some of its methods replaced; the others, and its fields, are its own. */
function proxied<T extends object>(target: T, replaced: Partial<T>): T {
  return new Proxy(target, {
    get: (_target, name) => {
      if (Object.hasOwn(replaced, name)) return replaced[name as keyof T];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
