/** The state as a daemon has it in one life: every outermost commit may be its last deed. Watchers see each commit. */
import type { State } from '../engine/ports/state.ts';
import type { Life } from './life.ts';

const WRITES = new Set([
  'putMachine', 'removeMachine', 'putRelationship', 'removeRelationship', 'addPoint', 'putPoint', 'removePoint', 'putClusters', 'putCarried', 'clearCarried',
  'addToOutbox', 'takeFromOutbox',
]);

/** `onCommit` runs after each commit with what wrote last. */
export function livedState(state: State, life: Life, onCommit: (what: string) => void): State {
  let depth = 0;
  let wrote: string[] = [];
  const committed = () => {
    const what = wrote.join(' ');
    wrote = [];
    if (what === '') return;
    onCommit(what);
    life.committed(what);
  };
  const transaction = <T>(work: () => T): T => {
    life.check();
    depth++;
    let result: T;
    try {
      result = state.transaction(work);
    } catch (thrown) {
      if (depth === 1) wrote = [];
      throw thrown;
    } finally {
      depth--;
    }
    if (depth === 0) committed();
    return result;
  };
  return new Proxy(state, {
    get: (_target, key) => {
      if (key === 'transaction') return transaction;
      const value: unknown = Reflect.get(state, key, state);
      if (typeof value !== 'function' || typeof key !== 'string') return value;
      return (...args: unknown[]): unknown => {
        life.check();
        const result: unknown = value.apply(state, args);
        if (WRITES.has(key)) wrote.push(key === 'addToOutbox' ? `outbox:${String(args[1])}` : key);
        if (depth === 0) committed();
        return result;
      };
    },
  });
}
